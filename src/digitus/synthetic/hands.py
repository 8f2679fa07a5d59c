"""Hands: the shapes in which people write each digit, as a table of named pen movements.

Inside: the table, the choice of hands by name, and the splines that make paths of control points.
Not inside: the shapes that pages alone know (`page_hands`), how a hand varies (`pen`) and how ink
becomes pixels (`strokes`).

A movement is a line of control points `x,y` that the pen passes through, x to the right and y down,
in hundredths of the digit's height. `!` marks a corner, where the pen turns sharply; `|` lifts it.
The share of a hand is relative to the other hands of its digit. Hands at home outside the United
States, which MNIST has few of, have a larger share here, so that a network learns them too.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from digitus.errors import RecipeError
from digitus.synthetic.page_hands import PAGES_ALONE
from digitus.types import Floats64

SAMPLES = 6  # points of a path from one control point to the next

TABLE = """
0-round       5   50,2 22,14 8,48 20,84 48,98 76,86 90,50 78,16 52,2
0-narrow      4   42,2 22,20 14,50 20,82 38,98 56,84 64,50 58,20 40,2
0-overlap     3   62,10 36,4 12,30 10,68 34,97 66,88 80,52 70,18 46,6 30,14
0-open        2   38,4 16,24 8,58 24,92 52,96 76,72 80,36 68,10 52,0
0-clockwise   1   30,12 54,2 80,20 86,56 66,92 36,96 12,70 14,32 36,8
0-curled      1   70,4 40,6 14,34 12,72 36,98 66,86 78,50 66,20 46,14 44,26 66,22
0-slashed     1   48,4 22,16 10,50 22,84 48,97 74,84 86,50 74,16 50,4 | 84,4 50,50 14,98

1-plain      11   30,0 30,34 30,67 30,100
1-bowed       2   24,0 32,30 34,66 28,100
1-flagged     3   8,26 22,14 36,0! 36,34 36,67 36,100
1-hooked      3   0,48 22,26 44,0! 44,34 44,67 44,100
1-steep       1   0,70 20,40 40,0! 39,34 38,67 38,100
1-based       1   12,22 26,12 38,0! 38,34 38,67 38,100 | 6,100 38,99 72,100
1-footed      1   30,0 30,34 30,67 30,100 | 4,100 30,99 58,100

2-plain       5   10,24 30,4 58,6 66,28 48,58 26,80 6,97! 32,95 58,95 80,97
2-angular     4   8,10 30,5 54,4 70,8! 52,36 30,66 8,94! 32,94 58,94 82,95
2-looped      3   8,26 28,4 58,6 64,34 44,68 20,92 4,88 16,72 36,80 58,94 82,90
2-big-loop    3   6,16 28,2 56,8 62,32 46,64 22,90 2,88 4,68 26,64 48,80 66,96 88,92
2-low-loop    3   10,14 32,0 54,10 58,36 46,66 26,94 6,96 2,80 22,68 48,74 70,80 92,76
2-partial     2   30,8 46,0 54,20 48,54 34,88 12,98 2,84 16,68 42,72 64,78 86,74
2-crossing    2   14,14 38,0 56,14 54,46 42,82 20,98 2,84 12,62 38,60 64,66 88,70
2-swan        3   6,28 24,6 50,2 66,20 56,48 30,78 6,96! 26,86 48,92 68,97 88,86
2-dipped      3   8,30 20,6 46,2 60,22 46,54 20,84 2,92 16,82 40,88 62,100 82,100
2-hooped      3   12,44 10,20 34,2 60,14 58,44 32,78 8,88 4,74 22,66 44,82 66,100
2-drooping    2   10,20 30,2 58,8 62,30 40,56 8,78! 34,78 56,88 78,100
2-curled      1   30,30 16,22 26,6 52,2 66,22 54,54 28,80 6,97! 32,95 58,95 82,96
2-stemmed     2   36,6 54,0 60,24 50,62 30,92 6,92 4,72 26,64 46,78 58,96 72,98
2-slight      1   26,16 42,0 54,16 44,46 26,74 4,96! 24,92 50,94 70,95
2-short-base  1   12,22 32,2 56,8 62,30 44,62 24,86 8,98! 22,96 40,97 52,99

