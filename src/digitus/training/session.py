"""A training run at work: steps and epochs on the batches of any task, told as events.

Every random number comes from a stream of its own for (seed, purpose, epoch, batch), so a state
needs no memory of random generators: a run that is resumed from it, also in the middle of an epoch,
goes on bit for bit as if it had never stopped.

Inside: `State`, how it begins, and `Session`, which changes it. Not inside: the step (`step`,
`processes`), what is learnt (`source`), what becomes of the trained network (`loop`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field

import numpy as np

from digitus.errors import ModelError, TrainingError
from digitus.history import EpochRecord, History
from digitus.nn import Chain, calibrated, first_trained, initial, stream, trained
from digitus.nn.images import Inputs
from digitus.recipe import Recipe
from digitus.threads import Map
from digitus.training.device import NUMPY, Device
from digitus.training.distributed import Distributed
from digitus.training.events import EpochEnded, Started, Stepped
from digitus.training.memory import kept
from digitus.training.processes import ProcessGroup, available
from digitus.training.profile import BETWEEN, DEVELOPMENT, NEXT_BATCH, Profile
from digitus.training.source import Batch, Source
from digitus.training.step import SingleProcess, TrainStep, shard_size
from digitus.types import Images, Params

# Examples on which statistics (batch normalisation ...) are measured: at the end of a run, and
# after an epoch, where a fifth of them in a fifth of the time shows how far the run has come.
STATISTICS_EXAMPLES = 10_000
GLANCE_EXAMPLES = 2_000
UNNOTED = nullcontext()


@dataclass
class State:
    """Everything that a run has so far; the whole of what a checkpoint keeps.

    `step` counts updates since the start of the run. `loss` and `right` are sums over the `seen`
    examples of the current epoch, and `seconds` is its time; `epochs` has the records of those that
    have ended. `average` is the moving average of the weights, `memory` what the optimizer keeps.
    `started_from` says whose parameters the run began with, if not with random ones (`start_from`).
    """

    params: Params
    memory: dict[str, Params]
    average: Params | None
    step: int = 0
    loss: float = 0.0
    right: float = 0.0
    seen: int = 0
    seconds: float = 0.0
    epochs: list[EpochRecord] = field(default_factory=list)
    started_from: dict[str, str] = field(default_factory=dict)

    def history(self) -> History:
        """What a trained network remembers of it."""
        history: History = {"started_from": self.started_from} if self.started_from else {}
        history["epochs"] = self.epochs
        return history

    def put(self, device: Device) -> None:
        """Moves all arrays to a device."""
        self.params = device.put(self.params)
        self.memory = {name: device.put(kept) for name, kept in self.memory.items()}
        self.average = self.average and device.put(self.average)


def initial_state(recipe: Recipe, images: Images) -> State:
    """The state before the first step. Layers that standardize the input measure it on `images`.

    Raises `ShapeError` for a network that does not fit them.
    """
    network = recipe.network
    shape = (*images.shape[1:], 1)
    params = initial(network, shape, recipe.initial, stream(recipe.seed, "initial"))
    inputs = Chain(network.layers[: first_trained(network, params)])
    params |= calibrated(inputs, params, Inputs(images, next(iter(params.values()))))
    memory = {name: recipe.optimizer.start(w) for name, w in params.items() if trained(name)}
    average = {name: w.copy() for name, w in params.items()} if recipe.average else None
    return State(params, memory, average)


def params_so_far(network: Chain, state: State, images: Images) -> Params:
    """Parameters to be used: the averaged ones if there are any, statistics measured on `images`.

    Trained parameters are those of the state, which the next step changes.
    """
    params = state.params if state.average is None else state.average
    first = first_trained(network, params)
    return calibrated(network, params, Inputs(images, next(iter(params.values()))), first=first)


class Session:
    """A run at work: its recipe, its task, its state, and who takes the steps.

    Of the recipe only what describes training is read: network, loss, optimizer, schedule, average,
    epochs and seed.
    """

    def __init__(
        self,
        recipe: Recipe,
        source: Source,
        state: State,
        *,
        threads: int = 1,
        device: Device = NUMPY,
        profile: Profile | None = None,
    ) -> None:
        """Goes on from `state`, whose arrays become the device's.

        `profile` notes what takes how long.
        """
        state.put(device)
        self.profile = profile
        self.recipe, self.source, self.state = recipe, source, state
        self.threads, self.device = threads, device
        self.batches = source.batches
        self.steps = recipe.epochs * self.batches
        self.processes = self._processes_of_use()
        self.each: Map = map
        self.trainer: SingleProcess | ProcessGroup

    def started(self) -> Started:
        """What is about to happen."""
        return Started(
            self.recipe,
            parameters=sum(math.prod(w.shape) for w in self.state.params.values()),
            examples=len(self.source.learnt),
            development=len(self.source.development),
            batches=self.batches,
            resumed_at=self.state.step,
        )

    def events(self) -> Iterator[Stepped | EpochEnded]:
        """Trains to the end, `at_work`. Between two events the state is whole.

        Raises `TrainingError` for a loss that is not finite.
        """
        state = self.state
        with closing(self.source.upcoming(range(state.step, self.steps), self.claim)) as coming:
            while state.step < self.steps or state.seen:
                with self.claim():
                    ended = state.seen and state.step % self.batches == 0
                    event = self._end_epoch() if ended else self._step(coming)
                yield event

    def claim(self) -> AbstractContextManager[None]:
        """The threads that this run may use, for the length of a block without a `yield`."""
        return self.device.claim(self.threads, processes=self.processes)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Ready to take steps for the length of a block; ends the profile with it."""
        with kept(), self._trainer():
            try:
                yield
            finally:
                if self.profile:
                    self.profile.end(self.trainer.waited)

    @contextmanager
    def _trainer(self) -> Iterator[None]:
        """Sets who takes the steps, for the length of a block.

        On NumPy's arrays that is a process for each thread, as far as a batch is enough for them; a
        process alone has all threads for its products.
        """
        recipe, state, largest = self.recipe, self.state, self.source.largest
        definition = TrainStep(
            recipe.network,
            recipe.loss,
            recipe.optimizer,
            self.source.score,
            average=recipe.average,
            seed=recipe.seed,
            precision=None if self.device.precision == "float32" else self.device.precision,
        )
        if self.profile:
            threads = self.threads if self.processes == 1 else 1
            definition = self.profile.watch(definition, threads)
        arrays = state.params, state.memory, state.average
        if workers := self.device.workers:
            self.trainer = Distributed(definition, *arrays, workers)
            yield
        elif self.processes == 1:
            self.trainer = SingleProcess(definition, *arrays)
            yield
        else:
            with (
                ThreadPoolExecutor(self.threads) as pool,
                closing(ProcessGroup(definition, self.processes, *arrays, largest)) as self.trainer,
            ):
                self.each = pool.map
                yield

    def _noted(self, what: str) -> AbstractContextManager[None]:
        """A block whose time the profile notes, if there is one."""
        return self.profile.around(what) if self.profile else UNNOTED

    def _processes_of_use(self) -> int:
        """How many processes the largest batch is enough for."""
        examples = self.source.largest["inputs"][0][0]
        if self.device.array_library != "numpy" or self.device.workers or not available():
            return 1
        parameters = sum(w.size for w in self.state.params.values())
        size = shard_size(self.recipe.network, examples, self.threads, parameters)
        return min(self.threads, math.ceil(examples / size))

    def params_so_far(self, examples: int = GLANCE_EXAMPLES) -> Params:
        """Parameters to be used, with statistics measured on at most that many examples."""
        return params_so_far(self.recipe.network, self.state, self.source.sample(examples))

    def _step(self, coming: Iterator[Batch]) -> Stepped:
        """One update, with the next batch."""
        clock = time.perf_counter()
        state = self.state
        epoch, number = divmod(state.step, self.batches)
        rate = self.recipe.schedule(state.step / self.steps)
        with self._noted(NEXT_BATCH):
            batch = next(coming)
        with self._noted(BETWEEN):
            tally = self.trainer.step(batch, step=state.step, rate=rate)
        if not math.isfinite(tally.loss):
            raise _diverged(
                f"the loss became {tally.loss} in epoch {epoch + 1}, batch {number + 1}", rate
            )
        state.step += 1
        state.loss += tally.loss * tally.counted
        state.right += tally.right
        state.seen += int(tally.counted)
        state.seconds += time.perf_counter() - clock
        return Stepped(
            epoch=epoch + 1,
            batch=number + 1,
            step=state.step,
            loss=state.loss / state.seen,
            accuracy=state.right / state.seen,
            rate=rate,
            images_per_second=state.seen / state.seconds,
        )

    def _end_epoch(self) -> EpochEnded:
        """Evaluates on the development split, and begins the sums of the next epoch."""
        state = self.state
        epoch, rate = len(state.epochs) + 1, self.recipe.schedule((state.step - 1) / self.steps)
        try:
            with self._noted(DEVELOPMENT), np.errstate(over="ignore", invalid="ignore"):
                development = self.source.evaluate(self.params_so_far(), self.each)
        except ModelError:
            development = None
        if development is None or not math.isfinite(development.loss):
            # The last step may have done the damage, which no later loss would show.
            raise _diverged(f"the network gives no finite numbers after epoch {epoch}", rate)
        ended = EpochEnded(
            epoch=epoch,
            loss=state.loss / state.seen,
            accuracy=state.right / state.seen,
            development_loss=development.loss,
            development_accuracy=development.accuracy,
            rate=rate,
            seconds=state.seconds,
            images_per_second=state.seen / state.seconds,
            outputs=development.outputs,
            development_parts=development.parts,
        )
        state.epochs.append(ended.record())
        state.loss, state.right, state.seen, state.seconds = 0.0, 0.0, 0, 0.0
        return ended


def _diverged(what: str, rate: float) -> TrainingError:
    return TrainingError(
        f"{what}; try a smaller learning rate (now {rate:g}), smaller initial weights, or a Scale "
        "layer first",
        "diverged",
        rate=rate,
    )
