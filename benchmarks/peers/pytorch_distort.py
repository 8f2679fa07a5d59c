"""PyTorch: a whole batch at once, noise smoothed by `conv2d`, pixels looked up by `grid_sample`."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from digitus.datasets.augmentation import Augmentation
from peers.distortion import affine, strength

PART = 1000  # pictures at a time, which stay in the cache


def distort(
    images: np.ndarray, settings: Augmentation, rng: np.random.Generator, threads: int
) -> np.ndarray:
    """Bytes [n h w], each changed in its own way by one interpolation."""
    torch.set_num_threads(threads)
    maps = affine(len(images), settings, rng)
    seeded = torch.Generator().manual_seed(int(rng.integers(2**31)))
    parts = (slice(i, i + PART) for i in range(0, len(images), PART))
    return np.concatenate([_part(images[p], maps[p], settings, seeded) for p in parts])


def _part(
    images: np.ndarray, maps: np.ndarray, settings: Augmentation, seeded: torch.Generator
) -> np.ndarray:
    n, h, w = images.shape
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    ones = torch.ones(h, w)
    grid = torch.stack([x - (w - 1) / 2, y - (h - 1) / 2, ones]).reshape(3, -1)
    places = (torch.from_numpy(maps) @ grid).reshape(n, 2, h, w)
    if settings.elastic:
        reach = int(3 * settings.smoothness)
        line = torch.exp(-((torch.arange(-reach, reach + 1) / settings.smoothness) ** 2) / 2)
        line = line / line.sum()
        noise = torch.rand(2 * n, 1, h, w, generator=seeded) * 2 - 1
        noise = functional.conv2d(noise, line[None, None, None], padding=(0, reach))
        noise = functional.conv2d(noise, line[None, None, :, None], padding=(reach, 0))
        places = places + strength(settings) * noise.reshape(n, 2, h, w)
    size = torch.tensor([(w - 1) / 2, (h - 1) / 2])
    pixels = torch.from_numpy(images)[:, None].to(torch.float32)
    sampled = functional.grid_sample(pixels, places.permute(0, 2, 3, 1) / size, align_corners=True)
    return sampled[:, 0].round_().to(torch.uint8).numpy()
