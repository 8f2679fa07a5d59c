"""Workers with a part of each batch learn what one learns from all of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from conftest import missing
from digitus import nn
from digitus.errors import TrainingError
from digitus.nn import to_numpy
from digitus.training import step as step_module
from digitus.training.device import Device
from digitus.training.distributed import Distributed, Workers, bytes_a_step, joined
from digitus.training.loop import begin
from digitus.training.source import Batch, right_classes
from digitus.training.step import SingleProcess, TrainStep
from digitus.types import Params
from small import digits, recipe

STEPS = 50
BATCH = 24


@pytest.fixture
def torch() -> Any:
    try:
        Device("torch")
    except TrainingError as error:
        missing("torch", str(error))
    import torch

    return torch


def in_groups(count: int, work: Callable[[Workers | None], Params]) -> list[Params]:
    """What each of so many workers makes, which are threads here; they add up by gloo."""
    from torch.distributed import HashStore, ProcessGroupGloo

    if count == 1:
        return [work(None)]
    store = HashStore()

    def one(rank: int) -> Params:
        group = ProcessGroupGloo(store, rank, count, timedelta(seconds=60))
        return work(Workers(count, rank, lambda a: group.allreduce([a]).wait()))

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def learning(device: Device, optimizer: Any) -> Callable[[Workers | None], Params]:
    """Takes 50 steps in float64, the last batch smaller than there are workers."""
    plan, shown = recipe(), digits()
    definition = TrainStep(plan.network, plan.loss, optimizer, right_classes, average=0.9)
    targets = nn.one_hot(shown.labels, 10).astype(np.float64)

    def work(workers: Workers | None) -> Params:
        state = begin(plan, shown)
        state.params = {name: w.astype(np.float64) for name, w in state.params.items()}
        trained = filter(nn.trained, state.params)
        state.memory = {name: optimizer.start(state.params[name]) for name in trained}
        state.average = {name: w.copy() for name, w in state.params.items()}
        state.put(device)
        arrays = state.params, state.memory, state.average
        one: Any = Distributed(definition, *arrays, workers) if workers else None
        trainer = one or SingleProcess(definition, *arrays)
        for step in range(STEPS):
            part = slice(step, step + (3 if step == STEPS - 1 else BATCH))
            batch = Batch(shown.images[part], targets[part], shown.labels[part])
            tally = trainer.step(batch, step=step, rate=0.01)
            assert tally.counted == len(batch.inputs)
        assert trainer.waited == 0
        return {name: to_numpy(w) for name, w in state.params.items()}

    return work


@pytest.mark.slow
@pytest.mark.parametrize("library", ["torch", "numpy"])
def test_any_number_of_workers_learns_the_same(
    library: str, torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_module, "MIN_SHARD_WORK", 1)  # all have something to do
    rule: Any = nn.Clipped(nn.Adam(), 1.0)
    work = learning(Device(library), rule)
    (alone,) = in_groups(1, work)
    for count in (2, 4):
        first, *others = in_groups(count, work)
        for name, w in alone.items():
            assert w.dtype == np.float64
            np.testing.assert_allclose(first[name], w, rtol=1e-9, atol=1e-9)
            for other in others:  # bit for bit: all take the same step
                np.testing.assert_array_equal(other[name], first[name])


@pytest.mark.slow
def test_a_loss_that_is_not_finite_changes_nobody(torch: Any) -> None:
    plan, shown = recipe(), digits()
    definition = TrainStep(plan.network, plan.loss, plan.optimizer, right_classes)

    def work(workers: Workers | None) -> Params:
        assert workers
        state = begin(plan, shown)
        before = {name: w.copy() for name, w in state.params.items()}
        targets = nn.one_hot(shown.labels, 10)
        targets[0] = np.inf  # of the first worker's part
        step = Distributed(definition, state.params, state.memory, None, workers)
        tally = step.step(Batch(shown.images, targets, shown.labels), step=0, rate=0.1)
        assert not np.isfinite(tally.loss)
        assert all(np.array_equal(w, before[name]) for name, w in state.params.items())
        return state.params

    assert len(in_groups(2, work)) == 2


@pytest.mark.slow
def test_a_lost_worker_is_told(torch: Any) -> None:
    plan, shown = recipe(), digits()

    def lost(_: Any) -> None:
        raise RuntimeError("Connection closed by peer\nand a long trace")

    state = begin(plan, shown)
    definition = TrainStep(plan.network, plan.loss, plan.optimizer, right_classes)
    step = Distributed(definition, state.params, state.memory, None, Workers(2, 0, lost))
    batch = Batch(shown.images, nn.one_hot(shown.labels, 10), shown.labels)
    with pytest.raises(TrainingError, match=r"worker was lost: Connection closed by peer$"):
        step.step(batch, step=0, rate=0.1)


def test_what_is_sent_and_who_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bytes_a_step({"W": np.zeros((10, 10), np.float32)}, 4) == 600
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert joined("cpu") is None
