"""What drawings share, in reports and in lessons: axes with round ticks, colours of signed numbers.

Inside: these, with NumPy alone, since lessons are carried out in a browser too. Not inside: the
drawings (`report.charts`, `course.show`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from digitus.types import Floats

NEGATIVE, POSITIVE = (214, 69, 48), (45, 114, 210)  # red, blue


@dataclass(frozen=True)
class Series:
    """A curve: its name, its class in the style sheet ("train", "development"), its values."""

    name: str
    kind: str
    values: Floats


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, by ratio if `log`; `label` writes a tick."""

    low: float
    high: float
    label: Callable[[float], str]
    log: bool = False

    def share(self, value: float) -> float:
        """Where on the axis a value lies: 0 at its start, 1 at its end."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Round values along the axis: about five."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1,) if last - first > 3 else (1, 2, 5)
            found = [m * 10.0**e for e in range(first, last + 1) for m in steps]
        else:
            step = _round_step((self.high - self.low) / 4)
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            found = [k * step for k in range(first, last + 1)]
        return [v for v in found if -1e-9 <= self.share(v) <= 1 + 1e-9]


def _round_step(step: float) -> float:
    """The smallest of 1, 2, 2.5, 5, 10 times a power of ten that is not below the step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= step * 0.999)


def number(value: float) -> str:
    """A tick: 0.02, 150, 1e-5."""
    return f"{value:.4g}".replace("e-0", "e-").replace("e+0", "e+")


def percentage(value: float) -> str:
    """A tick that is a share: 97.5 %."""
    return f"{100 * value:.4g}\u00a0%"


def axis_for(
    series: Sequence[Series],
    label: Callable[[float], str] = number,
    *,
    from_zero: bool = False,
    even: bool = False,
) -> Axis:
    """An axis that all the values fit on; by ratio where they differ by more than 20 times.

    `from_zero` is for values whose distance from 0 matters more than their small differences,
    `even` for drawings whose shape is what is looked at: equal differences are equally long.
    """
    known = np.concatenate([s.values for s in series])
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low > 0 and high / low > 20 and label is number and not (from_zero or even):
        return Axis(low / 1.15, high * 1.15, label, log=True)
    room = (high - low) * 0.05 or abs(high) * 0.1 or 0.5
    if from_zero:
        return Axis(0.0, high + room, label)
    low = low - room if low < 0 or low > room else 0.0
    return Axis(low, min(high + room, 1.0) if label is percentage else high + room, label)
