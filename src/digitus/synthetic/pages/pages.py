"""Pages: made pictures of handwritten digits as people hand them over, with exact truth.

Inside: the order in which a page is made: its kinds (`kinds`), writing (`texts`, `glyphs`,
`layout`), then the picture of it (`scene`); and its truth. Reading is measured on pages, with seeds
that nothing was learnt from.

Everything of a page is drawn from a stream of (seed, index), so that page 900 can be had without
the 899 before it. The bytes may differ between versions of NumPy or OpenCV.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from digitus.datasets.digits import Digits
from digitus.errors import DataError
from digitus.nn.arrays import stream
from digitus.synthetic.glyphs import INKED, Style, glyphs
from digitus.synthetic.pages import camera
from digitus.synthetic.pages.bare import bare_picture
from digitus.synthetic.pages.camera import View
from digitus.synthetic.pages.kinds import EVERY, KINDS, PENS, Mixture, kinds_of
from digitus.synthetic.pages.layout import Layout, lay_out
from digitus.synthetic.pages.placed import Placed
from digitus.synthetic.pages.scene import photographed
from digitus.synthetic.pages.texts import VALUES
from digitus.types import Box, Bytes, Floats64

UPRIGHT = frozenset("23457")  # digits that upside down are none, or another


@dataclass(frozen=True, eq=False)
class Page:
    """A picture, bytes [h w 3] (red, green, blue) or [h w], and what is written in it.

    `lines` are the digits in reading order, with a space between groups; `digits` holds the value,
    the box (x, y, w, h, in pixels) and the line, from 0, of each; `kinds` are its `KINDS`. `signs`
    holds the character, box and line of what the same pen wrote and is no digit, `_` for a line
    below digits. Points, commas and apostrophes in an amount keep its digits in one group, other
    signs part them. `crossed_out` holds digits that were struck through, with their strokes: they
    are not in `lines`, and networks learn that they are no digits. On a turned page the boxes are
    those of the picture and the lines those of the upright page.
    """

    picture: Bytes
    lines: tuple[str, ...]
    digits: tuple[tuple[int, Box, int], ...]
    kinds: frozenset[str]
    signs: tuple[tuple[str, Box, int], ...] = ()
    crossed_out: tuple[tuple[int, Box, int], ...] = ()


def pages(
    count: int,
    seed: int,
    digits: Digits | None = None,
    kinds: Collection[str] | None = None,
    start: int = 0,
    mixture: Mixture = EVERY,
) -> Iterator[Page]:
    """`count` pages from the page `start` on: of a mixture of kinds, or exactly of these `kinds`.

    `digits` are images as MNIST's: about half of the pages are written with them, the others, or
    without `digits` all, by the simulated pen. `kinds` may name what is on the pages
    (`kinds.SHARES`; else it is drawn) and any of the difficulties (`kinds.CHANCES`); those that
    make no sense on a page are left out there. What is not asked for is drawn from the `mixture`.

    Raises `DataError` for an unknown kind.
    """
    for kind in kinds or ():
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, n=1, cutoff=0)[0]
            raise DataError(f"there is no kind of page {kind!r}; did you mean {near!r}?")
    return (_page(stream(seed, "pages", start + i), digits, kinds, mixture) for i in range(count))


def _page(
    rng: np.random.Generator,
    digits: Digits | None,
    wanted: Collection[str] | None,
    mixture: Mixture,
) -> Page:
    """One page, from what is on it to the picture."""
    name, kinds = kinds_of(rng, wanted, mixture)
    source = digits if rng.random() < 0.5 else None
    style = _style(kinds, rng)
    if kinds & PENS:  # images come with their own pen
        source = None
    if name in ("tiny", "canvas"):
        picture, inks = bare_picture(name, kinds, source, style, rng)
        known = [(g, _box(_placed(g), picture.shape)) for g in inks]
        return _with_truth(picture, ("".join(g.character for g in inks),), kinds, known)
    layout = lay_out(
        name, lambda values, heights: glyphs(values, heights, style, source, rng), style.slant,
        kinds, rng,
    )  # fmt: skip
    return _made(layout, style, kinds, rng)


def _style(kinds: frozenset[str], rng: np.random.Generator) -> Style:
    """The hand of the page."""
    low, high = 0.035, 0.13
    for kind, widths in (
        ("thin", (0.012, 0.03)),
        ("thick", (0.13, 0.18)),
        ("felt pen", (0.16, 0.21)),
    ):
        low, high = widths if kind in kinds else (low, high)
    slant = rng.uniform(0.25, 0.55) * rng.choice([1, 1, -0.7]) if "slant" in kinds else 0.0
    broken = 0.4 if "broken" in kinds else 0.0
    return Style(float(np.exp(rng.uniform(np.log(low), np.log(high)))), float(slant), broken)


def _made(layout: Layout, style: Style, kinds: frozenset[str], rng: np.random.Generator) -> Page:
    """A layout on paper, in light, seen by a camera."""
    written = layout.written
    outlines = [_placed(g) for g in written]
    view, inked = _viewed(layout, outlines, kinds, rng)
    seen = view
    if "low resolution" in kinds:
        by = rng.uniform(12, 30) / layout.digit
        if by < 0.9:
            seen = view.scaled(by)
        else:
            kinds -= {"low resolution"}
    outlines = [seen.place(outline) for outline in outlines]
    boxes = [_box(outline, seen.shape) for outline in outlines]
    picture = photographed(layout, style, kinds, view, view.place(inked), seen.shape, rng)
    if "turned" in kinds and not _has_a_top(layout.lines):
        kinds -= {"turned"}
    if "turned" in kinds:
        turns = int(rng.integers(1, 4))
        boxes = [_turned(box, seen, turns) for box in boxes]
        picture = np.ascontiguousarray(np.rot90(picture, turns))
    shown = [_is_in(outline, seen.shape) for outline in outlines]
    known = [(g, box) for g, box, s in zip(written, boxes, shown, strict=True) if s]
    return _with_truth(picture, layout.lines, kinds, known)


def _viewed(
    layout: Layout, outlines: list[Floats64], kinds: frozenset[str], rng: np.random.Generator
) -> tuple[View, Floats64]:
    """Where the sheet lies in the picture; the points of ink, on the sheet, that are all in it."""
    tight = bool(kinds & {"crop", "cheque", "tight"})  # the frame may cut off all but the digits
    whole = zip(layout.written, outlines, strict=True)
    inked = np.concatenate([np.zeros((0, 2)), *(o for g, o in whole if g.is_digit or not tight)])
    view = camera.view(
        (layout.height, layout.width), inked, rng, rotated="rotated" in kinds,
        perspective="perspective" in kinds, desk="desk" in kinds,
        straight="screen" in kinds or rng.random() < 0.3, tight=tight, curled="curled" in kinds,
    )  # fmt: skip
    return view, inked


def _with_truth(
    picture: Bytes, lines: tuple[str, ...], kinds: frozenset[str], known: list[tuple[Placed, Box]]
) -> Page:
    """The page with what is known of it, sorted into digits, signs and what was crossed out."""
    digits = tuple((int(g.character), box, g.line) for g, box in known if g.is_digit)
    signs = tuple((g.character, box, g.line) for g, box in known if g.is_sign)
    gone = [(g.character.translate(VALUES), box, g.line) for g, box in known if g.is_crossed_out]
    crossed_out = tuple((int(value), box, line) for value, box, line in gone)
    return Page(picture, lines, digits, kinds, signs, crossed_out)


def _has_a_top(lines: tuple[str, ...]) -> bool:
    """Whether there is enough on the page to tell which way up it is."""
    text = "".join(lines).replace(" ", "")
    return len(text) >= 5 and sum(c in UPRIGHT for c in text) >= 3


def _placed(glyph: Placed) -> Floats64:
    """The outline of a glyph on the sheet, [n 2] x and y."""
    return _outline(glyph.ink) + np.array([glyph.x, glyph.y])


def _outline(ink: Bytes) -> Floats64:
    """Where each row of the ink begins and ends, [n 2] x and y, at the edges of its pixels."""
    inked = ink >= min(INKED, int(ink.max()))
    rows = np.flatnonzero(inked.any(1))
    first, last = inked[rows].argmax(1), ink.shape[1] - inked[rows, ::-1].argmax(1)
    left, right = np.column_stack([first, rows]), np.column_stack([last, rows])
    below = np.array([0, 1])
    return np.concatenate([left, left + below, right, right + below]).astype(float)


def _box(points: Floats64, shape: tuple[int, ...]) -> Box:
    """The box around points, within the picture."""
    low = np.maximum(np.floor(points.min(0) + 0.25), 0)
    high = np.minimum(np.ceil(points.max(0) - 0.25), shape[::-1])
    (x, y), (w, h) = low.astype(int).tolist(), np.maximum(high - low, 1).astype(int).tolist()
    return x, y, w, h


def _is_in(points: Floats64, shape: tuple[int, ...]) -> bool:
    """Whether the picture shows any of what these points outline."""
    last = np.array(shape[::-1]) - 0.5
    return bool((points.max(0) > 0.5).all() and (points.min(0) < last).all())


def _turned(box: Box, view: View, turns: int) -> Box:
    """A box in the picture turned counter-clockwise by quarters, as `np.rot90` does."""
    x, y, w, h = box
    height, width = view.shape
    for _ in range(turns):
        x, y, w, h = y, width - x - w, h, w
        height, width = width, height
    return x, y, w, h
