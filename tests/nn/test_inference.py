"""Inference by the compiled kernel: any network answers as its layers do, at every level.

The layers computed by NumPy are the reference. Inside: whole networks, drawn at random and picked;
what must not change an answer; what the kernel leaves to the layers. Not inside: the recognizer and
the page network that ship, which are tested where they are used.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import ShapeError
from digitus.nn import (
    AveragePool,
    BatchNorm,
    Centre,
    Chain,
    Concat,
    Conv,
    Dense,
    Deslant,
    Dropout,
    Exemplars,
    Flatten,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Sigmoid,
    Softmax,
    Standardize,
    Upsample,
    stream,
)
from digitus.nn.inference import Inference
from digitus.nn.products import scratch
from nn.compiled import LEVELS, needs_kernels

pytestmark = needs_kernels


def parameters(network: Chain, shape: tuple[int, ...], dtype: Any = np.float32) -> dict[str, Any]:
    """Numbers that keep what comes out of a layer about as large as what goes in."""
    rng, p = stream(0, "parameters"), {}
    for name, own in network.plan(shape)[0].items():
        fan_in = max(1, int(np.prod(own[:-1])))
        a = rng.standard_normal(own) / np.sqrt(fan_in if len(own) > 1 else 1)
        if name.endswith(("var", "gamma", "deviation", "spread", "votes")):
            a = rng.uniform(0.5, 2, own)
        p[name] = a.astype(dtype)
    return p


def answers_alike(network: Chain, x: np.ndarray, dtype: Any = np.float32) -> np.ndarray:
    """What the kernel answers, after a comparison with the layers; x is [n h w c]."""
    p = parameters(network, x.shape[1:], dtype)
    expected = network.forward(p, x.astype(dtype))[0]
    found = Inference(network, p)(x)
    assert found is not None
    assert found.dtype == dtype
    assert found.shape == expected.shape
    rounding = 2e-5 if dtype == np.float32 else 1e-12
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=rounding * scale)
    return found


BODY = Chain([Conv(5), BatchNorm(), Relu(), Conv(5), BatchNorm()])
NETWORKS = {
    "perceptron": [Scale(), Flatten(), Dense(70), Relu(), Dense(10)],
    "standardized": [Standardize(), Flatten(), Dropout(0.5), Dense(3)],
    "centred": [Flatten(), Centre(), Scale(2.0), Dense(3), Relu(), Flatten()],
    "normalised vectors": [Flatten(), BatchNorm(), Dense(7), BatchNorm(), Relu(), Dense(3)],
    "convolutions": [Scale(), Conv(16), BatchNorm(), Relu(), MaxPool(), Conv(21, 5), Flatten(),
                     Relu(), Dense(10)],
    "normalised first": [Scale(3.0), BatchNorm(), Conv(7, stride=2), Relu(), BatchNorm(), Relu()],
    "residual": [Conv(5), Residual(BODY), Relu(), Residual(Chain([])), Residual(Chain([Relu()])),
                 Residual(BODY), Residual(Chain([BODY, Relu()])), BatchNorm()],
    "forks": [Conv(6), Relu(), Concat(Chain([]), Chain([
        Conv(9, stride=2), Concat(Chain([Conv(3)]), Chain([Relu()])), Upsample()])),
        Relu(), Conv(4, 1)],
    "the same twice": [Conv(3), Concat(Chain([]), Chain([])), BatchNorm(), AveragePool(3)],
    "the input twice": [Concat(Chain([]), Chain([Conv(2), MaxPool(), Upsample()])), Conv(3)],
    "a residual of a fork": [Conv(4), Residual(Chain([
        Concat(Chain([Conv(3)]), Chain([Conv(1, 1), Relu()]))])), Relu(), Conv(2, 7)],
    "probabilities": [Scale(), Conv(3), Relu(), Flatten(), Dense(10), Scale(2.0), Softmax()],
    "pools": [Conv(3, 1), MaxPool(3), Relu(), AveragePool(2), Upsample(3), Flatten()],
}  # fmt: skip


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_answers_as_its_layers(
    name: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitus.nn.kernels.asked", level)
    channels = 1 if name == "the input twice" else 3
    x = stream(1, name).integers(0, 9, (3, 12, 16, channels), np.uint8)
    network = Chain(NETWORKS[name])
    answers_alike(network, x)
    answers_alike(network, x, np.float64)


@st.composite
def networks(draw: st.DrawFn) -> tuple[Chain, tuple[int, int, int]]:
    """Layers of all kinds that fit one after the other, and the shape of what they take."""
    shape = draw(st.tuples(st.integers(1, 13), st.integers(1, 13), st.integers(1, 5)))
    conv = st.builds(
        Conv, st.integers(1, 40), st.sampled_from([1, 3, 5]), st.sampled_from([1, 2]),
        st.sampled_from(["same", "valid"]),
    )  # fmt: skip
    narrow = st.builds(Chain, st.lists(st.builds(Conv, st.integers(1, 5)) | st.just(Relu())))
    fork = st.builds(Concat, narrow, narrow)
    pool = st.builds(MaxPool, st.integers(1, 3)) | st.builds(AveragePool, st.integers(1, 3))
    other = st.sampled_from([Relu(), BatchNorm(), Upsample(2), Dropout(0.2)])
    layers: list[Any] = [Conv(draw(st.integers(1, 20)), 1)]
    here: tuple[int, ...] = (*shape[:2], layers[0].channels)
    for layer in draw(st.lists(conv | fork | pool | other, min_size=1, max_size=7)):
        if draw(st.booleans()):
            layer = Residual(Chain([layer]))
        try:
            here = Chain([layer]).plan(here)[1]
        except ShapeError:
            continue
        layers.append(layer)
    if draw(st.booleans()):
        layers += [Flatten(), Dense(draw(st.integers(1, 70)))]
    return Chain([Scale(4.0), *layers]), shape


@examples(40)
@given(networks(), st.integers(0, 40), st.sampled_from(LEVELS), st.booleans())
def test_any_network_answers_as_its_layers(
    drawn: tuple[Chain, tuple[int, int, int]], n: int, level: str, wide: bool
) -> None:
    network, shape = drawn
    x = stream(n, "pictures").integers(0, 9, (n, *shape), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitus.nn.kernels.asked", level)
        answers_alike(network, x, np.float64 if wide else np.float32)


def test_an_answer_depends_neither_on_its_batch_nor_on_the_order_in_memory() -> None:
    for name in ("perceptron", "convolutions"):
        network = Chain(NETWORKS[name])
        x = stream(2, name).integers(0, 9, (300, 12, 16, 3), np.uint8)
        x[:, :3] = 0  # background
        run = Inference(network, parameters(network, x.shape[1:]))
        together = run(x)
        np.testing.assert_array_equal(np.concatenate([run(x[i : i + 1]) for i in range(9)]),
                                      together[:9])  # fmt: skip
        np.testing.assert_array_equal(run(np.asfortranarray(x[::-2])), together[::-2])
        np.testing.assert_array_equal(run(x.astype(np.float32)), together)


def test_vectors_of_any_width_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    fused = [level for level in LEVELS if level != "plain"]  # multiply and add in one operation
    network = Chain(NETWORKS["convolutions"])
    x = stream(3, "x").integers(0, 9, (2, 12, 16, 3), np.uint8)
    found = []
    for level in fused:
        monkeypatch.setattr("digitus.nn.kernels.asked", level)
        found.append(Inference(network, parameters(network, x.shape[1:]))(x))
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_pictures_of_other_shapes_follow_each_other() -> None:
    network = Chain(NETWORKS["forks"])
    run = Inference(network, p := parameters(network, (8, 8, 3)))
    for h, w in ((8, 8), (12, 20), (8, 8), (16, 4)) * 40:
        x = stream(h, "x", w).integers(0, 9, (1, h, w, 3), np.uint8)
        np.testing.assert_allclose(run(x), network.forward(p, x.astype(np.float32))[0], atol=1e-4)


def test_threads_do_not_disturb_each_other() -> None:
    network = Chain(NETWORKS["convolutions"])
    x = stream(4, "x").integers(0, 9, (40, 12, 16, 3), np.uint8)
    run = Inference(network, parameters(network, x.shape[1:]))
    alone = run(x)
    wrong = []

    def work() -> None:
        for _ in range(5):
            if not np.array_equal(run(x), alone):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_comes_out(bad: float) -> None:
    network = Chain([Conv(4), Relu(), MaxPool(), Flatten(), Dense(3), Relu()])
    p = parameters(network, (6, 6, 1))
    p["0.W"][1, 1] = bad
    x = np.ones((1, 6, 6, 1), np.uint8)
    assert not np.isfinite(Inference(network, p)(x)).all()
    assert Inference(network, p).checked(x)[1] is False
    layers = network.layers[:-1]  # Relu after the last one stands between it and a softmax
    assert Inference(Chain([*layers, Softmax()]), p).checked(x)[1] is False
    p["0.W"][1, 1] = 1
    assert Inference(Chain([*layers, Softmax()]), p).checked(x)[1] is True
    p["4.b"][0] = 1e31
    assert Inference(Chain([*layers, Softmax()]), p).checked(x)[1] is False


def test_before_a_memory_the_kernel_computes() -> None:
    """NumPy looks through the memory, and computes what comes after it."""
    x = stream(0, "x").integers(0, 256, (6, 8, 8, 1), np.uint8)
    layers = [Scale(), Conv(4), BatchNorm(), Relu(), Flatten(), Dropout(0.5), Exemplars(3, 4)]
    for network in (Chain(layers), Chain([*layers, Scale(0.5), Softmax()])):
        p = parameters(network, (8, 8, 1))
        found = Inference(network, p).checked(x)
        assert found is not None
        assert found[1] is True
        expected = network.forward(p, x.astype(np.float32))[0]
        np.testing.assert_allclose(found[0], expected, atol=2e-5)
        p["6.W"][0, 0] = np.nan
        again = Inference(network, p).checked(x)
        assert again is not None
        assert again[1] is False


def test_what_the_kernel_leaves_to_the_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros((1, 8, 8, 1), np.uint8)
    for layers in (
        [Deslant(), Flatten(), Dense(2)],
        [Flatten(), Dense(2), Sigmoid()],
        [Conv(2), Standardize()],
        [Concat(Chain([Flatten()]), Chain([Flatten()])), Dense(2)],
        [MaxPool()],
        [Conv(2), Deslant(), Flatten(), Exemplars(2, 3)],
        [Flatten(), Exemplars(2, 3)],
    ):
        network = Chain(layers)
        assert Inference(network, parameters(network, (8, 8, 1)))(x) is None
    network = Chain([Conv(2)])
    p = parameters(network, (8, 8, 1))
    mixed = p | {"0.b": p["0.b"].astype(np.float64)}
    assert Inference(network, mixed)(x) is None
    assert Inference(network, p)(x) is not None
    monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
    assert Inference(network, p)(x) is None


def test_what_an_earlier_use_left_in_memory_does_not_matter() -> None:
    network = Chain([Conv(3), Relu(), Residual(Chain([Conv(3)])), MaxPool(), Flatten(), Dense(5)])
    x = stream(0, "x").standard_normal((2, 8, 8, 1)).astype(np.float32)
    inference = Inference(network, parameters(network, x.shape[1:]))
    expected = inference(x)
    assert expected is not None
    scratch((10**6,), np.dtype(np.float32)).fill(np.nan)
    np.testing.assert_array_equal(inference(x), expected)


def test_threads_may_ask_first_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would pack the weights, and what one has packed is freed when the other replaces it."""
    network = Chain([Conv(8), Relu(), Flatten(), Dense(5)])
    x = stream(0, "x").standard_normal((2, 8, 8, 1)).astype(np.float32)
    p = parameters(network, x.shape[1:])
    packed: list[Any] = []
    pack = Inference._pack

    def slowly(self: Inference, s: Any, by_blocks: bool) -> Any:
        time.sleep(0.02)
        packed.append(s)
        return pack(self, s, by_blocks)

    monkeypatch.setattr(Inference, "_pack", slowly)
    expected = Inference(network, p)(x)
    alone = len(packed)
    inference = Inference(network, p)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(inference, [x] * 4):
            np.testing.assert_array_equal(found, expected)
    assert len(packed) == 2 * alone  # once each
