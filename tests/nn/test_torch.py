"""The third witness: PyTorch's own layers, losses, optimizers and automatic gradients, in float64.

Inside: ours on NumPy beside PyTorch's functions; ours on PyTorch's tensors beside ours on NumPy.
Not inside: float32, speed, accelerators. Without PyTorch this file is skipped, unless
`DIGITUS_REQUIRE` names torch.
"""

import os

import numpy as np
import pytest

from digitus.nn import (
    Adam,
    AdamW,
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
    GradientDescent,
    HeatmapFocal,
    MaxPool,
    Momentum,
    MultiTask,
    Nesterov,
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
    calibrated,
    like,
    softmax,
    update_average,
)
from digitus.nn.deslant import EPSILON
from nn.cases import (
    LAYERS,
    LOSSES,
    NAMES,
    OPTIMIZERS,
    PLACE_LOSSES,
    answers,
    inputs,
    parameters,
    public,
    rng_of,
    same,
    targets,
    upstream,
)
from nn.layouts import LAYOUTS, backwards, read_only

if "torch" in os.environ.get("DIGITUS_REQUIRE", "").split(","):
    import torch
else:
    torch = pytest.importorskip("torch", reason="the third witness, PyTorch, is not installed")
functional = torch.nn.functional
kernels_torch = pytest.importorskip("digitus.nn.kernels_torch")

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


def test_every_layer_loss_and_optimizer_is_here():
    assert set(THEIRS) == public("layer") == {type(layer) for layer, _ in LAYERS}
    assert set(THEIR_LOSS) == public("loss") == {type(loss) for loss in LOSSES}
    assert {type(rule) for rule in OPTIMIZERS} == public("optimizer")


# Their functions beside ours


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=NAMES)
def test_layer(layer, shape):
    for mode in ("training", "inference"):
        p, x = parameters(layer, shape), inputs(shape)
        y, backward = layer.forward(p, x, rng_of(mode))
        v = upstream(y)
        dx, gradients = backward(v)

        x_ = tensor(x, grad=True)
        p_ = {name: tensor(w, grad=name in gradients) for name, w in p.items()}
        y_ = THEIRS[type(layer)](layer, p_, x_, rng_of(mode))
        y_.backward(tensor(v))

        assert same(y, y_.detach(), TOLERANCE)
        assert same(dx, x_.grad, TOLERANCE)
        for name, gradient in gradients.items():
            assert same(gradient, p_[name].grad, TOLERANCE), name


@pytest.mark.parametrize("size", [1.0, 100.0])
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_loss(loss, soft, size):
    z, t = size * inputs((10,)), targets(5, 10, soft=soft)
    value, dz = loss(z, t)
    z_ = tensor(z, grad=True)
    value_ = THEIR_LOSS[type(loss)](loss, z_, tensor(t))
    value_.backward()
    assert same(value, value_.detach(), TOLERANCE)
    assert same(dz, z_.grad, TOLERANCE)


@pytest.mark.parametrize("size", [1.0, 30.0])
@pytest.mark.parametrize("loss", PLACE_LOSSES, ids=str)
def test_loss_at_places(loss, size):
    """Of pictures, with targets that nobody knows; on our arrays and on theirs."""
    shape = (3, 4, 5, 10)
    z, t = size * inputs(shape[1:], 3), answers(shape)
    value, dz = loss(z, t)
    z_ = tensor(z, grad=True)
    value_ = THEIR_LOSS[type(loss)](loss, z_, tensor(t))
    value_.backward()
    for ours, gradient in ((value, dz), loss(tensor(z), tensor(t))):
        assert same(ours, value_.detach(), TOLERANCE)
        assert same(gradient, z_.grad, TOLERANCE)
        assert not np.asarray(gradient)[np.isnan(t)].any()


def their_optimizer(rule, W, b, rate):
    if isinstance(rule, AdamW):
        groups = [{"params": [W], "weight_decay": rule.decay}, {"params": [b], "weight_decay": 0}]
        return torch.optim.AdamW(groups, lr=rate, betas=(rule.beta1, rule.beta2), eps=rule.epsilon)
    if isinstance(rule, Adam):
        betas = (rule.beta1, rule.beta2)
        return torch.optim.Adam([W, b], lr=rate, betas=betas, eps=rule.epsilon)
    if isinstance(rule, GradientDescent):
        return torch.optim.SGD([W, b], lr=rate)
    assert isinstance(rule, Momentum | Nesterov)
    nesterov = isinstance(rule, Nesterov)
    return torch.optim.SGD([W, b], lr=rate, momentum=rule.mu, nesterov=nesterov)


@pytest.mark.parametrize("rule", OPTIMIZERS, ids=str)
def test_optimizer(rule):
    """Thirty steps on random gradients, with a rate that changes; a matrix and a vector."""
    rng = np.random.default_rng(0)
    ours = {"W": rng.standard_normal((4, 3)), "b": rng.standard_normal(3)}
    memory = {name: rule.start(w) for name, w in ours.items()}
    theirs = {name: tensor(w, grad=True) for name, w in ours.items()}
    optimizer = their_optimizer(rule, theirs["W"], theirs["b"], 0.1)
    for t in range(1, 31):
        rate = 0.1 / t
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, w in ours.items():
            g = rng.standard_normal(w.shape)
            theirs[name].grad = tensor(g)
            w += rule.update(g, w, memory[name], rate, t)
        optimizer.step()
    for name, w in ours.items():
        assert same(w, theirs[name].detach(), 1e-12)


# Our code on their tensors


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=NAMES)
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


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=NAMES)
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


@on_tensors
@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=NAMES)
def test_layer_on_tensors_in_any_order(layer, shape, layout):
    for mode in ("training", "inference"):
        p, x = parameters(layer, shape), inputs(shape)
        y, backward = layer.forward(p, x, rng_of(mode))
        dy = upstream(y)
        dx, gradients = backward(dy)
        plain = {name: tensor(w) for name, w in p.items()}
        x_, dy_ = tensor(x), tensor(dy)
        for arrays in (
            ({name: laid_out(layout, w) for name, w in p.items()}, x_, dy_),
            (plain, laid_out(layout, x), dy_),
            (plain, x_, laid_out(layout, dy)),
        ):
            y_, backward_ = layer.forward(*arrays[:2], rng_of(mode))
            dx_, gradients_ = backward_(arrays[2])
            assert same(y_, y, TOLERANCE)
            assert same(dx_, dx, TOLERANCE)
            for name, gradient in gradients.items():
                assert same(gradients_[name], gradient, TOLERANCE), name


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
