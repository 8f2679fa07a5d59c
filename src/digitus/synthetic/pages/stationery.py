"""Stationery: paper, and what is printed or spilt on it.

Inside: ruled and squared paper, the boxes and combs of forms, smudges; noise of any grain, and
papers made of it. Not inside: digits (`layout`), words, light and lens (`camera`).
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import cv2
import numpy as np

from digitus.nn.arrays import stream
from digitus.synthetic.pages.layout import Layout
from digitus.types import Bytes, Floats32

Colour: TypeAlias = Floats32  # red, green, blue, 0 to 255

BANK = 2432  # pixels: drawing fresh noise for every page would take longer than all the rest


def ruled(shape: tuple[int, int], layout: Layout, squared: bool, rng: np.random.Generator) -> Bytes:
    """The rules of ruled or squared paper, [h w], 255 in their middle."""
    h, w = shape
    marks = np.zeros(shape, np.uint8)
    lines = layout.baselines
    if squared:
        step = layout.digit * float(rng.choice([0.55, 0.8, 1.1, 1.5]))
    elif len(lines) > 1:
        step = lines[1] - lines[0]
    else:
        step = layout.digit * rng.uniform(1.2, 2.0)
    step = max(step, 5.0)
    thick = max(1, round(step * rng.uniform(0.012, 0.03)))
    start = (lines[0] if lines else 0) % step
    for y in np.arange(start - step, h + step, step):
        _rule(marks, (0.0, float(y)), (float(w), float(y)), thick)
    if squared:
        for x in np.arange(rng.uniform(0, step), w + step, step):
            _rule(marks, (float(x), 0.0), (float(x), float(h)), thick)
    elif rng.random() < 0.25:  # the margin of an exercise book
        x = float(rng.uniform(0.01, 0.08) * w)
        _rule(marks, (x, 0.0), (x, float(h)), thick)
    return marks


def _rule(
    marks: Bytes, a: tuple[float, float], b: tuple[float, float], thick: int, grey: int = 255
) -> None:
    """A line between two points in fractions of a pixel."""
    ends = np.round(np.array([a, b]) * 16).astype(int).tolist()
    cv2.line(marks, ends[0], ends[1], grey, thick, cv2.LINE_AA, 4)


def form(shape: tuple[int, int], layout: Layout, comb: bool, rng: np.random.Generator) -> Bytes:
    """The boxes, or the comb, that the digits stand in."""
    marks = np.zeros(shape, np.uint8)
    thick = max(1, round(layout.digit * rng.uniform(0.015, 0.045)))
    for row in layout.cells:
        for x, y, w, h in row:
            if comb:
                for side in (x, x + w):
                    cv2.line(marks, (side, y + h), (side, y + round(0.72 * h)), 255, thick)
                cv2.line(marks, (x, y + h), (x + w, y + h), 255, thick)
            else:
                cv2.rectangle(marks, (x, y), (x + w, y + h), 255, thick)
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

    It is a part of the bank, which repeats itself where a page is larger.
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
