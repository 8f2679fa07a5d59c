"""Layers that are carried out together: the same numbers, to the bit, as one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitus.nn import BatchNorm, Chain, Conv, Layer, MaxPool, Params, Relu, Residual, stream
from digitus.nn.blocks import Block
from digitus.nn.images import as_input
from nn.compiled import LEVELS, needs_kernels

TOGETHER: list[list[Layer]] = [
    [Conv(5), Relu()],
    [Conv(33, stride=2), Relu(), MaxPool()],
    [Conv(9, padding="valid"), MaxPool(3)],
    [BatchNorm(), Relu()],
]


def block_of(layers: list[Layer]) -> Layer:
    """What a chain makes of them: one stage."""
    ((first, block),) = Chain(layers).stages
    assert (first, isinstance(block, Block)) == (0, True)
    return block


def one_by_one(layers: list[Layer], p: Params, x: Any, dy: Any) -> list[Any]:
    """y, dx and the gradients of the first layer, by each layer's own `forward`."""
    backs = []
    for i, layer in enumerate(layers):
        x, back = layer.forward({} if i else p, x, stream(0, "dropout"))
        backs.append(back)
    y = x
    for back in reversed(backs):
        dy, gradients = back(dy)
    return [y, dy, *gradients.values()]


def made(layers: list[Layer], shape: tuple[int, ...], dtype: Any) -> tuple[Params, Any, Any]:
    """Parameters, inputs with equals among them, and a gradient of what comes out."""
    rng, block = stream(1, "made", *shape), block_of(layers)
    shapes, out = block.plan(shape)
    p = {name: rng.standard_normal(own).astype(dtype) for name, own in shapes.items()}
    x = rng.standard_normal((4, *shape)).astype(dtype).round(1)
    x[0] = 0
    return p, x, rng.standard_normal((4, *out)).astype(dtype)


@needs_kernels
@pytest.mark.parametrize("by", [*LEVELS, "numpy"])
@pytest.mark.parametrize("layers", TOGETHER, ids=str)
def test_a_block_is_its_layers(
    layers: list[Layer], by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitus.nn.kernels.asked", by)
    for shape, dtype in (((7, 9, 3), np.float32), ((8, 8, 17), np.float64)):
        p, x, dy = made(layers, shape, dtype)
        y, back = block_of(layers).forward(p, x, stream(0, "dropout"))
        dx, gradients = back(dy)
        for found, expected in zip(
            [y, dx, *gradients.values()], one_by_one(layers, p, x, dy), strict=True
        ):
            np.testing.assert_array_equal(found, expected)
        assert back(dy, want_dx=False)[0] is None


@needs_kernels
def test_a_block_takes_bytes_and_what_is_no_number() -> None:
    layers: list[Layer] = [Conv(6), Relu(), MaxPool()]
    p, _, dy = made(layers, (6, 6, 1), np.float32)
    images = stream(2, "bytes").integers(0, 256, (4, 6, 6), np.uint8)
    x = as_input(images, p["W"]) * 0.1
    y, back = block_of(layers).forward(p, x)
    for found, expected in zip(
        [y, back(dy)[1]["W"]], one_by_one(layers, p, x, dy)[::2], strict=False
    ):
        np.testing.assert_array_equal(found, expected)
    p["b"][2] = np.nan
    assert np.isnan(block_of(layers).forward(p, x)[0][..., 2]).all()


def test_which_layers_go_together() -> None:
    layers = [
        *(Conv(3), Relu(), MaxPool()), *(BatchNorm(), Relu()), Relu(), *(Conv(2), Relu()),
        MaxPool(16), *(Conv(1), MaxPool(2)), Relu(), Residual(Chain([Conv(1)])), Relu(),
    ]  # fmt: skip
    stages = Chain(layers).stages
    blocks = {i: len(stage.others) + 1 for i, stage in stages if isinstance(stage, Block)}
    assert blocks == {0: 3, 3: 2, 6: 2, 9: 2}
    assert [i for i, _ in stages] == [0, 3, 5, 6, 8, 9, 11, 12, 13]
    assert Chain([]).stages == ()
