"""Losses at every place: by hand, at the edges, unknown targets, and several losses together.

Not inside: right gradients in general (`test_check`, `test_tape`, `test_torch`).
"""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import ShapeError
from digitus.nn import (
    HeatmapFocal,
    MultiTask,
    PlaceCrossEntropy,
    SmoothAbsolute,
    SoftmaxCrossEntropy,
)
from digitus.nn.check import check_loss
from nn.cases import pytorch
from nn.layouts import LAYOUTS

ALL = MultiTask([(HeatmapFocal(), 1, 1.0), (SmoothAbsolute(), 2, 0.5), (PlaceCrossEntropy(), 3, 2)])
LOSSES = [
    HeatmapFocal(),
    HeatmapFocal(0.0, 0.0),
    HeatmapFocal(1.5, 3.0),
    SmoothAbsolute(),
    SmoothAbsolute(0.3),
    PlaceCrossEntropy(),
    ALL,
]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)


def example(shape=(3, 4, 5, 6), seed=0, dtype=np.float64):
    """Outputs, and targets from 0 to 1 (some are exactly 0 or 1, one in six is NaN)."""
    rng = np.random.default_rng(seed)
    t = np.clip(rng.uniform(-0.3, 1.3, shape), 0, 1)
    t[rng.random(shape) < 1 / 6] = np.nan
    return rng.standard_normal(shape).astype(dtype), t.astype(dtype)


def test_focal_loss_by_hand():
    p = np.array([0.8, 0.8, 0.8, 0.8])
    z = np.log(p / (1 - p))[None]
    value, dz = HeatmapFocal()(z, np.array([[1.0, 0.0, 0.5, np.nan]]))
    by_hand = [-(0.2**2) * log(0.8), -(0.8**2) * log(0.2), -(0.5**4) * 0.8**2 * log(0.2)]
    assert value == pytest.approx(sum(by_hand))
    assert dz[0, 3] == 0
    assert dz[0, 0] == pytest.approx(0.2**2 * (2 * 0.8 * log(0.8) - 0.2))
    assert dz[0, 2] == pytest.approx(dz[0, 1] / 16)


def test_smooth_absolute_by_hand():
    value, dz = SmoothAbsolute(2.0)(
        np.array([[1.0, 5.0, -4.0, 7.0]]), np.array([[0, 0, 0, np.nan]])
    )
    assert value == 0.25 + 4 + 3
    assert dz.tolist() == [[0.5, 1, -1, 0]]


def test_cross_entropy_at_places_is_that_of_each_place():
    z, _ = example()
    t = np.eye(6)[np.random.default_rng(1).integers(0, 6, (3, 4, 5))]
    value, dz = PlaceCrossEntropy()(z, t)
    alone, d = SoftmaxCrossEntropy()(z.reshape(-1, 6), t.reshape(-1, 6))
    assert value == pytest.approx(alone * 20)
    assert np.allclose(dz.reshape(-1, 6), d * 20)


def test_several_losses_are_their_weighted_sum():
    z, t = example()
    value, dz = ALL(z, t)
    values = ALL.values(z, t)
    assert value == pytest.approx(values[0] + 0.5 * values[1] + 2 * values[2])
    assert values[1] == pytest.approx(float(SmoothAbsolute()(z[..., 1:3], t[..., 1:3])[0]))
    assert np.array_equal(dz[..., 3:], 2 * PlaceCrossEntropy()(z[..., 3:], t[..., 3:])[1])
    with pytest.raises(ShapeError, match="take 6 channels, not 5"):
        ALL(z[..., :5], t[..., :5])


SHAPES = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(lambda sizes: (*sizes, 6))
WIDE = st.integers(0, 2**32 - 1)


@examples(60)
@given(st.sampled_from(LOSSES), SHAPES, WIDE, st.sampled_from([0.1, 1.0, 50.0, 1e4]))
def test_of_any_shape_it_is_the_sum_of_its_places(loss, shape, seed, size):
    """Also of none; never below 0; and a place has the gradient that it has alone."""
    z, t = example(shape, seed)
    z *= size
    value, dz = loss(z, t)
    assert dz.shape == shape
    assert np.isfinite(dz).all()
    assert not dz[np.isnan(t)].any()
    n = max(1, shape[0])
    flat, wanted = z.reshape(-1, 6), t.reshape(-1, 6)
    alone = [loss(flat[k : k + 1], wanted[k : k + 1]) for k in range(len(flat))]
    assert all(v >= 0 for v, _ in alone)
    assert float(value) == pytest.approx(sum(float(v) for v, _ in alone) / n, rel=1e-9)
    for row, (_, d) in zip(dz.reshape(-1, 6), alone, strict=True):
        assert np.allclose(row * n, d, rtol=1e-9, atol=1e-12)


