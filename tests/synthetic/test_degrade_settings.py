"""Settings of degraded digits, and the images that are taken: what is refused, in which words."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from digitus.synthetic.degrade import Wear, worn
from synthetic.test_degrade import rng


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((2, 28, 29), np.uint8),
        np.zeros((28, 28), np.uint8),
        np.zeros((2, 28, 28), np.float32),
    ],
)
def test_other_images_are_refused(images):
    with pytest.raises(ValueError, match=r"must be bytes \[n 28 28\]"):
        worn(images, Wear(), rng())


# The settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", (4, 50)),
        ("size", (50, 40)),
        ("size", 40),
        ("fill", (0.5, 1.5)),
        ("noise", (1.5, 0.1)),
        ("noise", (0.5, -0.1)),
        ("noise", (0.5, float("nan"))),
        ("noise", 0.5),
        ("jpeg", (0.5, 100)),
        ("inverted", 1.5),
        ("inverted", (0.1, 0.2)),
        ("mild", "often"),
    ],
)
def test_settings_that_make_no_sense_are_named(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be "):
        Wear(**{name: value})


def test_lists_of_a_file_become_pairs():
    wear = Wear(**{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(Wear()).items()})
    assert wear == Wear()
    assert hash(wear) == hash(Wear())
