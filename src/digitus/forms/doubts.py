"""Which values a person should look at, and how well that went.

Values whose flag says more than "doubtful" are looked at in any case. The others follow, least
confident first, until no more of the rest are expected to be wrong than the wanted share of all
values. That expectation is the sum of their chances, each at its upper bound (`trust`).

Inside: that choice, and how many of the values that a person has looked at were wrong, beside how
many were expected. Not inside: how likely a value is wrong (`trust`), the file to look at them
(`review`), corrections in a table (`correct`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from digitus.forms.form import Form
from digitus.forms.rows import DOUBTFUL_FLAG, Row
from digitus.forms.trust import chance_wrong, most_chance_wrong

WANTED = 1e-3  # the share of values that may stay wrong, by default
AT_ONCE = 1000  # values in a file of the review: half an hour's work, and about 20 MB


@dataclass(frozen=True)
class Doubt:
    """A value of a table: its row, counted from 0, its field, and how sure it is.

    A `certain` one need not be looked at; it is drawn by lot, to see how many of them are wrong.
    """

    row: int
    form: Form
    name: str
    confidence: float
    flag: str
    certain: bool = False

    @property
    def flagged(self) -> bool:
        """Whether its flag says more than "doubtful"."""
        return self.flag not in ("", DOUBTFUL_FLAG)

    @property
    def chance_wrong(self) -> float:
        """How likely the value is wrong, at most."""
        return 1.0 if self.flagged else most_chance_wrong(self.confidence)


@dataclass(frozen=True)
class Plan:
    """What to look at, most doubtful first, and out of how many values.

    `left` is how many of the rest are expected to be wrong, at most.
    """

    doubts: tuple[Doubt, ...]
    values: int
    left: float

    @property
    def parts(self) -> tuple[tuple[Doubt, ...], ...]:
        """What to look at, file by file of the review; one file in any case."""
        starts = range(0, max(len(self.doubts), 1), AT_ONCE)
        return tuple(self.doubts[start : start + AT_ONCE] for start in starts)

    @property
    def share(self) -> float:
        """The share of all values that is to be looked at, without those drawn by lot."""
        return sum(not doubt.certain for doubt in self.doubts) / max(self.values, 1)


def plan(
    rows: Sequence[Row], forms: Sequence[Form], wanted: float = WANTED, by_lot: int = 0
) -> Plan:
    """What to look at so that no more than a `wanted` share of all values stays wrong.

    `by_lot` of the rest, drawn at random, are looked at as well.
    """
    every = sorted(_every(rows, forms), key=lambda doubt: (not doubt.flagged, doubt.confidence))
    flagged = sum(doubt.flagged for doubt in every)
    wrong = [doubt.chance_wrong for doubt in every]
    left = math.fsum(wrong[flagged:])
    count = flagged
    while count < len(every) and left > wanted * len(every) + 1e-12:
        left -= wrong[count]
        count += 1
    rest = every[count:]
    drawn = np.random.default_rng(0).permutation(len(rest))[:by_lot].tolist()
    certain = (
        Doubt(d.row, d.form, d.name, d.confidence, d.flag, certain=True)
        for d in (rest[i] for i in sorted(drawn))
    )
    return Plan((*every[:count], *certain), len(every), max(left, 0.0))


def _every(rows: Sequence[Row], forms: Sequence[Form]) -> list[Doubt]:
    by_name = {form.name: form for form in forms}
    found = []
    for number, row in enumerate(rows):
        form = by_name.get(row["form"])
        for field in form.fields if form else ():
            flag = row.get(f"{field.name}_flag")
            confidence = row.get(f"{field.name}_confidence")
            if form and flag is not None and confidence not in (None, ""):
                sure = float(confidence)
                found.append(Doubt(number, form, field.name, sure, flag))
    return found


def held(confidences: Sequence[float], wrong: Sequence[bool]) -> str:
    """How many of the values looked at were wrong, beside how many were expected, in words."""
    chances = [chance_wrong(c) for c in confidences]
    expected = math.fsum(chances)
    # Independent chances: two standard deviations either way.
    spread = 2 * math.sqrt(math.fsum(p * (1 - p) for p in chances))
    low, high = max(0.0, expected - spread), expected + spread
    found = sum(wrong)
    compared = "as" if math.floor(low) <= found <= math.ceil(high) else (
        "more than" if found > high else "fewer than"
    )  # fmt: skip
    return (
        f"{found} of {len(wrong)} values were wrong, {compared} the confidences said "
        f"({low:.1f} to {high:.1f})"
    )
