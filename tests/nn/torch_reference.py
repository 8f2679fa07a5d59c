"""Every layer and loss as PyTorch computes it, in float64: the third witness of the gradients.

Where PyTorch is missing, tests that ask this file for something are skipped, unless
`DIGITUS_REQUIRE` names torch. Not inside: what is compared (`test_torch`, `test_tensors`).
"""

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
from later import Later
from nn.cases import pytorch

torch = Later("torch", pytorch)
functional = Later("torch.nn.functional", pytorch)
kernels_torch = Later("digitus.nn.kernels_torch", pytorch)

TOLERANCE = 1e-10


def tensor(a, grad=False):
    return torch.tensor(np.asarray(a), requires_grad=grad)


def second(x):
    """Channels last to channels second, as PyTorch has them."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


def conv(layer, p, x, rng):
    W = p["W"].permute(3, 2, 0, 1)
    padding = "valid" if layer.padding == "valid" else layer.kernel // 2
    return last(functional.conv2d(second(x), W, p["b"], layer.stride, padding))


def batch_norm(layer, p, x, rng):
    y = functional.batch_norm(
        second(x),
        p["mean"].detach().clone(),
        p["var"].detach().clone(),
        p["gamma"],
        p["beta"],
        training=rng is not None,
        eps=layer.epsilon,
    )
    return last(y)


def deslant(layer, p, x, rng):
    """Their moments and their bilinear look-up, which takes places from -1 to 1."""
    _, h, w, _ = x.shape
    i, j = torch.meshgrid(torch.arange(h).double(), torch.arange(w).double(), indexing="ij")
    weight = x.square().sum(-1)
    weight = weight / weight.sum((1, 2), keepdim=True)
    mean_i, mean_j = ((weight * z).sum((1, 2), keepdim=True) for z in (i, j))
    var_i = (weight * (i - mean_i) ** 2).sum((1, 2), keepdim=True) + EPSILON
    var_j = (weight * (j - mean_j) ** 2).sum((1, 2), keepdim=True)
    cov = (weight * (i - mean_i) * (j - mean_j)).sum((1, 2), keepdim=True)
    k = torch.ones_like(cov)
    if layer.width:
        k = torch.sqrt(var_j - cov**2 / var_i + EPSILON) / layer.width
        k = torch.clamp(k, 1 / layer.most, layer.most)
    q = mean_j + k * (j - (w - 1) / 2) + cov / var_i * (i - mean_i)
    places = torch.stack([2 * q / (w - 1) - 1, (2 * i / (h - 1) - 1).expand_as(q)], dim=-1)
    return last(functional.grid_sample(second(x), places, align_corners=True))


def dropout(layer, p, x, rng):
    if rng is None or layer.rate == 0:
        return x
    kept = rng.random(tuple(x.shape), dtype=np.float32) >= layer.rate
    return torch.where(tensor(kept), x / (1 - layer.rate), 0.0)


def standardize(layer, p, x, rng):
    return (x - p["mean"]) / torch.clamp(p["deviation"], layer.floor)


def exemplars(layer, p, x, rng):
    """Their logarithms of sums, of the probabilities and of every single vote."""
    log_p = functional.log_softmax(functional.linear(x, p["W"].T, p["b"]), -1)
    unit = x / torch.sqrt(x.square().sum(-1, keepdim=True) + MEMORY_EPSILON)
    log_near = (functional.linear(unit, p["centres"]) - 1) / p["spread"]
    voted = torch.logsumexp(log_near[..., None] + torch.log(p["votes"]), 1)
    return torch.logaddexp(log_p, voted)


def chain(layer, p, x, rng):
    for i, inner in enumerate(layer.layers):
        own = {n.partition(".")[2]: w for n, w in p.items() if n.partition(".")[0] == str(i)}
        x = THEIRS[type(inner)](inner, own, x, rng)
    return x


def concat(layer, p, x, rng):
    own = [{n[2:]: w for n, w in p.items() if n.startswith(f"{k}.")} for k in (0, 1)]
    halves = [chain(layer.first, own[0], x, rng), chain(layer.second, own[1], x, rng)]
    return torch.cat(halves, -1)


def upsample(layer, p, x, rng):
    return last(functional.interpolate(second(x), scale_factor=layer.factor, mode="nearest"))


THEIRS = {
    AveragePool: lambda layer, p, x, rng: last(functional.avg_pool2d(second(x), layer.size)),
    BatchNorm: batch_norm,
    Centre: lambda layer, p, x, rng: x - p["mean"],
    Chain: chain,
    Concat: concat,
    Conv: conv,
    Deslant: deslant,
    Dense: lambda layer, p, x, rng: functional.linear(x, p["W"].T, p["b"]),
    Dropout: dropout,
    Exemplars: exemplars,
    Flatten: lambda layer, p, x, rng: torch.flatten(x, 1),
    MaxPool: lambda layer, p, x, rng: last(functional.max_pool2d(second(x), layer.size)),
    Relu: lambda layer, p, x, rng: functional.relu(x),
    Residual: lambda layer, p, x, rng: x + chain(layer.body, p, x, rng),
    Scale: lambda layer, p, x, rng: x / layer.divisor,
    Sigmoid: lambda layer, p, x, rng: torch.sigmoid(x),
    Softmax: lambda layer, p, x, rng: torch.softmax(x, -1),
    Standardize: standardize,
    Tanh: lambda layer, p, x, rng: torch.tanh(x),
    Upsample: upsample,
}


def focal(loss, z, t):
    n, known = len(z), ~torch.isnan(t)
    z, t = z[known], t[known]
    log_p, log_q = functional.logsigmoid(z), functional.logsigmoid(-z)
    there = (loss.alpha * log_q).exp() * log_p
    not_there = (1 - t) ** loss.beta * (loss.alpha * log_p).exp() * log_q
    return -torch.where(t == 1, there, not_there).sum() / n


def smooth_absolute(loss, z, t):
    known = ~torch.isnan(t)
    cost = functional.smooth_l1_loss(z[known], t[known], beta=loss.beta, reduction="sum")
    return cost / len(z)


def place_cross_entropy(loss, z, t):
    known = ~torch.isnan(t).any(-1)
    return functional.cross_entropy(z[known], t[known], reduction="sum") / len(z)


def multi_task(loss, z, t):
    channels = [channels for _, channels, _ in loss.parts]
    pieces = zip(loss.parts, z.split(channels, -1), t.split(channels, -1), strict=True)
    return sum(weight * THEIR_LOSS[type(part)](part, z, t) for (part, _, weight), z, t in pieces)


THEIR_LOSS = {
    HeatmapFocal: focal,
    MultiTask: multi_task,
    PlaceCrossEntropy: place_cross_entropy,
    SmoothAbsolute: smooth_absolute,
    SoftmaxCrossEntropy: lambda loss, z, t: functional.cross_entropy(
        z, t, label_smoothing=loss.smoothing
    ),
    SquaredError: lambda loss, y, t: functional.mse_loss(y, t, reduction="sum") / (2 * len(y)),
}
