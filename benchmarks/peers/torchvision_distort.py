"""torchvision: `RandomAffine` and `ElasticTransform`, picture by picture, as in its manual."""

from __future__ import annotations

import numpy as np
import torch
from torchvision import transforms

from digitus.datasets.augmentation import Augmentation
from peers.distortion import strength


def distort(
    images: np.ndarray, settings: Augmentation, rng: np.random.Generator, threads: int
) -> np.ndarray:
    """Bytes [n h w]; two interpolations, since it cannot compose the two maps."""
    torch.set_num_threads(threads)
    (_, turn), (low, high), (_, lean) = map(settings.bounds, ("rotate", "scale", "shear"))
    shift = settings.bounds("shift")[1] / images.shape[1]
    chain = transforms.Compose(
        [
            transforms.RandomAffine(turn, (shift, shift), (1 + low, 1 + high), lean),
            transforms.ElasticTransform(strength(settings), settings.smoothness),
        ]
    )
    return torch.stack([chain(image[None])[0] for image in torch.from_numpy(images)]).numpy()