@examples(60)
@given(st.sampled_from(LOSSES), WIDE, st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS))
def test_how_outputs_and_targets_lie_in_memory_does_not_matter(loss, seed, layout, other):
    z, t = example(seed=seed)
    value, dz = loss(z, t)
    z_, t_ = layout(z), other(t)
    value_, dz_ = loss(z_, t_)
    assert float(value_) == pytest.approx(float(value), rel=1e-12)
    assert np.allclose(dz_, dz, rtol=1e-12, atol=1e-15)
    assert np.array_equal(z_, z)
    assert np.array_equal(t_, t, equal_nan=True)


@examples(40)
@given(WIDE, st.sampled_from([0.1, 1.0, 50.0, 1e4]))
def test_which_way_they_pull(seed, size):
    """Towards something where it is, away elsewhere; and no error pulls harder than β."""
    z, t = example(seed=seed)
    z *= size
    dz = HeatmapFocal()(z, t)[1]
    assert (dz[t == 1] <= 0).all()
    assert (dz[t < 1] >= 0).all()
    dz = SmoothAbsolute(0.3)(z, t)[1] * len(z)
    assert (np.abs(dz) <= 1).all()
    assert np.array_equal(np.sign(dz), np.sign(np.nan_to_num(z - t)))


@each_loss
def test_gradients(loss):
    assert [f for f in check_loss(loss, *example()) if not f.passed] == []


@each_loss
def test_shards_add_up(loss):
    z, t = example()
    value, dz = loss(z, t)
    parts = [loss(z[s], t[s]) for s in (slice(0, 2), slice(2, 3))]
    assert value == pytest.approx(parts[0][0] * 2 / 3 + parts[1][0] / 3)
    assert np.allclose(dz, np.concatenate([parts[0][1] * 2 / 3, parts[1][1] / 3]))


@each_loss
def test_unknown_targets_count_for_nothing(loss):
    z, t = example()
    t[:, 1] = np.nan
    value, dz = loss(z, t)
    assert not dz[:, 1].any()
    moved = z.copy()
    moved[:, 1] += 100
    assert loss(moved, t)[0] == value
    assert loss(z, np.full_like(t, np.nan))[0] == 0


@each_loss
def test_targets_must_have_the_shape_of_the_outputs(loss):
    z, t = example()
    with pytest.raises(ShapeError, match=r"\[3, 4, 5, 6\] have targets \[3, 4, 5\]"):
        loss(z, t[..., 0])


@each_loss
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_float32_stays_finite_however_sure_a_network_is(loss, library):
    """Warnings are errors here."""
    z, t = example(dtype=np.float32)
    z = np.sign(z) * np.array([1e4, 90, 17, 1e-3, 1e-30, 0], np.float32)
    exact = loss(z.astype(np.float64), t.astype(np.float64))
    if library == "torch":
        torch = pytorch()
        z, t = torch.tensor(z), torch.tensor(t)
    value, dz = loss(z, t)
    assert str(value.dtype).endswith("float32")
    assert str(dz.dtype).endswith("float32")
    assert float(value) == pytest.approx(float(exact[0]), rel=1e-5)
    assert np.allclose(dz, exact[1], rtol=1e-4, atol=1e-12)


@each_loss
def test_an_empty_batch_costs_nothing(loss):
    value, dz = loss(np.zeros((0, 4, 5, 6)), np.zeros((0, 4, 5, 6)))
    assert (value, dz.shape) == (0, (0, 4, 5, 6))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HeatmapFocal(-1.0), "HeatmapFocal's alpha must be at least 0, not -1.0"),
        (
            lambda: HeatmapFocal(2.0, float("nan")),
            "HeatmapFocal's beta must be at least 0, not nan",
        ),
        (lambda: SmoothAbsolute(0.0), "SmoothAbsolute's beta must be above 0, not 0.0"),
        (lambda: MultiTask([(HeatmapFocal(), 0, 1.0)]), "needs at least 1 channel, not 0"),
        (lambda: MultiTask([(HeatmapFocal(), 1, -1.0)]), "needs a weight from 0 on, not -1.0"),
    ],
)
def test_bad_settings(make, words):
    with pytest.raises(ValueError, match=words):
        make()
