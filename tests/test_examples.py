"""Batches that are made ahead are the batches."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.data.batches import split
from digitus.examples import Examples
from small import digits, recipe


@pytest.mark.parametrize("augment", [{}, {"rotate": 10, "elastic": 0.8, "smoothness": 4}])
def test_upcoming_batches_are_those_of_their_steps(augment: dict[str, float]) -> None:
    examples = Examples(recipe(augment=augment, batch_size=32), split(digits(), 50, 0)[0])
    epoch = len(examples.parts)
    steps = range(2, 2 * epoch + 1)
    found = list(examples.upcoming(steps))
    assert len(found) == len(steps)
    for step, (images, labels) in zip(steps, found, strict=True):
        expected_images, expected_labels = examples.batch(*divmod(step, epoch))
        assert np.array_equal(images, expected_images)
        assert np.array_equal(labels, expected_labels)
