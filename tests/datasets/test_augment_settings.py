"""Settings of distortion, and the arrays that it takes: what is refused, and in which words."""

import math

import numpy as np
import pytest

from datasets.test_augment import STRONG
from digitus.datasets.augment import Augmentation, augment

# Errors


@pytest.mark.parametrize(
    "bad",
    [
        {"rotate": -5},
        {"rotate": math.nan},
        {"rotate": (90, 0)},
        {"rotate": (0, math.inf)},
        {"rotate": (0, 1, 2)},
        {"rotate": "15"},
        {"scale": 1},
        {"scale": (-1, 0)},
        {"stretch": (0, math.nan)},
        {"shear": 90},
        {"shift": (3, 1)},
        {"stroke": None},
        {"elastic": -0.1},
        {"elastic": (0, 1)},
        {"elastic": math.nan},
        {"smoothness": 0.5},
        {"smoothness": math.inf},
    ],
    ids=str,
)
def test_a_bad_setting_is_named(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=rf"^{name} must be .*; it is "):
        Augmentation(**bad)


def test_a_list_as_in_toml_is_a_range():
    assert Augmentation(rotate=[0, 90]) == Augmentation(rotate=(0, 90))
    assert hash(Augmentation(rotate=[0, 90])) == hash(Augmentation(rotate=(0, 90)))


@pytest.mark.parametrize(
    "images", [np.zeros((2, 8, 8)), np.zeros((8, 8), np.uint8), np.zeros((1, 1, 32_000), np.uint8)]
)
def test_only_batches_of_bytes(images):
    with pytest.raises(ValueError, match=r"images must be bytes \[n h w\]"):
        augment(images, STRONG, np.random.default_rng(0))
