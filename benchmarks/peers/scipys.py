"""SciPy: `gaussian_filter` and `map_coordinates` for every picture, in a pool of threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from digitus.datasets.augmentation import Augmentation
from peers.distortion import affine, strength


def distort(
    images: np.ndarray, settings: Augmentation, rng: np.random.Generator, threads: int
) -> np.ndarray:
    """Bytes [n h w], each changed in its own way by one interpolation."""
    n, h, w = images.shape
    maps = affine(n, settings, rng)
    y, x = np.indices((h, w), np.float32)
    homogeneous = np.stack([x - (w - 1) / 2, y - (h - 1) / 2, np.ones_like(x)])
    noise = rng.uniform(-1, 1, (n, 2, h, w)).astype(np.float32) if settings.elastic else None
    alpha = strength(settings)

    def one(k: int) -> np.ndarray:
        sx, sy = np.tensordot(maps[k], homogeneous, 1)
        if noise is not None:
            dx, dy = (gaussian_filter(f, settings.smoothness) for f in noise[k])
            sx, sy = sx + alpha * dx, sy + alpha * dy
        places = np.stack([sy + (h - 1) / 2, sx + (w - 1) / 2])
        return np.rint(map_coordinates(images[k].astype(np.float32), places, order=1))

    with ThreadPoolExecutor(threads) as pool:
        return np.stack(list(pool.map(one, range(n)))).astype(np.uint8)
