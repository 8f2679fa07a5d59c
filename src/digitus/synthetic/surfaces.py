"""Surfaces: pictures that no pen has drawn: noise, patterns, light, paper, shapes and silhouettes.

Inside: textures of all grains, stripes and checks; empty and dirty paper, its edges and ruled
lines; solid shapes; and outlines of things, shaded as photographed things are. Not inside: anything
written (`marks`), and how often each kind is met (`not_digits`).

Nothing here is an upright bar or a wide ring: those are a 1 and a 0.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import SIDE
from digitus.types import Bytes, Floats

FINE = 2  # pixels of a shape's canvas to one of the image
ROWS, COLUMNS = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j].astype(np.float32)


def noise(n: int, rng: np.random.Generator) -> Bytes:
    """Noise [n 28 28] of every brightness and contrast: independent pixels, or clouds to blots."""
    images = np.empty((n, SIDE, SIDE), np.float32)
    for image in images:
        if rng.random() < 0.5:
            image[:] = _independent(rng)
        else:
            image[:] = _contrasted(_clouds(rng, int(rng.integers(3, 24))), rng)
    return np.clip(255 * images, 0, 255).astype(np.uint8)


def patterns(n: int, rng: np.random.Generator) -> Bytes:
    """Stripes, checks, rings and dots [n 28 28], soft or sharp, straight or bent."""
    images = np.empty((n, SIDE, SIDE), np.float32)
    for image in images:
        image[:] = _contrasted(_pattern(rng), rng)
    return np.clip(255 * images, 0, 255).astype(np.uint8)


def papers(n: int, rng: np.random.Generator) -> Bytes:
    """Paper [n 28 28] without a digit: blank, dirty, smudged, ruled, at its edge, in a shadow."""
    kinds = (_blank, _specks, _smudge, _ruled, _edge, _gradient)
    images = np.empty((n, SIDE, SIDE), np.float32)
    for image in images:
        image[:] = kinds[rng.integers(len(kinds))](rng)
        if rng.random() < 0.5:
            image += rng.normal(0, rng.uniform(0, 0.1), image.shape)
        if rng.random() < 0.5:
            np.subtract(1, image, out=image)
    return np.clip(255 * images, 0, 255).astype(np.uint8)


def things(n: int, rng: np.random.Generator) -> Bytes:
    """Solid shapes [n 28 28], plain or shaded: blocks, polygons, blots, outlines of objects."""
    images = np.empty((n, SIDE, SIDE), np.float32)
    kinds = (_polygon, _blot, _mirrored, _mirrored, _profile, _profile)
    for image in images:
        image[:] = _shaded(kinds[rng.integers(len(kinds))](rng), rng)
    return np.clip(255 * images, 0, 255).astype(np.uint8)


def _independent(rng: np.random.Generator) -> Floats:
    """Pixels independent of one another: uniform, normal, or salt and pepper."""
    kind, shape = rng.integers(4), (SIDE, SIDE)
    if kind == 0:
        return rng.random(shape, dtype=np.float32)
    if kind == 1:
        low, high = np.sort(rng.random(2))
        return (low + (high - low) * rng.random(shape)).astype(np.float32)
    if kind == 2:
        grain = rng.standard_normal(shape, dtype=np.float32)
        return np.float32(rng.random()) + np.float32(rng.uniform(0.02, 0.6)) * grain
    return (rng.random(shape) < rng.uniform(0.02, 0.6)).astype(np.float32)


def _clouds(rng: np.random.Generator, knots: int) -> Floats:
    """A smooth random surface of about normal values, between knots by knots of them."""
    squeezed = max(2, int(knots * np.exp(rng.normal(0, 0.4))))
    coarse = rng.standard_normal((knots, squeezed), dtype=np.float32)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def _contrasted(surface: Floats, rng: np.random.Generator) -> Floats:
    """A surface of about -1 to 1 as greys, from pale and soft to black and white."""
    gain = np.exp(rng.uniform(-2, 2.5))
    return np.clip(gain * (surface - rng.normal(0, 0.4)) + 0.5, 0, 1) * rng.uniform(0.3, 1)


def _pattern(rng: np.random.Generator) -> Floats:
    angle, phase = rng.uniform(0, 2 * np.pi, 2)
    x = np.cos(angle) * COLUMNS + np.sin(angle) * ROWS
    y = np.cos(angle) * ROWS - np.sin(angle) * COLUMNS
    if rng.random() < 0.3:
        x = x + rng.uniform(0.05, 0.4) * np.sin(rng.uniform(2, 8) * y)
    first, second = rng.uniform(8, 38, 2)
    match rng.integers(4):
        case 0:
            return np.sin(first * x + phase)
        case 1:
            return np.sin(first * x + phase) * np.sin(second * y)
        case 2:
            return np.maximum(np.sin(first * x + phase), np.sin(second * y)) - 0.4
    # Rings, narrow: a wide one alone is a 0.
    return np.sin(max(first, 16) * np.hypot(x - rng.uniform(-1, 1), y - rng.uniform(-1, 1)) + phase)


def _flat(rng: np.random.Generator) -> Floats:
    return np.full((SIDE, SIDE), rng.random() * rng.random(), np.float32)


def _blank(rng: np.random.Generator) -> Floats:
    return _flat(rng) if rng.random() < 0.8 else np.zeros((SIDE, SIDE), np.float32)


def _specks(rng: np.random.Generator) -> Floats:
    """Paper with a few dots, far apart."""
    image = _flat(rng) / 2
    for _ in range(rng.integers(1, 9)):
        at = rng.integers(0, SIDE, 2).tolist()
        cv2.circle(image, at, int(rng.integers(0, 2)), rng.uniform(0.2, 1), -1)
    return image


def _smudge(rng: np.random.Generator) -> Floats:
    """Paper with soft stains, wider than they are high."""
    image = _flat(rng) / 2
    for _ in range(rng.integers(1, 4)):
        y, x = rng.uniform(-1, 1, 2)
        high = rng.uniform(0.1, 0.5)
        wide = high * rng.uniform(1, 3)
        stain = np.exp(-(((COLUMNS - x) / wide) ** 2) - ((ROWS - y) / high) ** 2)
        image += rng.uniform(0.2, 0.8) * stain
    return image


def _ruled(rng: np.random.Generator) -> Floats:
    """Paper with lines or squares; if with upright lines, at least three."""
    image = _flat(rng) / 2
    ink, thick = rng.uniform(0.3, 1), int(rng.integers(1, 3))
    period = int(rng.integers(4, 12))
    for row in range(int(rng.integers(period)), SIDE, period):
        image[row : row + thick] = ink
    if period < 9 and rng.random() < 0.5:
        for column in range(int(rng.integers(period)), SIDE, period):
            image[:, column : column + thick] = ink
        if rng.random() < 0.4:
            image = image.T
    return image


def _edge(rng: np.random.Generator) -> Floats:
    """The edge or the corner of a sheet on another ground."""
    angle = rng.uniform(0, 2 * np.pi)
    soft = np.exp(rng.uniform(1, 4))
    side = soft * (np.cos(angle) * COLUMNS + np.sin(angle) * ROWS - rng.uniform(-0.6, 0.6))
    if rng.random() < 0.4:
        other = soft * (np.cos(angle) * ROWS - np.sin(angle) * COLUMNS - rng.uniform(-0.6, 0.6))
        side = np.minimum(side, other)
    dark, light = np.sort(rng.random(2))
    return dark + (light - dark) / (1 + np.exp(-2 * np.clip(side, -20, 20)))


def _gradient(rng: np.random.Generator) -> Floats:
    """Light that falls off, to one side or from a spot."""
    angle = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.5:
        way = np.cos(angle) * COLUMNS + np.sin(angle) * ROWS
    else:
        way = np.hypot(COLUMNS - rng.uniform(-1, 1), ROWS - rng.uniform(-1, 1))
    return rng.random() + rng.uniform(0.1, 0.6) * way


def _filled(*outlines: npt.ArrayLike) -> Floats:
    """A mask [28 28] of closed outlines [k 2] of x, y from -1 to 1, with soft edges."""
    side = SIDE * FINE
    mask = np.zeros((side, side), np.float32)
    for outline in outlines:
        at = np.round((np.asarray(outline) + 1) / 2 * (side - 1) * 16).astype(np.int32)
        cv2.fillPoly(mask, [at], 1.0, cv2.LINE_8, 4)
    return cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _polygon(rng: np.random.Generator) -> Floats:
    """Triangles to octagons, crescents and blocks, at most twice as high as wide."""
    corners = int(rng.integers(3, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if rng.random() < 0.4 else None
    if angles is None or np.ptp(angles) < np.pi * 1.2:
        angles = np.arange(corners) * 2 * np.pi / corners + rng.uniform(0, 2 * np.pi)
    size = rng.uniform(0.4, 1)
    outline = size * np.column_stack([np.cos(angles), rng.uniform(0.5, 1) * np.sin(angles)])
    if rng.random() < 0.3:  # a star
        outline[::2] *= rng.uniform(0.3, 0.7)
    return _filled(outline + rng.uniform(-1, 1, 2) * (1 - size) * 0.7)


def _blot(rng: np.random.Generator) -> Floats:
    """A smooth closed outline, wavy by a few harmonics."""
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = np.ones_like(t)
    for k in range(1, 6):
        radius += rng.normal(0, 0.35 / k) * np.cos(k * t + rng.uniform(0, 2 * np.pi))
    radius = np.maximum(radius, 0.15)
    outline = np.column_stack([np.cos(t), rng.uniform(0.5, 1.1) * np.sin(t)]) * radius[:, None]
    return _filled(outline * (rng.uniform(0.5, 0.98) / np.abs(outline).max()))


def _mirrored(rng: np.random.Generator) -> Floats:
    """A symmetrical thing: widths at several heights, sometimes with arms, a slit or a handle."""
    k = int(rng.integers(2, 7))
    heights = np.concatenate([[-1], np.sort(rng.uniform(-0.9, 0.9, k - 1)), [1]])
    widths = rng.uniform(0.3, 0.95) * (1 + rng.normal(0, 0.25, k + 1))
    if rng.random() < 0.4:  # steps instead of slopes
        heights, widths = np.repeat(heights, 2)[1:], np.repeat(widths, 2)[:-1]
    heights, widths = rng.uniform(0.55, 0.98) * heights, np.clip(widths, 0.35, 0.98)
    right = np.column_stack([widths, heights])
    parts = [np.vstack([right, right[::-1] * [-1, 1]])]
    top, wide = heights[0], widths[0]
    if rng.random() < 0.35:  # arms, hanging or spread
        out, down = rng.uniform(0.6, 0.98), rng.uniform(top + 0.3, 1)
        thick = rng.uniform(0.2, 0.5)
        arm = np.array([[wide * 0.6, top], [wide, top], [out, down], [out - thick, down], [0, 0]])
        parts += [arm, arm * [-1, 1]]
    mask = _filled(*parts)
    if rng.random() < 0.25:  # a slit from below, or an opening above
        half, end = rng.uniform(0.03, 0.2), rng.uniform(-0.6, 0.5)
        tip = np.array([[-half, 1.2], [half, 1.2], [rng.uniform(0, half), end], [0, end]])
        mask = np.minimum(mask, 1 - _filled(tip * [1, rng.choice([-1, 1])]))
    if rng.random() < 0.15:  # a handle
        t = np.linspace(0, np.pi, 20)
        bow = np.column_stack([np.cos(t), -np.sin(t)]) * [wide * 0.7, top + 1]
        ring = np.vstack([bow, bow[::-1] * 0.75])
        ring[:, 1] += top
        mask = np.maximum(mask, _filled(np.clip(ring, -1, 1)))
    return mask


def _profile(rng: np.random.Generator) -> Floats:
    """A thing that lies or stands: a random outline above a flat base, often with a sole."""
    k = int(rng.integers(3, 7))
    x = np.linspace(-1, 1, 40)
    heights = np.interp(x, np.linspace(-1, 1, k), rng.uniform(0.15, 1.6, k))
    heights = cv2.GaussianBlur(heights[None], (0, 0), rng.uniform(0.5, 4))[0]
    base = rng.uniform(0.3, 0.9)
    length = rng.uniform(0.65, 0.98)
    top = np.column_stack([length * x, np.maximum(base - heights * rng.uniform(0.4, 1), -0.98)])
    parts = [np.vstack([top, [[length, base], [-length, base]]])]
    mask = _filled(*parts)
    if rng.random() < 0.4:  # cut out: straps, openings
        for _ in range(rng.integers(1, 4)):
            a, b = rng.integers(3, SIDE - 3, (2, 2)).tolist()
            cv2.line(mask, a, b, 0.0, 2)
    return mask if rng.random() < 0.5 else mask[:, ::-1]


def _shaded(mask: Floats, rng: np.random.Generator) -> Floats:
    """A mask as a thing of some material in some light: folds, prints, stripes, hems."""
    bright = rng.uniform(0.3, 1)
    stuff = np.full((SIDE, SIDE), bright, np.float32)
    if rng.random() < 0.75:
        stuff += rng.uniform(0.03, 0.35) * _clouds(rng, int(rng.integers(2, 14)))
    if rng.random() < 0.2:
        stuff += rng.uniform(0.1, 0.6) * _pattern(rng)
    if rng.random() < 0.3:
        stuff += rng.uniform(0.05, 0.2) * rng.standard_normal((SIDE, SIDE), dtype=np.float32)
    if rng.random() < 0.3:  # a hem, lighter or darker
        inner = cv2.erode(mask, np.ones((3, 3), np.uint8))
        stuff += rng.uniform(-0.5, 0.2) * (mask - inner)
    return np.clip(stuff, 0.04, 1) * mask
