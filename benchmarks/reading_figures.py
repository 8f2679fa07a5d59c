"""What is right and wrong in a reading, given the truth, and the figures of many readings.

Counted for each kind of page that has it:

    exact           share of pages whose digits are all right, in order, with nothing added
    lines           the same, with the lines right too
    groups          the same, with the spaces between groups of digits right too
    error           edit distance to the truth, for each true digit; a refused digit is an error
    refused         share of what was found that was refused ("?")
    wrong_and_sure  share of pages that are wrong although nothing on them was refused
    invented        digits, not refused, where there is none, for each page
    ece             expected calibration error of the digits that were said, not refused: how far
                    confidence and the share that is right are apart (`digitus.metrics`)

Not inside: where pages and photos come from (`reading`).
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from digitus.metrics import calibration_error
from digitus.reading.result import Reading
from digitus.synthetic.pages.kinds import KINDS
from digitus.synthetic.pages.pages import Page


def edits(a: str, b: str) -> int:
    """The fewest characters to insert, delete or change that make b of a (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def told(want: str, reading: Reading) -> list[tuple[float, bool]]:
    """The confidence of each digit that was said, and whether it is right.

    A digit is right if the fewest edits that turn what was said into the truth leave it (`edits`).
    """
    said = "".join("?" if d.value is None else str(d.value) for d in reading.digits)
    cost = [[*range(len(want) + 1)]]
    for i, x in enumerate(said, 1):
        row, last = [i], cost[-1]
        for j, y in enumerate(want, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y)))
        cost.append(row)
    right = [False] * len(said)
    i, j = len(said), len(want)
    while i and j:
        if cost[i][j] == cost[i - 1][j - 1] + (said[i - 1] != want[j - 1]):
            i, j = i - 1, j - 1
            right[i] = said[i] == want[j]
        elif cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
        else:
            j -= 1
    pairs = zip(reading.digits, right, strict=True)
    return [(round(d.confidence, 4), ok) for d, ok in pairs if d.value is not None]


def judge(lines: tuple[str, ...], reading: Reading) -> dict[str, Any]:
    """What is right and wrong in a reading, given the true lines."""
    want, said = ("".join(x).replace(" ", "") for x in (lines, reading.lines))
    rows, said_rows = ([line.replace(" ", "") for line in x] for x in (lines, reading.lines))
    exact = said == want
    return {
        "exact": exact,
        "lines": said_rows == rows,
        "groups": tuple(reading.lines) == tuple(lines),
        "edits": edits(said, want),
        "digits": len(want),
        "said": len(said),
        "refused": said.count("?"),
        "wrong_and_sure": not exact and "?" not in said,
        "told": told(want, reading),
    }


def invented(page: Page, reading: Reading) -> int:
    """How many digits were read whose middle is in no true box."""

    def within(box: tuple[int, int, int, int]) -> bool:
        x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
        return any(a <= x <= a + w and b <= y <= b + h for _, (a, b, w, h), _ in page.digits)

    return sum(digit.value is not None and not within(digit.box) for digit in reading.digits)


def summary(found: list[dict[str, Any]]) -> dict[str, float]:
    """The figures of some pages; `error` and `ece` only where something is to be read, or was."""
    n = len(found)
    total = {k: sum(f[k] for f in found) for k in found[0] if isinstance(found[0][k], int | float)}
    figures = {
        "pages": n,
        "digits": total["digits"],
        "exact": total["exact"] / n,
        "lines": total["lines"] / n,
        "error": total["edits"] / total["digits"] if total["digits"] else None,
        "refused": total["refused"] / max(total["said"], 1),
        "wrong_and_sure": total["wrong_and_sure"] / n,
    }
    pairs = [pair for page in found for pair in page["told"]]
    figures["ece"] = calibration_error(*zip(*pairs, strict=True)) if pairs else None
    for name in {"groups", "invented"} & total.keys():
        figures[name] = total[name] / n
    return {k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}


def by_kind(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all pages, and of those of each kind."""
    groups = defaultdict(list)
    for page in found:
        for kind in page["kinds"]:
            groups[kind].append(page)
    return {
        "all": summary(found),
        "kinds": {kind: summary(groups[kind]) for kind in KINDS if kind in groups},
    }
