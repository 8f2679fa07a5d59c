"""All training runs of a server, in a folder of their own: begun, found, removed, taken up again.

Inside: the folder, and how many runs there may be. Not inside: one run (`run`), and the addresses
at which runs are asked for (`handlers`).
"""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import structs

from digitus.errors import DigitusError, OutputError
from digitus.files import UNREADABLE, one_line
from digitus.serve.live.digits_cache import DigitsCache
from digitus.serve.live.ends import START
from digitus.serve.live.lesson import Lesson
from digitus.serve.live.progress import SavedProgress
from digitus.serve.live.run import LiveRun
from digitus.serve.live.run_state import GOING, RunState, SavedSettings
from digitus.serve.responses import json_text, refusal
from digitus.training.run_folder import Run

log = logging.getLogger("digitus.serve")

MOST_RUNS_GOING = 4  # each has a thread
MOST_RUNS_ENDING = 8  # which were removed, and whose threads have not noticed yet
MOST_RUNS_KEPT = 12  # the oldest that has ended makes room
CLOSE_SECONDS = 10.0  # for all steps to end and checkpoints to be written
REMOVED = ".removed-"  # begins the name of a folder that is going
ID = re.compile(r"[0-9a-f]{8}")


class LiveRuns:
    """The runs by their ids, oldest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache = DigitsCache()
        self._runs: dict[str, LiveRun] = {}
        self._removed: list[LiveRun] = []  # whose threads have not ended yet

    def __iter__(self) -> Iterator[LiveRun]:
        """From the oldest."""
        return iter(self._runs.values())

    def __getitem__(self, id_: str) -> LiveRun:
        """By its id; one that is not there is a 404."""
        if id_ not in self._runs:
            raise refusal(404, "there is no such run")
        return self._runs[id_]

    def network(self, id_: str) -> Path:
        """The file of a run's network; a 409 where it has none yet."""
        file = self[id_].model
        if not file.exists():
            raise refusal(409, "the run has not finished an epoch yet")
        return file

    @property
    def going(self) -> int:
        """How many train, or are paused."""
        return sum(run.going for run in self)

    @property
    def ending(self) -> int:
        """How many have been removed whose threads have not noticed yet."""
        return sum(run.at_work for run in self._removed)

    def open(self) -> None:
        """Takes up what an earlier server left; what is damaged is left alone, with a word."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._folder.glob(f"{REMOVED}*"):
                shutil.rmtree(left, ignore_errors=True)
            folders = [f for f in self._folder.iterdir() if ID.fullmatch(f.name)]
        except OSError as error:
            log.warning("%s is left alone: %s", self._folder, error.strerror)
            folders = []
        found = []
        for folder in folders:
            try:
                found.append(restored(folder, self._cache))
            except (DigitusError, OSError, msgspec.MsgspecError, *UNREADABLE) as error:
                log.warning("%s is left alone: %s", folder, one_line(str(error)))
        for run in sorted(found, key=lambda run: run.begun):
            self._runs[run.id] = run
            if run.going:
                self._go_on(run)

    def _go_on(self, run: LiveRun) -> None:
        """With a run that an earlier server left while it trained."""
        try:
            run.start()
        except OutputError as error:
            run.fail(str(error))

    def begin(
        self, lesson: Lesson, *, paused: bool, pace: float, start_from: Path | None = None
    ) -> LiveRun:
        """A new run, for which an old one that has ended may have to go.

        It begins with the weights of the model file `start_from`.
        """
        self._check_room()
        ended = [run for run in self if not run.going]
        for run in ended[: max(0, len(self._runs) - MOST_RUNS_KEPT + 1)]:
            self.remove(run)
        folder = self._folder / secrets.token_hex(4)
        settings = SavedSettings(lesson, "starting", "", paused, pace, begun=time.time())
        run = LiveRun(folder, settings, self._cache)
        try:
            folder.mkdir(mode=0o700)
            if start_from is not None:  # whose run may be removed
                shutil.copyfile(start_from, folder / START)
            run.start()
        except (OSError, OutputError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise refusal(507, f"the run cannot be kept: {_reason(error)}") from None
        self._runs[run.id] = run
        return run

    def resume(self, run: LiveRun) -> None:
        """Lets a paused run go on, or one that has failed, on a full disk for example."""
        if run.status != "failed":
            run.ask("resume")
            return
        self._check_room()
        try:
            run.start()
        except OutputError as error:
            raise refusal(507, f"the run cannot be kept: {error}") from None

    def _check_room(self) -> None:
        if self.going >= MOST_RUNS_GOING:
            why = f"{MOST_RUNS_GOING} runs are going on; stop one first"
            raise refusal(503, why, Retry_After="30")
        if self.ending >= MOST_RUNS_ENDING:
            raise refusal(503, "runs that were removed are still ending", Retry_After="10")

    def remove(self, run: LiveRun) -> None:
        """Ends it, and its folder goes at once; its thread may still need a while to notice.

        The folder is renamed first, in one step: from then on nothing that the thread writes
        arrives, and the next server does not find it.
        """
        gone = run.folder.with_name(f"{REMOVED}{run.id}")
        try:
            run.folder.rename(gone)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise refusal(507, f"the run cannot be removed: {error.strerror}") from None
        run.close()
        self._runs.pop(run.id, None)
        self._removed = [each for each in (*self._removed, run) if each.at_work]
        shutil.rmtree(gone, ignore_errors=True)

    def close_streams(self) -> None:
        """Ends all streams, so that the server can end."""
        for run in self:
            run.channel.close()

    def close(self) -> None:
        """Every run keeps a checkpoint."""
        everyone = [*self, *self._removed]
        for run in everyone:
            run.close()
        late = time.monotonic() + CLOSE_SECONDS
        for run in everyone:
            run.join(max(0.0, late - time.monotonic()))


def _reason(error: OSError | OutputError) -> str:
    return (error.strerror or "") if isinstance(error, OSError) else str(error)


def restored(folder: Path, cache: DigitsCache) -> LiveRun:
    """A run from its folder; the caller starts it where it is `going`.

    Raises what a file that is missing, damaged or another version's makes msgspec raise,
    `RecipeError` for settings that make no recipe, and `ValueError` for numbers that are none.
    """
    settings = msgspec.json.decode((folder / "settings.json").read_bytes(), type=SavedSettings)
    kept = Run(folder)
    if settings.status in GOING and kept.model.exists() and not kept.checkpoint.exists():
        # It has ended, which could not be noted, on a full disk for example.
        settings = structs.replace(settings, status="finished")
    run = LiveRun(folder, settings, cache)
    shown = msgspec.json.decode((folder / "shown.json").read_bytes(), type=SavedProgress)
    run.progress.restore(shown)
    # What could not be told of it would fail with all the others, when they are listed.
    msgspec.json.decode(json_text(run.state()), type=RunState)
    return run
