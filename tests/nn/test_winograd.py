"""Winograd's convolution: the same sums with fewer products, whatever the shape.

Inside: the transformed kernel beside the equation, the compiled blocks beside the layer, at
inference and in training. Not inside: whole networks (`test_inference`), the processor of an
emulator (`kernels_alone.c`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import (
    Chain,
    Concat,
    Conv,
    MaxPool,
    Relu,
    Residual,
    inference,
    kernels_compiled,
    stream,
    winograd,
)
from digitus.nn.blocks import Block
from nn.compiled import LEVELS, needs_kernels

A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])
B = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])


def test_sixteen_products_are_thirty_six() -> None:
    conv = Conv(5, kernel=3, padding="valid")
    d = stream(0, "d").normal(size=(1, 4, 4, 2))
    W = stream(0, "W").normal(size=(3, 3, 2, 5))
    products = np.einsum(
        "ai,bj,ijc,abco->abo", B, B, d[0], winograd.kernel_of(W).reshape(4, 4, 2, 5)
    )
    expected = conv.forward({"W": W, "b": np.zeros(5)}, d)[0][0]
    np.testing.assert_allclose(np.einsum("ya,xb,abo->yxo", A, A, products), expected, atol=1e-13)


def test_forty_nine_products_are_a_hundred() -> None:
    conv = Conv(5, kernel=5, stride=2, padding="valid")
    d = stream(0, "d").normal(size=(1, 8, 8, 2))  # the last row and column are not looked at
    W = stream(0, "W").normal(size=(5, 5, 2, 5))
    U = winograd.kernel_of(W).reshape(4, 4, 2, 2, 2, 5)
    for phase in (0, 1):
        assert not U[3, :, 1, phase].any()
        assert not U[:, 3, phase, 1].any()
    phases = np.stack([[d[0, i::2, j::2] for j in (0, 1)] for i in (0, 1)])
    products = np.einsum("ai,bj,pqijc,abpqco->abo", B, B, phases, U)
    assert np.count_nonzero(U[..., 0, 0]) == 49
    expected = conv.forward({"W": W, "b": np.zeros(5)}, d[:, :7, :7])[0][0]
    np.testing.assert_allclose(np.einsum("ya,xb,abo->yxo", A, A, products), expected, atol=1e-13)


def test_numbers_in_single_precision_are_summed_in_double() -> None:
    W = stream(1, "W").normal(size=(3, 3, 4, 4)).astype(np.float32)
    made = winograd.kernel_of(W)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, winograd.kernel_of(W.astype(np.float64)).astype(np.float32))


def test_the_way_back_of_sixteen_products() -> None:
    d, dY = stream(0, "d").normal(size=(1, 4, 4, 2)), stream(0, "dY").normal(size=(1, 2, 2, 5))
    _, backward = Conv(5, padding="valid").forward(
        {"W": np.zeros((3, 3, 2, 5)), "b": np.zeros(5)}, d
    )
    sums = np.einsum("ai,bj,ijc,ya,xb,yxo->abco", B, B, d[0], A, A, dY[0])
    dW = np.einsum("ai,bj,abco->ijco", winograd.G, winograd.G, sums)
    np.testing.assert_allclose(dW, backward(dY)[1]["W"], atol=1e-13)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Chain, tuple[int, int, int]]:
    """Convolutions that go by blocks: alone, after another, added to a path, beside one."""
    h, w = draw(st.integers(3, 37)), draw(st.integers(3, 37))
    c, o = draw(st.integers(16, 50)), draw(st.integers(32, 70))
    kernel, stride = draw(st.sampled_from(winograd.KERNELS))
    conv = Conv(o, kernel, stride, draw(st.sampled_from(["same", "valid"])))
    body = Chain([Conv(c, kernel=3), Relu()])
    network: list[Any] = draw(
        st.sampled_from(
            [[conv], [conv, Relu()], [Conv(c, kernel=5), conv], [Residual(body), conv],
             [Concat(Chain([]), body), Relu(), conv, Conv(o, kernel=3)]]
        )
    )  # fmt: skip
    side = (2 * stride + 1) * stride + (kernel if conv.padding == "valid" else 0)
    return Chain(network), (max(h, side), max(w, side), c)


@needs_kernels
@examples(30)
@given(convolutions(), st.sampled_from(LEVELS), st.sampled_from([np.float32, np.float64]))
def test_blocks_answer_as_the_layer(
    drawn: tuple[Chain, tuple[int, int, int]], level: str, dtype: Any
) -> None:
    network, shape = drawn
    rng = stream(2, "x")
    p = {
        name: (rng.normal(size=own) / np.sqrt(np.prod(own[:-1]))).astype(dtype)
        for name, own in network.plan(shape)[0].items()
    }
    x = rng.normal(size=(2, *shape)).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitus.nn.kernels.asked", level)
        run = inference.Inference(network, p)
        found = run(x)
    steps = [step for plan in run._plans.values() for step in plan.kept[1]]
    assert any(step.winograd for step in steps)
    expected = network.forward(p, x)[0]
    rounding = 4e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(found, expected, rtol=0, atol=rounding * np.abs(expected).max())


@needs_kernels
def test_the_order_of_pictures_does_not_matter() -> None:
    network = Chain([Conv(40, kernel=3), Relu()])
    rng = stream(3, "x")
    p = {n: rng.normal(size=s).astype(np.float32) for n, s in network.plan((9, 11, 20))[0].items()}
    x = rng.normal(size=(7, 9, 11, 20)).astype(np.float32)
    run = inference.Inference(network, p)
    np.testing.assert_array_equal(run(x)[::-1], run(x[::-1]))
    np.testing.assert_array_equal(run(x[3:4])[0], run(x)[3])


@needs_kernels
@pytest.mark.parametrize(("kernel", "stride"), winograd.KERNELS)
def test_vectors_of_any_width_give_the_same_bits(
    kernel: int, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fused = [level for level in LEVELS if level != "plain"]  # multiply and add in one operation
    network = Chain([Conv(40, kernel, stride), Relu()])
    rng = stream(4, "x", kernel)
    p = {n: rng.normal(size=s).astype(np.float32) for n, s in network.plan((14, 22, 20))[0].items()}
    x = rng.normal(size=(3, 14, 22, 20)).astype(np.float32)
    found = []
    for level in fused:
        monkeypatch.setattr("digitus.nn.kernels.asked", level)
        found.append(inference.Inference(network, p)(x))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def trained(layer: Any, p: Any, x: Any, by: str) -> dict[str, Any]:
    """What a layer makes in training at a level, and what comes back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitus.nn.kernels.asked", by)
        y, backward = layer.forward(p, x, stream(0, "dropout"))
        dx, gradients = backward(stream(6, "dy").normal(size=y.shape).astype(y.dtype))
    return {"y": y, "dx": dx} | gradients


