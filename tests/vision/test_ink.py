"""Ink has its strength, which is told by its darkest pixels."""

import numpy as np

from digitus.vision.ink import strengths


def test_strength_is_that_of_the_upper_tenth_of_each_piece():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 30, (40, 50)).astype(np.int32)
    labels[labels == 7] = 0
    values = rng.normal(0, 1, labels.shape).astype(np.float32)  # some below 0
    found = strengths(labels, values, 30)
    for i in range(1, 30):
        own = np.sort(values[labels == i])
        assert found[i] == (own[9 * len(own) // 10] if len(own) else 0)
    assert found[0] == 0
