"""Training: from a recipe and a set of digits to a recognizer, told as a stream of events.

`train` is a generator. It changes a `State` and yields frozen events that say what happened;
printing, plotting, saving and stopping are done by whoever listens, between two events, when the
state is whole. Every random number comes from a stream of its own for (seed, purpose, epoch,
batch), so a state needs no memory of random generators: a run that is resumed from it, also in the
middle of an epoch, goes on bit for bit as if it had never stopped.

Inside: the loop, the state, the events. Not inside: the step (`step`, `crew`), checkpoints on disk
(`runs`), what is shown (`cli`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from digitus import __version__
from digitus.datasets.batches import order, split
from digitus.datasets.digits import NOT_A_DIGIT, Digits
from digitus.errors import ModelError, TrainingError
from digitus.nn import (
    Chain,
    calibrated,
    first_trained,
    initial,
    one_hot,
    softmax,
    stream,
    to_numpy,
    trained,
)
from digitus.nn.images import Inputs
from digitus.recipe import Recipe, planned
from digitus.recognizer import Recognizer, calibrate
from digitus.threads import Map
from digitus.training.device import NUMPY, Device
from digitus.training.examples import Batch, Examples, all_worn
from digitus.training.processes import Crew, possible
from digitus.training.step import Alone, Method, shard_size
from digitus.types import Params

MEASURED = 10_000  # training images on which statistics (batch normalisation ...) are measured
GLANCE = (
    2_000  # the same after an epoch, to show how far it has come: near enough, in a fifth of it
)
DOUBTED_SHARE = 0.01  # of development digits are refused by a network that was taught to doubt
SPLIT_SEED = 0  # the same for all seeds: development images are never learnt from by any run


@dataclass
class State:
    """Everything that a run has so far; the whole of what a checkpoint keeps.

    `step` counts updates since the start of the run, `loss` and `right` sum over the `seen`
    examples of the epoch that is going on, `seconds` is its time, and `epochs` holds the record of
    each finished one.
    """

    params: Params
    memory: dict[str, Params]
    average: Params | None
    step: int = 0
    loss: float = 0.0
    right: int = 0
    seen: int = 0
    seconds: float = 0.0
    epochs: list[dict[str, Any]] = field(default_factory=list)

    def put(self, device: Device) -> None:
        """Moves all arrays to a device."""
        self.params = device.put(self.params)
        self.memory = {name: device.put(kept) for name, kept in self.memory.items()}
        self.average = self.average and device.put(self.average)


@dataclass(frozen=True)
class Started:
    """Before the first step (of this call): what is about to happen."""

    recipe: Recipe
    parameters: int
    examples: int
    development: int
    batches: int  # in an epoch
    resumed_at: int  # steps that an earlier call has done


@dataclass(frozen=True)
class Stepped:
    """After each update. Loss and accuracy are those of the epoch so far."""

    epoch: int  # from 1
    batch: int  # from 1
    step: int
    loss: float
    accuracy: float
    rate: float
    images_per_second: float


@dataclass(frozen=True)
class EpochEnded:
    """After each epoch: its record, also kept in `State.epochs`."""

    epoch: int
    loss: float
    accuracy: float
    development_loss: float
    development_accuracy: float
    rate: float
    seconds: float
    images_per_second: float


@dataclass(frozen=True)
class Finished:
    """At the end: the recognizer."""

    recognizer: Recognizer


Event: TypeAlias = Started | Stepped | EpochEnded | Finished


def begin(recipe: Recipe, digits: Digits) -> State:
    """The state before the first step. Layers that standardize the input measure it here.

    Raises `DataError` for too few digits and `ShapeError` for a network that does not fit them.
    """
    learnt, _ = split(digits, recipe.development, SPLIT_SEED)
    network = recipe.network
    planned(network, size_of(learnt))
    params = initial(network, (*size_of(learnt), 1), recipe.initial, stream(recipe.seed, "initial"))
    inputs = Chain(network.layers[: first_trained(network, params)])
    params |= calibrated(inputs, params, Inputs(learnt.images, next(iter(params.values()))))
    memory = {name: recipe.optimizer.start(w) for name, w in params.items() if trained(name)}
    average = {name: w.copy() for name, w in params.items()} if recipe.average else None
    return State(params, memory, average)


def train(
    recipe: Recipe,
    digits: Digits,
    *,
    state: State | None = None,
    threads: int = 1,
    device: Device = NUMPY,
) -> Iterator[Event]:
    """Trains on `digits`, less the development split, and yields what happens.

    Goes on from `state` where one is given, and changes it; meanwhile its arrays are the device's.
    Raises `DataError` for too few digits, `ShapeError` for a network that does not fit,
    `ModelError` for a teacher that cannot be loaded, `TrainingError` for a loss that is not finite.
    """
    learnt, development = split(digits, recipe.development, SPLIT_SEED)
    state = state or begin(recipe, digits)
    state.put(device)
    examples = Examples(recipe, learnt, device)
    batches = len(examples.parts)
    steps = recipe.epochs * batches
    parameters = sum(math.prod(w.shape) for w in state.params.values())
    yield Started(
        recipe,
        parameters=parameters,
        examples=len(learnt),
        development=len(development),
        batches=batches,
        resumed_at=state.step,
    )
    made = examples.upcoming(range(state.step, steps))
    with _at_work(recipe, state, examples, threads, device) as (worker, each):
        while state.step < steps or state.seen:
            epoch, number = divmod(state.step, batches)
            if state.seen and number == 0:
                yield _close_epoch(recipe, state, learnt, development, steps, each)
                continue
            yield _step(recipe, state, made, epoch, number, steps, worker)
        yield Finished(_finish(recipe, state, digits, learnt, development, each))


@contextmanager
def _at_work(
    recipe: Recipe, state: State, examples: Examples, threads: int, device: Device
) -> Iterator[tuple[Alone | Crew, Map]]:
    """Who makes the steps, and a map over batches for what is asked of the network in between.

    On NumPy's arrays as many processes as there are threads, where a batch is enough for two;
    else one, whose products have the threads.
    """
    precision = None if device.precision == "float32" else device.precision
    method = Method(
        recipe.network, recipe.loss, recipe.optimizer, recipe.average, recipe.seed, precision
    )
    arrays = state.params, state.memory, state.average
    processes = 1
    if device.library == "numpy" and possible():
        parameters = sum(w.size for w in state.params.values())
        shard = shard_size(recipe.network, examples.size, threads, parameters)
        processes = min(threads, math.ceil(examples.size / shard))
    with device.workers(threads, shards=processes) as each:
        if processes == 1:
            yield Alone(method, *arrays), each
            return
        crew = Crew(method, processes, *arrays, examples.largest)
        try:
            yield crew, each
        finally:
            crew.close()


def _step(
    recipe: Recipe,
    state: State,
    made: Iterator[Batch],
    epoch: int,
    number: int,
    steps: int,
    worker: Alone | Crew,
) -> Stepped:
    """One update."""
    clock = time.perf_counter()
    images, labels, taught = next(made)
    rate = recipe.schedule(state.step / steps)
    loss, right = worker.step(images, labels, taught, step=state.step, rate=rate)
    if not math.isfinite(loss):
        raise _astray(f"the loss became {loss} in epoch {epoch + 1}, batch {number + 1}", rate)
    t = state.step = state.step + 1
    digits = int((labels != NOT_A_DIGIT).sum())
    state.loss += loss * digits
    state.right += right
    state.seen += digits
    state.seconds += time.perf_counter() - clock
    return Stepped(
        epoch=epoch + 1,
        batch=number + 1,
        step=t,
        loss=state.loss / state.seen,
        accuracy=state.right / state.seen,
        rate=rate,
        images_per_second=state.seen / state.seconds,
    )


def _astray(what: str, rate: float) -> TrainingError:
    return TrainingError(
        f"{what}; try a smaller learning rate (now {rate:g}), smaller initial weights, or a Scale "
        "layer first"
    )


def _close_epoch(
    recipe: Recipe, state: State, learnt: Digits, development: Digits, steps: int, each: Map
) -> EpochEnded:
    """Measures the finished epoch on the development split and begins the sums of the next."""
    epoch, rate = len(state.epochs) + 1, recipe.schedule((state.step - 1) / steps)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            now = recognizer_so_far(recipe, state, learnt, GLANCE)
            outputs = now.outputs(development.images, each)
            loss = float(recipe.loss(outputs, one_hot(development.labels))[0])
    except ModelError:
        loss = math.nan
    if not math.isfinite(loss):  # the last step's damage: no later loss would show it
        raise _astray(f"the network gives no finite numbers after epoch {epoch}", rate)
    right = outputs.argmax(axis=1) == development.labels
    ended = EpochEnded(
        epoch=epoch,
        loss=state.loss / state.seen,
        accuracy=state.right / state.seen,
        development_loss=loss,
        development_accuracy=float(right.mean()),
        rate=rate,
        seconds=state.seconds,
        images_per_second=state.seen / state.seconds,
    )
    state.epochs.append(asdict(ended))
    state.loss, state.right, state.seen, state.seconds = 0.0, 0, 0, 0.0
    return ended


def _finish(
    recipe: Recipe,
    state: State,
    digits: Digits,
    learnt: Digits,
    development: Digits,
    each: Map,
) -> Recognizer:
    """The recognizer with its calibration and its history."""
    recognizer = recognizer_so_far(recipe, state, learnt, MEASURED)
    judged = development
    if recipe.worn:  # confidence must be right for such pictures too
        judged = judged.joined(all_worn(judged, recipe.wear, SPLIT_SEED))
    outputs = recognizer.outputs(judged.images, each)
    temperature, threshold = calibrate(outputs, judged.labels)
    if recipe.not_digits:
        confidence = softmax(outputs[: len(development)] / temperature).max(axis=1)
        threshold = float(np.quantile(confidence, DOUBTED_SHARE))
    history = {
        "digitus": __version__,
        "numpy": np.__version__,
        "data": digits.about,
        "examples": len(learnt),
        "development": len(development),
        "epochs": state.epochs,
    }
    return replace(
        recognizer,
        params={name: to_numpy(w).copy() for name, w in recognizer.params.items()},
        temperature=temperature,
        threshold=threshold,
        history=history,
    )


def recognizer_so_far(
    recipe: Recipe, state: State, learnt: Digits, measured: int = GLANCE
) -> Recognizer:
    """The network as it is now: averaged weights where there are any, statistics measured.

    Its trained parameters are those of the state, which the next step changes. Statistics are
    measured on so many images.
    """
    params = state.params if state.average is None else state.average
    first = first_trained(recipe.network, params)
    images = learnt.images
    if len(images) > measured:  # by chance, since a set may be sorted by label
        images = images[np.sort(order(len(images), SPLIT_SEED, 0)[:measured])]
    inputs = Inputs(images, next(iter(params.values())))
    params = calibrated(recipe.network, params, inputs, first=first)
    return Recognizer(recipe, params, size_of(learnt))


def size_of(digits: Digits) -> tuple[int, int]:
    """Height and width of the images of a set."""
    return digits.images.shape[1], digits.images.shape[2]
