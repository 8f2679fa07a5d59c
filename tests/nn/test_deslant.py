"""Setting digits upright: what becomes of slanted bars, wide shapes, and pictures without ink.

Inside: the layer on pictures whose moments one knows, what it does not notice, real digits. Not
inside: its gradient (`test_check`, `test_tape`, `test_torch`, `test_mutations`), promises of all
layers (`test_layers`).
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.datasets.sources import load
from digitus.nn import Deslant


def through(layer, images):
    """[n h w] through the layer."""
    return layer.forward({}, np.asarray(images, np.float64)[..., None])[0][..., 0]


def spread(image):
    """Means, variances and covariance of rows and columns: (i, j, ii, jj, ij)."""
    i, j = np.indices(image.shape)
    weight = image**2 / (image**2).sum()
    mean_i, mean_j = (weight * i).sum(), (weight * j).sum()
    a, b = i - mean_i, j - mean_j
    return mean_i, mean_j, *((weight * z).sum() for z in (a * a, b * b, a * b))


def ellipse(i=14.0, j=13.0, down=5.0, across=3.0, slant=0.0, side=29):
    """A smooth spot: a Gaussian whose square has the given deviations, its rows shifted."""
    rows, columns = np.indices((side, side))
    a = rows - i
    b = columns - j - slant * a
    return np.exp(-((a / down) ** 2) / 4 - (b / across) ** 2 / 4)


def test_a_slanted_bar_becomes_upright():
    bar = np.zeros((9, 9))
    bar[range(1, 8), range(1, 8)] = 1.0  # each row a pixel further to the right
    upright = np.zeros((9, 9))
    upright[1:8, 4] = 1.0
    assert np.allclose(through(Deslant(), [bar])[0], upright, atol=1e-3)  # ε against 4 px²


@examples(60)
@given(
    st.floats(12, 16),
    st.floats(11, 17),
    st.floats(2, 4),
    st.floats(1.5, 3),
    st.floats(-0.5, 0.5),
    st.floats(1.5, 3),
)
def test_the_moments_are_what_was_asked_for(i, j, down, across, slant, width):
    image = ellipse(i, j, down, across, slant)
    before = spread(image)
    mean_i, mean_j, ii, jj, ij = spread(through(Deslant(width, most=3.0), [image])[0])
    assert mean_i == pytest.approx(before[0], abs=0.02)  # rows stay where they are
    assert mean_j == pytest.approx(14, abs=0.02)
    assert ii == pytest.approx(before[2], rel=0.02)
    assert np.sqrt(jj) == pytest.approx(width, rel=0.04)
    assert ij == pytest.approx(0, abs=0.05)


def test_the_change_of_width_has_a_bound_and_none_is_asked_for_by_0():
    for width, most, expected in ((12, 1.5, 4.5), (1, 1.5, 2), (0, 1.5, 3), (3, 1.0, 3)):
        image = through(Deslant(width, most), [ellipse(across=3.0)])[0]
        assert np.sqrt(spread(image)[3]) == pytest.approx(expected, rel=0.03)


def test_what_it_does_not_notice():
    """Where the ink lies across, how much it slants, how dark it is, and what lies beside it."""
    layer = Deslant(2.5, most=2.0)
    image = ellipse(across=2.0)
    same = [ellipse(j=16.0, across=2.0), ellipse(across=2.0, slant=0.4), 40 * image, -image]
    expected = through(layer, [image])[0]
    for other, factor in zip(through(layer, same), (1, 1, 40, -1), strict=True):
        assert np.allclose(other, factor * expected, atol=0.02 * abs(factor))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_ink_stays_none_and_a_speck_or_a_line_is_no_slant(dtype):
    images = np.zeros((4, 8, 7, 1), dtype)
    images[1, 2, 5] = 1e-12  # its square is below the smallest number of float32 that matters
    images[2, 3, 1] = 1.0
    images[3, 3, 1:6] = 1.0
    y, backward = Deslant(width=2.0).forward({}, images)
    assert y.dtype == dtype
    assert not y[0].any()
    assert y[2, 3, 3] == pytest.approx(1.0)  # now in the middle
    assert np.flatnonzero(y[3].any(axis=(1, 2))).tolist() == [3]
    assert np.isfinite(backward(np.ones_like(y))[0]).all()


def test_all_channels_move_together():
    image = ellipse(slant=0.3)
    both = np.stack([image, np.roll(image, 3, axis=0)], axis=-1)[None]
    y, _ = Deslant(2.0).forward({}, both)
    swapped, _ = Deslant(2.0).forward({}, both[..., ::-1])
    assert np.allclose(swapped[..., ::-1], y)


def test_digits_lean_less(mnist_dir):
    """Of real digits, most of the slant is gone and nearly all ink is still there."""
    images = load("mnist", "test", data_dir=mnist_dir).images[:200] / 255.0
    after = through(Deslant(), images)
    slant = [np.array([m[4] / m[2] for m in map(spread, part)]) for part in (images, after)]
    assert np.abs(slant[0]).mean() > 0.15
    assert np.abs(slant[1]).mean() < 0.02
    kept = after.sum((1, 2)) / images.sum((1, 2))
    assert kept.min() > 0.9
    assert np.median(kept) > 0.99
