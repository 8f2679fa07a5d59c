"""A run on disk: a folder in which training keeps what it has.

::

    runs/quick/
      model.safetensors        the recognizer, once training has ended
      checkpoint.safetensors   the whole state, for --resume; gone once training has ended
      events.jsonl             one line for the start, each epoch, the end
      report.html              what `digitus.report` makes of it

Inside: the folder, its checkpoint, its log, and `record`, which listens to training and keeps them.
Not inside: training itself (`loop`), what is shown meanwhile (`cli`).
"""

from __future__ import annotations

import itertools
import json
import logging
import re
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from digitus.datasets.digits import Digits
from digitus.errors import DigitusError, ModelError, RecipeError, TrainingError
from digitus.files import (
    UNREADABLE,
    make_folder,
    not_written,
    one_line,
    read_arrays,
    write_arrays,
    write_text,
)
from digitus.history import EpochRecord
from digitus.recipe import Recipe, check_no_own, from_table, to_table
from digitus.training.device import NUMPY, Device
from digitus.training.events import Model
from digitus.training.loop import EpochEnded, Event, Finished, Started, State, begin, train
from digitus.training.profile import Profile
from digitus.types import Params

log = logging.getLogger("digitus.training")
SECONDS_BETWEEN_CHECKPOINTS = 10.0
Kept = TypeVar("Kept", bound=Event | Finished[Model])


class Data(Protocol):
    """Data that a run learns from, as far as the folder remembers them: `Digits`, for example."""

    @property
    def name(self) -> str:
        """What the data are, in a sentence."""

    @property
    def sha256(self) -> str:
        """The fingerprint of the data."""


@dataclass(frozen=True)
class Run:
    """The folder of a run, made where there is none if `new_folder`.

    That is False for a run whose folder somebody else may remove while it goes on.
    """

    folder: Path
    new_folder: bool = True

    @property
    def model(self) -> Path:
        """The file of the recognizer."""
        return self.folder / "model.safetensors"

    @property
    def checkpoint(self) -> Path:
        """The file with the state of training that has not ended."""
        return self.folder / "checkpoint.safetensors"

    @property
    def log(self) -> Path:
        """The file of events, a JSON object a line."""
        return self.folder / "events.jsonl"

    @property
    def report(self) -> Path:
        """The report for a browser."""
        return self.folder / "report.html"

    @property
    def used(self) -> bool:
        """Whether there is something here that a new run would overwrite."""
        return any(f.exists() for f in (self.model, self.checkpoint, self.log, self.report))


def new_run(name: str, root: Path = Path("runs")) -> Run:
    """The first of NAME, NAME-2, NAME-3 ... that is not there yet, made now.

    Whoever makes a folder has it: of several runs that start at once, each gets its own. Raises
    `OutputError`.
    """
    for number in itertools.count(1):
        folder = root / (name if number == 1 else f"{name}-{number}")
        try:
            make_folder(folder.parent)
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise not_written(folder, error, "make") from None
        return Run(folder)
    raise AssertionError  # not reached: there is always a next number


def unfinished_run(name: str, root: Path = Path("runs")) -> Run:
    """The latest run of that name with a checkpoint. Raises `TrainingError` where there is none."""
    own = re.compile(re.escape(name) + r"(-\d+)?")  # runs/quick-2, but not runs/quick-deep
    runs = [Run(folder) for folder in root.glob("*") if own.fullmatch(folder.name)]
    waiting = [run for run in runs if run.checkpoint.exists()]
    if not waiting:
        raise TrainingError(f"there is no interrupted run of {name} in {root} to resume")
    return max(waiting, key=lambda run: run.checkpoint.stat().st_mtime)


def save_checkpoint(run: Run, recipe: Recipe, state: State, data: Data) -> None:
    """Writes the whole state, atomically. Raises `OutputError`, and what `check_no_own` does."""
    check_no_own(recipe)
    about = {
        "recipe": to_table(recipe),
        "data": data.sha256,
        "memory": list(state.memory),
        **{key: getattr(state, key) for key in ("step", "loss", "right", "seen", "seconds")},
        **state.history(),
    }
    arrays = _arrays(state)
    write_arrays(run.checkpoint, arrays, "checkpoint", about, new_folder=run.new_folder)


def _arrays(state: State) -> Params:
    """All arrays of a state by their names in a checkpoint."""
    arrays = {f"params/{name}": w for name, w in state.params.items()}
    arrays |= {f"average/{name}": w for name, w in (state.average or {}).items()}
    for name, kept in state.memory.items():
        arrays |= {f"memory/{name}/{key}": s for key, s in kept.items()}
    return NUMPY.put(arrays)


