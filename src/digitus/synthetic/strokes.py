"""Strokes: digits written by a simulated pen; endless, labelled, seeded, without a download.

Inside: ink (`render`: the pen's paths to images normalised as in MNIST) and the labelled set
(`strokes`). Not inside: the shapes of the digits (`hands`), how they vary (`pen`), and the scan of
the ink (`scan`).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import BOX, SIDE, Digits
from digitus.nn.arrays import stream
from digitus.synthetic.hands import HANDS, choose
from digitus.synthetic.pen import Writing, write
from digitus.synthetic.scan import scan
from digitus.types import Floats64, Images

BLOCK = 1000  # digits that share a random stream


def strokes(count: int, seed: int = 0, *, hands: str | Iterable[str] = "all") -> Digits:
    """`count` written digits, [count 28 28]; the same for the same seed.

    A shorter set is the beginning of a longer one. Every ten digits in a row are the ten digits,
    shuffled. `hands` limits the shapes (see `hands.choose`), and then the labels to the digits that
    those shapes write. The bytes may differ with the version of NumPy or OpenCV, or without OpenCV.

    Raises `RecipeError` for an unknown hand, `ValueError` for a negative count.
    """
    if count < 0:
        raise ValueError(f"cannot write {count} digits")
    chosen = choose(hands)
    names = [hand.name for hand in chosen]
    digits = np.unique([hand.digit for hand in chosen]).astype(np.uint8)
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    labels = np.zeros(count, np.uint8)
    for start in range(0, count, BLOCK):
        rng = stream(seed, "strokes", start // BLOCK)
        rounds = np.tile(digits, (-(-BLOCK // len(digits)), 1))
        block = rng.permuted(rounds, axis=1).ravel()[:BLOCK]
        # Written whole, so that a block never depends on `count`; only what is wanted is drawn.
        wanted = slice(0, count - start)
        images[start : start + BLOCK] = render(write(block, rng, hands=names).take(wanted))
        labels[start : start + BLOCK] = block[wanted]
    shapes = "all" if len(chosen) == len(HANDS) else ", ".join(names)
    origin = f"strokes({count}, seed={seed}), hands: {shapes}"
    return Digits(images, labels, "digits of a simulated pen", origin)


def draw(
    labels: npt.ArrayLike, rng: np.random.Generator, *, hands: str | Iterable[str] = "all"
) -> Images:
    """Images [n 28 28] of these labels [n]: `render(write(...))`, with the errors of `write`."""
    return render(write(labels, rng, hands=hands))


def render(writing: Writing) -> Images:
    """Images [n 28 28], white on black: the ink fits a 20-pixel box, its centre of mass is central.

    As in MNIST the box is moved by whole pixels, so that the centre is right to half a pixel.
    """
    return _centre(_soften(scan(writing), writing.softness))


def _soften(boxes: Images, softness: Floats64) -> Images:
    """Boxes [n 20 20] blurred by up to a pixel, then as bright as before: a scan made smaller."""
    s = 0.25 * softness[:, None, None].astype(np.float32)
    x = np.pad(boxes, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    x = (1 - 2 * s) * x[:, 1:-1] + s * (x[:, 2:] + x[:, :-2])
    x = (1 - 2 * s) * x[:, :, 1:-1] + s * (x[:, :, 2:] + x[:, :, :-2])
    faint = 160 * s  # the outer half of the blur: paper, to a scanner
    peak = np.maximum(x.max((1, 2), keepdims=True), 1)
    x = np.clip((x - faint) * (255 / (peak * (1 - s) - faint)), 0, 255)
    return np.asarray(x, np.uint8)


def _centre(boxes: Images) -> Images:
    """Boxes [n 20 20] in images [n 28 28], with the centre of mass at pixel (14, 14)."""
    images = np.zeros((len(boxes), SIDE, SIDE), np.uint8)
    ink = np.maximum(boxes.sum((1, 2)), 1)[:, None]
    place = np.arange(BOX)
    centre = np.column_stack([boxes.sum(2) @ place, boxes.sum(1) @ place]) / ink  # row, column
    corner = np.clip(np.round(SIDE / 2 - centre), 0, SIDE - BOX).astype(int)
    for image, box, (row, column) in zip(images, boxes, corner.tolist(), strict=True):
        image[row : row + BOX, column : column + BOX] = box
    return images
