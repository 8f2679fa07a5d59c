"""Preparing the input, and statistics that are measured: exact, however the data are cut up.

Inside: `Scale`, `Centre`, `Standardize`, merged moments, `calibrated`. Not inside: promises of all
layers (`test_layers`).
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import (
    BatchNorm,
    Centre,
    Chain,
    Conv,
    Dense,
    Dropout,
    Flatten,
    He,
    Relu,
    Scale,
    Standardize,
    calibrated,
    initial,
)
from digitus.nn.inputs import Measured, moments
from nn.cases import inputs, parameters, rng_of


def test_by_hand():
    x = np.array([[0.0, 255.0], [51.0, 102.0]])
    assert np.allclose(Scale().forward({}, x)[0], [[0, 1], [0.2, 0.4]])
    mean = np.array([1.0, 2.0])
    assert np.array_equal(Centre().forward({"mean": mean}, x)[0], x - mean)
    p = {"mean": mean, "deviation": np.array([4.0, 0.0])}
    y, backward = Standardize(2.0).forward(p, x)
    assert np.array_equal(y, [[-0.25, 126.5], [12.5, 50.0]])  # the second divided by its floor
    assert np.array_equal(backward(np.ones_like(x))[0], [[0.25, 0.5], [0.25, 0.5]])


@examples(40)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.sampled_from([0.0, 1.0, 1e4, -1e8]),
    st.integers(0, 1000),
)
def test_merged_moments_are_the_moments_of_all(sizes, offset, seed):
    """Also where the mean is large beside the deviation, where E[x²] - E[x]² has no digit left."""
    x = offset + inputs((3, 2), sum(sizes), seed)
    mean, var = moments(np.split(x, np.cumsum(sizes)[:-1]), axes=(0,))
    exact = x - offset
    assert np.allclose(mean, x.mean(0), rtol=1e-14, atol=1e-14)
    assert np.allclose(var, exact.var(0), rtol=1e-7, atol=1e-7)


def test_moments_over_pixels_too():
    x = inputs((4, 5, 3), 9)
    mean, var = moments([x[:4], x[4:]], axes=(0, 1, 2))
    assert np.allclose(mean, x.mean((0, 1, 2)))
    assert np.allclose(var, x.var((0, 1, 2)))


def test_moments_keep_float32():
    x = inputs((3,), 8, dtype=np.float32)
    assert {a.dtype for a in moments([x, x], axes=(0,))} == {np.dtype(np.float32)}


NETWORK = Chain(
    [
        Scale(),
        Standardize(0.01),
        Conv(4),
        BatchNorm(),
        Relu(),
        Dropout(0.5),
        Flatten(),
        Centre(),
        Dense(6),
        BatchNorm(),
    ]
)
STATISTICS = {"1.mean", "1.deviation", "3.mean", "3.var", "7.mean", "9.mean", "9.var"}


def images(n=40, dtype=np.float64):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 6, 5, 1)).astype(dtype)


def test_calibrated_equals_the_statistics_of_what_arrives():
    x = images()
    p = parameters(NETWORK, x.shape[1:])
    before = {name: a.copy() for name, a in p.items()}
    q = calibrated(NETWORK, p, [x[:7], x[7:30], x[30:]])

    def arrives(i):
        own = Chain(NETWORK.layers[:i])
        return own.forward({name: a for name, a in q.items() if int(name[0]) < i}, x)[0]

    assert np.allclose(q["1.mean"], (x / 255).mean(0))
    assert np.allclose(q["1.deviation"], (x / 255).std(0))
    assert np.allclose(q["3.mean"], arrives(3).mean((0, 1, 2)))
    assert np.allclose(q["3.var"], arrives(3).var((0, 1, 2)))
    assert np.allclose(q["7.mean"], arrives(7).mean(0))
    assert np.allclose(q["9.mean"], arrives(9).mean(0))
    assert np.allclose(q["9.var"], arrives(9).var(0))

    changed = {name for name in p if not np.array_equal(p[name], q[name])}
    assert changed == STATISTICS
    assert all(np.array_equal(p[name], a) for name, a in before.items()), "p itself was changed"


def test_calibrated_layers_do_what_they_are_for():
    """Zero mean, and unit variance where a layer promises that, at inference and for any cut."""
    x = images()
    rule, rng = He(), np.random.default_rng(0)
    p = calibrated(NETWORK, initial(NETWORK, (6, 5, 1), rule, rng, np.float64), [x[:13], x[13:]])
    for i, unit in ((1, True), (3, True), (7, False), (9, True)):
        y, _ = Chain(NETWORK.layers[: i + 1]).forward(p, x)
        axes = (0, 1, 2) if i == 3 else (0,)
        assert np.allclose(y.mean(axes), 0, atol=1e-10)
        if unit:
            assert np.allclose(y.var(axes), 1, atol=1e-2)  # BatchNorm's ε, Standardize's floor


def test_after_calibration_inference_is_training_on_all_data():
    network = Chain([BatchNorm(), Relu(), BatchNorm()])
    x = 3 + 2 * inputs((5,), 50)
    p = calibrated(network, parameters(network, (5,)), [x[:20], x[20:]])
    training, _ = network.forward(p, x, rng_of("training"))
    assert np.allclose(network.forward(p, x)[0], training)


def test_calibrated_from_a_layer_on():
    x = images()
    p = parameters(NETWORK, x.shape[1:])
    q = calibrated(NETWORK, p, [x], first=4)
    changed = {name for name in p if not np.array_equal(p[name], q[name])}
    assert changed == {"7.mean", "9.mean", "9.var"}


def test_calibrated_keeps_float32():
    x = images(dtype=np.float32)
    p = initial(NETWORK, (6, 5, 1), He(), np.random.default_rng(0))
    q = calibrated(NETWORK, p, [x[:20], x[20:]])
    assert {a.dtype for a in q.values()} == {np.dtype(np.float32)}


def test_which_layers_are_measured():
    """Those with a statistic among their parameters, and no others."""
    for layer in NETWORK.layers:
        names = layer.plan((4, 4, 2) if not isinstance(layer, Dense) else (4,))[0]
        assert isinstance(layer, Measured) == bool({"mean", "var", "deviation"} & set(names))


def test_a_constant_pixel_is_not_blown_up():
    x = np.zeros((10, 3))
    x[:, 1] = 7.0
    x[0, 2] = 0.5  # hardly ever anything
    layer = Standardize(1.0)
    y, _ = layer.forward(dict(layer.measure([x])), x)
    assert np.abs(y).max() < 0.5
    assert not y[:, :2].any()


def test_one_example_has_no_deviation():
    assert np.array_equal(Standardize().measure([np.ones((1, 3))])["deviation"], np.zeros(3))


def test_no_data_is_an_error():
    with pytest.raises((ValueError, ZeroDivisionError)):
        moments([], axes=(0,))