def load_checkpoint(path: Path) -> tuple[Recipe, State, str]:
    """The recipe, the state, and the fingerprint of the data. Raises `ModelError`."""
    arrays, about = read_arrays(path, "checkpoint")
    try:
        recipe = from_table(about["recipe"])
        memory: dict[str, Params] = {name: {} for name in about["memory"]}
        for full, a in arrays.items():
            if full.startswith("memory/"):
                _, name, key = full.split("/")
                memory[name][key] = a
        state = State(
            params=_without_prefix("params/", arrays),
            memory=memory,
            average=_without_prefix("average/", arrays) or None,
            step=int(about["step"]),
            loss=float(about["loss"]),
            right=float(about["right"]),
            seen=int(about["seen"]),
            seconds=float(about["seconds"]),
            epochs=[cast("EpochRecord", dict(epoch)) for epoch in about["epochs"]],
            started_from=dict(about.get("started_from", {})),
        )
        return recipe, state, str(about["data"])
    except (RecipeError, *UNREADABLE) as error:
        raise ModelError(f"{path} is damaged: {one_line(str(error))}") from None


def _without_prefix(prefix: str, arrays: Params) -> Params:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def resume(
    run: Run, data: Data, start: Callable[[Recipe, Any], State] = begin
) -> tuple[Recipe, State]:
    """Where an interrupted run stopped. `start` gives a run's state before its first step.

    Raises `TrainingError` for other data than it had, and `ModelError` for a checkpoint that is
    damaged or does not hold what its recipe needs.
    """
    recipe, state, fingerprint = load_checkpoint(run.checkpoint)
    if fingerprint != data.sha256:
        raise TrainingError(
            f"{run.folder} was trained on other data than {data.name}; resume it with its own"
        )
    try:
        wanted = _shapes(start(recipe, data))
    except DigitusError as error:
        raise ModelError(f"{run.checkpoint} is damaged: {one_line(str(error))}") from None
    found = _shapes(state)
    if wrong := sorted(name for name, _ in wanted.items() ^ found.items()):
        raise ModelError(
            f"{run.checkpoint} is damaged: {one_line(wrong[0])} is "
            f"{found.get(wrong[0], 'missing')} and should be {wanted.get(wrong[0], 'absent')}"
        )
    return recipe, state


def _shapes(state: State) -> dict[str, str]:
    return {name: f"{a.dtype} {list(a.shape)}" for name, a in _arrays(state).items()}


def record(
    run: Run,
    recipe: Recipe,
    digits: Digits,
    *,
    state: State | None = None,
    threads: int = 1,
    device: Device = NUMPY,
    profile: Profile | None = None,
    seconds: float = SECONDS_BETWEEN_CHECKPOINTS,
) -> Generator[Event, None, None]:
    """Trains as `loop.train` and keeps everything in the run's folder on the way; see `kept`.

    Raises what `train` raises, and `OutputError`.
    """
    state = state or begin(recipe, digits)
    events = train(recipe, digits, state=state, threads=threads, device=device, profile=profile)
    yield from kept(run, recipe, digits, state, events, seconds=seconds)


def kept(
    run: Run,
    recipe: Recipe,
    data: Data,
    state: State,
    events: Iterator[Kept],
    *,
    seconds: float = SECONDS_BETWEEN_CHECKPOINTS,
) -> Generator[Kept, None, None]:
    """The events of training, each after the folder keeps what it tells; training changes `state`.

    A checkpoint is written at the start, then after `seconds` (0: after every step), and when the
    listener closes this generator.
    """
    save_checkpoint(run, recipe, state, data)
    finished = False
    latest = time.monotonic()
    try:
        for event in logged(events):
            if isinstance(event, Started):
                # A killed run may have logged epochs that its checkpoint does not know.
                begun = {"started_from": state.started_from} if state.started_from else {}
                about = {"recipe": to_table(recipe), "data": data.name, **begun}
                _write_log(run, [{"event": "started", **about}, *map(_epoch_line, state.epochs)])
            elif isinstance(event, EpochEnded):
                _append_log(run.log, _epoch_line(event.record()))
            elif isinstance(event, Finished):
                where = {} if run.new_folder else {"new_folder": False}
                event.recognizer.save(run.model, **where)
                _append_log(run.log, {"event": "finished", "model": run.model.name})
                run.checkpoint.unlink(missing_ok=True)
                finished = True
            elif time.monotonic() - latest >= seconds:
                save_checkpoint(run, recipe, state, data)
                latest = time.monotonic()
            yield event
    except GeneratorExit:  # between two events, so the state is whole
        if not finished:
            save_checkpoint(run, recipe, state, data)
        raise


def logged(events: Iterator[Kept]) -> Iterator[Kept]:
    """The same events; the end of each epoch is logged under "digitus.training"."""
    for event in events:
        if isinstance(event, EpochEnded):
            log.info(
                "epoch %d: loss %.4f, %.2f %% of what is held back right, %.1f s",
                *(event.epoch, event.development_loss),
                *(100 * event.development_accuracy, event.seconds),
            )
        yield event


def _epoch_line(epoch: EpochRecord) -> dict[str, object]:
    return {"event": "epoch", **epoch}


def _write_log(run: Run, lines: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(line) + "\n" for line in lines)
    write_text(run.log, text, new_folder=run.new_folder)


def _append_log(path: Path, line: dict[str, object]) -> None:
    try:
        with path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
    except OSError as error:
        raise not_written(path, error) from None
