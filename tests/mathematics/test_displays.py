"""The displays of `docs/mathematics.md`, the LaTeX itself, give what digitus computes.

The line of NumPy below a display could be right and the display above it wrong. So the displays are
evaluated as well, with the letters of the shapes under their symbols (`math_latex`), and broken on
purpose. Inside: also what GitHub can render. Not inside: the lines of NumPy (`test_mathematics`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mathematics.math_cases import CASES, Case
from mathematics.math_evaluate import evaluate, evaluate_indices, letters_of
from mathematics.math_latex import MisshapenError, UnreadableError
from mathematics.math_page import Equation, read

EQUATIONS = read()
# Displays that are more, or less, than one formula on arrays. Their NumPy is tried all the same.
NOT_READ = {
    "2.2": "defines f beside using it",
    "5.1": "any layer",
    "5.2": "any layer",
    "5.4": "a reshape",
    "5.5": "a reshape",
    "5.6": "a sum over shards",
    "5.7": "any body",
    "5.9": "any chains",
    "7.3": "a Jacobian, tried by way of its dx",
    "8.1": "words",
    "8.16": "cases",
    "8.18": "cases",
    "8.21": "an absolute value",
    "8.22": "any losses",
    "8.23": "any losses",
    "9.7": "an update",
    "9.8": "an update",
    "9.9": "derives a term",
    "9.10": "words",
    "9.11": "Greek letters",
    "9.13": "Greek letters",
    "9.14": "Greek letters",
    "9.17": "rounds",
    "9.18": "Greek letters",
    "9.19": "Greek letters",
    "9.20": "Greek letters",
    "10.2": "an expectation",
    "11.1": "rounded down",
    "11.4": "h' rows, of which h is the running number",
    "11.5": "a sum under conditions",
    "11.9": "windows as rows",
    "12.1": "a maximum over places",
    "12.2": "words",
    "12.3": "h' rows",
    "14.2": "a distribution",
    "14.3": "a distribution",
    "14.5": "a distribution",
    "15.6": "updates",
    "15.7": "a sum over steps",
    "15.9": "words",
    "15.10": "an update",
    "15.11": "an update",
    "16.2": "words",
    "16.3": "letters of its own",
    "16.4": "letters of its own",
    "17.1": "any function",
    "17.3": "any loss",
    "17.4": "says how to choose a loss",
    "17.5": "any function",
}


INDICES = (
    "9.16",
    "9.21",
    "11.2",
    "11.3",
    "11.8",
    "12.4",
    "12.5",
    "12.6",
    "12.7",
)  # number by number


# What a letter means in one section: v is a velocity, and a variance in batch normalisation.
ALIASES = {
    "bn": {"v": "var"},
    "bninference": {"v": "var"},
    "momentum": {"mean": "mu"},
    "nesterov": {"mean": "mu"},
    "smooth": {"decay": "smoothing"},
}


READ = [e for e in EQUATIONS if e.checks and e.number not in NOT_READ]


def worlds(equation: Equation) -> Iterator[tuple[str, Case, dict[str, Any]]]:
    """The case of an equation with all variables of its section, in each variant."""
    name = equation.checks[0].partition(".")[0]
    for case in CASES[name]():
        variables = {"np": np, **case.given}
        for e in EQUATIONS:
            if any(c.partition(".")[0] == name for c in e.checks):
                exec(e.code, variables)
        yield name, case, variables


def displayed(equation: Equation, latex: str) -> Iterator[tuple[Any, Any]]:
    """What a display gives and what it should give, in each variant."""
    target = equation.checks[0].partition(".")[2]
    for name, case, variables in worlds(equation):
        wanted = np.asarray(case.expected.get(target, variables[target]), np.float64)
        if equation.number in INDICES:
            v = variables
            if name == "deslant":
                ranges = dict(zip("nhlc", v["x"].shape, strict=True)) | {"w": v["x"].shape[2]}
                yield evaluate_indices(latex, v, ranges), wanted
                continue
            ranges = {"n": v["n"], "c": v["c"], "h": v["rows"], "w": v["cols"]}
            ranges |= dict.fromkeys("ij", v["k"] if name == "conv" else v["s"])
            if name == "conv":
                ranges |= {"o": v["o"], "a": v["h"] + 2 * v["p"], "b": v["w"] + 2 * v["p"]}
                for e in EQUATIONS:  # what these two displays say, not what NumPy says
                    if e.number in ("11.6", "11.7"):
                        own = "turned" if e.number == "11.6" else "D"
                        v = v | {own: evaluate_indices(e.latex, v, ranges)}
            yield evaluate_indices(latex, v, ranges), wanted
            continue
        kin = [e.latex for e in EQUATIONS if any(c.startswith(f"{name}.") for c in e.checks)]
        plain = {k: v for k, v in variables.items() if isinstance(v, float | int | np.ndarray)}
        plain |= {k: v for k, v in case.expected.items() if k not in plain}
        letters = letters_of(kin, plain)
        for value in evaluate(latex, target, plain, letters, ALIASES.get(name, {})):
            yield value, wanted


def right(equation: Equation, latex: str) -> bool:
    """Whether a display gives the right numbers, in the right shape, in each variant."""
    for value, wanted in displayed(equation, latex):
        shape = tuple(size for size in wanted.shape if size != 1)
        value = np.asarray(value, np.float64)
        if value.squeeze().shape != shape:
            return False
        if not np.allclose(value.squeeze(), wanted.squeeze(), rtol=1e-9, atol=1e-10):
            return False
    return True


@pytest.mark.parametrize("equation", READ, ids=lambda e: e.number)
def test_a_display_gives_what_digitus_computes(equation: Equation) -> None:
    assert right(equation, equation.latex)


def test_nothing_is_left_unread_without_a_reason() -> None:
    checked = {e.number for e in EQUATIONS if e.checks}
    assert NOT_READ.keys() <= checked
    assert set(INDICES) <= checked - NOT_READ.keys()


def test_most_gradients_are_read_from_their_display() -> None:
    gradients = [e for e in EQUATIONS if e.is_gradient and e.checks]
    read_ = [e for e in gradients if e.number not in NOT_READ]
    assert len(READ) >= 70
    assert len(read_) >= 40
    unread = {e.number for e in gradients} - {e.number for e in read_}
    assert unread == {
        *("5.2", "5.5", "5.6", "7.3", "8.23", "9.17", "9.18", "9.19", "11.4", "11.5", "12.2")
    }


MISTAKES = [
    (r"(?<!\})\^\\top", ""),
    (r"\\odot", "+"),
    (r"(?<=[\w})]) - ", " + "),
    (r"(?<=[\w})]) \+ (?!\\var)", " - "),
    (r"\\frac\{1\}\{n\}", "1"),
    (r"\\frac\{1\}\{m\}", "1"),
    (r"\\frac\{2\}\{m\}", r"\\frac{1}{m}"),
    (r"\\frac\{1\}\{s\^2\}", ""),
    (r"x > 0", "0 > x"),
    (r"\[i,\\,n\]", r"[n,\\,i]"),
    (r"\[o,\\,i\]", r"[i,\\,o]"),
    (r"\\sum_\{n\}", r"\\sum_{o}"),
    (r"hs\+i", "hs+j"),
    (r"b\+j", "b+i"),
    (r"W_\{ijco\}", "W_{jico}"),
    (r"T_\{nhwl\}", "T_{nhlw}"),
    (r"dm_\{nhl\}", "dm_{nhw}"),
    (r"2 \\;", ""),
    (r"\\hat\{x\}", "x"),
    (r"-3/2", "-1/2"),
]


@pytest.mark.parametrize("equation", [e for e in READ if e.is_gradient], ids=lambda e: e.number)
def test_a_wrong_display_fails(equation: Equation) -> None:
    start = equation.latex.rindex("=", 0, (equation.latex + r"\qquad").index(r"\qquad")) + 1
    if equation.number in INDICES:
        start = equation.latex.index("=") + 1
    head, formula = equation.latex[:start], equation.latex[start:]
    wrongs = [] if equation.number in INDICES else [f"{head} 2 {formula}"]
    for pattern, mistake in MISTAKES:
        for match in re.finditer(pattern, formula):
            before, after = formula[: match.start()], formula[match.end() :]
            wrongs.append(head + before + match.expand(mistake) + after)
    assert wrongs
    for wrong in wrongs:
        try:
            with np.errstate(all="ignore"):
                assert not right(equation, wrong), wrong
        except (MisshapenError, UnreadableError, ValueError, IndexError):
            pass
