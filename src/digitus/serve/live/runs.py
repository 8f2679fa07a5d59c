"""All training runs of a server, in a folder of their own: begun, found, removed, restored.

Inside: the folder, and how many runs there may be. Not inside: one run (`run`), and the addresses
at which runs are asked for (`handlers`).
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import structs

from digitus.errors import DigitusError, OutputError
from digitus.files import UNREADABLE, make_folder, not_written, one_line, reason
from digitus.serve.live.digits_cache import DigitsCache
from digitus.serve.live.ends import START
from digitus.serve.live.lesson import Lesson
from digitus.serve.live.places import Places
from digitus.serve.live.progress import SavedProgress
from digitus.serve.live.run import LiveRun
from digitus.serve.live.run_state import GOING, RunState, SavedSettings
from digitus.serve.live.shares import Shares
from digitus.serve.responses import json_text, refusal, refused
from digitus.serve.visitor import asking
from digitus.training.run_folder import Run

log = logging.getLogger("digitus.serve")


@dataclass(frozen=True)
class Room:
    """How many runs there may be: at work at a time, and of one visitor going on and kept."""

    at_work: int
    going: int  # each has a thread
    kept: int  # the oldest that has ended makes room


ALONE = Room(at_work=4, going=4, kept=12)
CLASS = Room(at_work=8, going=2, kept=4)
MOST_RUNS_ENDING = 8  # removed runs whose threads have not noticed yet
CLOSE_SECONDS = 10.0  # for all steps to end and checkpoints to be written
REMOVED = ".removed-"  # the name of a folder that is being removed begins with it
ID = re.compile(r"[0-9a-f]{8}")


class LiveRuns:
    """The runs by their ids, oldest first."""

    def __init__(self, folder: Path, answers: Callable[[], int], *, of_class: bool = False) -> None:
        self._folder, self._of_class = folder, of_class
        self._cache = DigitsCache()
        self._places = Places(self.room.at_work, Shares(answers))
        self._runs: dict[str, LiveRun] = {}
        self._removed: list[LiveRun] = []  # whose threads have not ended yet

    @property
    def room(self) -> Room:
        """How many there may be."""
        return CLASS if self._of_class else ALONE

    def __iter__(self) -> Iterator[LiveRun]:
        """The runs of the visitor, oldest first."""
        return (run for run in self.all if asking().owns(run.owner))

    def __getitem__(self, id_: str) -> LiveRun:
        """The run of that id; one that is not there, or is not the visitor's to see, is a 404."""
        run = self._runs.get(id_)
        if run is None or not asking().may_use(run.owner):
            raise refusal(404, "there is no such run", "no-run")
        return run

    @property
    def all(self) -> list[LiveRun]:
        """The runs of everybody, oldest first."""
        return list(self._runs.values())

    def network(self, id_: str) -> Path:
        """The file of a run's network; a 409 where it has none yet."""
        file = self[id_].model
        if not file.exists():
            raise refusal(409, "the run has not finished an epoch yet", "no-epoch")
        return file

    def of(self, owner: int) -> list[LiveRun]:
        """The runs of the pupil with that number, oldest first."""
        return [run for run in self.all if run.owner == owner]

    @property
    def going(self) -> int:
        """How many train, or are paused."""
        return sum(run.going for run in self.all)

    @property
    def ending(self) -> int:
        """How many have been removed whose threads have not noticed yet."""
        return sum(run.at_work for run in self._removed)

    def open(self) -> None:
        """Restores the runs of an earlier server; what is damaged is left alone, and logged."""
        try:
            make_folder(self._folder, 0o700)
            for left in self._folder.glob(f"{REMOVED}*"):
                shutil.rmtree(left, ignore_errors=True)
            folders = [f for f in self._folder.iterdir() if ID.fullmatch(f.name)]
        except OSError as error:
            log.warning("%s is left alone: %s", self._folder, reason(error))
            folders = []
        found = []
        for folder in folders:
            try:
                found.append(restored(folder, self._cache, self._places))
            except (DigitusError, OSError, msgspec.MsgspecError, *UNREADABLE) as error:
                log.warning("%s is left alone: %s", folder, one_line(str(error)))
        for run in sorted(found, key=lambda run: run.begun):
            self._runs[run.id] = run
            if run.going:
                self._go_on(run)

    def _go_on(self, run: LiveRun) -> None:
        """Starts a run again that was training when an earlier server ended."""
        try:
            run.start()
        except OutputError as error:
            run.fail(refused(error).error)

    def begin(
        self, lesson: Lesson, *, paused: bool, pace: float, start_from: Path | None = None
    ) -> LiveRun:
        """A new run, for which an old one that has ended may have to go.

        It begins with the weights of the model file `start_from`.
        """
        self._check_room()
        own = list(self)
        ended = [run for run in own if not run.going]
        for run in ended[: max(0, len(own) - self.room.kept + 1)]:
            self.remove(run)
        folder = self._folder / secrets.token_hex(4)
        begun, owner = time.time(), asking().number or 0
        settings = SavedSettings(lesson, "starting", paused, pace, begun, owner)
        run = LiveRun(folder, settings, self._cache, self._places)
        try:
            folder.mkdir(mode=0o700)
            if start_from is not None:  # copied, since its run may be removed
                shutil.copyfile(start_from, folder / START)
            run.start()
        except (OSError, OutputError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise not_written(folder, error) if isinstance(error, OSError) else error from None
        self._runs[run.id] = run
        return run

    def resume(self, run: LiveRun) -> None:
        """Lets a paused run go on, or one that has failed, on a full disk for example."""
        if run.status != "failed":
            run.ask("resume")
            return
        self._check_room()
        run.start()

    def _check_room(self) -> None:
        if sum(run.going for run in self) >= self.room.going:
            why = f"{self.room.going} runs are going on; stop one first"
            raise refusal(503, why, "going", wait=30, n=self.room.going)
        if self.ending >= MOST_RUNS_ENDING:
            raise refusal(503, "runs that were removed are still ending", "ending", wait=10)

    def remove(self, run: LiveRun) -> None:
        """Ends a run, whose folder goes at once; its thread may still need a while to notice.

        The folder is renamed first, in one step: from then on nothing that the thread writes
        arrives, and the next server does not find it.
        """
        gone = run.folder.with_name(f"{REMOVED}{run.id}")
        try:
            run.folder.rename(gone)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise not_written(run.folder, error, "remove") from None
        run.close()
        self._runs.pop(run.id, None)
        self._removed = [each for each in (*self._removed, run) if each.at_work]
        shutil.rmtree(gone, ignore_errors=True)

    def close_streams(self) -> None:
        """Ends all streams, so that the server can end."""
        for run in self.all:
            run.channel.close()

    def close(self) -> None:
        """Makes every run keep a checkpoint and end."""
        everyone = [*self.all, *self._removed]
        for run in everyone:
            run.close()
        late = time.monotonic() + CLOSE_SECONDS
        for run in everyone:
            run.join(max(0.0, late - time.monotonic()))


def restored(folder: Path, cache: DigitsCache, places: Places) -> LiveRun:
    """A run from its folder; the caller starts it where it is `going`.

    Raises `OSError` for a file that is missing, `MsgspecError` for one that is damaged or another
    version's, `RecipeError` for settings that make no recipe, and `ValueError` for NaN.
    """
    settings = msgspec.json.decode((folder / "settings.json").read_bytes(), type=SavedSettings)
    kept = Run(folder)
    if settings.status in GOING and kept.model.exists() and not kept.checkpoint.exists():
        # It had ended, but that could not be noted, on a full disk for example.
        settings = structs.replace(settings, status="finished")
    run = LiveRun(folder, settings, cache, places)
    shown = msgspec.json.decode((folder / "shown.json").read_bytes(), type=SavedProgress)
    run.progress.restore(shown)
    # A state that cannot be sent would make the list of all runs fail.
    msgspec.json.decode(json_text(run.state()), type=RunState)
    return run
