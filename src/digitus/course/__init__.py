"""The course: lessons that run, exercises that check themselves, and what a learner has done.

A lesson is one text (`lessons/LANGUAGE/NN-name.md`), from which the notebook, the web page, the
chapter of the site and the learner's file of answers are made. `text` reads it, `execution` carries
out its code, `notebook` and `web_page` are its two forms, `show` draws what its code shows,
`exercises` checks answers by the functions in `checks/`, `messages` holds all words that are not in
a lesson, `progress` the learner's own file, `worksheet` a step of learning by pencil. What a lesson
itself calls can be imported from here. Not inside: the command (`cli.course`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitus.course.progress import check
    from digitus.course.show import bars, curve, pictures, weights

__all__ = ("bars", "check", "curve", "pictures", "weights")


def __getattr__(name: str) -> object:  # `digitus serve` shows lessons, and needs none of these
    if name not in __all__:
        raise AttributeError(f"module 'digitus.course' has no attribute {name!r}")
    home = "progress" if name == "check" else "show"
    return getattr(import_module(f"digitus.course.{home}"), name)
