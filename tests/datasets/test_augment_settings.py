"""Settings of distortion, and the arrays that it takes: what is refused, and in which words."""

import math
import time
from dataclasses import fields

import numpy as np
import pytest

from datasets.test_augment import STRONG
from digitus.datasets.augment import Augmentation, augment
from digitus.datasets.augmentation import LIMITS

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
        # What OpenCV would never end with, or Python overflow.
        {"stroke": 1_000_000},
        {"stroke": (0, 50)},
        {"smoothness": 1e308},
        {"elastic": 1e308},
        {"shift": 1e308},
        {"scale": (0, 1e308)},
        {"stretch": (0, 20)},
        {"rotate": 1e308},
    ],
    ids=str,
)
def test_a_bad_setting_is_named(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=rf"^{name} must be .*; it is "):
        Augmentation(**bad)


@pytest.mark.parametrize("setting", [field.name for field in fields(Augmentation)])
def test_the_most_that_is_allowed_ends_at_once(setting):
    """Nothing can interrupt native code, so no setting may make it work for long."""
    ends = {"elastic": [1000], "smoothness": [1, 1000]}
    low, high = LIMITS.get(setting, (0, 0))
    inner = [(math.nextafter(low, 0), math.nextafter(high, 0))]
    images = np.full((250, 28, 28), 200, np.uint8)
    for value in ends.get(setting, inner):
        settings = Augmentation(**{"elastic": 1000, setting: value})
        start = time.process_time()
        with np.errstate(all="raise", under="ignore"):
            assert augment(images, settings, np.random.default_rng(0)).shape == images.shape
        assert time.process_time() - start < 2


def test_a_list_as_in_toml_is_a_range():
    assert Augmentation(rotate=[0, 90]) == Augmentation(rotate=(0, 90))
    assert hash(Augmentation(rotate=[0, 90])) == hash(Augmentation(rotate=(0, 90)))


@pytest.mark.parametrize(
    "images", [np.zeros((2, 8, 8)), np.zeros((8, 8), np.uint8), np.zeros((1, 1, 32_000), np.uint8)]
)
def test_only_batches_of_bytes(images):
    with pytest.raises(ValueError, match=r"images must be bytes \[n h w\]"):
        augment(images, STRONG, np.random.default_rng(0))
