"""Convolutions whose products are in bfloat16, by a processor's vectors or tiles.

Inside: that they are the sums of rounded numbers, repeat bit for bit, and are made only where they
are asked for and faster. Not inside: training with them (`training/test_device.py`).
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn import Conv, MaxPool, Relu, kernels_compiled, stream
from digitus.nn.blocks import Block
from digitus.nn.kernels import TILES, VECTORS, NarrowProducts, level, narrow_kind
from nn.compiled import LEVELS, NARROW, computing, needs_narrow

CPU = Path("/proc/cpuinfo")


@pytest.mark.skipif(
    level() != LEVELS[0] or not CPU.exists() or platform.machine() != "x86_64",
    reason="compares the compiled kernels with what Linux lists of an x86-64 processor",
)
def test_what_multiplies_is_what_the_processor_has() -> None:
    # The other tests are skipped by the same answer: were it wrong, nobody would see it there.
    flags = set(CPU.read_text("utf-8").partition("flags")[2].partition("\n")[0].split())
    has_vectors = {"avx512bw", "avx512dq", "avx512vl", "avx512_bf16"} <= flags
    possible = {0}
    if has_vectors:  # a kernel of Linux that is older than AMX does not hand out its tiles
        possible = {VECTORS, TILES} if {"amx_tile", "amx_bf16"} <= flags else {VECTORS}
    assert narrow_kind() in possible


@contextmanager
def multiplying_by(
    kind: int, many_channels: int = kernels_compiled.MANY_CHANNELS
) -> Iterator[None]:
    """Products in bfloat16 by vectors or by tiles, up to so many channels."""
    kernels_compiled._shape.cache_clear()
    with computing(LEVELS[0]), pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitus.nn.kernels._narrow_kind", lambda: kind)
        patch.setattr(kernels_compiled, "MANY_CHANNELS", many_channels)
        yield
    kernels_compiled._shape.cache_clear()


def rounded(x: Any) -> Any:
    """To the nearest number of eight bits, the even one of two (bfloat16)."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    return (bits + 0x7FFF + (bits >> 16 & 1) & np.uint32(0xFFFF0000)).view(np.float32)


@needs_narrow
@examples(40)
@given(
    st.builds(
        Conv, st.integers(1, 70), st.sampled_from([1, 3, 5]),
        padding=st.sampled_from(["same", "valid"]),
    ),
    st.tuples(st.integers(6, 20), st.integers(6, 20), st.integers(8, 70)),
    st.integers(0, 3), st.sampled_from([(), (Relu(),), (Relu(), MaxPool(2))]),
    st.sampled_from(NARROW or [0]),
)  # fmt: skip
def test_narrow_products_are_those_of_rounded_numbers(
    layer: Conv, shape: tuple[int, int, int], n: int, others: tuple[Any, ...], kind: int
) -> None:
    rng = stream(4, "narrow", *shape)
    x = rng.standard_normal((n, *shape)).astype(np.float32)
    p = {k: rng.standard_normal(s).astype(np.float32) for k, s in layer.plan(shape)[0].items()}
    dy = rounded(rng.standard_normal((n, *Block(layer, others).plan(shape)[1])))

    def made(p: Any, x: Any) -> list[Any]:
        y, backward = Block(layer, others).forward(p, x)
        dx, gradients = backward(dy)
        return [y, dx, gradients["W"], gradients["b"]]

    with multiplying_by(kind, many_channels=10**6):
        expected = made({"W": rounded(p["W"]), "b": p["b"]}, rounded(x))
        with NarrowProducts():
            found, again = made(p, x), made(p, x)
    for a, b, c in zip(found, expected, again, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=2e-5 * max(1, np.abs(b).max(initial=0)))
        np.testing.assert_array_equal(a, c)


@needs_narrow
def test_products_are_not_narrow_for_who_does_not_ask() -> None:
    layer, x = Conv(8), stream(5, "x").standard_normal((2, 9, 9, 8)).astype(np.float32)
    p = {k: np.full(s, 0.1, np.float32) for k, s in layer.plan(x.shape[1:])[0].items()}
    before = layer.forward(p, x)[0]
    with NarrowProducts():
        assert (layer.forward(p, x)[0] != before).any()
        with computing("avx2"):
            np.testing.assert_allclose(layer.forward(p, x)[0], before, atol=1e-5)
    np.testing.assert_array_equal(layer.forward(p, x)[0], before)


@needs_narrow
@pytest.mark.parametrize("kind", NARROW)
@pytest.mark.parametrize("channels", [32, 64])
def test_vectors_are_taken_where_they_are_faster(kind: int, channels: int) -> None:
    layer, x = Conv(channels), stream(6, "x").standard_normal((2, 9, 9, channels))
    x = x.astype(np.float32)
    p = {k: np.full(s, 0.1, np.float32) for k, s in layer.plan(x.shape[1:])[0].items()}
    with multiplying_by(kind):
        wide = layer.forward(p, x)[0]
        with NarrowProducts():
            is_narrow = (layer.forward(p, x)[0] != wide).any()
    assert is_narrow == (kind == TILES or channels == 32)
