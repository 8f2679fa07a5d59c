"""The third witness: PyTorch's own layers, losses, optimizers and automatic gradients, in float64.

Ours on NumPy beside PyTorch's functions (`torch_reference`). Not inside: ours on PyTorch's tensors
(`test_tensors`), float32, speed, accelerators. Where PyTorch is missing, what asks for it
is skipped, unless `DIGITUS_REQUIRE` names torch.
"""

import numpy as np
import pytest

from digitus.nn import (
    Adam,
    AdamW,
    Clipped,
    GradientDescent,
    Momentum,
    Nesterov,
    clipped,
)
from nn.cases import (
    LAYERS,
    LOSSES,
    OPTIMIZERS,
    PLACE_LOSSES,
    answers,
    each_layer,
    inputs,
    parameters,
    public,
    rng_of,
    same,
    targets,
    upstream,
)
from nn.torch_reference import THEIR_LOSS, THEIRS, TOLERANCE, tensor, torch


def test_every_layer_loss_and_optimizer_is_here():
    assert set(THEIRS) == public("layer") == {type(layer) for layer, _ in LAYERS}
    assert set(THEIR_LOSS) == public("loss") == {type(loss) for loss in LOSSES}
    assert {type(rule) for rule in OPTIMIZERS} == public("optimizer")


@each_layer
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
    if isinstance(rule, Clipped):
        return their_optimizer(rule.rule, W, b, rate)
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
        g = {name: rng.standard_normal(w.shape) for name, w in ours.items()}
        for name, w in theirs.items():
            w.grad = tensor(g[name])
        own, g = clipped(rule, g)
        for name, w in ours.items():
            w += own.update(g[name], w, memory[name], rate, t)
        if isinstance(rule, Clipped):
            torch.nn.utils.clip_grad_norm_(theirs.values(), rule.norm)
        optimizer.step()
    # PyTorch adds 1e-6 to the length of a gradient before it divides by it.
    tolerance = 1e-5 if isinstance(rule, Clipped) else 1e-12
    for name, w in ours.items():
        assert same(w, theirs[name].detach(), tolerance)
