"""Numbers as people read them: percentages, quantities, durations.

Python uses these functions for single words, templates as filters of the same names.
"""

from __future__ import annotations

import math

SPACE = "\u00a0"  # keeps "98.41 %" on one line


def percent(share: float | None, places: int = 2) -> str:
    """0.98412 as "98.41 %". Only what is whole is 100 %, and only nothing is 0 %.

    0.99999 is ">99.99 %": rounding must not hide the one that is wrong.
    """
    if share is None or not math.isfinite(share):
        return "–"
    least = 10.0**-places
    value = round(100 * share, places)
    sign = "<" if share > 0 and value <= 0 else ">" if share < 1 and value >= 100 else ""
    if sign:
        value = least if sign == "<" else 100 - least
    return f"{sign}{value:.{places}f}{SPACE}%"


def quantity(n: int, thing: str = "") -> str:
    """10000 as "10,000"; with a thing as "1 digit", "10,000 digits"."""
    return f"{n:,}" + (f"{SPACE}{thing}{'' if n == 1 else 's'}" if thing else "")


def duration(seconds: float) -> str:
    """75.2 as "1 min 15 s"."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{SPACE}h {minutes}{SPACE}min"
    return f"{minutes}{SPACE}min {rest}{SPACE}s"
