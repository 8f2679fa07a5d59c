"""Losses at every place: by hand, at the edges, unknown targets, and several losses together.

Not inside: right gradients in general (`test_check`, `test_tape`, `test_torch`).
"""

from math import log

import numpy as np
import pytest

from digitus.errors import ShapeError
from digitus.nn import (
    HeatmapFocal,
    MultiTask,
    PlaceCrossEntropy,
    SmoothAbsolute,
    SoftmaxCrossEntropy,
)
from digitus.nn.check import check_loss

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
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
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
