"""Stationery: noise of any size and grain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn.arrays import stream
from digitus.synthetic.pages.stationery import BANK, grain

SIDE = st.integers(1, 2 * BANK + 100)  # pixels, also of pages larger than the bank of noise
SIZE = st.floats(0.3, 400)


@given(SIDE, st.integers(1, 40), SIZE, SIZE, st.booleans())
@examples(25)
def test_grain_has_the_size_asked_for(long, short, high, wide, upright):
    shape = (long, short) if upright else (short, long)
    for size in (high, (high, wide)):
        noise = grain(shape, size, stream(1, "grain"))
        assert noise.shape == shape
        assert noise.dtype == np.float32
        assert np.isfinite(noise).all()


@pytest.mark.parametrize("size", [1.0, 1.7])
@pytest.mark.parametrize("side", [900, BANK - 1, BANK, BANK + 1, 2 * BANK])
def test_grain_is_noise_up_to_the_last_pixel(side, size):
    noise = grain((side, 200), size, stream(side, "grain"))
    for part in (noise, noise[-100:]):
        assert abs(part.mean()) < 0.05
        assert 0.6 < part.std() < 1.05
