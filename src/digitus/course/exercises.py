"""Exercises: whether an answer is right, and if not, what is wrong with it.

Each exercise has a function in `checks/` that looks at an answer and raises `Wrong` with the key of
a message, which says what is wrong and never what is right. Inside: what these functions share.
Not inside: a learner's answers and what is remembered of them (`progress`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from digitus.course.messages import FIRST_LANGUAGE, say
from digitus.errors import CourseError
from digitus.types import Numbers

Judge: TypeAlias = Callable[[object], None]
JUDGES: dict[str, Judge] = {}
TOLERANCE = 1e-6  # of answers, absolute and relative


class Wrong(Exception):  # noqa: N818 - it is a verdict, not an error of the program
    """An answer is wrong: the key of the message that says how, and the values in it."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


def exercise(name: str) -> Callable[[Judge], Judge]:
    """Makes a function the judge of an exercise."""

    def register(judge: Judge) -> Judge:
        JUDGES[name] = judge
        return judge

    return register


def verdict(name: str, answer: object, language: str = FIRST_LANGUAGE) -> tuple[bool, str]:
    """Whether an answer is right, and a sentence for the learner."""
    try:
        judge(name)(answer)
    except Wrong as wrong:
        key = wrong.key if "." in wrong.key else f"exercise.{name}.{wrong.key}"
        return False, say(key, language, **wrong.values)
    return True, say("check.right", language)


def judge(name: str) -> Judge:
    """The judge of an exercise. Raises `CourseError` where there is no such exercise."""
    number = name.rstrip("abcdefgh")
    if name not in JUDGES and number.isdigit():
        try:
            import_module(f"digitus.course.checks.lesson_{int(number):02}")
        except ModuleNotFoundError:
            raise CourseError(f"there is no exercise {name}") from None
    if name not in JUDGES:
        raise CourseError(f"there is no exercise {name}")
    return JUDGES[name]


def called(answer: object, *arguments: object) -> Any:
    """What the learner's function returns. Raises `Wrong` where it is none, fails, or is empty."""
    if answer is ...:
        raise Wrong("check.unanswered")
    if not callable(answer):
        raise Wrong("check.no_function", kind=type(answer).__name__)
    try:
        result = answer(*arguments)
    except Exception as error:  # whatever a learner's code may do
        raise Wrong("check.raised", error=f"{type(error).__name__}: {error}") from None
    if result is None or result is ...:
        raise Wrong("check.unanswered" if _is_stub(answer) else "check.nothing_returned")
    return result


def _is_stub(function: object) -> bool:
    """Whether a function has no statement yet but a docstring and `...`."""
    code = getattr(function, "__code__", None)
    return code is not None and not code.co_names and len(code.co_code) <= EMPTY_CODE


def _empty() -> None: ...


EMPTY_CODE = len(_empty.__code__.co_code)


def number(answer: object) -> float:
    """The answer as a number. Raises `Wrong` where it is none."""
    if answer is ... or answer is None:
        raise Wrong("check.unanswered")
    if isinstance(answer, np.ndarray) and answer.size == 1:
        answer = answer.item()
    if isinstance(answer, str | bool) or not isinstance(answer, int | float | np.number):
        raise Wrong("check.no_number", kind=type(answer).__name__)
    if not math.isfinite(answer):
        raise Wrong("check.not_finite", value=answer)
    return float(answer)


def array(answer: object, shape: tuple[int, ...]) -> Numbers:
    """The answer as an array of that shape. Raises `Wrong` where it is none."""
    if answer is ... or answer is None:
        raise Wrong("check.unanswered")
    try:
        found = np.asarray(answer)
    except ValueError:
        raise Wrong("check.no_array", kind=type(answer).__name__) from None
    if found.dtype.kind not in "biuf":
        raise Wrong("check.no_array", kind=type(answer).__name__)
    if found.shape != shape:
        raise Wrong("check.shape", found=list(found.shape), wanted=list(shape))
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise Wrong("check.not_finite", value=found[~np.isfinite(found)][0])
    return found


def same(a: npt.ArrayLike, b: npt.ArrayLike, within: float = TOLERANCE) -> bool:
    """Whether numbers or arrays are equal but for rounding."""
    return bool(np.allclose(np.asarray(a, float), np.asarray(b, float), rtol=within, atol=within))
