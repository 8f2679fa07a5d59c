"""What every layer promises, and which settings and shapes are refused.

Inside: promises that hold for all layers (plan agrees with forward, no promotion of types, nothing
is changed, examples do not see each other). Not inside: right gradients (`test_check`, `test_tape`,
`test_torch`), activations and dropout (`test_activations`), chains (`test_chain`), layers for
images (`test_spatial`) and for the input (`test_inputs`).
"""

import math
from dataclasses import FrozenInstanceError, fields, is_dataclass
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus import nn
from digitus.errors import ShapeError
from digitus.nn import (
    AveragePool,
    BatchNorm,
    Centre,
    Chain,
    Conv,
    Dense,
    Deslant,
    Dropout,
    Exemplars,
    Flatten,
    MaxPool,
    Relu,
    Scale,
    Standardize,
)
from nn.cases import (
    LAYERS,
    each_layer,
    inputs,
    parameters,
    public,
    rng_of,
    same,
    trained_names,
    upstream,
)

# --- promises of every layer


def test_all_layers_are_here():
    assert {type(layer) for layer, _ in LAYERS} == public("layer")


@each_layer
def test_plan_agrees_with_forward(layer, shape):
    """The shapes of outputs and gradients are the planned ones, for a batch and for one example."""
    for mode in ("training", "inference"):
        shapes, out = layer.plan(shape)
        for n in (5, 1):
            p, x = parameters(layer, shape), inputs(shape, n)
            y, backward = layer.forward(p, x, rng_of(mode))
            dx, gradients = backward(upstream(y))
            assert y.shape == (n, *out)
            assert dx.shape == x.shape
            assert {name: g.shape for name, g in gradients.items()} == {
                name: shapes[name] for name in trained_names(p)
            }


@each_layer
def test_no_type_is_promoted(layer, shape):
    for mode, dtype in product(("training", "inference"), (np.float32, np.float64)):
        p, x = parameters(layer, shape, dtype=dtype), inputs(shape, dtype=dtype)
        y, backward = layer.forward(p, x, rng_of(mode))
        dx, gradients = backward(upstream(y))
        assert {a.dtype for a in (y, dx, *gradients.values())} == {np.dtype(dtype)}


@each_layer
def test_nothing_is_changed(layer, shape):
    """Neither inputs, parameters nor dy; and backward can be called again (micrograd's cannot)."""
    for mode in ("training", "inference"):
        p, x = parameters(layer, shape), inputs(shape)
        for a in (x, *p.values()):
            a.flags.writeable = False
        y, backward = layer.forward(p, x, rng_of(mode))
        before, v = y.copy(), upstream(y)
        v.flags.writeable = False
        dx, gradients = backward(v)
        again, gradients_again = backward(v)
        assert np.array_equal(dx, again)
        assert all(np.array_equal(g, gradients_again[name]) for name, g in gradients.items())
        assert np.array_equal(y, before), "backward changed what forward returned"


@each_layer
def test_parameters_have_the_same_gradient_when_dx_is_not_wanted(layer, shape):
    for mode in ("training", "inference"):
        p, x = parameters(layer, shape), inputs(shape)
        y, backward = layer.forward(p, x, rng_of(mode))
        v = upstream(y)
        _, wanted = backward(v)
        _, unwanted = backward(v, want_dx=False)
        assert set(wanted) == set(unwanted)
        assert all(same(g, unwanted[name], 1e-12) for name, g in wanted.items())


@each_layer
def test_at_inference_examples_do_not_see_each_other(layer, shape):
    """An answer does not depend on the batch it comes in, nor does its dx."""
    p, x = parameters(layer, shape), inputs(shape)
    y, backward = layer.forward(p, x)
    v = upstream(y)
    dx, _ = backward(v)
    for i in range(len(x)):
        alone, back = layer.forward(p, x[i : i + 1])
        assert np.allclose(alone[0], y[i], rtol=0, atol=1e-12)
        assert np.allclose(back(v[i : i + 1])[0][0], dx[i], rtol=0, atol=1e-12)


@each_layer
def test_gradients_of_shards_add_up(layer, shape):
    """The batch can be split over workers: at inference all layers are functions of one example."""
    p, x = parameters(layer, shape), inputs(shape)
    y, backward = layer.forward(p, x)
    v = upstream(y)
    _, whole = backward(v)
    parts = [layer.forward(p, x[s])[1](v[s])[1] for s in (slice(0, 2), slice(2, 5))]
    for name, gradient in whole.items():
        assert np.allclose(gradient, parts[0][name] + parts[1][name], rtol=1e-12, atol=1e-12)


@each_layer
def test_a_strided_view_gives_what_its_copy_gives(layer, shape):
    p, x = parameters(layer, shape), inputs(shape, 10)[::2]
    y, backward = layer.forward(p, x, rng_of("training"))
    v = np.repeat(upstream(y), 2, axis=0)[::2]
    y_, backward_ = layer.forward(p, x.copy(), rng_of("training"))
    assert np.allclose(y, y_, atol=1e-13)
    assert np.allclose(backward(v)[0], backward_(v.copy())[0], atol=1e-13)


