"""What the peers of `augment` share: random affine maps, drawn and laid out as digitus does it."""

from __future__ import annotations

import math

import numpy as np

from digitus.datasets.augmentation import Augmentation


def affine(n: int, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """For each picture, where a pixel (x, y) from the centre comes from: [n 2 3]."""

    def draw(name: str) -> np.ndarray:
        return rng.uniform(*settings.bounds(name), n)

    turn, lean = np.deg2rad(draw("rotate")), np.tan(np.deg2rad(draw("shear")))
    scale, stretch = draw("scale"), draw("stretch")
    wider, higher = (1 + scale) * (1 + stretch), (1 + scale) / (1 + stretch)
    cos, sin = np.cos(turn), np.sin(turn)
    A = np.array([[(cos + lean * sin) / wider, (lean * cos - sin) / wider],
                  [sin / higher, cos / higher]]).transpose(2, 0, 1)  # fmt: skip
    shift = np.stack([draw("shift"), draw("shift")], 1)[:, :, None]
    return np.concatenate([A, -A @ shift], 2).astype(np.float32)


def strength(settings: Augmentation) -> float:
    """The α of Simard et al. 2003 that gives the elastic field its rms displacement."""
    return settings.elastic * 2 * settings.smoothness * math.sqrt(3 * math.pi)
