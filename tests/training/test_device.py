"""The same training on NumPy's arrays and on PyTorch's, from the same source."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from conftest import missing
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.batches import split
from digitus.errors import TrainingError
from digitus.nn import (
    Adam,
    AdamW,
    AveragePool,
    BatchNorm,
    Chain,
    Conv,
    Dense,
    Deslant,
    Dropout,
    Flatten,
    MaxPool,
    Momentum,
    Relu,
    Scale,
    Sigmoid,
    SquaredError,
    Standardize,
)
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.training.device import Device
from digitus.training.examples import Examples
from digitus.training.loop import Finished, State, begin, train
from digitus.training.run_folder import Run, load_checkpoint, record
from digitus.training.update import apply_gradients
from nn.compiled import needs_narrow

DIGITS = strokes(400, seed=3)
CONVOLUTIONS = Recipe(
    "convolutions",
    Chain(
        [
            *(
                Scale(),
                Deslant(width=4.0),
                Conv(4),
                Relu(),
                BatchNorm(),
                MaxPool(),
                Conv(6, stride=2),
                Relu(),
            ),
            *(AveragePool(), Flatten(), Dropout(0.2), Dense(10)),
        ]
    ),
    development=100,
    batch_size=30,  # one shard, as PyTorch gets it
    epochs=2,
    optimizer=AdamW(),
    average=0.9,
    augment=Augmentation(rotate=10),
)
PERCEPTRON = Recipe(
    "perceptron",
    Chain([Scale(), Standardize(0.1), Flatten(), Dense(20), Sigmoid(), Dense(10), Sigmoid()]),
    development=100,
    batch_size=0,
    epochs=5,
    loss=SquaredError(),
    optimizer=Momentum(),
)


@pytest.fixture
def torch_device() -> Device:
    try:
        return Device("torch")
    except TrainingError as error:
        missing("torch", str(error))
        raise AssertionError from None  # not reached


def in_float64(recipe: Recipe) -> State:
    state = begin(recipe, DIGITS)

    def wide(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: a.astype(np.float64) for name, a in arrays.items()}

    state.params = wide(state.params)
    state.average = state.average and wide(state.average)
    state.memory = {name: wide(kept) for name, kept in state.memory.items()}
    return state


def trained(recipe: Recipe, device: Device, start: Callable[[Recipe], State]) -> Recognizer:
    *_, last = train(recipe, DIGITS, state=start(recipe), device=device)
    assert isinstance(last, Finished)
    return last.recognizer


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [CONVOLUTIONS, PERCEPTRON], ids=lambda r: r.name)
def test_a_whole_run_in_float64_is_the_same(recipe: Recipe, torch_device: Device) -> None:
    ours, theirs = (trained(recipe, d, in_float64) for d in (Device(), torch_device))
    for name, w in ours.params.items():
        assert w.dtype == theirs.params[name].dtype == np.float64
        np.testing.assert_allclose(theirs.params[name], w, rtol=1e-9, atol=1e-9)
    assert theirs.temperature == pytest.approx(ours.temperature, rel=1e-6)


@pytest.mark.slow
def test_in_float32_it_stays_float32_and_learns_the_same(torch_device: Device) -> None:
    recipe = replace(CONVOLUTIONS, epochs=6)
    ours, theirs = (
        trained(recipe, d, lambda r: begin(r, DIGITS)) for d in (Device(), torch_device)
    )
    assert {w.dtype for w in theirs.params.values()} == {np.dtype(np.float32)}
    scores = [r.history["epochs"][-1]["development_accuracy"] for r in (ours, theirs)]
    assert abs(scores[0] - scores[1]) <= 0.05
    fresh = strokes(50, seed=9).images
    np.testing.assert_allclose(theirs.outputs(fresh), ours.outputs(fresh), atol=0.05)


@pytest.mark.slow
def test_in_bfloat16_parameters_stay_float32_and_it_learns(torch_device: Device) -> None:
    recipe = replace(CONVOLUTIONS, epochs=6)
    wide, narrow = (
        trained(recipe, d, lambda r: begin(r, DIGITS))
        for d in (torch_device, Device("torch", precision="bfloat16"))
    )
    assert {w.dtype for w in narrow.params.values()} == {np.dtype(np.float32)}
    scores = [r.history["epochs"][-1]["development_accuracy"] for r in (wide, narrow)]
    assert abs(scores[0] - scores[1]) <= 0.05
    losses = [r.history["epochs"][-1]["loss"] for r in (wide, narrow)]
    assert losses[0] != losses[1]  # it was not float32 all the same
    assert losses[1] == pytest.approx(losses[0], rel=0.2)


@needs_narrow
def test_numpy_in_bfloat16_learns_likewise_and_repeats() -> None:
    layers = [Scale(), Conv(8), Relu(), MaxPool(), Conv(8), Relu(), MaxPool(), Flatten(), Dense(10)]
    recipe = replace(CONVOLUTIONS, network=Chain(layers), epochs=4)
    wide, narrow, again = (
        trained(recipe, d, lambda r: begin(r, DIGITS))
        for d in (Device(), Device(precision="bfloat16"), Device(precision="bfloat16"))
    )
    assert {w.dtype for w in narrow.params.values()} == {np.dtype(np.float32)}
    assert narrow.history["epochs"][-1]["loss"] == pytest.approx(
        wide.history["epochs"][-1]["loss"], rel=0.2
    )
    for name, w in narrow.params.items():
        np.testing.assert_array_equal(again.params[name], w)
    assert any((w != wide.params[name]).any() for name, w in narrow.params.items())


def test_a_teacher_answers_the_same_in_either(torch_device: Device) -> None:
    recipe = replace(PERCEPTRON, teacher="default", softness=2.0)
    devices = (Device(), torch_device, Device("torch", precision="bfloat16"))
    parts = split(DIGITS, recipe.development, 0)
    found = [Examples(recipe, *parts, device).batch(0, 0).targets for device in devices]
    assert all(answers.dtype == np.float32 for answers in found)
    np.testing.assert_allclose(found[1], found[0], atol=1e-4)
    np.testing.assert_allclose(found[2], found[0], atol=0.1)
    assert np.abs(found[2] - found[0]).mean() < 0.005
    assert not np.array_equal(found[2], found[1])  # it was not float32 all the same


def test_a_run_may_be_resumed_elsewhere(torch_device: Device, tmp_path: Path) -> None:
    run = Run(tmp_path)
    events = record(run, PERCEPTRON, DIGITS, device=torch_device, seconds=0)
    for _ in range(4):
        next(events)
    events.close()
    recipe, state, _ = load_checkpoint(run.checkpoint)
    assert 0 < state.step < 5
    *_, last = train(recipe, DIGITS, state=state)
    assert isinstance(last, Finished)
    whole = trained(PERCEPTRON, Device(), lambda r: begin(r, DIGITS))
    for name, w in whole.params.items():
        np.testing.assert_allclose(last.recognizer.params[name], w, atol=1e-5)


def test_what_is_not_to_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrainingError, match="NumPy has no GPU"):
        Device("numpy", "cuda")
    monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
    with pytest.raises(TrainingError, match="need a processor with AMX"):
        Device("numpy", precision="bfloat16")
    with pytest.raises(ValueError, match="no precision 'int8'"):
        Device("torch", precision="int8")
    with pytest.raises(ValueError, match="no tensorflow"):
        Device("tensorflow")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TrainingError, match=r"pip install 'digitus\[torch\]'"):
        Device("torch")


def test_no_gpu(torch_device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainingError, match="finds no GPU"):
        Device("torch", "cuda")


@pytest.mark.parametrize("rule", [Adam(beta1=0.8), AdamW(decay=0.1)], ids=["Adam", "AdamW"])
def test_the_kernel_of_pytorch_is_the_rule(rule: Adam, torch_device: Device) -> None:
    import torch

    rng = np.random.default_rng(0)
    shapes = {"0.W": (3, 3, 2, 5), "0.b": (5,), "1.W": (40, 3)}
    params = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    memory = {name: rule.start(w) for name, w in params.items()}
    theirs = {name: torch.tensor(w) for name, w in params.items()}
    their_memory = {name: rule.start(w) for name, w in theirs.items()}
    for t in range(1, 140):
        g = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
        # A matrix in another order in memory, as convolutions give theirs.
        turned = {
            name: torch.tensor(a.T.copy()).mT if a.ndim == 2 else torch.tensor(a)
            for name, a in g.items()
        }
        apply_gradients(rule, params, g, memory, rate=0.1, t=t)
        apply_gradients(rule, theirs, turned, their_memory, rate=0.1, t=t)
    for name, w in params.items():
        np.testing.assert_allclose(theirs[name], w, rtol=1e-9)
        for key, s in memory[name].items():
            np.testing.assert_allclose(their_memory[name][key], s, rtol=1e-9)
