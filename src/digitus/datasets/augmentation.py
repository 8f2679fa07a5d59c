"""How far training pictures may be changed: the settings of `augment`, as recipes hold them.

They are apart from what carries them out, so that a program that opens a model, and its recipe with
it, need not load OpenCV.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeAlias

Range: TypeAlias = float | tuple[float, float]


@dataclass(frozen=True)
class Augmentation:
    """How far the pictures may be changed; everything is off unless it is set.

    A `Range` is a number a >= 0, which means -a ... a, or a pair (low, high). Every picture gets
    its own amounts, drawn uniformly from these ranges; (a, a) gives all of them the amount a.

    rotate      degrees about the centre of the picture, counter-clockwise as `np.rot90`
    scale       relative change of size: 0.15 means 85 % to 115 %
    stretch     relative change of the width, the area kept: 0.15 means 15 % wider and 13 % lower
    shear       degrees by which upright strokes lean to the right
    shift       pixels to the right and, drawn separately, down
    stroke      pixels by which strokes grow at each edge; below 0 they shrink (those of MNIST are
                mostly 1.5 to 3.7 pixels wide: the thin ones fade beyond -0.5)
    elastic     rms displacement in pixels, along each axis, of a smooth random field
    smoothness  standard deviation in pixels (>= 1) of the Gaussian that smooths this field

    Elastic distortion is that of Simard, Steinkraus & Platt, "Best practices for convolutional
    neural networks applied to visual document analysis", ICDAR 2003. White noise in -1 ... 1,
    smoothed by a Gaussian of deviation σ and multiplied by their α, has an rms of
    α / (2 σ √(3π)): their α = 34, σ = 4 are an `elastic` of 1.4 and a `smoothness` of 4; the
    α = 36 ... 38, σ = 5 ... 6 of Cireşan et al. 2010 are about 1.1 and 5.5.

    Raises `ValueError`, naming the setting, for one that makes no sense.
    """

    rotate: Range = 0.0
    scale: Range = 0.0
    stretch: Range = 0.0
    shear: Range = 0.0
    shift: Range = 0.0
    stroke: Range = 0.0
    elastic: float = 0.0
    smoothness: float = 5.0

    def __post_init__(self) -> None:
        for name in RANGES:
            value = getattr(self, name)
            if isinstance(value, Sequence):  # a list from TOML: a pair, once it is hashable
                object.__setattr__(self, name, tuple(value))
            low, high = self.bounds(name)
            above, below = LIMITS[name]
            if not above < low <= high < below:
                raise ValueError(
                    f"{name} must be a number >= 0 or a pair (low, high) with "
                    f"{above} < low <= high < {below}; it is {value!r}"
                )
        for name, least in (("elastic", 0), ("smoothness", 1)):
            value = getattr(self, name)
            if not (isinstance(value, int | float) and least <= value <= FURTHEST):
                raise ValueError(
                    f"{name} must be a finite number >= {least} and at most {FURTHEST}; "
                    f"it is {value!r}"
                )

    def bounds(self, name: str) -> tuple[float, float]:
        """The lowest and the highest amount of the setting `name`; (nan, nan) if it is neither."""
        match getattr(self, name):
            case int() | float() as a:
                return -a, a
            case (int() | float() as low, int() | float() as high):
                return low, high
        return math.nan, math.nan

    @property
    def off(self) -> bool:
        """Whether these settings leave every picture as it is."""
        return not self.elastic and all(self.bounds(name) == (0, 0) for name in RANGES)


RANGES = tuple(f.name for f in fields(Augmentation) if f.name not in ("elastic", "smoothness"))
# Pixels: a tenth of it leaves nothing of any digit. OpenCV cannot be interrupted once it has begun.
FURTHEST = 1000
LIMITS = {
    "rotate": (-3600, 3600), "scale": (-1, 20), "stretch": (-1, 20), "shear": (-90, 90),
    "shift": (-FURTHEST, FURTHEST), "stroke": (-50, 50),
}  # fmt: skip
