"""Stationery: paper, and what is printed or spilt on it.

Inside: ruled and squared paper, the boxes and combs of forms, smudges; noise of any grain, and
papers made of it. Not inside: digits (`layout`), words, light and lens (`camera`).
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import cv2
import numpy as np

from digitus.nn.arrays import stream
from digitus.synthetic.pages.layout import Layout
from digitus.types import Bytes, Floats32

BANK = 2432  # pixels a side: drawing fresh noise for every page would take longer than all the rest


def ruled(
    shape: tuple[int, int], layout: Layout, kinds: frozenset[str], rng: np.random.Generator
) -> Bytes:
    """The rules of ruled or squared paper, [h w], 255 in their middle."""
    h, w = shape
    marks = np.zeros(shape, np.uint8)
    lines = layout.baselines
    across, step = 0.0, layout.digit
    if "in squares" in kinds:
        across, step = float(layout.cells[0][0][0]), float(layout.cells[0][0][2])
    elif "squared" in kinds:
        step = layout.digit * float(rng.choice([0.55, 0.8, 1.1, 1.5]))
        across = float(rng.uniform(0, step))
    elif len(lines) > 1:
        step = lines[1] - lines[0]
    else:
        step = layout.digit * rng.uniform(1.2, 2.0)
    step = max(step, 5.0)
    thick = max(1, round(step * rng.uniform(0.012, 0.03)))
    dash = _dashes(layout.digit, kinds, rng)
    start = (lines[0] if lines else 0) % step
    for y in np.arange(start - step, h + step, step):
        _rule(marks, (0.0, float(y)), (float(w), float(y)), thick, dash)
    if kinds & {"squared", "in squares"}:
        for x in np.arange(across % step, w + step, step):
            _rule(marks, (float(x), 0.0), (float(x), float(h)), thick, dash)
    elif rng.random() < 0.25:  # the margin of an exercise book
        x = float(rng.uniform(0.01, 0.08) * w)
        _rule(marks, (x, 0.0), (x, float(h)), thick, dash)
    return marks


def _dashes(digit: float, kinds: frozenset[str], rng: np.random.Generator) -> tuple[float, float]:
    """How long a dash or dot and the gap after it are, in pixels; no gap in lines that go on."""
    if "dashed" not in kinds:
        return 1.0, 0.0
    dash = max(digit * float(rng.choice([0.02, 0.1, 0.2])) * rng.uniform(0.8, 1.4), 1.0)
    return dash, max(digit * rng.uniform(0.06, 0.15), 2.0)


def _rule(
    marks: Bytes,
    a: tuple[float, float],
    b: tuple[float, float],
    thick: int,
    dash: tuple[float, float] = (1.0, 0.0),
) -> None:
    """A line, or its dashes, between two points in fractions of a pixel."""
    start, way = np.array(a), np.array(b) - np.array(a)
    pieces = np.array([[0.0, 1.0]])
    if dash[1]:
        length = max(float(np.hypot(*way)), 1.0)
        begins = np.arange(0, length, sum(dash))
        pieces = np.column_stack([begins, np.minimum(begins + dash[0], length)]) / length
    ends = np.round((start + pieces[..., None] * way) * 16).astype(np.int32)
    cv2.polylines(marks, list(ends), False, 255, thick, cv2.LINE_AA, 4)


def form(
    shape: tuple[int, int], layout: Layout, kinds: frozenset[str], rng: np.random.Generator
) -> Bytes:
    """The boxes, or the comb, that the digits stand in."""
    marks = np.zeros(shape, np.uint8)
    thick = max(1, round(layout.digit * rng.uniform(0.015, 0.045)))
    dash = _dashes(layout.digit, kinds, rng)
    for row in layout.cells:
        for x, y, w, h in row:
            top = y + round(0.72 * h) if "comb" in kinds else y
            corners = [(x, top), (x, y + h), (x + w, y + h), (x + w, top)]
            walls = [*pairwise(corners), *([] if "comb" in kinds else [(corners[3], corners[0])])]
            for a, b in walls:
                _rule(marks, a, b, thick, dash)
    return marks


def smudged(shape: tuple[int, int], digit: float, rng: np.random.Generator) -> Floats32:
    """Faint stains, specks and the ring of a cup, [h w] up to 1; none is like a digit's stroke."""
    h, w = shape
    marks = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 5))):
        centre = (int(rng.integers(0, w)), int(rng.integers(0, h)))
        axes = tuple((digit * rng.uniform(0.3, 1.6, 2)).astype(int).tolist())
        grey, turn = float(rng.uniform(0.1, 0.4)), float(rng.uniform(0, 180))
        thick = -1 if rng.random() < 0.8 else max(1, round(0.06 * digit))
        cv2.ellipse(marks, centre, axes, turn, 0, 360, grey, thick)
    marks = blurred(marks, 0.25 * digit)
    for _ in range(int(rng.integers(0, 25))):
        centre = (int(rng.integers(0, w)), int(rng.integers(0, h)))
        radius = round(digit * rng.uniform(0.0, 0.035))
        cv2.circle(marks, centre, radius, float(rng.uniform(0.35, 0.85)), -1)
    return marks


