"""Scene: a layout, and what its page suffers from, made into the picture that somebody hands over.

Inside: the order in which ink, print, paper, desk, light and lens make the picture, and their
colours and strengths. Not inside: which difficulties a page has and its truth (`pages`).
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from digitus.synthetic.glyphs import Style
from digitus.synthetic.pages import camera, security, stationery, words
from digitus.synthetic.pages.camera import View
from digitus.synthetic.pages.grounds import Ground, grounds
from digitus.synthetic.pages.layout import Layout
from digitus.types import Bytes, Floats32, Floats64


def photographed(
    layout: Layout,
    style: Style,
    kinds: frozenset[str],
    view: View,
    inked: Floats64,
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> Bytes:
    """A layout as a picture, bytes [h w 3] (red, green, blue) or [h w], of this shape.

    `view` says where its sheet is in the picture, `inked` are points [n 2], x and y, of the picture
    with ink, which nothing may cover; both hold before the picture is made smaller, to `shape`.
    """
    ink, marks = _layers(layout, style, kinds, view, rng)
    picture = _composed(ink, marks, layout, inked, kinds, view, rng)
    if shape != view.shape:
        picture = camera.smaller(picture, shape)
    if "jpeg" in kinds:
        picture = camera.jpeg(picture, int(rng.integers(25 if layout.digit > 40 else 50, 80)))
    return picture


def _layers(
    layout: Layout, style: Style, kinds: frozenset[str], view: View, rng: np.random.Generator
) -> tuple[Bytes, Bytes]:
    """The writing, and what is printed on the paper, in the picture: two [h w]."""
    sheet_shape = (layout.height, layout.width)
    ink, marks = layout.ink(), np.zeros(sheet_shape, np.uint8)
    if kinds & {"boxes", "comb", "table"}:
        marks = stationery.form(sheet_shape, layout, kinds, rng)
    if kinds & {"printed"}:
        marks = cv2.max(marks, words.printed(sheet_shape, layout, rng))
    if "labels" in kinds:
        marks = cv2.max(marks, words.labels(sheet_shape, layout, rng))
    if "letters" in kinds:
        ink = cv2.max(ink, words.written(sheet_shape, layout, style.pen * layout.digit, rng))
    ink, marks = view.take(ink), view.take(marks)
    if kinds & {"ruled", "squared", "in squares"}:
        # Rules go on where the layout ends, so they are drawn on a larger sheet.
        more = 0 if view.is_straight else max(sheet_shape) // 5
        wide = replace(
            layout, width=sheet_shape[1] + 2 * more, height=sheet_shape[0] + 2 * more,
            baselines=tuple(b + more for b in layout.baselines),
            cells=tuple(
                tuple((x + more, y + more, w, h) for x, y, w, h in row) for row in layout.cells
            ),
        )  # fmt: skip
        strength = 1.0 if "dark lines" in kinds else rng.uniform(0.35, 1)
        rules = stationery.ruled((wide.height, wide.width), wide, kinds, rng)
        rules = view.moved(more).take(rules) if more else view.take(rules)
        marks = cv2.max(marks, (rules * strength).astype(np.uint8))
    if "cheque" in kinds and rng.random() < 0.75:
        marks = cv2.max(marks, view.take(security.printed_lines(sheet_shape, layout, rng)))
    return ink, marks


def _colours(
    kinds: frozenset[str], rng: np.random.Generator
) -> tuple[Floats32, Floats32, Floats32, float]:
    """Paper, ink and print (red, green, blue each), and how opaque the ink is."""
    if "screen" in kinds and rng.random() < 0.7:
        paper = np.full(3, 255.0)
    elif "rough paper" in kinds and rng.random() < 0.5:
        paper = rng.uniform(150, 240) * rng.uniform([0.95, 0.85, 0.65], [1.0, 0.98, 0.92])
    elif "cheque" in kinds:
        paper = rng.uniform(130, 235) * np.ones(3)
    else:
        paper = rng.uniform(175, 250) * rng.uniform(0.93, 1.0, 3)
    paper, ink, opaque = _ink(paper, kinds, rng)
    if "chalkboard" in kinds:
        boards = [(38, 62, 48), (28, 28, 30), (45, 50, 56), (60, 75, 68)]
        paper = np.array(boards[rng.integers(len(boards))]) * rng.uniform(0.7, 1.5)
        ink = rng.uniform(190, 255) * rng.uniform(0.8, 1.0, 3)
        return _as_floats(paper, ink, 0.6 * ink, rng.uniform(0.6, 0.95))
    if "whiteboard" in kinds:
        paper = rng.uniform(190, 245) * rng.uniform([0.94, 0.97, 0.98], 1.0)
        pens = [(25, 25, 30), (25, 25, 30), (30, 50, 160), (190, 40, 45), (20, 120, 70)]
        ink = np.array(pens[rng.integers(len(pens))], float) * rng.uniform(0.8, 1.3)
    printed = rng.uniform(20, 150) * np.ones(3)
    if kinds & {"ruled", "squared", "boxes", "comb"} and rng.random() < 0.6:
        printed = np.array([rng.uniform(90, 170), rng.uniform(130, 190), rng.uniform(180, 230)])
    if "dark lines" in kinds:
        printed = np.minimum(ink * rng.uniform(0.8, 1.3), 130)
    if "inverted" in kinds:  # chalk, a white pen on a dark screen
        paper, ink, printed = 0.22 * (255 - paper) + rng.uniform(0, 35), 255 - ink, 255 - printed
        printed = printed * 0.7
    else:
        printed = np.minimum(printed, 0.9 * paper)
    return _as_floats(paper, ink, printed, opaque)


def _ink(
    paper: Floats64, kinds: frozenset[str], rng: np.random.Generator
) -> tuple[Floats64, Floats64, float]:
    """The paper, which may become coloured; the ink of the pen, and how opaque it is."""
    opaque = rng.uniform(0.12, 0.35) if "faint" in kinds else rng.uniform(0.8, 1.0)
    if "pencil" in kinds:
        return paper, rng.uniform(50, 90) * np.ones(3), rng.uniform(0.25, 0.65)
    if "colour pen" not in kinds:
        return paper, rng.uniform(0, 60) * rng.uniform(0.7, 1.3, 3), opaque
    hues = [(25, 45, 170), (190, 25, 35), (20, 120, 50), (110, 40, 150), (20, 130, 190),
            (200, 90, 20), (30, 30, 90), (170, 30, 110)]  # fmt: skip
    ink = np.array(hues[rng.integers(len(hues))]) * rng.uniform(0.7, 1.15)
    if rng.random() < 0.3:
        paper = paper * rng.uniform([0.75, 0.8, 0.6], [1.0, 1.0, 1.0])
    return paper, ink, opaque


def _as_floats(
    paper: Floats64, ink: Floats64, printed: Floats64, opaque: float
) -> tuple[Floats32, Floats32, Floats32, float]:
    return paper.astype(np.float32), ink.astype(np.float32), printed.astype(np.float32), opaque


def _on_paper(
    ink: Bytes,
    marks: Bytes,
    below: list[Ground],
    digit: float,
    kinds: frozenset[str],
    rng: np.random.Generator,
) -> tuple[list[Floats32], float]:
    """Ink and print [h w] in their colours on paper, [h w] each, and how opaque the ink is."""
    shape = (ink.shape[0], ink.shape[1])
    paper, pen, printed, opaque = _colours(kinds, rng)
    areas = [(mask.astype(np.float32) / np.float32(255), colour) for mask, colour in below]
    if rng.random() < 0.3 or "cheque" in kinds:  # a picture without colours
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        paper, pen, printed = (np.array([c @ weights]) for c in (paper, pen, printed))
        areas = [(mask, np.array([colour @ weights])) for mask, colour in areas]
    lit, dry = _surface(shape, digit, kinds, rng)
    a = ink.astype(np.float32) * np.float32(opaque / 255)
    if dry is not None:
        a = np.minimum(a * dry, 1)
    strength = rng.uniform(0.9 if "dark lines" in kinds else 0.6, 1)
    b = marks.astype(np.float32) * np.float32(strength / 255) if marks.any() else None
    channels = []
    for c in range(len(paper)):
        ground = paper[c]
        for mask, colour in areas:
            ground = ground + mask * (colour[c] - ground)
        x = ground + a * (pen[c] - ground)
        if b is not None:
            # Print lies below the ink; drawn above it, a pale line would cut a stroke in two.
            over = b * (1 - a) if "cheque" in kinds else b
            x += over * (printed[c] - x)
        channels.append(x if lit is None else x * lit)
    return channels, opaque


def _surface(
    shape: tuple[int, int], digit: float, kinds: frozenset[str], rng: np.random.Generator
) -> tuple[Floats32 | None, Floats32 | None]:
    """How much light the paper gives back, and how much ink it takes, [h w] each; None: all."""
    if "screen" in kinds:
        return None, None
    lit = stationery.texture(shape, 1.0 if "rough paper" in kinds else 0.25, rng)
    if "smudges" in kinds:
        stains = stationery.smudged(shape, digit, rng)
        lit *= 1 - np.float32(rng.uniform(0.3, 0.6)) * stains
    if kinds & {"cheque", "security pattern"}:
        lit *= 1 - np.float32(rng.uniform(0.08, 0.38)) * security.pattern(shape, digit, rng)
    if "watercolour paper" in kinds:
        bumps = stationery.grain(shape, max(1.5, digit * rng.uniform(0.02, 0.1)), rng)
        lit *= np.clip(1 + np.float32(rng.uniform(0.04, 0.13)) * bumps, 0.3, 1.7)
        # The hollows stay dry.
        return lit, np.clip(1 + np.float32(rng.uniform(0.1, 0.5)) * bumps, 0, 1.15)
    if "chalkboard" in kinds:
        wiped = stationery.grain(shape, (digit * rng.uniform(0.1, 0.6), 4 * digit), rng)
        lit += np.float32(rng.uniform(0.05, 0.2)) * np.abs(wiped)
        grains = stationery.grain(shape, max(1.0, 0.03 * digit), rng)
        return lit, np.clip(0.85 + np.float32(rng.uniform(0.1, 0.4)) * grains, 0.15, 1.2)
    if "pencil" in kinds:  # graphite stays on the peaks of the paper
        return lit, np.clip(1 + 0.25 * stationery.grain(shape, rng.uniform(1, 2), rng), 0.3, 1.4)
    pale = np.abs(stationery.grain(shape, 12.0, rng))
    return lit, 1 - np.float32(rng.uniform(0, 0.1)) * pale


def _composed(
    ink: Bytes,
    marks: Bytes,
    layout: Layout,
    inked: Floats64,
    kinds: frozenset[str],
    view: View,
    rng: np.random.Generator,
) -> Bytes:
    """The picture [h w 3] or [h w]: what is on paper, desk, light, focus, noise."""
    shape = view.shape
    below = [(view.take(mask), colour) for mask, colour in grounds(layout, kinds, rng)]
    channels, opaque = _on_paper(ink, marks, below, layout.digit, kinds, rng)
    if "desk" in kinds:
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * [layout.width, layout.height]
        around = np.zeros(shape, np.uint8)
        outline = np.round(view.place(corners.astype(float)) * 16).astype(np.int32)
        cv2.fillConvexPoly(around, outline, 255, cv2.LINE_AA, 4)
        inside = around.astype(np.float32) / np.float32(255)
        lower = stationery.blurred(inside, 0.015 * max(shape))
        for x, under in zip(channels, camera.desk_of(shape, rng), strict=False):
            under *= 1 - 0.45 * lower  # the sheet's own shadow
            x += (1 - inside) * (under - x)
    if "fingers" in kinds:
        for mask, colour in camera.things(shape, inked, rng):
            for c, x in enumerate(channels):
                x += mask * (colour[c] - x)
    if kinds & {"gradient", "vignette", "shadow"}:
        lit = camera.light(shape, kinds, rng)
        for x in channels:
            x *= lit
    if kinds & {"glare", "whiteboard"}:
        shine = camera.glare(shape, rng)
        for x in channels:
            x += shine * (np.float32(250) - x)
    if "screen photo" in kinds:
        channels = camera.screen(channels, rng)
    return _seen(channels, layout.digit, opaque, kinds, rng)


def _seen(
    channels: list[Floats32],
    digit: float,
    opaque: float,
    kinds: frozenset[str],
    rng: np.random.Generator,
) -> Bytes:
    """What a lens and its sensor make of the light: focus, motion, noise; then bytes."""
    if kinds & {"crop", "cheque"} and "screen" not in kinds:  # few pixels, and soft
        sigma = rng.uniform(0.3, 0.9)
        channels = [stationery.blurred(x, sigma) for x in channels]
    if "blur" in kinds:
        sigma = float(digit * rng.uniform(0.012, 0.035))
        if rng.random() < 0.7:
            channels = [stationery.blurred(x, sigma) for x in channels]
        elif digit < 250:
            channels = [camera.motion(x, 2.5 * sigma, rng) for x in channels]
    sigma = rng.uniform(5, 16) * opaque if "noise" in kinds else rng.uniform(0.3, 2.5)
    if "screen" not in kinds:
        size = rng.choice([1.0, 1.0, 1.7]) if "noise" in kinds else 1.0
        noise = stationery.grain(channels[0].shape, float(size), rng) * np.float32(sigma)
        own = rng.uniform(0.6, 1, len(channels)).astype(np.float32)
        channels = [x + k * noise for x, k in zip(channels, own, strict=True)]
    seen = [np.clip(x, 0, 255).astype(np.uint8) for x in channels]
    return cv2.merge(seen) if len(seen) > 1 else seen[0]
