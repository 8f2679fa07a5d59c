"""Security paper: the fine patterns behind the amount of a cheque, and its printed lines.

Inside: waves, guilloches, meshes and weaves, as dark as they may be. Not inside: rules of ordinary
paper and boxes of forms (`stationery`).
"""

from __future__ import annotations

import cv2
import numpy as np

from digitus.synthetic.pages.layout import Layout
from digitus.synthetic.pages.stationery import blurred, grain
from digitus.types import Bytes, Floats32


def pattern(shape: tuple[int, int], digit: float, rng: np.random.Generator) -> Floats32:
    """A security pattern [h w], 0 where the paper is bare, up to 1 in the middle of its lines.

    `digit` is the height of a digit in pixels; a pattern finer than the pixels becomes a moiré.
    """
    y, x = (np.arange(n, dtype=np.float32) for n in shape)
    y = y[:, None]
    kind = rng.choice(["waves", "guilloche", "mesh", "weave", "weave"])
    if kind == "weave":
        pitch, turn = rng.uniform(2.0, 3.2), np.float32(rng.uniform(0, 0.3))
        wave = np.float32(2 * np.pi / pitch)
        cloth = 0.5 + 0.25 * (np.sin(wave * (x + turn * y)) + np.sin(wave * (y - turn * x)))
        cloth += np.float32(rng.uniform(0.1, 0.35)) * grain(shape, rng.uniform(1, 1.8), rng)
        return np.asarray(np.clip(cloth, 0, 1), np.float32)
    families = {"waves": 1, "guilloche": int(rng.integers(2, 4)), "mesh": 2}[str(kind)]
    lines = np.zeros(shape, np.float32)
    for family in range(families):
        angle = rng.normal(0, 0.12) if kind == "waves" else rng.uniform(-0.9, 0.9) + 1.2 * family
        along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
        across = np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x
        if kind != "mesh":
            for _ in range(2):
                height, length = digit * rng.uniform(0.03, 0.5), digit * rng.uniform(0.7, 5)
                phase = np.float32(rng.uniform(0, 2 * np.pi))
                wave = np.sin(np.float32(2 * np.pi / length) * along + phase)
                across = across + np.float32(height * min(1, length / digit / 4)) * wave
        step = max(digit * rng.uniform(0.04, 0.12), rng.uniform(2.2, 4.2))
        share = np.float32(rng.uniform(0.3, 0.7))  # of the paper that lines cover
        ridge = 0.5 + 0.5 * np.cos(np.float32(2 * np.pi / step) * across)
        lines = np.maximum(lines, (ridge - (1 - share)) / share)
    return lines


def printed_lines(shape: tuple[int, int], layout: Layout, rng: np.random.Generator) -> Bytes:
    """The printed line below an amount, sometimes one above and walls at its sides, [h w]."""
    h, w = shape
    marks = np.zeros(shape, np.uint8)
    foot = max(g.y + g.ink.shape[0] for g in layout.glyphs)
    top = min(g.y for g in layout.glyphs)
    thick = max(1, round(layout.digit * rng.uniform(0.02, 0.07)))
    drop = float(rng.normal(0, 0.01) * w)
    heights = [foot + layout.digit * rng.normal(0.03, 0.08)]
    if rng.random() < 0.25:
        heights.append(top - layout.digit * rng.uniform(-0.05, 0.2))
    for height in heights:
        ends = np.round(np.array([[-1, height], [w + 1, height + drop]]) * 16).astype(int).tolist()
        cv2.line(marks, ends[0], ends[1], 255, thick, cv2.LINE_AA, 4)
    if rng.random() < 0.1:
        side = round(float(rng.choice([0.02, 0.98])) * w)
        cv2.line(marks, (side, 0), (side, h), 255, thick)
    softened = blurred(marks.astype(np.float32), rng.uniform(0, 0.8))
    return np.asarray(softened * np.float32(rng.uniform(0.4, 1)), np.uint8)
