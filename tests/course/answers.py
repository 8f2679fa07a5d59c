"""For each exercise a right answer, and wrong ones with the word that the learner is told.

The wrong ones are what people write: a sign, an axis, a factor, a byte that wraps.
"""

from __future__ import annotations

from typing import Any

from course import answers_learning, answers_networks

RIGHT: dict[str, Any] = {**answers_learning.RIGHT, **answers_networks.RIGHT}
WRONG: dict[str, list[tuple[str, Any]]] = {**answers_learning.WRONG, **answers_networks.WRONG}
# Wrong in a way that any exercise with a function can be, and what is said of it.
ANY_FUNCTION: list[tuple[str, Any]] = [
    ("check.unanswered", ...),
    ("check.no_function", 3),
    ("check.raised", lambda *given: 1 / 0),
    ("check.nothing_returned", lambda *given: print(end="")),
]
