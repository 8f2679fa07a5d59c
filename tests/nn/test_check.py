"""The gradient check itself: all of digitus passes it, and nothing is left out of it.

Inside: every finding of `check_all`; the census of public layers and losses against its table;
`check_network`. Not inside: gradients that must fail (`test_mutations`), other witnesses
(`test_tape`, `test_torch`).
"""

import importlib
import pkgutil
from dataclasses import replace

import numpy as np
import pytest

from digitus import nn
from digitus.errors import ShapeError
from digitus.nn import (
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Relu,
    Scale,
    SoftmaxCrossEntropy,
    SquaredError,
    check_all,
    check_network,
)
from digitus.nn import check as module
from digitus.nn.check import check_loss
from nn.cases import kind, public


@pytest.mark.parametrize("seed", range(3))
def test_every_gradient_of_digitus_passes(seed):
    findings = list(check_all(seed))
    assert not [f for f in findings if not f.passed]
    assert len(findings) > 450


def test_the_table_has_every_public_layer_and_loss():
    """A layer or loss that is added to `digitus.nn` without its cases fails here."""
    cases = list(module.layer_cases(0))
    assert public("layer") == {type(layer) for _, layer, _ in cases}
    assert public("loss") == {type(loss) for _, loss, _, _ in module.loss_cases(0)}
    for cls in public("layer"):
        assert 1 in {len(x) for _, layer, x in cases if type(layer) is cls}, f"{cls}: no batch of 1"


def test_every_public_class_is_of_a_known_kind():
    assert public("unknown") == set()


def test_everything_that_looks_like_a_layer_or_a_loss_is_public():
    """One in a module of `nn` that is not exported would escape the census."""
    found = {"layer": set(), "loss": set()}
    for info in pkgutil.iter_modules(nn.__path__):
        if info.name in ("kernels_torch", "blocks"):  # imports PyTorch; made of layers by a chain
            continue
        for thing in vars(importlib.import_module(f"digitus.nn.{info.name}")).values():
            ours = isinstance(thing, type) and thing.__module__.startswith("digitus.nn")
            if ours and (what := kind(thing)) in found:
                found[what].add(thing)
    assert found == {what: public(what) for what in found}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_must_be_finite(value):
    z, t = np.ones((2, 3)), np.eye(3)[:2]
    findings = check_loss(lambda z, t: (value, SquaredError()(z, t)[1]), z, t)
    with np.errstate(all="ignore"):
        assert not all(finding.passed for finding in findings)


RECIPE = Chain(
    [
        Scale(),
        Conv(4),
        BatchNorm(),
        Relu(),
        MaxPool(),
        Flatten(),
        Dropout(0.3),
        Dense(8),
        Relu(),
        Dense(10),
    ]
)


@pytest.mark.parametrize("loss", [SoftmaxCrossEntropy(0.1), SquaredError()], ids=str)
def test_a_network_passes(loss):
    findings = list(check_network(RECIPE, (8, 8, 1), loss, seed=1))
    assert all(finding.passed for finding in findings)
    expected = {"1.W", "1.b", "2.gamma", "2.beta", "7.W", "7.b", "9.W", "9.b"}
    assert {finding.array for finding in findings} == expected


def test_a_deep_network_passes_in_spite_of_its_kinks():
    """One of its 25 000 Relus gets 2.6e-8: every difference steps over that kink."""
    block = [BatchNorm(), Relu(), Conv(4)]
    deep = Chain([Scale(), Conv(4), *block, *block, MaxPool(4), Flatten(), Dense(10)])
    findings = list(check_network(deep, (28, 28, 1), SoftmaxCrossEntropy(), seed=4))
    assert not [finding for finding in findings if not finding.passed]


def test_a_network_that_does_not_fit():
    with pytest.raises(ShapeError, match=r"layer 1, Dense.*needs a vector.*\[8, 8, 1\]"):
        list(check_network(Chain([Scale(), Dense(10)]), (8, 8, 1), SquaredError()))


def test_an_empty_network_has_nothing_to_check():
    assert list(check_network(Chain([Flatten()]), (5, 2, 1), SquaredError())) == []


def test_nan_never_passes():
    finding = module.Finding("case", "x", np.nan)
    assert not finding.passed
    assert not replace(finding, error=np.inf).passed
    assert replace(finding, error=1e-9).passed
