"""Numbers as the papers' report writes them: shares over several runs, differences, intervals.

Templates use these functions as filters of the same names. Numbers that any report writes are in
`digitus.report.formats`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from digitus.metrics import student95
from digitus.report.formats import SPACE, percent

SUPERSCRIPTS = dict(zip("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻", strict=True))


def points(share: float) -> str:
    """A difference of two shares: "+0.53", in percentage points."""
    return f"{100 * share:+.2f}".replace("-", "−")


def over_seeds(values: Sequence[float], places: int = 2) -> str:
    """The mean over runs with its 95 % interval: "92.64 ± 0.21 %"; one run has none."""
    mean, half = student95(values)
    if math.isnan(half):
        return f"{percent(mean, places)} (one run)"
    return f"{100 * mean:.{places}f} ± {100 * half:.{places}f}{SPACE}%"


def within(interval: Sequence[float]) -> str:
    """An interval of shares: "92.12 to 93.14 %"."""
    low, high = interval
    return f"{100 * low:.2f} to {percent(high)}"


def mean(values: Sequence[float]) -> float:
    """The mean."""
    return float(np.mean(values))


def figure(value: float) -> str:
    """Three digits; two and a power of ten where there would be many zeros: "1.3·10⁻¹⁵"."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·10{''.join(SUPERSCRIPTS[c] for c in str(int(exponent)))}"


def seeds(n: int) -> str:
    """As "1 seed" or "5 seeds"."""
    return f"{n} seed{'s' * (n != 1)}"


def shape(sizes: Sequence[int]) -> str:
    """The shape of an array: "[784 10]"."""
    return f"[{' '.join(map(str, sizes))}]"


def subscript(n: int) -> str:
    """100 as "₁₀₀"."""
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(n))
