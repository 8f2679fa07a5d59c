"""How badly pictures are worn: the settings of `degrade.worn`, as recipes hold them.

They are apart from what carries them out, so that a program that opens a model, and its recipe with
it, need not load OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

Pair: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Wear:
    """How badly pictures are worn. The defaults are what the recognizer that ships is trained with.

    Ranges (low, high), of which each picture draws its own amount, uniformly:

    size        pixels of the sheet's height, more often small; its width differs by up to a third
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