3-round       5   10,14 34,0 60,12 54,36 30,48! 58,56 70,76 50,96 22,98 4,86
3-soft        3   8,12 30,1 54,8 56,28 42,46 56,56 66,74 50,94 26,98 6,90
3-flat        3   8,6 34,4 66,4! 50,22 32,42! 58,48 72,70 54,94 26,99 4,88
3-flag        1   4,8 34,2 64,6! 52,24 36,40! 50,46 60,62 52,84 36,100
3-looped      2   10,16 34,1 60,12 52,36 32,48 28,42 42,46 64,58 66,82 42,98 14,94 2,84
3-belly       2   16,10 32,0 50,8 48,24 30,36! 58,40 76,64 58,92 24,99 2,84
3-top-heavy   2   6,20 30,0 62,8 64,34 32,52! 50,58 56,74 44,92 22,98 8,90
3-waved       2   10,10 34,2 54,14 52,32 46,48 54,60 58,78 38,98 8,92
3-short       1   6,10 30,0 52,10 44,32 30,44! 46,52 52,70 44,88 32,96
3-closed      1   14,12 36,0 58,14 50,38 30,48! 58,56 66,78 46,98 16,94 8,78 20,68

4-open        6   16,4 12,26 8,50! 32,52 56,50 80,48 | 66,2 62,34 58,67 54,100
4-closed      2   52,2 34,26 18,46 2,66! 28,68 56,67 84,66 | 54,2 53,34 52,67 52,100
4-tall        3   14,0 8,22 6,44 24,54 48,48 66,38 | 66,0 64,34 62,67 60,100
4-single      2   14,6 8,28 6,50! 30,52 56,46 72,16! 66,44 60,72 56,100
4-pointed     2   60,98 62,66 64,34 66,2! 44,24 22,44 2,62! 30,64 60,63 90,62

5-barred      5   22,6 18,24 14,42! 36,38 58,48 62,72 44,94 20,98 2,88 | 22,6 42,5 62,4 82,2
5-high-bar    2   18,18 16,32 16,46! 38,42 58,54 58,78 38,96 16,98 2,90 | 24,10 54,4 84,0
5-short-bar   2   24,2 20,20 16,40! 40,38 60,54 60,80 36,98 4,90 | 24,4 38,3 54,0
5-single      3   76,4 52,6 26,8! 20,26 16,42! 40,38 60,54 58,80 36,97 4,92
5-slanted     3   90,2 66,6 42,8! 34,26 26,44! 44,44 54,58 46,80 24,96 2,94
5-banner      3   22,10 18,26 14,40! 30,38 44,50 42,72 28,92 2,98 | 22,10 50,6 76,4 98,2
5-snake       3   76,2 50,4 28,14 24,34 44,46 58,64 50,88 26,98 4,90
5-arched      1   70,18 56,2 30,4 18,22 24,42 48,52 62,70 50,94 24,98 6,86
5-closed      2   74,4 50,6 28,8! 22,26 16,46! 40,40 62,56 62,82 40,98 16,90 14,72

6-straight    5   54,0 34,22 16,48 10,76 26,97 50,90 58,70 42,58 22,68 12,82
6-curled      3   66,6 46,2 22,22 8,56 16,88 40,98 62,82 58,60 36,56 14,72
6-upright     3   20,0 14,26 8,54 10,82 30,98 54,92 62,72 48,58 28,62 12,76
6-open        1   52,0 28,26 12,56 14,84 34,97 58,86 60,66 44,60 32,70
6-bowl        3   24,0 10,24 4,54 10,84 36,98 62,88 70,66 54,54 36,66 32,84
6-angular     1   36,0 24,28 12,58 2,88! 30,92 56,88 66,70 52,56 34,66 26,86
6-small       2   40,0 24,28 14,60 18,88 36,98 52,88 52,70 38,64 24,76 18,90
6-unclosed    1   28,0 12,26 4,58 14,90 42,98 64,82 62,62 44,56

