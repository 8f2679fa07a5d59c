"""Patterns: the form of a number that is known, "#" for a digit and anything else as it stands.

Inside: which of a line's finds are the pattern's digits, and the text of a line. Not inside: the
paths through drawn ink (`vision.choose`).
"""

from __future__ import annotations

from collections.abc import Sequence

from digitus.types import Floats64


def fitted(line: Sequence[int], likely: Floats64, pattern: str) -> list[int]:
    """Of the finds of a line as many as the pattern has digits: the likeliest, in their order.

    `likely` [k] are the probabilities of all finds to be a digit. The likelihood of a choice is the
    product of p over those taken and of 1 - p over the others; it is greatest for the likeliest.
    """
    wanted = pattern.count("#")
    best = sorted(line, key=lambda i: -float(likely[i]))[:wanted]
    return [i for i in line if i in set(best)]


def written(groups: Sequence[Sequence[int | None]], pattern: str | None) -> str:
    """The text of a line of groups of digits, None for what was refused.

    In the form of the pattern if it has as many digits; else with a space between groups.
    """
    texts = ["".join("?" if value is None else str(value) for value in group) for group in groups]
    values = iter("".join(texts))
    if pattern is not None and sum(map(len, texts)) == pattern.count("#"):
        return "".join(next(values) if c == "#" else c for c in pattern)
    return " ".join(texts)
