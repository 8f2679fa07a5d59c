"""The page network as a training run: its recipe, its crops, its score, its runs kept and resumed.

Not inside: what a crop shows (`test_crops`) and what is answered for it (`test_maps`).
"""

from __future__ import annotations

import math
from collections.abc import Generator
from contextlib import closing, nullcontext
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import missing
from digitus.detection import closeup, tasks
from digitus.detection.closeups import CLASSES, SIDE
from digitus.detection.examples import crop_batch
from digitus.detection.maps import CHANNELS, CROP_SIDE, DIGIT, HEAT, STRIDE, Truth, targets
from digitus.detection.model import planned_page, shipped
from digitus.detection.score import digits_found, found
from digitus.detection.source import PageExamples, TrainedPages, Writers, begin, train, writers
from digitus.errors import RecipeError, ShapeError
from digitus.nn import Chain, Conv, Dense, Flatten, MultiTask, Relu, Scale, SoftmaxCrossEntropy
from digitus.recipe import load_recipe, with_settings
from digitus.training.device import Device
from digitus.training.events import EpochEnded, Finished, Started, Stepped
from digitus.training.run_folder import Run, kept, resume
from digitus.training.source import Batch
from digitus.types import Floats32
from small import FINDS, digits, recipe, same_arrays

CELLS = CROP_SIDE // STRIDE
PAGE = load_recipe("page")
SMALL = recipe(FINDS)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch of three batches, and few crops held back at once."""
    for data, task in tasks.TASKS.items():
        monkeypatch.setitem(tasks.TASKS, data, replace(task, epoch=6, at_once=4))


def test_the_recipe_answers_every_channel_at_every_cell() -> None:
    shapes = planned_page(PAGE.network, CROP_SIDE)
    assert sum(map(math.prod, shapes.values())) == 1_219_337
    assert (shapes["2.W"], shapes["17.W"]) == ((3, 3, 1, 16), (1, 1, 48, CHANNELS))
    assert shapes["10.1.7.1.7.3.W"] == (3, 3, 96, 96)  # at the coarsest scale
    assert shapes["10.1.8.W"] == (3, 3, 160, 64)  # where two scales come together
    assert isinstance(PAGE.loss, MultiTask)
    assert sum(channels for _, channels, _ in PAGE.loss.parts) == CHANNELS
    with pytest.raises(ShapeError, match="the digits of a page need"):
        planned_page(Chain([Conv(CHANNELS)]), CROP_SIDE)


def test_the_network_that_ships_is_the_recipes() -> None:
    assert shipped().recipe.network == PAGE.network


def test_pages_are_not_changed_as_digits_are() -> None:
    for key, value in (("worn", 0.1), ("not_digits", 0.1), ("teacher", "default")):
        with pytest.raises(RecipeError, match="pages are learnt from as they are made"):
            with_settings(PAGE, **{key: value})


def answers(maps: Floats32) -> Floats32:
    """Outputs that are right everywhere."""
    outputs = np.where(np.isnan(maps), 0, maps).astype(np.float32)
    outputs[..., HEAT] = np.where(maps[..., HEAT] == 1, 1, -1)
    return outputs


def test_a_digit_is_found_where_it_is_hot_and_read_rightly() -> None:
    two = [Truth(3, 50, 60, 20, 30), Truth(7, 120, 61, 20, 30)]
    maps = np.stack([targets(two, (CROP_SIDE, CROP_SIDE)), targets([], (CROP_SIDE, CROP_SIDE))])
    right = answers(maps)
    crops = Batch(np.zeros((2, CROP_SIDE, CROP_SIDE), np.uint8), maps)
    assert found(right, crops) == (2, 2)
    assert digits_found(right, crops) == (2.0, 2)
    cold = right.copy()
    cold[0, 15, 12, HEAT] = -0.1
    assert found(cold, crops) == (1, 2)
    assert digits_found(cold, crops) == (1.0, 2)
    wrong = right.copy()
    wrong[0, 15, 30, DIGIT] = np.eye(10)[1]
    assert found(wrong, crops) == (1, 2)
    assert digits_found(right, crops.part(slice(1, 2))) == (1.0, 1)  # none there, none missed


def test_batches_are_those_of_their_numbers_whoever_makes_them() -> None:
    by = Writers.of(digits())
    assert by.learnt
    assert by.held_back
    assert (len(by.learnt), len(by.held_back)) == (275, 25)
    examples = PageExamples(SMALL, by, processes=2)
    with closing(examples.upcoming(range(4, 6), nullcontext)) as coming:
        made = list(coming)
    for step, own in zip((4, 5), made, strict=True):
        expected = crop_batch(step, 2, SMALL.seed, by.learnt)
        assert np.array_equal(own.inputs, expected.inputs)
        assert np.array_equal(own.targets, expected.targets, equal_nan=True)
        assert {k: (v.shape, v.dtype) for k, v in own._asdict().items() if v is not None} == {
            k: (shape, np.dtype(code)) for k, (shape, code) in examples.largest.items()
        }


@pytest.mark.slow
def test_other_pages_are_held_back_for_all_runs() -> None:
    examples = PageExamples(SMALL, Writers())
    parts = examples.held_back
    assert [len(part.inputs) for part in parts] == [4, 2]
    other = PageExamples(with_settings(SMALL, seed=5, batch_size=3), Writers())
    assert all(
        np.array_equal(a.inputs, b.inputs) for a, b in zip(parts, other.held_back, strict=True)
    )
    learnt = examples.sample(6)
    assert learnt.shape == (6, CROP_SIDE, CROP_SIDE)
    assert not any(np.array_equal(a, b) for a in parts[0].inputs for b in learnt)


@pytest.mark.slow
def test_mnist_writes_where_it_is_at_hand(mnist_dir: Path, tmp_path: Path) -> None:
    by = writers(mnist_dir)
    assert by.learnt
    assert by.held_back
    assert (len(by.learnt), len(by.held_back)) == (55_000, 5_000)
    assert by.sha256 != Writers().sha256
    assert by.name.endswith("and by the simulated pen")


def test_the_pen_writes_alone_where_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setattr("digitus.datasets.sources.cache_folder", lambda: tmp_path)
    assert writers(tmp_path) == Writers()
    assert Writers().name == "pages written by the simulated pen"


@pytest.mark.slow
def test_a_run_is_kept_and_resumed_to_the_bit(tmp_path: Path) -> None:
    by = Writers()
    whole, told = started(by)
    assert isinstance(told[0], Started)
    assert (told[0].examples, told[0].development, told[0].batches) == (6, 6, 3)
    ends = [event for event in told if isinstance(event, EpochEnded)]
    assert len(ends) == 2
    assert all(math.isfinite(end.development_loss) for end in ends)
    run = Run(tmp_path)
    state = begin(SMALL, by)
    keeping = kept(run, SMALL, by, state, train(SMALL, by, state=state))
    for event in keeping:
        if isinstance(event, Stepped) and event.step == 4:  # in the middle of an epoch
            keeping.close()
    again, resumed = resume(run, by, begin)
    assert (again, resumed.step) == (SMALL, 4)
    *_, last = kept(run, SMALL, by, resumed, train(SMALL, by, state=resumed, threads=2))
    assert isinstance(last, Finished)
    assert same_arrays(last.recognizer.params, whole.params)
    assert run.model.exists()
    assert not run.checkpoint.exists()
    losses = [epoch["development_loss"] for epoch in last.recognizer.history["epochs"]]
    assert losses == [end.development_loss for end in ends]


CLOSE = replace(
    SMALL,
    name="small closeup",
    data="closeups",
    network=Chain([Scale(255), Conv(4, stride=2), Relu(), Flatten(), Dense(CLASSES)]),
    loss=SoftmaxCrossEntropy(),
)


@pytest.mark.slow
def test_closer_looks_are_learnt_from_the_same_pages(tmp_path: Path) -> None:
    by = Writers.of(digits())
    made = PageExamples(CLOSE, by).upcoming(range(2), nullcontext)
    first, second = (part for part in made)
    assert first.inputs.shape == (2, SIDE, SIDE)
    assert not np.array_equal(first.inputs, second.inputs)
    assert first.labels is not None
    assert np.array_equal(first.targets.argmax(1), first.labels)
    *told, last = train(CLOSE, by)
    assert isinstance(last, Finished)
    ends = [event for event in told if isinstance(event, EpochEnded)]
    assert all(0 <= end.development_accuracy <= 1 for end in ends)
    last.recognizer.save(tmp_path / "closeup.safetensors")
    network = closeup.load(tmp_path / "closeup.safetensors")
    assert network.recipe == CLOSE
    answers = network(np.full((40, 60), 200, np.uint8), np.array([[20, 30, 10, 20]], np.float32))
    assert answers.shape == (1, CLASSES)
    assert answers.sum() == pytest.approx(1)
    with pytest.raises(ShapeError, match="the digits and none need"):
        begin(replace(CLOSE, network=Chain([Flatten(), Dense(10)])), by)


def started(by: Writers, device: Device | None = None) -> tuple[TrainedPages, list[Any]]:
    events: Generator[Any, None, None] = train(SMALL, by, device=device or Device())
    told = list(events)
    return told[-1].recognizer, told


@pytest.mark.slow
def test_pytorch_learns_the_same_in_few_bits() -> None:
    if find_spec("torch") is None:
        missing("torch", "PyTorch is not installed")
    numpy, _ = started(Writers())
    torch, told = started(Writers(), Device("torch", precision="bfloat16"))
    assert isinstance(told[-2], EpochEnded)
    for name, w in numpy.params.items():
        assert isinstance(torch.params[name], np.ndarray)
        np.testing.assert_allclose(torch.params[name], w, rtol=0.1, atol=0.1)
