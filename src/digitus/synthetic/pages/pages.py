"""Pages: made pictures of handwritten digits as people hand them over, with exact truth.

Inside: which difficulties there are (`KINDS`) and how often each comes, and the order in which a
page is made: writing (`texts`, `glyphs`, `layout`), then the picture of it (`scene`). Reading is
measured on pages, with seeds that nothing was learnt from.

Everything of a page is drawn from a stream of (seed, index), so that page 900 can be had without
the 899 before it. The bytes may differ between versions of NumPy or OpenCV.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.errors import DataError
from digitus.nn.arrays import stream
from digitus.synthetic.glyphs import INKED, Style, glyphs
from digitus.synthetic.pages import camera
from digitus.synthetic.pages.camera import View
from digitus.synthetic.pages.layout import Layout, lay_out
from digitus.synthetic.pages.scene import photographed
from digitus.types import Box, Bytes, Floats64

# What is on the page: of every hundred pages, so many.
SHARES = {
    "single": 22, "small": 6, "large": 3, "tiny": 8,
    "number": 21, "lines": 18, "many": 5, "boxes": 7, "comb": 4, "blank": 6,
    "crop": 10, "cheque": 10,
}  # fmt: skip
# What makes it hard, and how often. A page may have several.
CHANCES = {
    "touching": 0.15, "curved": 0.08, "slant": 0.12, "thin": 0.12, "thick": 0.10, "broken": 0.08,
    "pencil": 0.12, "colour pen": 0.2, "inverted": 0.12, "screen": 0.25,
    "ruled": 0.12, "squared": 0.1, "printed": 0.1, "letters": 0.06, "smudges": 0.12,
    "signs": 0.2, "underlined": 0.05, "uneven": 0.1, "tight": 0.1, "low resolution": 0.08,
    "security pattern": 0.04,
    "gradient": 0.2, "vignette": 0.15, "shadow": 0.15, "rough paper": 0.2,
    "rotated": 0.08, "perspective": 0.12, "desk": 0.1, "fingers": 0.07, "turned": 0.06,
    "blur": 0.15, "noise": 0.15, "jpeg": 0.25,
}  # fmt: skip
# What some pages suffer from more often than others.
LIKELY: dict[str, dict[str, float]] = {
    "crop": {"jpeg": 0.5, "blur": 0.3, "touching": 0.25, "ruled": 0.25},
    "cheque": {"touching": 0.35, "slant": 0.3, "uneven": 0.3, "blur": 0.4, "jpeg": 0.5,
               "inverted": 0.0},
}  # fmt: skip
KINDS = (*SHARES, *CHANCES)
IN_LINES = frozenset(  # several digits in a row
    {"touching", "curved", "turned", "signs", "underlined", "uneven"}
)
AROUND = frozenset({"printed", "letters", "desk", "fingers"})  # what has no room in a small picture
# Where these are, those make no sense.
EXCLUDED: dict[str, frozenset[str]] = {
    "screen": frozenset(
        {"gradient", "vignette", "shadow", "rough paper", "perspective", "desk", "fingers",
         "pencil", "noise", "smudges", "rotated", "blur", "security pattern"}
    ),
    "tiny": frozenset(CHANCES) - {"inverted", "thin", "thick", "noise", "screen", "slant"},
    "blank": IN_LINES | {"slant", "thin", "thick", "broken", "tight", "low resolution"},
    "single": IN_LINES - {"underlined"},
    "small": IN_LINES | {"blur", "thin", "broken", "pencil", "tight", "low resolution"},
    "large": IN_LINES | {"desk", "fingers", "printed", "letters"},
    "boxes": IN_LINES - {"turned"} | {"ruled", "squared", "printed", "letters"},
    "comb": IN_LINES - {"turned"} | {"ruled", "squared", "printed", "letters"},
    "many": frozenset({"desk", "signs", "underlined"}),
    "crop": AROUND | {"thin", "tight", "low resolution", "turned", "squared", "perspective"},
    "cheque": AROUND | {"thin", "tight", "low resolution", "turned", "squared", "ruled", "screen",
                        "perspective", "colour pen", "inverted", "security pattern", "rough paper",
                        "signs", "smudges"},
    "tight": AROUND,
    "signs": frozenset({"turned"}),
    "thick": frozenset({"thin", "broken", "slant"}),
    "ruled": frozenset({"squared"}),
    "inverted": frozenset({"pencil", "desk", "ruled", "squared"}),
}  # fmt: skip
UPRIGHT = frozenset("23457")  # digits that are none, or another, upside down


@dataclass(frozen=True, eq=False)
class Page:
    """A picture, bytes [h w 3] (red, green, blue) or [h w], and what is written in it.

    `lines` are the digits in reading order, with a space between groups; `digits` holds the value,
    the box (x, y, w, h, in pixels) and the line, from 0, of each; `kinds` are its `KINDS`. `signs`
    holds the character, box and line of what the same pen wrote and is no digit, `_` for a line
    below digits. Points, commas and apostrophes in an amount keep its digits in one group, other
    signs part them. On a turned page the boxes are those of the picture and the lines those of
    the upright page.
    """

    picture: Bytes
    lines: tuple[str, ...]
    digits: tuple[tuple[int, Box, int], ...]
    kinds: frozenset[str]
    signs: tuple[tuple[str, Box, int], ...] = ()


def pages(
    count: int,
    seed: int,
    digits: Digits | None = None,
    kinds: Collection[str] | None = None,
    start: int = 0,
) -> Iterator[Page]:
    """`count` pages from the page `start` on: of all kinds mixed, or exactly of these `kinds`.

    `digits` are images as MNIST's, which about half of the pages are then written with; the others,
    and without `digits` all, are written by the simulated pen. `kinds` names at most one of what
    can be on a page (`SHARES`), or it is drawn, and any of the difficulties (`CHANCES`); those that
    make no sense on a page are left out there.

    Raises `DataError` for an unknown kind.
    """
    for kind in kinds or ():
        if kind not in KINDS:
            near = get_close_matches(kind, KINDS, n=1, cutoff=0)[0]
            raise DataError(f"there is no kind of page {kind!r}; did you mean {near!r}?")
    return (_page(stream(seed, "pages", start + i), digits, kinds) for i in range(count))


def _page(rng: np.random.Generator, digits: Digits | None, wanted: Collection[str] | None) -> Page:
    """One page, from what is on it to the picture."""
    name, kinds = _kinds(rng, wanted)
    source = digits if rng.random() < 0.5 else None
    style = _style(kinds, rng)
    if kinds & {"thin", "thick"}:  # images have the pen that they have
        source = None
    if name == "tiny":
        return _tiny(kinds, source, style, rng)
    layout = lay_out(
        name, lambda values, heights: glyphs(values, heights, style, source, rng), style.slant,
        kinds, rng,
    )  # fmt: skip
    return _made(layout, style, kinds, rng)


def _kinds(rng: np.random.Generator, wanted: Collection[str] | None) -> tuple[str, frozenset[str]]:
    """What is on the page, and all of its kinds."""
    luck = rng.random(len(CHANCES))
    asked = set(wanted or ()) & CHANCES.keys()
    allowed = [kind for kind in SHARES if kind in (wanted or ())] or list(SHARES)
    if len(allowed) == len(SHARES):  # drawn among those that go with what is asked for
        allowed = [k for k in SHARES if not asked & EXCLUDED.get(k, frozenset())] or allowed
    shares = np.array([SHARES[kind] for kind in allowed], float)
    name = allowed[rng.choice(len(allowed), p=shares / shares.sum())]
    likely = CHANCES | LIKELY.get(name, {})
    drawn = {kind for kind, p in zip(CHANCES, luck, strict=True) if p < likely[kind]}
    hard = drawn if wanted is None else asked
    kinds = {name} | hard
    for kind in (name, *CHANCES):  # what is on the page decides first
        if kind in kinds:
            kinds -= EXCLUDED.get(kind, frozenset())
    return name, frozenset(kinds)


def _style(kinds: frozenset[str], rng: np.random.Generator) -> Style:
    """The hand of the page."""
    low, high = 0.035, 0.13
    if kinds & {"thin", "thick"}:
        low, high = (0.012, 0.03) if "thin" in kinds else (0.13, 0.18)
    slant = rng.uniform(0.25, 0.55) * rng.choice([1, 1, -0.7]) if "slant" in kinds else 0.0
    broken = 0.4 if "broken" in kinds else 0.0
    return Style(float(np.exp(rng.uniform(np.log(low), np.log(high)))), float(slant), broken)


def _tiny(
    kinds: frozenset[str], digits: Digits | None, style: Style, rng: np.random.Generator
) -> Page:
    """A picture that is a digit already: 8 to 64 pixels, as data sets and drawing boards have."""
    side = int(rng.choice([8, 16, 20, 28, 28, 28, 32, 48, 64]))
    value = int(rng.integers(0, 10))
    height = side * rng.uniform(0.65, 0.8 if side > 8 else 1.0)
    style = replace(style, pen=max(style.pen, 1.2 / height))
    ink = glyphs(np.array([value]), [height], style, digits, rng)[0]
    if max(ink.shape) > side:
        h, w = (max(1, round(n * side / max(ink.shape))) for n in ink.shape)
        ink = cv2.resize(ink, (w, h), interpolation=cv2.INTER_AREA)
    h, w = ink.shape
    if rng.random() < 0.3:  # a drawing board whose pixels are either black or white
        ink = np.where(ink > min(127, int(ink.max()) // 2), 255, 0).astype(np.uint8)
    picture = np.zeros((side, side), np.uint8)
    room = np.array([side - h, side - w])
    y, x = np.round(room / 2 + room * rng.uniform(-0.15, 0.15, 2)).astype(int).tolist()
    picture[y : y + h, x : x + w] = ink
    grey = picture.astype(np.float32)
    if "noise" in kinds:
        strength = rng.uniform(4, 16)
        grey = 0.8 * grey + 25 + strength * rng.standard_normal(grey.shape, np.float32)
    picture = np.clip(grey, 0, 255).astype(np.uint8)
    if "inverted" not in kinds:  # dark ink on light paper is the rule
        picture = 255 - picture
    box = _box(_outline(ink) + np.array([x, y]), picture.shape)
    return Page(picture, (str(value),), ((value, box, 0),), kinds)


def _made(layout: Layout, style: Style, kinds: frozenset[str], rng: np.random.Generator) -> Page:
    """A layout on paper, in light, seen by a camera."""
    sheet = (layout.height, layout.width)
    written = (*layout.glyphs, *layout.signs)
    outlines = [_outline(g.ink) + np.array([g.x, g.y]) for g in written]
    inked = np.concatenate([np.zeros((0, 2)), *outlines])
    screen = "screen" in kinds
    lies = camera.view(
        sheet, inked, rng, rotated="rotated" in kinds, perspective="perspective" in kinds,
        desk="desk" in kinds, straight=screen or rng.random() < 0.3,
        tight=bool(kinds & {"crop", "cheque", "tight"}),
    )  # fmt: skip
    seen = lies
    if "low resolution" in kinds:
        by = rng.uniform(12, 30) / layout.digit
        if by < 0.9:
            seen = lies.scaled(by)
        else:
            kinds -= {"low resolution"}
    outlines = [seen.place(outline) for outline in outlines]
    boxes = [_box(outline, seen.shape) for outline in outlines]
    picture = photographed(layout, style, kinds, lies, lies.place(inked), seen.shape, rng)
    turns = 0
    if "turned" in kinds:
        if _has_a_top(layout.lines):
            turns = int(rng.integers(1, 4))
        else:
            kinds -= {"turned"}
    if turns:
        boxes = [_turned(box, seen, turns) for box in boxes]
        picture = np.ascontiguousarray(np.rot90(picture, turns))
    known = [
        (g, box)
        for g, box, outline in zip(written, boxes, outlines, strict=True)
        if _is_in(outline, seen.shape)
    ]
    digits = tuple((int(g.character), box, g.line) for g, box in known if g.character.isdigit())
    signs = tuple((g.character, box, g.line) for g, box in known if not g.character.isdigit())
    return Page(picture, layout.lines, digits, kinds, signs)


def _has_a_top(lines: tuple[str, ...]) -> bool:
    """Whether there is enough on the page to tell which way up it is."""
    text = "".join(lines).replace(" ", "")
    return len(text) >= 5 and sum(c in UPRIGHT for c in text) >= 3


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
    """Whether the picture shows something of what these points are around."""
    last = np.array(shape[::-1]) - 0.5
    return bool((points.max(0) > 0.5).all() and (points.min(0) < last).all())


def _turned(box: Box, lies: View, turns: int) -> Box:
    """A box in the picture turned counter-clockwise by quarters, as `np.rot90` does."""
    x, y, w, h = box
    height, width = lies.shape
    for _ in range(turns):
        x, y, w, h = y, width - x - w, h, w
        height, width = width, height
    return x, y, w, h
