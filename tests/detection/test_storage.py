"""Parameters in a quarter of their bytes, and how far off they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from digitus.detection.storage import packed, unpacked


@given(st.integers(0, 2**32), st.floats(1e-6, 1e3), st.integers(1, 5))
def test_weights_are_off_by_half_a_scale(seed: int, size: float, outputs: int) -> None:
    rng = np.random.default_rng(seed)
    weights = (size * rng.standard_normal((3, 3, 2, outputs))).astype(np.float32)
    arrays = packed({"2.W": weights, "2.b": weights[0, 0, 0]})
    assert arrays["2.W"].dtype == np.int8
    params = unpacked(arrays)
    assert params.keys() == {"2.W", "2.b"}
    largest = np.abs(weights).max((0, 1, 2))
    assert (np.abs(params["2.W"] - weights).max((0, 1, 2)) <= 0.501 * largest / 127).all()
    np.testing.assert_allclose(params["2.b"], weights[0, 0, 0], rtol=1e-3, atol=1e-7)


def test_zeros_and_what_has_no_scale() -> None:
    nothing = np.zeros((4, 3), np.float32)
    np.testing.assert_array_equal(unpacked(packed({"W": nothing}))["W"], nothing)
    older = np.full((4, 3), 0.3, np.float16)
    np.testing.assert_array_equal(unpacked({"W": older})["W"], older.astype(np.float32))