def blurred(picture: Floats32, sigma: float) -> Floats32:
    """A picture [h w] out of focus; a wide blur is done on a smaller copy, where it is cheap."""
    if sigma < 0.25:
        return picture
    small = max(1, int(sigma / 2.5))
    if small == 1:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    h, w = picture.shape
    little = cv2.resize(picture, (-(-w // small), -(-h // small)), interpolation=cv2.INTER_AREA)
    little = cv2.GaussianBlur(little, (0, 0), sigma / small)
    return np.asarray(cv2.resize(little, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)


@cache
def _bank() -> Floats32:
    """White noise with mean 0 and deviation 1, the same in every process."""
    return stream(0, "grain of paper").standard_normal((BANK, BANK), np.float32)


def grain(
    shape: tuple[int, int], size: float | tuple[float, float], rng: np.random.Generator
) -> Floats32:
    """Noise [h w] of deviation about 1 whose grains are `size` pixels (or high, wide).

    It is a random part of the stored noise, which repeats itself where a page is larger.
    """
    high, wide = size if isinstance(size, tuple) else (size, size)
    need = [int(n / max(s, 1)) + 2 for n, s in zip(shape, (high, wide), strict=True)]
    top, left = (int(rng.integers(0, max(BANK - n, 0) + 1)) for n in need)
    bank = _bank()
    if max(need) > BANK:
        bank = np.tile(bank, [-(-n // BANK) for n in need])
    part = bank[top : top + need[0], left : left + need[1]]
    if high <= 1 and wide <= 1:
        return part[: shape[0], : shape[1]]
    larger: Floats32 = cv2.resize(part, shape[::-1], interpolation=cv2.INTER_LINEAR)
    return larger


def texture(shape: tuple[int, int], rough: float, rng: np.random.Generator) -> Floats32:
    """How much light paper gives back, [h w], about 1: fibres, clouds and, if rough, creases."""
    paper = grain(shape, rng.uniform(1.2, 3), rng) * np.float32(0.012 * (0.4 + rough))
    paper += grain(shape, rng.uniform(6, 30), rng) * np.float32(0.012 * rough)
    paper += grain(shape, rng.uniform(60, 300), rng) * np.float32(0.02 * rough)
    if rng.random() < 0.35 * rough:  # creases: light and shade on both sides of straight folds
        for _ in range(int(rng.integers(1, 6))):
            angle, at = rng.uniform(0, np.pi), rng.uniform(0.1, 0.9, 2)
            y = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(at[0] * shape[0])
            x = np.arange(shape[1], dtype=np.float32) - np.float32(at[1] * shape[1])
            away = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
            soft = np.float32(max(shape) * rng.uniform(0.004, 0.03))
            paper += np.float32(rng.uniform(0.02, 0.07)) * away / soft / (1 + (away / soft) ** 2)
    paper += 1
    return paper
