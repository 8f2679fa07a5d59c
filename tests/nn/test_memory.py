"""How an array lies in memory never matters: only its numbers do.

A layer that takes the numbers of a pixel for neighbours, or writes to what is not its own, is right
for every array that this suite makes elsewhere, and wrong for one that a user transposed.

Inside: every layer, loss and optimizer, products, pixels as bytes and augmentation, with each of
their arrays laid out in each way. Not inside: whether the answers are right (all other files).
"""

from itertools import product

import numpy as np
import pytest

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.nn import Conv, Deslant, softmax
from digitus.nn.pixels import Pixels
from digitus.nn.products import times, transposed_times
from nn.cases import (
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    PLACE_LOSSES,
    inputs,
    parameters,
    rng_of,
    same,
    upstream,
)
from nn.layouts import LAYOUTS

# Those of `cases`, and what has one channel, one row or one column.
CASES = [
    *LAYERS,
    *(
        (Conv(2, kernel, stride, padding), shape)
        for kernel in (1, 3)
        for stride in (1, 2)
        for padding in ("same", "valid")
        for shape in ((5, 4, 1), (3, 6, 2))
    ),
    (Conv(2, 1, 1, "valid"), (5, 1, 2)),
    (Conv(2, 1, 1, "valid"), (1, 5, 2)),
    (Conv(1, 1, 2, "valid"), (4, 1, 1)),
    (Deslant(1.8), (6, 5, 1)),
]
NAMES = [f"{type(layer).__name__}{i}" for i, (layer, _) in enumerate(CASES)]
EXACT = 1e-12  # in another layout, BLAS may add in another order

each_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)


def carried_out(layer, p, x, dy, mode):
    """The output, and dx and the gradients for dy."""
    y, backward = layer.forward(p, x, rng_of(mode))
    dx, gradients = backward(dy)
    without, again = backward(dy, want_dx=False)
    assert without is None or same(without, dx, EXACT)
    return {"y": y, "dx": dx} | gradients | {f"{name} alone": g for name, g in again.items()}


def in_each_layout(p, x, dy):
    """The arrays with one of the three laid out in each way, and with all of them."""
    for layout in LAYOUTS:
        laid_out = {name: layout(w) for name, w in p.items()}
        yield layout, (p, layout(x), dy)
        yield layout, (p, x, layout(dy))
        yield layout, (laid_out, x, dy)
        yield layout, (laid_out, layout(x), layout(dy))


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=NAMES)
def test_layers(layer, shape):
    for mode in ("training", "inference"):
        p, x = parameters(layer, shape), inputs(shape)
        dy = upstream(layer.forward(p, x, rng_of(mode))[0])
        expected = carried_out(layer, p, x, dy, mode)
        for layout, (p_, x_, dy_) in in_each_layout(p, x, dy):
            found = carried_out(layer, p_, x_, dy_, mode)
            assert found.keys() == expected.keys()
            for name, a in found.items():
                assert same(a, expected[name], EXACT), (layout.__name__, name)
            assert np.array_equal(x_, x)
            assert np.array_equal(dy_, dy)
            assert all(np.array_equal(p_[name], w) for name, w in p.items())


@pytest.mark.parametrize(("layer", "shape"), CASES, ids=NAMES)
def test_layers_on_bytes(layer, shape):
    """A layer that is a network's first meets bytes that are not numbers yet."""
    p = parameters(layer, shape)
    x = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
    dy = upstream(layer.forward(p, x.astype(np.float64))[0])
    expected = carried_out(layer, p, x.astype(np.float64), dy, "inference")
    for layout in LAYOUTS:
        found = carried_out(layer, p, Pixels(layout(x), np.dtype(np.float64)), dy, "inference")
        for name, a in found.items():
            assert same(np.asarray(a), expected[name], EXACT), (layout.__name__, name)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses(loss):
    shapes = ((10,), (3, 4, 10)) if loss in PLACE_LOSSES else ((10,),)
    for layout, shape in product(LAYOUTS, shapes):
        z, t = inputs(shape), softmax(inputs(shape, seed=2))
        value, dz = loss(z, t)
        for z_, t_ in ((layout(z), t), (z, layout(t))):
            value_, dz_ = loss(z_, t_)
            assert same(value_, value, EXACT), layout.__name__
            assert same(dz_, dz, EXACT), layout.__name__


@pytest.mark.parametrize("rule", OPTIMIZERS, ids=str)
def test_optimizers(rule):
    for layout, shape in product(LAYOUTS, ((4, 3), (3, 3, 2, 5), (4,))):
        w, g = inputs(shape, 2)
        for w_, g_ in ((layout(w), g), (w, layout(g))):
            s, s_ = rule.start(w), rule.start(w_)
            for t in (1, 2):
                expected = rule.update(g, w, s, 0.1, t)
                assert same(rule.update(g_, w_, s_, 0.1, t), expected, EXACT), layout.__name__


@each_layout
def test_products(layout, monkeypatch):
    monkeypatch.setattr("digitus.nn.products.SMALL_PRODUCT", 1000)
    for n in (3, 20):  # fewer columns than the kernels take at a time, and more
        x, W, dy = inputs((9,), 100), inputs((n,), 9), inputs((n,), 100, 3)
        y = layout(np.zeros((100, n)))
        y.flags.writeable = True
        times(layout(x), layout(W), out=y)
        assert same(y, x @ W, EXACT)
        assert same(transposed_times(layout(x), layout(dy)), x.T @ dy, EXACT)


@each_layout
def test_pixels(layout):
    x = np.random.default_rng(0).integers(0, 256, (70, 4, 3), np.uint8)
    numbers = x.astype(np.float64)
    W, dy = inputs((120,), 12), inputs((120,), 70)
    for n in (1, 5, 70):
        lazy = Pixels(layout(x[:n]), np.dtype(np.float64)) * 0.5
        flat = np.reshape(lazy, (n, 12))
        assert same(np.asarray(lazy), numbers[:n] * 0.5, 0.0)
        assert same(flat @ layout(W), numbers[:n].reshape(n, 12) * 0.5 @ W, EXACT)
        expected = numbers[:n].reshape(n, 12).T * 0.5 @ dy[:n]
        assert same(flat.T @ layout(dy[:n]), expected, EXACT)


def test_pixels_in_another_order():
    x = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    lazy = np.reshape(Pixels(x, np.dtype(np.float64)), (5, 12), order="F")
    assert np.array_equal(np.asarray(lazy), np.reshape(x, (5, 12), order="F"))


@each_layout
@pytest.mark.parametrize(
    "settings",
    [
        Augmentation(),
        Augmentation(rotate=20, scale=0.2, stretch=0.1, shear=20, shift=2, stroke=0.7, elastic=1),
    ],
    ids=["off", "on"],
)
def test_augmentation(settings, layout):
    x = np.random.default_rng(0).integers(0, 256, (9, 12, 10), np.uint8)
    expected = augment(x, settings, np.random.default_rng(1))
    found = augment(layout(x), settings, np.random.default_rng(1))
    assert np.array_equal(found, expected)
    assert found.flags.c_contiguous
    assert found.flags.writeable
