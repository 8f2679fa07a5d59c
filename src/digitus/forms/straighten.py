"""From a picture to the page in it, straight: which form it is of, and where each point lies.

A page of digitus's own printing is found by its marks; one that others printed by what is on it,
its lines and words, compared with a picture of the blank page (SIFT, Lowe 2004). Marks give a
perspective, and a polynomial fitted to all of them says how far paper departs from it, if not flat.

Inside: finding a page and straightening it. Not inside: how paper is bent between marks (`unbend`),
the last pixels by which a field may be off, and what is in it (`fields`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np

from digitus.cancellation import check
from digitus.forms.form import Form
from digitus.forms.layout import MARK, marks, numbers
from digitus.forms.problems import line_of
from digitus.forms.raster import SCALE, dictionary, size
from digitus.forms.warp import Warp, spread
from digitus.types import Bools, Bytes, Floats64, Points
from digitus.vision.paper import at_most

LEAST_MARKS = 3  # of a page's eight
BENT_MARKS = 4  # as many are needed to see a bend
SHAPE_TERMS = 8  # of the polynomial; the others are waves
STIFF, SUPPLE = 1e-3, 1e-4  # ridge penalties of the shape's terms, and of waves
STEP = 16  # pixels between the points whose place is computed
COMPARED = 1200  # pixels of the longer side of what is compared by its features
FEATURES = 3000
RATIO = 0.75  # of the second nearest's distance: a match is nearer than that (Lowe's ratio test)
OFF = 4.0  # pixels that a match may be off
LEAST_MATCHES = 25  # that agree on where the page lies
PAPER_WINDOW = 41  # pixels of a page at a quarter of its size: what is wider is paper, not ink
SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])  # corners, clockwise from the top left
CUT_OFF = 0.08  # of a picture's sides: a page whose corner lies farther outside is not whole

# By a mark's number: each form, by index, and page that has it.
Marked: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]


@dataclass(frozen=True, eq=False)
class Placing:
    """Where a page lies in a picture: from its pixels at `raster.DPI` to those of the picture.

    `matrix` [3 3] is the perspective, `bend` [k 2] are the polynomial's coefficients; `shape` are
    the page's rows and columns. `warp` is the rest of a bend, as a movement on the page itself.
    """

    matrix: Floats64
    bend: Floats64
    shape: tuple[int, int]
    warp: Warp | None = None

    def shift(self, points: Points) -> Points:
        """How far `warp` moves points [n 2] of the page on it."""
        return np.zeros_like(points) if self.warp is None else self.warp(points)

    def points(self, points: Points) -> Points:
        """Where points [n 2] of the page, x and y, lie in the picture."""
        points = points + self.shift(points)
        placed = _projected(self.matrix, points)
        if len(self.bend):
            placed = placed + _terms(points, self.shape)[:, : len(self.bend)] @ self.bend
        return placed

    def straight(self, grey: Bytes) -> Bytes:
        """The page, as its form has it, out of the picture [h w]."""
        h, w = self.shape
        rows, columns = h // STEP + 2, w // STEP + 2
        y, x = np.meshgrid(np.arange(rows) * STEP, np.arange(columns) * STEP, indexing="ij")
        points = self.points(np.column_stack([x.ravel(), y.ravel()]).astype(np.float64))
        coarse = points.reshape(rows, columns, 2).astype(np.float32)
        fine = spread(coarse, STEP, (w, h))
        return np.asarray(
            cv2.remap(grey, fine, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )


def on_white(straight: Bytes) -> Bytes:
    """The page as if its paper were white and evenly lit."""
    small = cv2.resize(straight, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    light = cv2.dilate(small, np.ones((5, 5), np.uint8))
    paper = cv2.medianBlur(light, PAPER_WINDOW)
    paper = cv2.resize(paper, straight.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(straight, np.maximum(paper, 30), scale=245), np.uint8)


@dataclass(frozen=True, eq=False)
class Found:
    """A page in a picture: its form, its number, where it lies; or what is wrong with it.

    Parts of a `misplaced` page may lie elsewhere.
    """

    form: Form | None = None
    page: int = 0
    placing: Placing | None = None
    problem: str = ""
    misplaced: bool = False


def find(
    grey: Bytes, forms: Sequence[Form], by_mark: Marked, blanks: Sequence[Blank] = ()
) -> Found:
    """The page of one of the forms in a picture, by their marks, or by `blanks` without marks."""
    seen = _seen_marks(grey)
    votes: Counter[tuple[int, int]] = Counter()
    for number in {n for n, _ in seen}:
        votes.update(by_mark.get(number, ()))
    sure = [key for key, count in votes.items() if count >= LEAST_MARKS]
    if not sure:
        if found := _by_features(grey, blanks):
            return found
        if blanks and all(form.blank for form in forms):
            return Found(problem=line_of("no-print"))
        return Found(problem=_unknown(len(seen), max(votes.values(), default=0)))
    index, page = max(sure, key=lambda key: votes[key])
    form = forms[index]
    own = numbers(form, page)
    mine = [(n, corners) for n, corners in seen if n in own]
    twice = len(mine) - len({n for n, _ in mine})
    if twice >= LEAST_MARKS - 1 or len(seen) - len(mine) >= LEAST_MARKS:
        return Found(problem=line_of("several"))
    placing = _placed(form, page, mine)
    return Found(form, page, placing, _cut_off(placing, grey))


def _unknown(marks_seen: int, of_one: int) -> str:
    if marks_seen - of_one >= LEAST_MARKS:  # forms may have a mark or two in common
        return line_of("other-form")
    if of_one:
        return line_of("few-marks", n=of_one)
    return line_of("no-marks")


def marked(forms: Sequence[Form]) -> Marked:
    """The pages of all forms by their marks."""
    found: dict[int, list[tuple[int, int]]] = {}
    for i, form in enumerate(forms):
        for page in range(1, form.pages + 1) if not form.blank else ():
            check()
            for number in numbers(form, page):
                found.setdefault(number, []).append((i, page))
    return found


def _seen_marks(grey: Bytes) -> list[tuple[int, Points]]:
    """The marks in a picture with their corners [4 2], clockwise from their own top left."""
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    corners, found, _ = cv2.aruco.ArucoDetector(dictionary(), settings).detectMarkers(grey)
    if found is None:
        return []
    return [
        (int(number), np.asarray(four, np.float64).reshape(4, 2))
        for number, four in zip(np.ravel(found), corners, strict=True)
    ]


def _placed(form: Form, page: int, seen: Sequence[tuple[int, Points]]) -> Placing:
    own = {m.number: (SQUARE * MARK + [m.x, m.y]) * SCALE for m in marks(form, page)}
    once = _once(own, seen)
    here = np.concatenate([own[n] for n in once])
    there = np.concatenate(list(once.values()))
    shape = size(form)
    matrix, _ = cv2.findHomography(here, there, 0)
    bend: Floats64 = np.zeros((0, 2))
    if len(once) >= BENT_MARKS:
        terms = _terms(here, shape)
        off = there - _projected(matrix, here)
        stiff = np.where(np.arange(terms.shape[1]) < SHAPE_TERMS, STIFF, SUPPLE)
        normal = terms.T @ terms + len(here) * np.diag(stiff)
        bend = np.asarray(np.linalg.solve(normal, terms.T @ off), np.float64)
    return Placing(matrix, bend, shape)


def _once(own: Mapping[int, Points], seen: Sequence[tuple[int, Points]]) -> dict[int, Points]:
    """Each mark once. A sheet beside may show the same number: then the one that fits is kept."""
    count = Counter(n for n, _ in seen)
    once = {n: corners for n, corners in seen if count[n] == 1}
    if len(once) < len(count):
        here, there = (np.concatenate(p) for p in ([own[n] for n in once], [*once.values()]))
        matrix, _ = cv2.findHomography(here, there, 0)

        def off(mark: tuple[int, Points]) -> float:
            return float(np.linalg.norm(_projected(matrix, own[mark[0]]) - mark[1]))

        for n in (n for n in count if n not in once):
            once[n] = min((mark for mark in seen if mark[0] == n), key=off)[1]
    return once


def _projected(matrix: Floats64, points: Points) -> Points:
    placed: Points = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(placed[:, :2] / placed[:, 2:])


def _terms(points: Points, shape: tuple[int, int]) -> Floats64:
    """1, u, v, uv, u², v², u²v, uv², u³, v³, u⁴, v⁴ of each point [n 12], u and v from -1 to 1.

    The first eight take any values at the corners of a square and at the middles of its sides,
    where the marks are (the shape functions of a serendipity element); the others follow how each
    mark is turned, for paper that lies in waves.
    """
    u, v = (2 * points / np.array(shape[::-1]) - 1).T
    shape_terms = [np.ones(len(u)), u, v, u * v, u * u, v * v, u * u * v, u * v * v]
    return np.column_stack([*shape_terms, u**3, v**3, u**4, v**4])


def _cut_off(placing: Placing, grey: Bytes) -> str:
    """The problem of a page that the picture does not show whole; "" if it does."""
    corners = SQUARE * np.array(placing.shape[::-1], np.float64)
    inside = placing.points(corners) / np.array(grey.shape[::-1])
    off = max(-float(inside.min()), float(inside.max()) - 1)
    return line_of("cut-off") if off > CUT_OFF else ""


@dataclass(frozen=True, eq=False)
class Blank:
    """A blank page that others printed, [h w] at `raster.DPI`, and its features."""

    form: Form
    page: int
    grey: Bytes
    points: Points
    features: Floats64

    @staticmethod
    def of(form: Form, page: int, picture: Bytes) -> Blank:
        """From a picture that shows the page and nothing else."""
        rows, columns = size(form)
        grey = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
        return Blank(form, page, grey, *_features(grey))


def _features(grey: Bytes) -> tuple[Points, Floats64]:
    small = at_most(COMPARED, grey)
    found, features = cv2.SIFT.create(FEATURES).detectAndCompute(small, None)
    zoom = grey.shape[1] / small.shape[1]
    points = np.array([point.pt for point in found], np.float64).reshape(-1, 2) * zoom
    return points, np.zeros((0, 128), np.float32) if features is None else features


def _by_features(grey: Bytes, blanks: Sequence[Blank]) -> Found | None:
    """The page whose features are found in a picture, if one is."""
    if not blanks:
        return None
    points, features = _features(grey)
    best, most, several = None, LEAST_MATCHES - 1, False
    for blank in blanks:
        here, there = _matches(blank, points, features)
        matrix, agree = _agreeing(here, there)
        if matrix is None or int(agree.sum()) <= most:
            continue
        most = int(agree.sum())
        placing = Placing(matrix, np.zeros((0, 2)), size(blank.form))
        best = Found(blank.form, blank.page, placing, _cut_off(placing, grey))
        another, _ = _agreeing(here[~agree], there[~agree])
        several = another is not None and _elsewhere(matrix, another, placing.shape)
    return Found(problem=line_of("several")) if several else best


def _matches(blank: Blank, points: Points, features: Floats64) -> tuple[Points, Points]:
    """Points of a blank page, and those of a picture that look like them, [n 2] each.

    Each of the picture's points has its nearest, so a page that is there twice is found twice.
    """
    if min(len(features), len(blank.features)) < LEAST_MATCHES:
        return np.zeros((0, 2)), np.zeros((0, 2))
    pairs = cv2.BFMatcher().knnMatch(features, blank.features, 2)
    good = [a for a, b in pairs if a.distance < RATIO * b.distance]
    here = blank.points[[match.trainIdx for match in good]]
    return here.reshape(-1, 2), points[[match.queryIdx for match in good]].reshape(-1, 2)


def _agreeing(here: Points, there: Points) -> tuple[Floats64 | None, Bools]:
    """The perspective that most matches agree on, and which do; None where too few do."""
    none = np.zeros(len(here), bool)
    if len(here) < LEAST_MATCHES:
        return None, none
    matrix, agree = cv2.findHomography(here, there, cv2.RANSAC, OFF)
    if matrix is None or int(agree.sum()) < LEAST_MATCHES:
        return None, none
    return matrix, agree.ravel() > 0


def _elsewhere(matrix: Floats64, another: Floats64, shape: tuple[int, int]) -> bool:
    """Whether the middle of another page lies beside this one; a bent page lies on itself."""
    h, w = shape
    middle = _projected(another, np.array([[w / 2, h / 2]]))
    ((x, y),) = _projected(np.asarray(np.linalg.inv(matrix), np.float64), middle)
    return not (0 < x < w and 0 < y < h)