@needs_kernels
@examples(60)
@given(
    st.builds(Conv, st.integers(1, 70), st.just(3), padding=st.sampled_from(["same", "valid"])),
    st.sampled_from([(), (Relu(),), (MaxPool(2),), (Relu(), MaxPool(3))]),
    st.tuples(st.integers(5, 19), st.integers(5, 19), st.integers(1, 70)),
    st.integers(0, 9), st.sampled_from(LEVELS), st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_blocks_learn_as_the_layer(
    conv: Conv, others: tuple[Any, ...], shape: tuple[int, int, int], n: int, by: str, dtype: Any
) -> None:
    """Of any size and channels, also where blocks are not worth it: several pictures, odd edges."""
    layer, rng = Block(conv, others), stream(5, "x", n, *shape)
    x = rng.normal(size=(n, *shape)).astype(dtype)
    p = {k: (rng.normal(size=s) / 20).astype(dtype) for k, s in layer.plan(shape)[0].items()}
    with forced(True):
        found = trained(layer, p, x, by)
    with forced(False):
        expected = trained(layer, p, x, by)
    rounding = 2e-5 if dtype == np.float32 else 1e-13
    for name, a in expected.items():
        assert found[name].dtype == dtype
        size = max(1, np.abs(a).max(initial=0))
        np.testing.assert_allclose(found[name], a, rtol=0, atol=rounding * size, err_msg=name)


@contextmanager
def forced(by_blocks: bool) -> Iterator[None]:
    """Convolutions in training go by blocks, or not, whatever their size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels_compiled, "worth", lambda *_: by_blocks)
        kernels_compiled._shape.cache_clear()
        yield
    kernels_compiled._shape.cache_clear()


@needs_kernels
def test_training_by_blocks_repeats_to_the_bit_with_vectors_of_any_width() -> None:
    fused = [level for level in LEVELS if level != "plain"] or LEVELS
    layer, rng = Conv(40), stream(7, "x")
    p = {n: rng.normal(size=s).astype(np.float32) for n, s in layer.plan((9, 6, 20))[0].items()}
    x = rng.normal(size=(11, 9, 6, 20)).astype(np.float32)
    made = [trained(layer, p, x, by) for by in fused for _ in range(2)]
    with forced(False):
        direct = trained(layer, p, x, fused[0])
    assert (made[0]["y"] != direct["y"]).any()  # it does go by blocks
    for other in made[1:]:
        for name, a in made[0].items():
            np.testing.assert_array_equal(other[name], a)
