"""The second witness: the tape's gradients equal ours, for every layer, loss and small networks.

Inside: the comparison to 1e-10 with random gradients from above. Not inside: the tape (`tape`),
what is written on it (`tape_reference`), saturation and ties (`test_check`, `test_activations`).
"""

import numpy as np
import pytest

from digitus.nn import (
    AveragePool,
    BatchNorm,
    Centre,
    Chain,
    Concat,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Sigmoid,
    Softmax,
    Standardize,
    Tanh,
    Upsample,
)
from nn.cases import (
    IMAGE,
    LAYERS,
    LOSSES,
    PLACE_LOSSES,
    answers,
    each_layer,
    inputs,
    parameters,
    public,
    rng_of,
    same,
    targets,
    trained_names,
    upstream,
)
from nn.tape import Tensor, gradients
from nn.tape_reference import LOSS, OURS, chain

TOLERANCE = 1e-10


def test_every_layer_and_loss_is_here():
    assert set(OURS) == public("layer") == {type(layer) for layer, _ in LAYERS}
    assert set(LOSS) == public("loss") == {type(loss) for loss in LOSSES}


@each_layer
def test_layer(layer, shape):
    for mode in ("training", "inference"):
        for n in (5, 1):
            p, x = parameters(layer, shape), inputs(shape, n)
            y, backward = layer.forward(p, x, rng_of(mode))
            v = upstream(y)
            dx, ours = backward(v)

            leaf, leaves = Tensor(x), {name: Tensor(w) for name, w in p.items()}
            output = OURS[type(layer)](layer, leaves, leaf, rng_of(mode))
            names = sorted(trained_names(p))
            theirs = gradients(output, v, leaf, *(leaves[name] for name in names))

            assert same(y, output.value, TOLERANCE)
            assert sorted(ours) == names
            for name, ours_, theirs_ in zip(
                ["x", *names], [dx, *map(ours.get, names)], theirs, strict=True
            ):
                assert same(ours_, theirs_, TOLERANCE), f"{name}, batch of {n}"


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_loss(loss, soft):
    for n in (5, 1):
        z, t = inputs((10,), n), targets(n, 10, soft=soft)
        value, dz = loss(z, t)
        leaf = Tensor(z)
        output = LOSS[type(loss)](loss, leaf, t)
        assert same(value, output.value, TOLERANCE)
        assert same(dz, gradients(output, 1.0, leaf)[0], TOLERANCE)


@pytest.mark.parametrize("loss", PLACE_LOSSES, ids=str)
def test_loss_at_places(loss):
    """Of pictures, with targets that nobody knows."""
    shape = (3, 4, 5, 10)
    z, t = inputs(shape[1:], 3), answers(shape)
    value, dz = loss(z, t)
    leaf = Tensor(z)
    output = LOSS[type(loss)](loss, leaf, t)
    assert same(value, output.value, TOLERANCE)
    assert same(dz, gradients(output, 1.0, leaf)[0], TOLERANCE)


NETWORKS = {
    "perceptron of Gopa 2024": Chain([Scale(), Flatten(), Dense(10), Relu(), Dense(10)]),
    "sigmoids of Shao 2023": Chain([Centre(), Flatten(), Dense(9), Sigmoid(), Dense(10)]),
    "small convolution": Chain(
        [Conv(4), BatchNorm(), Relu(), MaxPool(), Flatten(), Dropout(0.3), Dense(10)]
    ),
    "strided, averaged": Chain(
        [Standardize(), Conv(3, 5, 2), Tanh(), AveragePool(), Flatten(), Dense(10), Softmax()]
    ),
    "with ways around": Chain(
        [
            Conv(3, 1),
            Upsample(),
            Residual(Chain([Conv(3), BatchNorm(), Residual(Chain([Tanh()]))])),
            Concat(
                Chain([]), Chain([AveragePool(2), Concat(Chain([Relu()]), Chain([])), Upsample()])
            ),
            MaxPool(7),
            Flatten(),
            Dense(10),
        ]
    ),
}


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_whole_network(network, loss):
    """From the loss down to the pixels, in one walk."""
    p, x, t = parameters(network, IMAGE), inputs(IMAGE, 6), targets(6, 10)
    z, backward = network.forward(p, x, rng_of("training"))
    value, dz = loss(z, t)
    dx, ours = backward(dz)

    leaf, leaves = Tensor(x), {name: Tensor(w) for name, w in p.items()}
    output = LOSS[type(loss)](loss, chain(network, leaves, leaf, rng_of("training")), t)
    names = list(ours)
    dx_, *theirs = gradients(output, 1.0, leaf, *(leaves[name] for name in names))

    assert same(value, output.value, TOLERANCE)
    assert same(dx, dx_, TOLERANCE)
    for name, theirs_ in zip(names, theirs, strict=True):
        assert same(ours[name], theirs_, TOLERANCE), name


def test_the_tape_itself():
    """On f = Σ (x y + x²) / y, whose gradients are (1 + 2x/y) and -x²/y²."""
    x, y = Tensor([[1.0, -2.0, 3.0]]), Tensor([[2.0], [4.0]])
    dx, dy = gradients(((x * y + x**2) / y).sum(), 1.0, x, y)
    assert np.allclose(dx, [[2 + 2 * (1 / 2 + 1 / 4), 2 - 4 * (3 / 4), 2 + 6 * (3 / 4)]])
    assert np.allclose(dy, [[-14 / 4], [-14 / 16]])
