"""Chains: layers in a row, which of their parameters are trained, what is not computed."""

import pickle

import numpy as np

from digitus.nn import (
    BatchNorm,
    Chain,
    Concat,
    Conv,
    Dense,
    Flatten,
    Relu,
    Scale,
    Standardize,
    Tanh,
    first_trained,
    trained,
)
from nn.cases import (
    IMAGE,
    LAYERS,
    VECTOR,
    inputs,
    parameters,
    upstream,
)


def test_a_chain_is_its_layers_by_hand():
    p, x = parameters(Chain([Dense(4), Tanh(), Dense(3)]), VECTOR), inputs(VECTOR)
    y, backward = Chain([Dense(4), Tanh(), Dense(3)]).forward(p, x)
    hidden = np.tanh(x @ p["0.W"] + p["0.b"])
    assert np.allclose(y, hidden @ p["2.W"] + p["2.b"])
    v = upstream(y)
    _, gradients = backward(v)
    assert list(gradients) == ["2.W", "2.b", "0.W", "0.b"]
    assert np.allclose(gradients["2.W"], hidden.T @ v)
    assert np.allclose(gradients["0.b"], ((v @ p["2.W"].T) * (1 - hidden**2)).sum(0))


def test_a_chain_with_more_than_ten_layers():
    """Layer 1 does not get the parameters of layer 11."""
    chain = Chain([Dense(3) for _ in range(12)])
    p = {name: np.full(size, 0.0) for name, size in chain.plan(VECTOR)[0].items()}
    p["11.b"] = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(chain.forward(p, inputs(VECTOR, 1))[0], [[1, 2, 3]])


def test_an_unwanted_dx_is_not_computed():
    """Below the first trained layer no backward is called, and that layer is told."""
    calls = []

    class Spy(Dense):
        def forward(self, p, x, rng=None):
            y, backward = super().forward(p, x, rng)

            def spy(dy, want_dx=True):
                calls.append((self.units, want_dx))
                return backward(dy, want_dx)

            return y, spy

    chain = Chain([Flatten(), Standardize(), Spy(4), Relu(), Spy(3)])
    p, x = parameters(chain, IMAGE), inputs(IMAGE)
    y, backward = chain.forward(p, x)
    dx, gradients = backward(upstream(y), want_dx=False)
    assert dx is None
    assert calls == [(3, True), (4, False)]
    assert set(gradients) == {"2.W", "2.b", "4.W", "4.b"}


def test_a_chain_without_parameters():
    chain = Chain([Relu(), Flatten()])
    y, backward = chain.forward({}, inputs(IMAGE))
    assert backward(y, want_dx=False) == (None, {})
    assert backward(y)[1] == {}
    assert first_trained(chain, {}) == 2


def test_which_parameters_are_trained():
    network = Chain([Standardize(), Conv(2), BatchNorm(), Flatten(), Dense(3)])
    p = parameters(network, (5, 5, 1))
    assert {name for name in p if trained(name)} == {
        "1.W", "1.b", "2.gamma", "2.beta", "4.W", "4.b",
    }  # fmt: skip
    assert first_trained(network, p) == 1
    nested = Chain([Concat(Chain([Standardize()]), Chain([Scale(2)])), Flatten(), Dense(3)])
    assert first_trained(nested, parameters(nested, (5, 5, 1))) == 2
    assert trained("W")
    assert not any(map(trained, ("mean", "0.3.var", "2.deviation")))


def test_an_empty_batch():
    """A picture without digits gives no examples; a network has nothing to say about them."""
    for layer, shape in LAYERS:
        y, _ = layer.forward(parameters(layer, shape), np.zeros((0, *shape)))
        assert y.shape == (0, *layer.plan(shape)[1])


def test_a_chain_that_was_used_is_pickled_as_a_new_one():
    network = Chain([Dense(3), Relu()])
    before = pickle.dumps(network)
    network.forward(parameters(network, (4,)), np.ones((1, 4)))
    assert pickle.dumps(network) == before
    assert pickle.loads(before) == network
