"""Layers with chains inside: what they compute, how their parameters are called, and nesting.

Inside: `Residual` and `Concat` by hand, networks with shortcuts of several levels, statistics of
nested layers. Not inside: promises of all layers (`test_layers`), right gradients in general
(`test_check`, `test_tape`, `test_torch`).
"""

from dataclasses import dataclass, field

import numpy as np
import pytest

from digitus.errors import ShapeError
from digitus.nn import (
    AveragePool,
    BatchNorm,
    Chain,
    Concat,
    Conv,
    Dense,
    He,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Tanh,
    Upsample,
    calibrated,
    first_trained,
    initial,
    stream,
    trained,
    walk,
)
from digitus.nn.branches import branches
from digitus.nn.check import check_layer
from nn.cases import LAYERS, inputs, parameters, pytorch, rng_of, same, upstream

BLOCK = Residual(Chain([Conv(4), BatchNorm(), Tanh(), Conv(4), BatchNorm()]))
DEEP = Chain([AveragePool(), Conv(6), BatchNorm(), Tanh(), Upsample()])
MIDDLE = Chain([Conv(5, 3, 2), BatchNorm(), Tanh(), Concat(Chain([]), DEEP), Upsample()])
U_SHAPED = Chain(
    [Scale(2.0), Conv(4), BatchNorm(), BLOCK, Tanh(), Concat(Chain([]), MIDDLE), Conv(3, 1)]
)
IMAGE = (8, 12, 2)


def test_by_hand():
    x = np.array([[1.0, -2.0]])
    p = {"0.W": np.array([[0.0, 1.0], [2.0, 0.0]]), "0.b": np.array([0.5, 0.0])}
    y, backward = Residual(Chain([Dense(2)])).forward(p, x)
    assert np.array_equal(y, [[1 - 4 + 0.5, -2 + 1]])
    dx, gradients = backward(np.array([[1.0, 10.0]]))
    assert np.array_equal(dx, [[1 + 10, 10 + 2]])
    assert np.array_equal(gradients["0.W"], [[1, 10], [-2, -20]])

    both = Concat(Chain([]), Chain([Dense(2)]))
    y, backward = both.forward({f"1.{name}": a for name, a in p.items()}, x)
    assert np.array_equal(y, [[1, -2, -3.5, 1]])
    dx, gradients = backward(np.array([[100.0, 200, 1, 10]]))
    assert np.array_equal(dx, [[100 + 10, 200 + 2]])
    assert np.array_equal(gradients["1.0.b"], [1, 10])


def test_upsampling_by_hand():
    x = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    y, backward = Upsample().forward({}, x)
    assert y[0, :, :, 0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
    dx, _ = backward(np.arange(16.0).reshape(1, 4, 4, 1))
    assert dx[0, :, :, 0].tolist() == [[0 + 1 + 4 + 5, 2 + 3 + 6 + 7], [42, 50]]
    with pytest.raises(ValueError, match="Upsample's factor must be at least 1, not 0"):
        Upsample(0)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Upsample(), IMAGE),
        (Upsample(3), IMAGE),
        (BLOCK, (5, 7, 4)),
        (Residual(Chain([])), IMAGE),
        (Residual(Chain([Tanh(), Dense(4), Residual(Chain([Tanh()]))])), (4,)),
        (Concat(Chain([]), Chain([])), IMAGE),
        (Concat(Chain([Conv(1)]), Chain([Conv(5, 1), Tanh(), BatchNorm()])), (5, 7, 4)),
        (U_SHAPED, IMAGE),
    ],
    ids=str,
)
def test_gradients(layer, shape):
    for n in (3, 1):
        assert [f for f in check_layer(layer, inputs(shape, n)) if not f.passed] == []


def test_names_and_first_parameters():
    p = initial(U_SHAPED, IMAGE, He(), stream(0, "initial"))
    assert {"1.W", "3.0.W", "3.4.gamma", "5.1.0.W", "5.1.3.1.1.b", "5.1.3.1.2.var"} <= set(p)
    assert p["5.1.3.1.1.W"].shape == (3, 3, 5, 6)
    assert p["3.1.gamma"].tolist() == [1, 1, 1, 1]
    assert first_trained(U_SHAPED, p) == 1
    assert not trained("5.1.3.1.2.var")
    _, backward = U_SHAPED.forward(p, inputs(IMAGE, dtype=np.float32), rng_of("training"))
    gradients = backward(np.ones((5, 8, 12, 3), np.float32), want_dx=False)[1]
    assert set(gradients) == {name for name in p if trained(name)}


def test_shapes_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"layer 0, Residual\(1 layers\): .*\[3\] of \[4\]"):
        Chain([Residual(Chain([Dense(3)]))]).plan((4,))
    with pytest.raises(ShapeError, match=r"\[4, 4, 2\] and \[2, 2, 2\] of \[4, 4, 2\]"):
        Concat(Chain([]), Chain([MaxPool()])).plan((4, 4, 2))


def test_walking_through_a_network():
    assert branches(Conv(3)) == {}
    inner = [type(layer).__name__ for layer in walk(Chain([BLOCK, Relu()]))]
    assert inner == [
        "Chain", "Residual", "Conv", "BatchNorm", "Tanh", "Conv", "BatchNorm", "Relu",
    ]  # fmt: skip
    assert sum(isinstance(layer, BatchNorm) for layer in walk(U_SHAPED)) == 5


