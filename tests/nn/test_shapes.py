"""Shapes at their edges: any nesting of layers, batches of no example, any order of memory.

Not inside: promises of all layers for common shapes (`test_layers`), NumPy's orders of memory
(`test_memory`).
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import ShapeError
from digitus.nn import (
    AveragePool,
    BatchNorm,
    Chain,
    Concat,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Relu,
    Residual,
    Upsample,
)
from nn.cases import (
    each_layer,
    inputs,
    parameters,
    pytorch,
    rng_of,
    same,
    trained_names,
    upstream,
)

CONV = st.builds(
    Conv,
    st.integers(1, 3),
    st.sampled_from([1, 3]),
    st.sampled_from([1, 2]),
    st.sampled_from(["same", "valid"]),
)
SIZED = [st.builds(kind, st.integers(1, 3)) for kind in (MaxPool, AveragePool, Upsample)]
PLAIN = st.sampled_from([Relu(), BatchNorm(), Dropout(0.3), Flatten(), Dense(2), Conv(2, 1)])
FLAT = st.one_of(CONV, *SIZED, PLAIN)


def holding(layers):
    """Layers with chains of the given ones inside."""
    chains = st.builds(Chain, st.lists(layers, max_size=3))
    return st.builds(Residual, chains) | st.builds(Concat, chains, chains) | chains


@examples(150)
@given(
    st.lists(st.recursive(FLAT, holding, max_leaves=6), max_size=4).map(Chain),
    st.integers(1, 3),
    st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 3)),
)
def test_nested_layers_do_as_planned(chain, n, shape):
    """Or the plan is refused."""
    try:
        shapes, out = chain.plan(shape)
    except ShapeError:
        return
    p, x = parameters(chain, shape), inputs(shape, n)
    y, backward = chain.forward(p, x, rng_of("training"))
    dx, gradients = backward(upstream(y))
    assert (y.shape, dx.shape) == ((n, *out), x.shape)
    assert {name: g.shape for name, g in gradients.items()} == {
        name: shapes[name] for name in trained_names(p)
    }


@each_layer
def test_a_batch_of_no_example_has_gradients_of_zero(layer, shape):
    p = parameters(layer, shape)
    y, backward = layer.forward(p, np.zeros((0, *shape)))
    dx, gradients = backward(y)
    assert dx.shape == (0, *shape)
    assert gradients.keys() == trained_names(p)
    assert all(g.shape == p[name].shape and not g.any() for name, g in gradients.items())


@each_layer
def test_in_any_order_of_pytorchs_memory(layer, shape):
    """Its kernels go by memory: channels before rows, and every second number of another array."""
    torch = pytorch()

    def second_of_two(a):
        return torch.stack([torch.full_like(a, torch.nan), a], -1)[..., 1]

    def channels_before_rows(a):
        return a.movedim(-1, 1).contiguous().movedim(1, -1)

    p = {name: torch.tensor(w) for name, w in parameters(layer, shape).items()}
    x = torch.tensor(inputs(shape))
    for mode in ("training", "inference"):
        y, backward = layer.forward(p, x, rng_of(mode))
        v = torch.tensor(upstream(np.asarray(y)))
        dx, gradients = backward(v)
        for layout in (second_of_two, channels_before_rows):
            p_ = {name: second_of_two(w) for name, w in p.items()}
            y_, backward_ = layer.forward(p_, layout(x), rng_of(mode))
            dx_, gradients_ = backward_(layout(v))
            assert same(y_, y, 1e-12)
            assert same(dx_, dx, 1e-12)
            for name, gradient in gradients.items():
                assert same(gradients_[name], gradient, 1e-12), name
