"""The second witness: the tape's gradients equal ours, for every layer, loss and small networks.

Inside: every layer and loss written once more, from its definition, in operations of the tape; and
the comparison to 1e-10 with random gradients from above. Not inside: the tape (`tape`), saturation
and ties (`test_check`, `test_layers`).
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
    Deslant,
    Dropout,
    Flatten,
    HeatmapFocal,
    MaxPool,
    MultiTask,
    PlaceCrossEntropy,
    Relu,
    Residual,
    Scale,
    Sigmoid,
    SmoothAbsolute,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Standardize,
    Tanh,
    Upsample,
)
from digitus.nn.deslant import EPSILON
from nn.cases import (
    IMAGE,
    LAYERS,
    LOSSES,
    NAMES,
    PLACE_LOSSES,
    answers,
    inputs,
    parameters,
    public,
    rng_of,
    same,
    targets,
    trained_names,
    upstream,
)
from nn.tape import Tensor, gradients, tensor

TOLERANCE = 1e-10


def dense(layer, p, x, rng):
    return x @ p["W"] + p["b"]


def conv(layer, p, x, rng):
    """A sum over the places in the kernel: each is a dense layer on a shifted image."""
    k, s = layer.kernel, layer.stride
    x = x.pad(k // 2) if layer.padding == "same" else x
    h, w = ((size - k) // s + 1 for size in x.shape[1:3])
    y = p["b"]
    for i in range(k):
        for j in range(k):
            y = x[:, i : i + s * (h - 1) + 1 : s, j : j + s * (w - 1) + 1 : s] @ p["W"][i, j] + y
    return y


def max_pool(layer, p, x, rng):
    s, (h, w) = layer.size, x.shape[1:3]
    y = x[:, 0 : h - s + 1 : s, 0 : w - s + 1 : s]
    for i, j in list(np.ndindex(s, s))[1:]:
        y = y.maximum(x[:, i : h - s + 1 + i : s, j : w - s + 1 + j : s])
    return y


def average_pool(layer, p, x, rng):
    """Rows and columns become [h' s] and [w' s], and s is summed away."""
    s, (n, h, w, c) = layer.size, x.shape
    x = x[:, : h // s * s, : w // s * s]
    return x.reshape(n, h // s, s, w // s, s, c).sum((2, 4)) / s**2


def upsample(layer, p, x, rng):
    """Each pixel at its place in a row, then in a column: a product with zeros and ones."""
    n, h, w, c = x.shape
    f = layer.factor
    rows, cols = (tensor(np.repeat(np.eye(size), f, 1)[None, :, :, None]) for size in (h, w))
    x = (x.reshape(n, h, 1, w * c) * rows).sum(1).reshape(n * h * f, w, 1, c)
    return (x * cols).sum(1).reshape(n, h * f, w * f, c)


def deslant(layer, p, x, rng):
    """By the definition: each output pixel looks at all pixels of its row, most of them with 0."""
    n, h, w, c = x.shape
    i, j = tensor(np.arange(h)[:, None]), tensor(np.arange(w))
    weight = (x * x).sum(-1)

    def mean(z):
        return (weight * z).sum((1, 2), keepdims=True) / weight.sum((1, 2), keepdims=True)

    a, b = i - mean(i), j - mean(j)
    var, cov = mean(a * a) + EPSILON, mean(a * b)
    k = tensor(1.0)
    if layer.width:
        k = (mean(b * b) - cov * cov / var + EPSILON) ** 0.5 / layer.width
        k = -(-k.maximum(1 / layer.most)).maximum(-layer.most)
    q = mean(j) + k * (j - (w - 1) / 2) + a * cov / var
    away = q[..., None] - j
    near = (1 - away.maximum(-away)).maximum(0)  # [n h w w]
    return (near.reshape(n, h, w, w, 1) * x.reshape(n, h, 1, w, c)).sum(3)


def batch_norm(layer, p, x, rng):
    axes = tuple(range(len(x.shape) - 1))
    m = np.prod(x.shape[:-1])
    mean, var = p["mean"], p["var"]
    if rng is not None:
        mean = x.sum(axes) / m
        var = ((x - mean) ** 2).sum(axes) / m
    return (x - mean) / (var + layer.epsilon) ** 0.5 * p["gamma"] + p["beta"]


def dropout(layer, p, x, rng):
    if rng is None or layer.rate == 0:
        return x
    return x * (rng.random(x.shape, dtype=np.float32) >= layer.rate) / (1 - layer.rate)


def softmax(layer, p, x, rng):
    return x.exp() / x.exp().sum(-1, keepdims=True)


def chain(layer, p, x, rng):
    for i, inner in enumerate(layer.layers):
        own = {n.partition(".")[2]: w for n, w in p.items() if n.partition(".")[0] == str(i)}
        x = OURS[type(inner)](inner, own, x, rng)
    return x


def concat(layer, p, x, rng):
    """Each half is placed among zeros, by a product with ones at its channels."""
    halves = []
    for k, branch in enumerate((layer.first, layer.second)):
        own = {n.partition(".")[2]: w for n, w in p.items() if n.partition(".")[0] == str(k)}
        halves.append(chain(branch, own, x, rng))
    channels = [half.shape[-1] for half in halves]
    places = np.split(np.eye(sum(channels)), channels[:1])
    return halves[0] @ tensor(places[0]) + halves[1] @ tensor(places[1])


OURS = {
    AveragePool: average_pool,
    BatchNorm: batch_norm,
    Centre: lambda layer, p, x, rng: x - p["mean"],
    Chain: chain,
    Concat: concat,
    Conv: conv,
    Dense: dense,
    Deslant: deslant,
    Dropout: dropout,
    Flatten: lambda layer, p, x, rng: x.reshape(x.shape[0], -1),
    MaxPool: max_pool,
    Relu: lambda layer, p, x, rng: tensor(0.0).maximum(x),
    Residual: lambda layer, p, x, rng: x + chain(layer.body, p, x, rng),
    Scale: lambda layer, p, x, rng: x / layer.divisor,
    Sigmoid: lambda layer, p, x, rng: tensor(1.0) / ((-x).exp() + 1.0),
    Softmax: softmax,
    Standardize: lambda layer, p, x, rng: (x - p["mean"]) / p["deviation"].maximum(layer.floor),
    Tanh: lambda layer, p, x, rng: ((x * 2).exp() - 1) / ((x * 2).exp() + 1),
    Upsample: upsample,
}


def cross_entropy(loss, z, t):
    t = (1 - loss.smoothing) * t + loss.smoothing / z.shape[1]
    return -(softmax(None, {}, z, None).log() * t).sum() / z.shape[0]


def focal(loss, z, t):
    """As in the papers, by the probability p of something and q of nothing: 1/p = 1 + e⁻ᶻ."""
    per_p, per_q, known = (-z).exp() + 1, z.exp() + 1, ~np.isnan(t)
    t = np.where(known, t, 0)
    there = per_q**-loss.alpha * per_p.log() * (known & (t == 1))
    not_there = per_p**-loss.alpha * per_q.log() * (known & (t < 1)) * (1 - t) ** loss.beta
    return (there + not_there).sum() / z.shape[0]


def smooth_absolute(loss, z, t):
    known = ~np.isnan(t)
    e = (z - np.where(known, t, 0)) * known
    near = np.abs(e.value) < loss.beta
    far = e.maximum(-e) - loss.beta / 2
    return (e**2 / (2 * loss.beta) * near + far * ~near).sum() / z.shape[0]


def place_cross_entropy(loss, z, t):
    t = np.where(np.isnan(t).any(-1, keepdims=True), 0, t)
    return -(softmax(None, {}, z, None).log() * t).sum() / z.shape[0]


def multi_task(loss, z, t):
    total, start = tensor(0.0), 0
    for part, channels, weight in loss.parts:
        own = (..., slice(start, start := start + channels))
        total = total + LOSS[type(part)](part, z[own], t[own]) * weight
    return total


LOSS = {
    HeatmapFocal: focal,
    MultiTask: multi_task,
    PlaceCrossEntropy: place_cross_entropy,
    SmoothAbsolute: smooth_absolute,
    SoftmaxCrossEntropy: cross_entropy,
    SquaredError: lambda loss, y, t: ((y - t) ** 2).sum() / (2 * y.shape[0]),
}


def test_every_layer_and_loss_is_here():
    assert set(OURS) == public("layer") == {type(layer) for layer, _ in LAYERS}
    assert set(LOSS) == public("loss") == {type(loss) for loss in LOSSES}


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=NAMES)
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
