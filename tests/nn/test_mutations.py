"""No mistake passes: three thousand wrong gradients, each of which the check must catch.

Inside: every layer of the check's table with every mutation, every loss likewise, and whole
networks with one wrong layer. Not inside: the mutations themselves (`mutations`).

A mutation counts only where it changes an array by more than 1e-9: a transposed symmetric matrix,
and 1.01 times 0, are right. To make it harder (and fast), the check may look along one random
direction only, where it would look along five.
"""

from collections import Counter
from functools import cache

import numpy as np
import pytest

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
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Tanh,
    check_network,
)
from digitus.nn import check as module
from digitus.nn.check import check_layer, check_loss
from nn.cases import public
from nn.loss_mutations import ANY_LOSS, OF_LOSS
from nn.mutants import Mutant, differ, dy_changed, on
from nn.mutations import GENERAL, SPECIAL

# The table's cases, and square ones: an array must have the shape of its transpose to hide.
SQUARE = [
    ("square", Dense(5), np.random.default_rng(0).standard_normal((5, 5))),
    ("square", Conv(3), np.random.default_rng(0).standard_normal((2, 6, 6, 3))),
    ("square", Conv(4, 3, 2), np.random.default_rng(0).standard_normal((4, 8, 8, 4))),
    ("square", Softmax(), np.random.default_rng(0).standard_normal((5, 5))),
    ("square", BatchNorm(), np.random.default_rng(0).standard_normal((5, 5))),
]


@cache
def cases_of(layer):
    """Every case of the check for an equal layer: (x, side)."""
    cases = [(x, None) for _, other, x in [*module.layer_cases(0), *SQUARE] if other == layer]
    cases.sort(key=lambda case: case[0].size)
    return cases + [(x, side) for _, other, x, side in module.kink_cases(0) if other == layer]


def mutants():
    """(layer, mutation's name, mutation) for all that should be caught."""
    layers = dict.fromkeys(layer for _, layer, _ in [*module.layer_cases(0), *SQUARE])
    for layer in layers:
        shape = cases_of(layer)[0][0].shape[1:]
        statistics = ("mean", "var", "deviation", "centres", "spread", "votes")
        keys = ["x", *(k for k in layer.plan(shape)[0] if not k.endswith(statistics))]
        for key in keys:
            for name, change in GENERAL.items():
                yield layer, f"{key}: {name}", on(key, change)
        yield layer, "dy changed", dy_changed
        for name, spoil in SPECIAL.get(type(layer), {}).items():
            yield layer, name, spoil


MUTANTS = list(mutants())


@pytest.fixture(autouse=True)
def _one_direction(monkeypatch):
    monkeypatch.setattr(module, "DIRECTIONS", 1)


@cache
def outcome(number):
    """What the check makes of a mutant, on the smallest of its layer's cases first.

    "equivalent": nothing was changed. "impossible": it needs an array to be square, and none is.
    """
    layer, _, spoil = MUTANTS[number]
    changes = []
    for x, side in cases_of(layer):
        findings = check_layer(Mutant(layer, spoil, changes), x, side=side)
        try:
            with np.errstate(all="ignore"):  # NaN and infinity are meant
                if any(not finding.passed for finding in findings):
                    return "caught"
        except ValueError:
            continue
    return "survived" if any(changes) else "equivalent" if changes else "impossible"


@pytest.mark.slow
@pytest.mark.parametrize("cls", SPECIAL, ids=lambda cls: cls.__name__)
def test_no_wrong_gradient_survives(cls):
    numbers = [i for i, (layer, _, _) in enumerate(MUTANTS) if type(layer) is cls]
    survivors = [f"{MUTANTS[i][:2]}" for i in numbers if outcome(i) == "survived"]
    count = Counter(map(outcome, numbers))
    print(f"{cls.__name__}: {dict(count)}", *survivors, sep="\n  ")
    assert not survivors
    assert count["caught"] > 0


# A bias before a normalisation by the mini-batch is taken off again: in training its gradient is 0.
CHANGES_NOTHING = {(Chain, "1.b: wrong in training only")}


@pytest.mark.slow
def test_every_mutation_is_real():
    """Each changes something in some layer of its class, and is caught there."""
    outcomes = {}
    for i, (layer, name, _) in enumerate(MUTANTS):
        outcomes.setdefault((type(layer), name), set()).add(outcome(i))
    print(Counter(map(outcome, range(len(MUTANTS)))))
    assert {key for key, found in outcomes.items() if "caught" not in found} == CHANGES_NOTHING


LOSSES = list(dict.fromkeys(loss for _, loss, *_ in module.loss_cases(0)))
SQUARE_LOSS = np.random.default_rng(0).standard_normal((6, 6)), np.eye(6)[[3, 1, 4, 1, 5, 2]]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_no_wrong_gradient_of_a_loss_survives(loss):
    assert set(OF_LOSS) == public("loss")
    cases = [(z, t) for _, other, z, t in module.loss_cases(0) if other == loss] + [SQUARE_LOSS]
    mutations = ANY_LOSS | OF_LOSS[type(loss)]
    if not getattr(loss, "smoothing", True):
        del mutations["smoothing forgotten"]  # there is none
    survivors = []
    for name, change in mutations.items():

        def mutant(z, t, change=change):
            value, dz = loss(z, t)
            return value, change(dz, z, t)

        with np.errstate(all="ignore"):
            assert any(differ(loss(z, t)[1], mutant(z, t)[1]) for z, t in cases), name
            findings = [finding for z, t in cases for finding in check_loss(mutant, z, t)]
        if all(finding.passed for finding in findings):
            survivors.append(name)
    print(f"{loss}: {len(mutations) - len(survivors)} caught", *survivors, sep="\n  ")
    assert not survivors


# --- whole networks

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


@pytest.mark.parametrize("place", range(1, len(RECIPE.layers)))
def test_a_wrong_layer_anywhere_in_a_network_is_caught(place):
    """Its parameters' gradients if it has some, otherwise those of the layers before it."""
    layer = RECIPE.layers[place]
    names = {1: ["W"], 2: ["gamma", "beta", "x"], 7: ["W", "b", "x"], 9: ["W", "b", "x"]}
    for name in names.get(place, ["x"]):
        mutant = Mutant(layer, on(name, GENERAL["scaled by 1.01"]), [])
        network = Chain([*RECIPE.layers[:place], mutant, *RECIPE.layers[place + 1 :]])
        findings = check_network(network, (8, 8, 1), SoftmaxCrossEntropy(), seed=1)
        failed = {finding.array for finding in findings if not finding.passed}
        assert mutant.changes == [True]
        assert failed == ({f"{place}.{name}"} if name != "x" else trained_before(place)), name


def trained_before(place):
    """The trained parameters below a layer; 1.b has the gradient 0, and 1.01 times that is 0."""
    names = ("1.W", "2.gamma", "2.beta", "7.W", "7.b", "9.W", "9.b")
    return {name for name in names if int(name[0]) < place}


@pytest.mark.parametrize(
    "spoil",
    [
        on("W", GENERAL["missing"]),
        on("b", GENERAL["one axis more"]),
        lambda seen, dx, gradients: (dx, gradients | {"W2": gradients["W"]}),
    ],
    ids=["missing", "of another shape", "of what does not exist"],
)
def test_a_network_with_a_gradient_missing_or_too_many_is_caught(spoil):
    network = Chain([Flatten(), Dense(5), Tanh(), Mutant(Dense(10), spoil, [])])
    findings = list(check_network(network, (3, 3, 1), SquaredError()))
    assert [finding.array[:3] for finding in findings if not finding.passed] in (["3.W"], ["3.b"])