7-plain       6   4,8 28,6 52,5 76,4! 62,34 48,66 38,100
7-curved      3   2,12 26,4 52,6 68,12 60,38 46,70 40,100
7-hooked      3   6,26 8,16 10,6! 32,6 54,5 76,4! 62,34 50,66 42,100
7-serif       2   6,36 8,20 10,4! 34,8 60,4! 52,36 42,68 36,100
7-waved       2   8,30 4,14 18,6 38,12 62,6! 50,36 38,68 32,100
7-narrow      1   4,34 10,14 26,4 48,6! 42,36 32,68 24,100
7-crossed     2   4,8 28,6 52,5 76,4! 62,34 48,66 38,100 | 26,54 50,51 76,48
7-swung       1   6,24 18,6 40,12 62,4! 46,34 34,66 36,100 | 16,56 38,50 60,50
7-continental 1   6,24 8,15 10,6! 32,6 54,5 76,4! 62,34 50,66 42,100 | 26,54 50,51 76,48

8-snake       6   59,12 41,2 20,8 16,28 36,46 56,64 56,88 34,99 13,88 13,66 32,48 54,30 63,10
8-down        3   40,48 18,30 22,8 41,1 58,14 50,36 31,54 13,74 18,94 40,98 56,80 38,46
8-circles     2   36,2 18,12 18,36 36,48 54,36 54,12 38,2 | 36,48 11,62 13,92 38,98 59,86 38,48
8-straight    3   56,14 40,0 20,8 20,30 38,48 52,68 47,94 25,99 13,82 23,60 43,36 67,6
8-open        3   61,4 40,2 16,14 20,34 43,48 59,68 52,92 29,99 11,84 20,64 40,46 54,30
8-antenna     3   43,12 25,12 18,30 36,48 54,66 50,90 29,99 11,86 14,66 36,48 56,26 70,0
8-wide        2   70,14 40,2 10,18 14,40 46,48 80,60 84,84 48,100 12,86 14,60 46,48 84,34 74,14
8-bottom      2   52,12 38,0 22,10 23,28 41,42 61,64 58,90 32,100 7,88 9,64 31,42 49,26 54,12
8-top         2   68,16 41,0 13,12 13,40 38,58 52,76 45,96 29,98 20,84 32,62 58,44 70,20
8-large-top   1   67,16 41,0 13,12 13,40 36,58 43,76 36,98 25,90 31,70 54,46 68,20
8-ribbon      2   65,2 45,26 25,52 11,80 23,98 40,86 36,60 22,34 23,10 41,2 58,8
8-gaping      1   4,98 23,72 49,42 58,18 41,2 23,10 23,30 41,54 58,78 52,98

