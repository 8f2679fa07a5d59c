"""Every layer and loss written forwards on the tape, which finds their gradients by itself."""

import numpy as np

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
    Exemplars,
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
from digitus.nn.exemplars import EPSILON as MEMORY_EPSILON
from nn.tape import tensor


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


def exemplars(layer, p, x, rng):
    """By the definition: probabilities, to which the votes of what is near are added."""
    probable = softmax(None, {}, x @ p["W"] + p["b"], None)
    unit = x / ((x * x).sum(-1, keepdims=True) + MEMORY_EPSILON) ** 0.5
    n, e = x.shape[0], p["spread"].shape[0]
    across = (unit.reshape(n, 1, -1) * p["centres"].reshape(1, e, -1)).sum(2)
    near = ((across - 1) / p["spread"]).exp()
    return (probable + near @ p["votes"]).log()


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
    Exemplars: exemplars,
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
