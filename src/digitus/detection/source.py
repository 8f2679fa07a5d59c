"""How networks learn from made pages: their crops or close-ups as a task for the training loop.

Half of the pages are written with MNIST's training digits where they are at hand, the others by the
simulated pen. The crops held back are the same for all runs, of pages and of digits that no run
learns from.

Inside: `PageExamples`, and a run of them from its first state to the trained network. Not inside:
what is learnt (`tasks`), how batches are made (`examples`), the loop (`training.session`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np

from digitus import __version__
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.datasets.sources import available, load
from digitus.detection.examples import upcoming
from digitus.detection.score import part_names
from digitus.detection.tasks import task_of
from digitus.errors import ModelError
from digitus.history import History
from digitus.nn import MultiTask, like, to_numpy
from digitus.nn.images import as_input
from digitus.recipe import Recipe
from digitus.synthetic.pages.pages import Page, pages
from digitus.threads import Map
from digitus.training.device import NUMPY, Device
from digitus.training.events import EpochEnded, Finished, Started, Stepped
from digitus.training.profile import Profile
from digitus.training.session import Session, State, initial_state
from digitus.training.source import ArrayShape, Batch, Claim, Development
from digitus.types import Array, Floats64, Images, Params

FIRST = 24  # examples on which layers that standardize the input measure it
# Far from the seeds that people choose: no run learns from the pages that are held back.
DEVELOPMENT_SEED = 10**9
PAGES_APART = 10**6  # pages from here on: the crops held back are of the first ones
MNIST, SPLIT_SEED = "mnist", 0
HELD_BACK = 12  # one digit of so many is held back, to write the pages that are held back


@dataclass(frozen=True)
class Writers:
    """Who writes the pages: the digits to learn from and those held back, or the pen alone."""

    learnt: Digits | None = None
    held_back: Digits | None = None

    @classmethod
    def of(cls, digits: Digits) -> Writers:
        """Some digits are held back: of MNIST the 5,000 that recipes for digits hold back, too."""
        return cls(*split(digits, len(digits) // HELD_BACK, SPLIT_SEED))

    @property
    def name(self) -> str:
        """The pages that they write."""
        by = f"{self.learnt.name} and by " if self.learnt else ""
        return f"pages written by {by}the simulated pen"

    @property
    def sha256(self) -> str:
        """The fingerprint of the digits that pages are written with."""
        parts = [part.sha256 if part else "the pen" for part in (self.learnt, self.held_back)]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def writers(data_dir: Path | None = None) -> Writers:
    """MNIST's digits if they are on this machine, and the pen; nothing is downloaded.

    Raises `DataError` for a folder that does not exist and for damaged files.
    """
    listing = next(one for one in available(data_dir) if one.name == MNIST)
    if listing.found is None:
        return Writers()
    return Writers.of(load(MNIST, "train", data_dir=data_dir, download=False))


class PageExamples:
    """The batches of a run, each from its number alone.

    So many `processes` make them ahead of use; with 0, each is made when it is asked for. The
    batches are the same.
    """

    def __init__(self, recipe: Recipe, by: Writers, processes: int = 0) -> None:
        self.recipe, self.by, self.processes = recipe, by, processes
        self.task = task_of(recipe)
        self.score = self.task.score
        self.size = min(recipe.batch_size or self.task.epoch, self.task.epoch)
        self.batches = self.task.epoch // self.size
        self.learnt = range(self.batches * self.size)
        self.development = range(recipe.development)

    @property
    def largest(self) -> dict[str, ArrayShape]:
        """The arrays of a batch, all of which have this size."""
        return self.task.arrays(self.size)

    def upcoming(self, steps: Iterable[int], claim: Claim) -> Generator[Batch, None, None]:
        """The batches of these steps. Processes make them, not threads: nothing is claimed."""
        yield from self._made(steps, self.size, self.recipe.seed, self.by.learnt)

    def _made(
        self, steps: Iterable[int], size: int, seed: int, digits: Digits | None
    ) -> Generator[Batch, None, None]:
        if not self.processes:
            for step in steps:
                yield self.task.make(step, size, seed, digits)
            return
        made = upcoming(self.task.make, steps, size, seed, digits, self.processes)
        with closing(made) as coming:
            yield from coming

    def sample(self, count: int) -> Images:
        """The first `count` examples of the run, or fewer."""
        return self._sample[:count]

    @cached_property
    def _sample(self) -> Images:
        count = min(self.task.sample, len(self.learnt))
        steps = range(-(-count // self.size))
        made = self._made(steps, self.size, self.recipe.seed, self.by.learnt)
        return np.concatenate([part.inputs for part in made])[:count]

    @cached_property
    def held_back(self) -> list[Batch]:
        """The examples held back, in parts."""
        count, at_once = len(self.development), self.task.at_once
        steps = range(-(-count // at_once))
        parts = list(self._made(steps, at_once, DEVELOPMENT_SEED, self.by.held_back))
        return [*parts[:-1], parts[-1].part(slice(count - at_once * (len(parts) - 1)))]

    def evaluate(self, params: Params, each: Map = map) -> Development:
        """The loss on what is held back, and the share of it that is answered rightly."""
        w = next(iter(params.values()))

        loss = self.recipe.loss

        def judged(part: Batch) -> tuple[Floats64, float, float]:
            outputs: Array = self.recipe.network.forward(params, as_input(part.inputs, w))[0]
            targets = like(part.targets, w)
            whole = float(loss(outputs, targets)[0])
            if not np.isfinite(whole):
                raise ModelError("the network's answers are not finite")
            parts = loss.values(outputs, targets) if isinstance(loss, MultiTask) else ()
            losses = np.array([whole, *parts]) * len(part.inputs)
            return losses, *self.task.exact(outputs, part)

        losses, right, digits = zip(*each(judged, self.held_back), strict=True)
        whole, *parts = (sum(losses) / len(self.development)).tolist()
        share = sum(right) / max(1, sum(digits))
        names = part_names(loss) if isinstance(loss, MultiTask) else []
        return Development(whole, share, parts=dict(zip(names, parts, strict=True)) or None)


def pages_held_back(by: Writers, count: int) -> list[Page]:
    """Whole pages of those that are held back, without crops that the development split has."""
    return list(pages(count, DEVELOPMENT_SEED, by.held_back, start=PAGES_APART))


@dataclass(frozen=True, eq=False)
class TrainedPages:
    """A network that learnt from pages, as training leaves it."""

    recipe: Recipe
    params: Params
    history: History

    def save(self, path: Path) -> None:
        """Writes it to one file, atomically. Raises `OutputError`."""
        task_of(self.recipe).save(path, self.recipe, self.params, self.history)


Event: TypeAlias = Started | Stepped | EpochEnded | Finished[TrainedPages]


def begin(recipe: Recipe, by: Writers) -> State:
    """The state before the first step. Raises `ShapeError` for a network that does not fit."""
    task = task_of(recipe)
    task.plan(recipe.network)
    first = task.make(0, FIRST, recipe.seed, by.learnt)
    return initial_state(recipe, first.inputs)


def train(
    recipe: Recipe,
    by: Writers,
    *,
    state: State | None = None,
    threads: int = 1,
    device: Device = NUMPY,
    profile: Profile | None = None,
) -> Iterator[Event]:
    """Trains a network on pages and yields what happens, as `training.loop.train` for digits.

    Goes on from `state` if one is given, and changes it. Raises `ShapeError` for a network that
    does not fit, `TrainingError` for a loss that is not finite.
    """
    makers = threads - 1 if device.name == "cuda" else threads // 2
    examples = PageExamples(recipe, by, makers)
    state = state or begin(recipe, by)
    # More threads than cores wait for each other: on two cores, a step of two PyTorch threads
    # beside two processes took several times as long as one of one beside one.
    session = Session(
        recipe, examples, state, threads=threads - makers, device=device, profile=profile
    )
    yield session.started()
    with session.at_work():
        yield from session.events()
        with session.claim():
            params = session.params_so_far(examples.task.sample)
        history: History = {
            "digitus": __version__,
            "numpy": np.__version__,
            "data": {"name": by.name, "sha256": by.sha256},
            "examples": len(examples.learnt),
            "development": len(examples.development),
            **state.history(),
        }
        params = {name: to_numpy(w).copy() for name, w in params.items()}
        yield Finished(TrainedPages(recipe, params, history))
