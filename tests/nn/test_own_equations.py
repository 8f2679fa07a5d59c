"""A subclass with equations of its own is never replaced by what is made for its parent.

Kernels, blocks of layers, plans of whole networks, fusion and exports know equations by the class
that has them. Inside: every public layer, loss and rule with other equations in a subclass,
wherever something else could compute in its place; NumPy, which knows of no kernels, is the
reference. Not inside: the equations of the classes themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from digitus import nn
from digitus.errors import ShapeError
from digitus.export.operations import listed
from digitus.nn.check_cases import layer_cases, loss_cases
from digitus.nn.fusion import fused
from digitus.nn.inference import Inference
from digitus.training.source import right_classes
from digitus.training.step import TrainStep, gradient, shard_size
from nn.compiled import BEST, needs_kernels
from small import batch, digits

LAYERS: dict[str, Any] = {type(layer).__name__: layer for _, layer, _ in layer_cases(0)}
LAYERS["Concat"] = nn.Concat(nn.Chain([nn.Conv(2)]), nn.Chain([]))  # whatever the channels are
LAYERS["Residual"] = nn.Residual(nn.Chain([nn.Conv(7), nn.BatchNorm()]))
LOSSES = {type(loss).__name__: loss for _, loss, *_ in loss_cases(0)}
RULES = (
    nn.GradientDescent(), nn.Momentum(), nn.Nesterov(), nn.Adam(), nn.AdamW(),
    nn.Clipped(nn.Adam(), 1.0),
)  # fmt: skip
# What a kernel or a plan joins to the layer before them, and those that it joins layers to.
FOLLOWERS: tuple[list[nn.Layer], ...] = (
    [],
    [nn.Relu()],
    [nn.MaxPool()],
    [nn.BatchNorm(), nn.Relu()],
)
LEADERS: tuple[list[nn.Layer], ...] = ([], [nn.Conv(3)], [nn.Flatten(), nn.Dense(7)])


def own(thing: Any, **methods: Any) -> Any:
    """It in a subclass of its class that has these methods, with the same settings."""
    made: Any = object.__new__(type("Own" + type(thing).__name__, (type(thing),), methods))
    for field in fields(thing):
        object.__setattr__(made, field.name, getattr(thing, field.name))
    return made


def own_layer(layer: Any) -> Any:
    """It gives 0.5 - y where its parent gives y."""

    def forward(self: Any, p: nn.Params, x: Any, rng: Any = None) -> Any:
        y, back = type(layer).forward(self, p, x, rng)
        return 0.5 - y, lambda dy, want_dx=True: back(-dy, want_dx)

    return own(layer, forward=forward)


def networks(name: str) -> Iterator[tuple[nn.Chain, nn.Params, np.ndarray[Any, Any]]]:
    """The layer alone and beside those that it could be joined with, where they fit."""
    layer = LAYERS[name]
    shape, rng = (6, 6, 7), nn.stream(0, "own equations", name)
    for before in LEADERS:
        for after in FOLLOWERS:
            chain = nn.Chain([*before, own_layer(layer), *after])
            try:
                chain.plan(shape)
            except ShapeError:
                continue
            for whole in (chain, nn.Chain([nn.Dropout(0.0), nn.Chain(chain.layers)])):
                p = {key: rng.uniform(0.5, 1.5, size) for key, size in whole.plan(shape)[0].items()}
                yield whole, p, rng.standard_normal((3, *shape))


def same(found: Any, expected: Any) -> None:
    size = max(1.0, float(np.abs(expected).max()))
    rounding = 1e-9 if found.dtype == np.float64 else 2e-5
    np.testing.assert_allclose(found, expected, rtol=0, atol=rounding * size)


def learnt(network: nn.Chain, p: nn.Params, x: Any) -> list[Any]:
    """Outputs, dx and gradients of a training step."""
    y, back = network.forward(p, x, nn.stream(0, "dropout"))
    dx, gradients = back(np.ones_like(y) / (1 + y * y))
    return [y, dx, *(gradients[name] for name in sorted(gradients))]


@needs_kernels
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_with_its_own_equations_trains_and_answers_by_them(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0
    for network, p, x in networks(name):
        monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
        expected, trained = network.forward(p, x)[0], learnt(network, p, x)
        monkeypatch.setattr("digitus.nn.kernels.asked", BEST)
        same(network.forward(p, x)[0], expected)
        for found, right in zip(learnt(network, p, x), trained, strict=True):
            same(found, right)
        other, params = fused(network, p)
        same(other.forward(params, x)[0], expected)
        if (answers := Inference(network, p)(x)) is not None:
            same(answers, expected.reshape(answers.shape))
        count += 1
    assert count


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_with_its_own_equations_is_not_exported_as_its_parent(name: str) -> None:
    layer = LAYERS[name]
    before: list[nn.Layer] = [nn.Flatten()] if name in ("Dense", "Exemplars") else [nn.Conv(7)]
    for made in (layer, own_layer(layer)):
        network = nn.Chain([*before, made])
        p = {key: np.ones(size, np.float32) for key, size in network.plan((6, 6, 1))[0].items()}
        kinds = [operation.kind for operation in listed(network, p, (6, 6))]
        assert ("Own" + name in kinds) == (made is not layer)


def test_an_export_numbers_layers_as_the_network_does_whatever_has_gone_into_others() -> None:
    network = nn.Chain([nn.Conv(7), nn.BatchNorm(), nn.BatchNorm(), nn.Relu()])
    p = {key: np.ones(size, np.float32) for key, size in network.plan((6, 6, 1))[0].items()}
    assert [o.layer.partition(",")[0] for o in listed(network, p, (6, 6))] == ["layer 0", "layer 3"]


class Twice(nn.Chain):
    """It gives 2 y where its parent gives y."""

    def forward(self, p: nn.Params, x: Any, rng: Any = None) -> Any:
        y, back = super().forward(p, x, rng)
        return y * 2, lambda dy, want_dx=True: back(dy * 2, want_dx)


def places(kind: type[nn.Chain]) -> tuple[nn.Chain, ...]:
    """Networks of which a chain of that kind is the whole or a part."""
    inner = kind([nn.Conv(7), nn.BatchNorm()])
    around: list[nn.Layer] = [
        nn.Residual(inner),
        nn.Residual(nn.Chain([inner])),
        nn.Residual(nn.Chain([nn.Residual(inner)])),
        nn.Concat(inner, nn.Chain([])),
        nn.Concat(nn.Chain([]), inner),
    ]
    return (inner, nn.Chain([inner, nn.Relu()]), *(nn.Chain([layer]) for layer in around))


@pytest.mark.parametrize("network", places(Twice), ids=str)
def test_a_chain_with_its_own_equations_is_not_taken_apart(network: nn.Chain) -> None:
    x = nn.stream(0, "x").standard_normal((2, 6, 6, 7)).astype(np.float32)
    p = {k: np.full(s, 0.1, np.float32) for k, s in network.plan((6, 6, 7))[0].items()}
    expected = network.forward(p, x)[0]
    other, params = fused(network, p)
    same(other.forward(params, x)[0], expected)
    if (answers := Inference(network, p)(x)) is not None:
        same(answers, expected)


@pytest.mark.parametrize("place", range(len(places(nn.Chain))))
def test_a_chain_with_its_own_equations_is_not_exported_as_its_parent(place: int) -> None:
    for kind in (nn.Chain, Twice):
        network = places(kind)[place]
        if isinstance(network.layers[0], nn.Residual):  # its body keeps the channels, seven here
            network = nn.Chain([nn.Conv(7), *network.layers])
        p = {k: np.ones(s, np.float32) for k, s in network.plan((6, 6, 1))[0].items()}
        kinds = [operation.kind for operation in listed(network, p, (6, 6))]
        assert ("Twice" in kinds) == (kind is Twice)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_rule_with_its_own_equations_takes_its_own_steps(rule: Any, library: str) -> None:
    mine = own(rule, update=lambda self, g, w, s, rate, t: g * 0 + 0.25)
    w = np.ones((3, 4), np.float32)
    if library == "torch":
        w = pytest.importorskip("torch").asarray(w)
    params, gradients = {"0.W": w * 1}, {"0.W": w * 3}
    memory = {"0.W": mine.start(w)}
    step = TrainStep(nn.Chain([nn.Dense(4)]), nn.SquaredError(), mine, right_classes)
    step.update(params, gradients, memory, None, rate=0.1, step=0)
    np.testing.assert_array_equal(params["0.W"], np.full((3, 4), 1.25))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_with_its_own_equations_is_the_one_that_is_learnt_by(name: str) -> None:
    loss = own(LOSSES[name], __call__=lambda self, z, t: (7.0, z * 0 + 1))
    network = nn.Chain([nn.Scale(), nn.Flatten(), nn.Dense(10)])
    p = nn.initial(network, (28, 28, 1), nn.He(), nn.stream(0, "initial"))
    some = batch(digits().take(slice(40)))
    tally, gradients = gradient(network, loss, p, some)
    assert tally.loss == 7
    same(gradients["2.b"], np.full(10, 40.0))


def test_a_normalisation_of_batches_with_its_own_equations_is_one_of_batches() -> None:
    mine = own_layer(nn.BatchNorm())
    for layers in ([nn.Dense(3), mine], [nn.Conv(3), mine, own_layer(nn.Conv(3))]):
        plain = [nn.BatchNorm() if layer is mine else layer for layer in layers]
        found, right = (shard_size(nn.Chain(some), 4096, 4, 100) for some in (layers, plain))
        assert found == right