def test_no_chain_in_a_layer_is_overlooked():
    """What holds chains says so, and calls their parameters as its plan does."""
    for layer, shape in LAYERS:
        if isinstance(layer, Chain):
            continue
        held = [value for value in vars(layer).values() if isinstance(value, Chain)]
        assert list(branches(layer).values()) == held
        names = {
            prefix + name for prefix, c in branches(layer).items() for name in c.plan(shape)[0]
        }
        assert not held or names == set(layer.plan(shape)[0])


def test_chains_within_a_chain_are_measured_as_one_without_them():
    """To the bit: only the names differ."""
    layers = [Scale(2.0), Conv(4), BatchNorm(), Tanh(), Conv(3), BatchNorm(), Tanh(), BatchNorm()]
    flat, x = Chain(layers), inputs((5, 4, 2), 20)
    nested = Chain([Chain(layers[:2]), Chain([Chain(layers[2:6]), *layers[6:]])])
    p = calibrated(flat, parameters(flat, (5, 4, 2)), [x[:7], x[7:]])
    names = [f"0.{i}" for i in range(2)] + [f"1.0.{i}" for i in range(4)] + ["1.1", "1.2"]
    within = {f"{names[int(name[0])]}{name[1:]}": name for name in p}
    start = parameters(flat, (5, 4, 2))
    q = calibrated(nested, {name: start[own] for name, own in within.items()}, [x[:7], x[7:]])
    assert q.keys() == within.keys()
    assert all(np.array_equal(q[name], p[own]) for name, own in within.items())


def test_nested_layers_are_measured_on_what_reaches_them():
    """At inference with measured statistics all examples together are as one batch in training."""
    x = inputs(IMAGE, 9)
    p = parameters(U_SHAPED, IMAGE)
    q = calibrated(U_SHAPED, p, [x[:2], x[2:]])
    assert {name for name in p if not np.array_equal(p[name], q[name])} == {
        name for name in p if not trained(name)
    }
    assert same(U_SHAPED.forward(q, x)[0], U_SHAPED.forward(q, x, rng_of("training"))[0], 1e-12)
    only_late = calibrated(U_SHAPED, p, [x], first=5)
    assert np.array_equal(only_late["3.1.mean"], p["3.1.mean"])
    assert not np.array_equal(only_late["5.1.1.mean"], p["5.1.1.mean"])


@dataclass(frozen=True)
class Counted(Relu):
    """A Relu that notes how many batches it sees."""

    seen: list[int] = field(default_factory=list, compare=False)

    def forward(self, p, x, rng=None):
        self.seen.append(len(x))
        return super().forward(p, x, rng)


def test_each_layer_is_computed_a_bounded_number_of_times_to_measure_many(monkeypatch):
    """Where what reaches a layer can be held; where not the work grows and the numbers are same."""
    network = Chain([layer for _ in range(9) for layer in (Conv(2), BatchNorm(), Counted())])
    x, p = inputs((5, 4, 2), 12), parameters(network, (5, 4, 2))
    q = calibrated(network, p, [x[:7], x[7:]])
    assert [layer.seen for layer in network.layers[2::3]] == [[7, 5]] * 8 + [[]]
    monkeypatch.setattr("digitus.nn.inputs.HELD_BYTES", 0)
    again = calibrated(network, p, [x[:7], x[7:]])
    assert len(network.layers[2].seen) == 2 + 8 * 2
    assert all(np.array_equal(again[name], a) for name, a in q.items())


def test_what_is_held_changes_no_number(monkeypatch):
    x, p = inputs(IMAGE, 9), parameters(U_SHAPED, IMAGE)
    found = []
    for held in (0, 4000, 10**9):  # nothing; of the small layers; everything
        monkeypatch.setattr("digitus.nn.inputs.HELD_BYTES", held)
        found.append(calibrated(U_SHAPED, p, [x[:2], x[2:]]))
    for other in found[1:]:
        assert all(np.array_equal(other[name], a) for name, a in found[0].items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5), ("bfloat16", 0.05)]
)
def test_on_tensors(dtype, tolerance):
    torch = pytorch()
    p, x = initial(U_SHAPED, IMAGE, He(), stream(0, "initial"), np.float64), inputs(IMAGE)
    y, backward = U_SHAPED.forward(p, x, rng_of("training"))
    dx, gradients = backward(v := upstream(y))
    kind = getattr(torch, dtype)
    p_ = {name: torch.tensor(a, dtype=kind) for name, a in p.items()}
    y_, backward_ = U_SHAPED.forward(p_, torch.tensor(x, dtype=kind), rng_of("training"))
    dx_, gradients_ = backward_(torch.tensor(v, dtype=kind))
    assert set(gradients_) == set(gradients)
    pairs = [(y_, y), (dx_, dx)]
    # A bias before a normalisation has the gradient 0, and its rounding has no size to go by.
    pairs += [(gradients_[name], g) for name, g in gradients.items() if not name.endswith("b")]
    for theirs, ours in pairs:
        assert theirs.dtype == (torch.float32 if theirs.ndim == 1 and dtype == "bfloat16" else kind)
        away = np.linalg.norm(theirs.double().numpy() - ours)
        assert away <= tolerance * np.linalg.norm(ours)
