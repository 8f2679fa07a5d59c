"""Pictures that are not digits: what a recognizer must learn to refuse; endless, seeded.

Inside: the mixture (`not_digits`), and pictures with several digits. Not inside: letters, symbols
and scribbles (`marks`), textures, paper and things (`surfaces`).

Trained to answer these with ten equal probabilities, a network stays doubtful before other
pictures that are no digits: outlier exposure, Hendrycks, Mazeika & Dietterich, ICLR 2019.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np

from digitus.datasets.digits import SIDE
from digitus.nn.arrays import stream
from digitus.synthetic import marks, surfaces
from digitus.synthetic.degrade import worn
from digitus.synthetic.strokes import draw
from digitus.synthetic.wear import Wear
from digitus.types import Bytes, Floats64, Images
from digitus.vision.normalise import normalise, prepare

BLOCK = 500  # pictures that share a random stream
PREPARED, WORN = 0.4, 0.05  # shares of the pictures that go through `prepare`, and `worn`
SLIM = 0.35  # breadth to length: what is slimmer and upright might be taken for a 1
STACKED = (2, 3, 4, 5, 6, 8)  # digits of a pile: two 0s in one would be an 8, two 1s a 1


def not_digits(count: int, seed: int = 0, *, kinds: str | Iterable[str] = "all") -> Bytes:
    """`count` pictures [count 28 28], none of which is one digit; the same for the same seed.

    A shorter set is the beginning of a longer one. Half are as they were drawn, often pale, or on
    a bright ground; `PREPARED` of them have been through `vision.normalise.prepare` and `WORN`
    through `degrade.worn`, as reading would hand them over. `kinds` are names in `KINDS`. The bytes
    may differ between versions of NumPy or OpenCV. 20,000 take about 9 s.

    Raises `ValueError` for a negative count or an unknown kind.
    """
    if count < 0:
        raise ValueError(f"cannot draw {count} pictures")
    wanted = list(KINDS) if kinds == "all" else [kinds] if isinstance(kinds, str) else list(kinds)
    if not wanted or set(wanted) - KINDS.keys():
        raise ValueError(f'kinds are {", ".join(KINDS)}, or "all"; not {kinds!r}')
    shares = np.array([KINDS[kind][0] for kind in wanted], np.float64)
    images = np.zeros((count, SIDE, SIDE), np.uint8)
    for start in range(0, count, BLOCK):
        # A block is always drawn whole, so that it never depends on `count`.
        block = _block(wanted, shares / shares.sum(), stream(seed, "not digits", start // BLOCK))
        images[start : start + BLOCK] = block[: count - start]
    return images


def _block(kinds: list[str], shares: Floats64, rng: np.random.Generator) -> Bytes:
    """A block of pictures in random order, of these kinds by their shares."""
    which = rng.choice(len(kinds), BLOCK, p=shares)
    images = np.zeros((BLOCK, SIDE, SIDE), np.uint8)
    for i, kind in enumerate(kinds):
        mine = np.flatnonzero(which == i)
        images[mine] = KINDS[kind][1](len(mine), rng)
    form = rng.random(BLOCK)
    alone = np.array(kinds)[which] != "several"  # preparing would leave one of several digits
    prepared, spoiled = alone & (form < PREPARED), alone & (form >= 1 - WORN)
    images[prepared] = prepare(images[prepared])
    images[spoiled] = worn(images[spoiled], Wear(), rng)
    images[alone] = _laid_down(images[alone])
    raw = np.flatnonzero(~prepared & ~spoiled & (rng.random(BLOCK) < 0.4))
    contrast = rng.uniform(0.2, 1, len(raw))
    ground = rng.uniform(0, 1 - contrast) * (rng.random(len(raw)) < 0.5)
    pale = images[raw] * contrast[:, None, None] + 255 * ground[:, None, None]
    images[raw] = np.rint(pale).astype(np.uint8)
    return images


def _laid_down(images: Images) -> Bytes:
    """The images [n 28 28]; those whose ink is a slim upright bar are turned by a quarter."""
    ink = images / np.maximum(images.sum((1, 2), keepdims=True), 1.0)
    at = np.arange(SIDE)
    x, y = (at - (ink.sum(axis) @ at)[:, None] for axis in (1, 2))  # from the centre of mass
    xx, yy = (ink.sum(1) * x**2).sum(1), (ink.sum(2) * y**2).sum(1)
    xy = np.einsum("ny,nyx,nx->n", y, ink, x)
    spread = np.hypot((xx - yy) / 2, xy)
    long, broad = (xx + yy) / 2 + spread, np.maximum((xx + yy) / 2 - spread, 0)
    slim = (broad < SLIM**2 * long) & (yy > 0.5 * xx)
    return np.where(slim[:, None, None], np.rot90(images, axes=(1, 2)), images)


def several(n: int, rng: np.random.Generator) -> Bytes:
    """Two to four digits in a picture, or a half of each of two: [n 28 28]; some normalised."""
    images = np.zeros((n, SIDE, SIDE), np.uint8)
    piles = rng.random(n) < 0.2
    labels = rng.integers(0, 10, (n, 4))
    labels[piles] = np.array(STACKED)[rng.integers(len(STACKED), size=(piles.sum(), 4))]
    digits = draw(labels.ravel(), rng).reshape(n, 4, SIDE, SIDE)
    for image, pile, four in zip(images, piles, digits, strict=True):
        cut = [_cropped(digit) for digit in four]
        kind = rng.random()
        if pile:  # turned, what stands side by side lies on top of one another
            canvas = _row([digit.T for digit in cut[:2]], rng).T
        elif kind < 0.15:  # two rows
            canvas = np.vstack([_joined(_row(cut[i : i + 2], rng), SIDE * 2) for i in (0, 2)])
        elif kind < 0.35:  # cut out badly: what is on both sides of a gap
            first, second = (digit.shape[1] // 2 for digit in cut[:2])
            canvas = _row([cut[0][:, first:], cut[1][:, : second + 1]], rng)
        else:
            canvas = _row(cut[: 2 + (kind > 0.6) + (kind > 0.85)], rng)
        if rng.random() < 0.4:
            image[:] = normalise(np.divide(canvas, 255, dtype=np.float32))[0]
            continue
        size = np.multiply(canvas.shape, rng.uniform(18, SIDE) / max(canvas.shape))
        h, w = np.maximum(np.rint(size), 2).astype(int).tolist()
        y, x = (int(rng.integers(SIDE - s + 1)) for s in (h, w))
        image[y : y + h, x : x + w] = cv2.resize(canvas, (w, h), interpolation=cv2.INTER_AREA)
    return images


def _cropped(digit: Bytes) -> Bytes:
    """A digit without the black around it."""
    x, y, w, h = cv2.boundingRect(digit)
    return digit[y : y + h, x : x + w]


def _row(digits: list[Bytes], rng: np.random.Generator) -> Bytes:
    """Digits in a row, touching, overlapping a little or apart, on about one line."""
    gaps = np.rint(rng.uniform(-2, 5, len(digits))).astype(int)
    rises = rng.integers(0, 5, len(digits))
    height = max(digit.shape[0] for digit in digits) + 4
    canvas = np.zeros((height, sum(digit.shape[1] + 5 for digit in digits)), np.uint8)
    x = 0
    for digit, gap, rise in zip(digits, gaps.tolist(), rises.tolist(), strict=True):
        h, w = digit.shape
        x = max(x + (gap if x else 0), 0)
        y = (height - 4 - h) // 2 + rise
        place = canvas[y : y + h, x : x + w]
        np.maximum(place, digit, out=place)
        x += w
    return _cropped(canvas)


def _joined(row: Bytes, width: int) -> Bytes:
    """A row made as wide as the others of its pile."""
    return cv2.resize(row, (width, round(row.shape[0] * width / row.shape[1])))


# Each kind with its share. None may hold what a person would read as one digit.
KINDS: dict[str, tuple[float, Callable[[int, np.random.Generator], Bytes]]] = {
    "letters": (0.42, marks.letters),
    "symbols": (0.06, marks.symbols),
    "scribbles": (0.08, marks.scribbles),
    "several": (0.1, several),
    "things": (0.22, surfaces.things),
    "noise": (0.05, surfaces.noise),
    "patterns": (0.04, surfaces.patterns),
    "papers": (0.03, surfaces.papers),
}