9-straight    5   52,14 34,2 13,16 9,38 25,50 45,36 54,10! 52,40 49,70 47,100
9-curved      3   56,14 38,2 14,12 7,36 22,50 43,42 56,14 56,44 47,76 27,98
9-hooked      2   54,16 36,2 13,14 11,38 29,48 49,34 54,14 58,46 52,80 32,98 9,88
9-curled      1   54,14 36,2 14,12 11,34 29,46 49,34 56,14 58,50 50,84 31,99 13,90 20,74
9-slanted     2   50,8 31,4 11,22 13,42 31,44 47,24 54,4! 43,36 31,70 22,100
9-small       2   45,10 31,4 20,16 22,30 34,34 45,22 49,8! 47,38 43,70 41,100
9-narrow      2   40,12 27,4 18,16 20,30 31,34 40,20 41,10! 41,40 40,70 40,100
9-unclosed    2   58,12 36,2 13,14 7,36 23,48 45,40 56,22 54,52 47,78 40,100
9-gaping      2   65,8 40,0 16,14 16,34 38,42 56,28 59,10 58,46 47,76 27,98
9-sail        2   70,4 42,2 16,20 12,38 30,44 50,30 58,22! 47,48 38,74 28,100
9-stemmed     2   49,10 27,2 9,18 11,40 31,46 49,30 | 54,4 52,36 50,68 49,100
"""


@dataclass(frozen=True)
class Hand:
    """One way of writing one digit: a row of `TABLE`. The name starts with the digit."""

    name: str
    share: float
    movement: str

    @property
    def digit(self) -> int:
        """What is written, 0 to 9."""
        return int(self.name[0])

    @cached_property
    def controls(self) -> Floats64:
        """Control points of all strokes, [k 2], in digit heights."""
        points = self.movement.replace("|", " ").replace("!", "").split()
        return np.array([[float(v) / 100 for v in p.split(",")] for p in points])

    def pieces(self, corners: bool) -> list[tuple[int, int, int]]:
        """The splines of the movement as (stroke, first, last control point).

        A stroke is one spline or, with `corners`, several that meet in its corners.
        """
        found, start = [], 0
        for stroke, line in enumerate(self.movement.split("|")):
            points = line.split()
            turns = [i for i, p in enumerate(points) if corners and p.endswith("!")]
            cuts = pairwise([0, *turns, len(points) - 1])
            found += [(stroke, start + a, start + b) for a, b in cuts]
            start += len(points)
        return found


def _read(table: str) -> tuple[Hand, ...]:
    rows = (row.split(None, 2) for row in table.splitlines() if row)
    return tuple(Hand(name, float(share), movement) for name, share, movement in rows)


HANDS = _read(TABLE)
EVERY_HAND = (*HANDS, *_read(PAGES_ALONE))  # HANDS first: their indices are the same in both


def choose(names: str | Iterable[str] = "all") -> tuple[Hand, ...]:
    """The hands of these names: `"all"`, a digit (`"7"`), a hand (`"7-crossed"`), or several.

    Hands that only pages use (`page_hands`) must be called by their own names.

    Raises `RecipeError` for a name that no hand has, with the nearest name of one.
    """
    wanted = {names} if isinstance(names, str) else set(names)
    known = [*(hand.name for hand in EVERY_HAND), *"0123456789", "all"]
    for name in sorted(wanted.difference(known)):
        near = difflib.get_close_matches(name, known, n=1, cutoff=0)
        raise RecipeError(f"no hand is called {name!r}; the nearest is {near[0]!r}")
    if not wanted:
        raise RecipeError('no hand is chosen; "all" chooses every one')
    named = wanted - {"all", *"0123456789"}
    many = tuple(hand for hand in HANDS if wanted & {"all", hand.name, hand.name[0]})
    return many + tuple(hand for hand in EVERY_HAND[len(HANDS) :] if hand.name in named)


def spline(hand: Hand, corners: bool) -> tuple[Floats64, npt.NDArray[np.int8]]:
    """The path of a hand as a matrix: path [t 2] = matrix [t k] @ control points [k 2].

    Also returns the stroke that each point of the path belongs to, [t]. The curve is a Catmull-Rom
    spline: it passes through its control points and is linear in them, so that a thousand different
    copies of a hand are one product of matrices.
    """
    rows: list[Floats64] = []
    strokes: list[int] = []
    t = (np.arange(SAMPLES) / SAMPLES)[:, None]
    for stroke, first, last in hand.pieces(corners):
        if strokes and strokes[-1] == stroke:
            del rows[-1], strokes[-1]  # a corner is the last point of one piece, first of the next
        p = np.eye(len(hand.controls))[first : last + 1]
        p = np.vstack([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])  # straight on at the ends
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
            curve = 2 * a - 5 * b + 4 * c - d, 3 * b - 3 * c + d - a
            rows += list(b + 0.5 * ((c - a) * t + curve[0] * t**2 + curve[1] * t**3))
        rows.append(p[-2])
        strokes += [stroke] * (SAMPLES * (last - first) + 1)
    return np.array(rows), np.array(strokes, np.int8)
