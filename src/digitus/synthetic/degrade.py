"""Wear: what happens to a digit between the pen and the network.

Inside: the settings (`Wear`) and the one function that applies them to a batch (`worn`): the digit
is written on a small sheet of paper, beside neighbours and ruled lines, the sheet is photographed
or scanned badly, and `vision.normalise` prepares the picture as it does when digits are read. Not
inside: other hands (`augment`, `strokes`), and the preparation itself.

A network that only ever saw MNIST's clean scans is sure of itself where it must not be. One that
was trained on worn digits knows what prepared photographs look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

import cv2
import numpy as np

from digitus.datasets.augment import Augmentation, augment
from digitus.datasets.digits import SIDE
from digitus.synthetic.photograph import ink_box, photograph
from digitus.types import Bytes, Floats64, Grey, Images
from digitus.vision.normalise import prepare_one

Pair: TypeAlias = tuple[float, float]

MILD = 0.3  # of their strength is what remains of the faults of a mild picture
ALIKE = 0.78  # correlation: a worn digit less like the one it was is given back unworn, about 3 %
SHARING = 8  # pictures in a row that share the size of a sheet: `find_paper` has a plan for each
REACH = 3  # pixels by which the two may be shifted against each other
SOFT = 1.5  # pixels: the deviation of the blur in which they are compared


@dataclass(frozen=True)
class Wear:
    """How badly pictures are worn. The defaults are what the recognizer that ships is trained with.

    Ranges (low, high), of which each picture draws its own amount, uniformly:

    size        pixels of the sheet's height, small ones oftener; its width differs by up to a third
    fill        share of the sheet that the digit takes in the tighter direction
    rotate      degrees, either way
    stroke      pixels, of a digit of 20, by which strokes grow at each edge; below 0 they shrink
    contrast    difference of full ink and paper, of that between black and white

    Faults (probability, greatest strength), the strength of each drawn uniformly from 0 upwards:

    light       by how much the light differs across the sheet: 0.5 means 25 % more to 25 % less
    blur        standard deviation of a Gaussian, in pixels of a digit of 20
    coarse      pixels of a digit of 20 that become one: at 2 the digit is 10 pixels high
    noise       standard deviation of the grain, of full ink
    jpeg        100 less the quality of compression
    rules       darkness of ruled lines, squares or a box around the digit, of full ink
    cut         share of the digit that lies outside the sheet
    neighbours  share of the sheet into which the ends of the next digits reach
    specks      number of dots
    broken      share of the strokes where the ink fails

    Probabilities:

    inverted    light ink on dark paper
    binary      only black and white, as scanners with a threshold make it
    mild        all faults of a picture at three tenths of their strength

    Raises `ValueError`, naming the setting, for one that makes no sense.
    """

    size: Pair = (24, 90)
    fill: Pair = (0.45, 0.95)
    rotate: Pair = (-12, 12)
    stroke: Pair = (-0.6, 1.2)
    contrast: Pair = (0.15, 1)
    light: Pair = (0.4, 0.7)
    blur: Pair = (0.3, 1.3)
    coarse: Pair = (0.2, 2)
    noise: Pair = (0.5, 0.2)
    jpeg: Pair = (0.4, 85)
    rules: Pair = (0.15, 0.7)
    cut: Pair = (0.1, 0.1)
    neighbours: Pair = (0.2, 0.2)
    specks: Pair = (0.15, 8)
    broken: Pair = (0.15, 0.12)
    inverted: float = 0.35
    binary: float = 0.15
    mild: float = 0.3

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            value = getattr(self, name)
            if isinstance(value, Sequence):  # a list from TOML: a pair, once it is hashable
                object.__setattr__(self, name, value := tuple(value))
            match value:
                case (int() | float() as chance, int() | float() as most_of_it) if name in FAULTS:
                    good = 0 <= chance <= 1 and least <= most_of_it <= most
                    form = "a pair (probability, strength), the strength"
                case (int() | float() as low, int() | float() as high) if name not in CHANCES:
                    good = least <= low <= high <= most
                    form = "a pair (low, high)"
                case int() | float() as chance if name in CHANCES:
                    good = least <= chance <= most
                    form = "a probability"
                case _:
                    good = False
                    form = "a probability" if name in CHANCES else "a pair"
            if not good:
                raise ValueError(f"{name} must be {form} within {least} ... {most}, not {value!r}")


BOUNDS: dict[str, Pair] = {
    "size": (12, 320), "fill": (0.1, 1), "rotate": (-45, 45), "stroke": (-1, 2),
    "contrast": (0.06, 1), "light": (0, 1.5), "blur": (0, 3), "coarse": (0, 4), "noise": (0, 1),
    "jpeg": (0, 99), "rules": (0, 1), "cut": (0, 0.5), "neighbours": (0, 0.4), "specks": (0, 50),
    "broken": (0, 0.5), "inverted": (0, 1), "binary": (0, 1), "mild": (0, 1),
}  # fmt: skip
CHANCES = ("inverted", "binary", "mild")
RANGES = ("fill", "rotate", "stroke", "contrast")
FAULTS = tuple(f.name for f in fields(Wear) if f.name not in ("size", *RANGES, *CHANCES))


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