@each_layer
def test_layers_are_settings_only(layer, shape):
    """Frozen, comparable, usable as keys, and their text is the code that makes them again."""
    assert is_dataclass(layer)
    assert isinstance(hash(layer), int)
    assert eval(repr(layer), vars(nn)) == layer
    for field in fields(layer):
        with pytest.raises(FrozenInstanceError):
            setattr(layer, field.name, 1)


SIZES = st.integers(1, 12)


@examples(60)
@given(st.data(), st.integers(1, 3), SIZES, SIZES, st.integers(1, 3))
def test_plan_agrees_with_forward_for_any_sizes(data, n, h, w, c):
    """Either a plan is refused with a ShapeError, or forward gives what it says."""
    conv = st.builds(
        Conv,
        st.integers(1, 3),
        st.sampled_from([1, 3, 5, 7]),
        st.sampled_from([1, 2]),
        st.sampled_from(["same", "valid"]),
    )
    pool = st.builds(MaxPool, st.integers(1, 5)) | st.builds(AveragePool, st.integers(1, 5))
    other = st.sampled_from([Relu(), BatchNorm(), Standardize(), Centre(), Flatten(), Dense(2)])
    chain = Chain(data.draw(st.lists(conv | pool | other, max_size=4)))
    try:
        shapes, out = chain.plan((h, w, c))
    except ShapeError:
        return
    assert math.prod(out) > 0
    p, x = parameters(chain, (h, w, c)), inputs((h, w, c), n)
    assert {name: a.shape for name, a in p.items()} == shapes
    y, backward = chain.forward(p, x, rng_of("training"))
    assert y.shape == (n, *out)
    assert backward(upstream(y))[0].shape == x.shape


# --- settings and shapes that cannot be


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Dropout(1.0), "Dropout's rate must be at least 0 and below 1, not 1.0"),
        (lambda: Dropout(-0.1), "not -0.1"),
        (lambda: Dropout(math.nan), "not nan"),
        (lambda: Scale(0), "Scale cannot divide by 0"),
        (lambda: Standardize(0.0), "Standardize needs a floor above 0, not 0.0"),
        (lambda: BatchNorm(0.0), "BatchNorm needs an epsilon above 0, not 0.0"),
        (lambda: BatchNorm(-1e-5), "not -1e-05"),
        (lambda: Exemplars(0, 3), "Exemplars' units must be at least 1, not 0"),
        (lambda: Exemplars(10, 0), "Exemplars' examples must be at least 1, not 0"),
        (lambda: Deslant(-1.0), "Deslant's width must be at least 0, not -1.0"),
        (lambda: Deslant(math.nan), "not nan"),
        (lambda: Deslant(4.0, 0.9), "Deslant's most must be at least 1, not 0.9"),
        (lambda: MaxPool(0), "a pool's size must be at least 1, not 0"),
        (lambda: AveragePool(-1), "not -1"),
        (lambda: Conv(4, 2), "Conv's kernel must be odd, not 2"),
        (lambda: Conv(4, -1), "not -1"),
        (lambda: Conv(4, 3, 3), "Conv's stride must be 1 or 2, not 3"),
        (lambda: Conv(4, 3, 1, "full"), 'Conv\'s padding must be "same" or "valid", not "full"'),
    ],
)
def test_bad_settings(make, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        make()


@pytest.mark.parametrize(
    ("layers", "shape", "words"),
    [
        ([Dense(10)], (8, 8, 1), ["layer 0, Dense(units=10)", "[8, 8, 1]", "Flatten before it"]),
        ([Flatten(), Conv(4)], (8, 8, 1), ["layer 1, Conv(channels=4", "[64]", "before Flatten"]),
        ([Relu(), MaxPool(9)], (8, 8, 1), ["layer 1, MaxPool(size=9)", "9 x 9", "[8, 8, 1]"]),
        ([AveragePool(3)], (2, 8, 1), ["layer 0, AveragePool(size=3)", "3 x 3", "[2, 8, 1]"]),
        ([Conv(4, 5, 1, "valid")], (4, 9, 1), ["layer 0, Conv(", "5 x 5", "[4, 9, 1]"]),
        ([Conv(2), Exemplars(2, 3)], (8, 8, 1), ["layer 1, Exemplars(", "[8, 8, 2]", "a Flatten"]),
        ([Flatten(), Deslant()], (8, 8, 1), ["layer 1, Deslant(", "[64]", "before Flatten"]),
        ([MaxPool()], (8, 8), ["layer 0, MaxPool(", "[h w c]", "[8, 8]"]),
        ([Chain([Relu(), Dense(3)])], (2, 2, 1), ["layer 0, Chain(", "layer 1, Dense(units=3)"]),
    ],
)
def test_a_layer_that_does_not_fit_says_which_and_why(layers, shape, words):
    with pytest.raises(ShapeError) as caught:
        Chain(layers).plan(shape)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
