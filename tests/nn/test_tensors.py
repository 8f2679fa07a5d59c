"""Layers, losses and optimizers on PyTorch's tensors do what they do on NumPy's arrays.

Where PyTorch is missing, what asks for it is skipped, unless `DIGITUS_REQUIRE` names torch.
"""

import numpy as np
import pytest

from digitus.nn import (
    Adam,
    AdamW,
    BatchNorm,
    Centre,
    Chain,
    Clipped,
    Conv,
    Flatten,
    MaxPool,
    Relu,
    Standardize,
    calibrated,
    clipped,
    like,
    softmax,
    update_average,
)
from nn.cases import (
    LOSSES,
    OPTIMIZERS,
    each_layer,
    inputs,
    parameters,
    rng_of,
    same,
    targets,
    upstream,
)
from nn.layouts import LAYOUTS, backwards, read_only
from nn.torch_reference import TOLERANCE, kernels_torch, tensor, torch


@each_layer
def test_layer_on_tensors(layer, shape):
    for mode in ("training", "inference"):
        for n in (5, 1):
            p, x = parameters(layer, shape), inputs(shape, n)
            y, backward = layer.forward(p, x, rng_of(mode))
            v = upstream(y)
            dx, gradients = backward(v)

            p_, x_ = {name: tensor(w) for name, w in p.items()}, tensor(x)
            y_, backward_ = layer.forward(p_, x_, rng_of(mode))
            dx_, gradients_ = backward_(tensor(v))

            assert {type(a) for a in (y_, dx_, *gradients_.values())} == {torch.Tensor}
            assert same(y_, y, TOLERANCE)
            assert same(dx_, dx, TOLERANCE)
            assert set(gradients_) == set(gradients)
            for name, gradient in gradients.items():
                assert same(gradients_[name], gradient, TOLERANCE), name
                assert same(backward_(tensor(v), want_dx=False)[1][name], gradient, TOLERANCE), name
            assert torch.equal(x_, tensor(x)), "the input was changed"


@each_layer
def test_layer_on_tensors_keeps_float32(layer, shape):
    p = {name: tensor(w) for name, w in parameters(layer, shape, dtype=np.float32).items()}
    y, backward = layer.forward(p, tensor(inputs(shape, dtype=np.float32)), rng_of("training"))
    dx, gradients = backward(torch.ones_like(y))
    assert {a.dtype for a in (y, dx, *gradients.values())} == {torch.float32}


def test_ties_on_tensors():
    """The rule for equal values does not depend on the library."""
    x = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], (4, 6, 6, 2))
    for layer in (MaxPool(2), MaxPool(3), Relu()):
        y, backward = layer.forward({}, x)
        v = upstream(y)
        dx = layer.forward({}, tensor(x))[1](tensor(v))[0]
        assert same(dx, backward(v)[0], 0.0)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_loss_on_tensors(loss):
    z, t = inputs((10,)), targets(5, 10)
    value, dz = loss(z, t)
    value_, dz_ = loss(tensor(z), tensor(t))
    assert same(value_, value, TOLERANCE)
    assert same(dz_, dz, TOLERANCE)


@pytest.mark.parametrize("rule", OPTIMIZERS, ids=str)
def test_optimizer_on_tensors(rule):
    rng = np.random.default_rng(0)
    w = rng.standard_normal((4, 3))
    w_ = tensor(w)
    s, s_ = rule.start(w), rule.start(w_)
    for t in range(1, 6):
        g = rng.standard_normal(w.shape)
        w += rule.update(g, w, s, 0.1, t)
        w_ += rule.update(tensor(g), w_, s_, 0.1, t)
    assert same(w_, w, 1e-13)


def test_clipping_on_tensors():
    g = {"W": inputs((4, 3)), "b": inputs((3,))}
    for norm in (0.7, 70.0):
        _, ours = clipped(Clipped(Adam(), norm), g)
        _, theirs = clipped(Clipped(Adam(), norm), {name: tensor(a) for name, a in g.items()})
        assert all(same(theirs[name], a, 1e-14) for name, a in ours.items())


def test_the_rest_on_tensors():
    x = inputs((6, 5, 2))
    assert same(softmax(tensor(x)), softmax(x), 1e-14)

    network = Chain([Standardize(0.1), Conv(3), BatchNorm(), Relu(), Flatten(), Centre()])
    p = parameters(network, (6, 5, 2))
    p_ = {name: tensor(w) for name, w in p.items()}
    ours, theirs = (
        calibrated(network, p, [x, x + 1]),
        calibrated(network, p_, [tensor(x), tensor(x + 1)]),
    )
    assert set(ours) == set(theirs)
    assert all(same(theirs[name], w, TOLERANCE) for name, w in ours.items())

    update_average(ours, p, 0.9, 3)
    update_average(theirs, p_, 0.9, 3)
    assert all(same(theirs[name], w, TOLERANCE) for name, w in ours.items())


# How tensors lie in memory


FOR_TENSORS = [layout for layout in LAYOUTS if layout not in (backwards, read_only)]
on_tensors = pytest.mark.parametrize("layout", FOR_TENSORS, ids=lambda a: a.__name__)


def laid_out(layout, a):
    """A tensor that shares the memory of NumPy's array; PyTorch has no negative strides."""
    return torch.from_numpy(layout(a))


def in_each_layout(p, x, dy):
    """Tensors of the arrays with one of the three laid out in each way."""
    plain, x_, dy_ = {name: tensor(w) for name, w in p.items()}, tensor(x), tensor(dy)
    for layout in FOR_TENSORS:
        yield layout, ({name: laid_out(layout, w) for name, w in p.items()}, x_, dy_)
        yield layout, (plain, laid_out(layout, x), dy_)
        yield layout, (plain, x_, laid_out(layout, dy))


@each_layer
def test_layer_on_tensors_in_any_order(layer, shape):
    for mode in ("training", "inference"):
        p, x = parameters(layer, shape), inputs(shape)
        y, backward = layer.forward(p, x, rng_of(mode))
        dy = upstream(y)
        dx, gradients = backward(dy)
        for layout, arrays in in_each_layout(p, x, dy):
            y_, backward_ = layer.forward(*arrays[:2], rng_of(mode))
            dx_, gradients_ = backward_(arrays[2])
            assert same(y_, y, TOLERANCE), layout.__name__
            assert same(dx_, dx, TOLERANCE), layout.__name__
            for name, gradient in gradients.items():
                assert same(gradients_[name], gradient, TOLERANCE), (layout.__name__, name)


@on_tensors
@pytest.mark.parametrize("rule", [Adam(), AdamW(decay=0.3)], ids=str)
def test_the_fused_step_in_any_order(rule, layout):
    """The kernel goes through memory from the first number to the last, whatever lies there."""
    w, g = inputs((4, 3), 2)
    expected, memory = w.copy(), {"W": rule.start(w)}
    arrays = {"W": laid_out(layout, w)}, {"W": laid_out(layout, g)}
    theirs = {"W": rule.start(arrays[0]["W"])}
    for t in (1, 2):
        expected += rule.update(g, expected, memory["W"], 0.1, t)
        kernels_torch.adam(rule, *arrays, theirs, 0.1, t)
    assert same(arrays[0]["W"], expected, 1e-12)
    for name, kept in memory["W"].items():
        assert same(theirs["W"][name], kept, 1e-12)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda a: a.__name__)
def test_an_array_in_any_order_becomes_a_tensor(layout):
    x = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    found = like(layout(x), torch.zeros(1))
    assert np.array_equal(found, x)
    found += 1  # PyTorch may write to it: not to what was read-only
