"""Wear: what happens to a digit between the pen and the network.

Inside: `worn`, which applies the settings (`wear.Wear`) to a batch: the digit is written on a small
sheet of paper, beside neighbours and ruled lines, the sheet is photographed or scanned badly, and
`vision.normalise` prepares the picture as it does when digits are read. Not inside: other hands
(`augment`, `strokes`), and the preparation itself.

A network that only ever saw MNIST's clean scans is sure of itself where it must not be. One that
was trained on worn digits knows what prepared photographs look like.
"""

from __future__ import annotations

import cv2
import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.digits import SIDE
from digitus.synthetic.photograph import ink_box, photograph
from digitus.synthetic.wear import FAULTS, RANGES, Wear
from digitus.types import Bytes, Floats64, Grey, Images
from digitus.vision.normalise import prepare_one

MILD = 0.3  # the share of their strength that faults keep in a mild picture
ALIKE = 0.78  # correlation: a worn digit less like its original is given back unworn, about 3 %
SHARING = 8  # pictures in a row that share the size of a sheet: `find_paper` has a plan for each
REACH = 3  # pixels by which the two images compared may be shifted against each other
SOFT = 1.5  # pixels: the standard deviation of the blur under which they are compared


def worn(images: Images, wear: Wear, rng: np.random.Generator) -> Bytes:
    """Worn copies of the digits [n 28 28], white on black, as reading would hand them over.

    A digit that the preparation loses, or mistakes for something else, is given back as it came
    in, so nothing that has ink becomes blank. The same `rng` makes the same copies; the neighbours
    are other digits of the batch. A picture takes 1.35 ms, of which `prepare_one` takes 0.9.

    Raises `ValueError` for anything but bytes [n 28 28].
    """
    if images.shape[1:] != (SIDE, SIDE) or images.dtype != np.uint8:
        raise ValueError(
            f"images must be bytes [n {SIDE} {SIDE}], not {images.dtype} {list(images.shape)}"
        )
    result = images.copy()
    inked = np.flatnonzero(images.any((1, 2)))
    amounts = _amounts(wear, len(images), rng)
    pens = augment(images[inked], Augmentation(stroke=wear.stroke), rng)
    sources = [(pen, ink_box(pen)) for pen in pens if pen.any()]
    for place, (i, pen) in enumerate(zip(inked, pens, strict=True)):
        if not pen.any():  # a hair stroke that was thinned
            continue
        amount = {name: float(values[i]) for name, values in amounts.items()}
        beside = [sources[(place + k) % len(sources)] for k in (1, 2)]
        picture = photograph((pen, ink_box(pen)), beside, amount, rng)
        image = prepare_one(picture).image
        if _alike(image, images[i]):
            result[i] = image
    return result


def _amounts(wear: Wear, n: int, rng: np.random.Generator) -> dict[str, Floats64]:
    """How much of everything each picture gets, [n] each; 0 of a fault is none of it."""
    mild = np.where(rng.random(n) < wear.mild, MILD, 1)
    amounts = {}
    for name in RANGES:
        low, high = getattr(wear, name)
        amounts[name] = low + (high - low) * rng.random(n)
    sheets = np.arange(n) // SHARING
    low, high = wear.size
    amounts["height"] = (low * (high / low) ** rng.random(n))[sheets]
    amounts["width"] = (amounts["height"] * 1.35 ** rng.uniform(-1, 1, n)[sheets]).clip(low, high)
    for name in FAULTS:
        probability, strength = getattr(wear, name)
        amounts[name] = (rng.random(n) < probability) * strength * mild * rng.random(n)
    for name in ("inverted", "binary"):
        amounts[name] = (rng.random(n) < getattr(wear, name)) * 1.0
    return amounts


def _alike(image: Grey, original: Bytes) -> bool:
    """Whether a prepared image still shows the same strokes, wherever they lie."""
    if not image.any():
        return False
    soft = [cv2.GaussianBlur(x, (0, 0), SOFT) for x in (image, original)]
    framed = cv2.copyMakeBorder(soft[0], REACH, REACH, REACH, REACH, cv2.BORDER_CONSTANT)
    return bool(cv2.matchTemplate(framed, soft[1], cv2.TM_CCOEFF_NORMED).max() > ALIKE)
