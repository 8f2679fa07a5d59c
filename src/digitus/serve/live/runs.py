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

from digitus.errors import DigitusError, OutputError
from digitus.files import UNREADABLE
from digitus.serve.live.digits_cache import DigitsCache
from digitus.serve.live.lesson import Lesson
from digitus.serve.live.progress import SavedProgress
from digitus.serve.live.run import LiveRun
from digitus.serve.live.run_state import SavedSettings
from digitus.serve.responses import refusal

log = logging.getLogger("digitus.serve")

MOST_RUNS_GOING = 4  # each has a thread
MOST_RUNS_KEPT = 12  # the oldest that has ended makes room
ID = re.compile(r"[0-9a-f]{8}")


class LiveRuns:
    """The runs by their ids, oldest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cache = DigitsCache()
        self._runs: dict[str, LiveRun] = {}

    def __iter__(self) -> Iterator[LiveRun]:
        """From the oldest."""
        return iter(self._runs.values())

    def __getitem__(self, id_: str) -> LiveRun:
        """By its id; one that is not there is a 404."""
        if id_ not in self._runs:
            raise refusal(404, "there is no such run")
        return self._runs[id_]

    @property
    def going(self) -> int:
        """How many train, or are paused."""
        return sum(run.going for run in self)

    def open(self) -> None:
        """Takes up what an earlier server left. Raises `OutputError`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folders = [f for f in self._folder.iterdir() if ID.fullmatch(f.name)]
        except OSError as error:
            raise OutputError(f"cannot use {self._folder}: {error.strerror}") from None
        found = []
        for folder in folders:
            try:
                found.append(restored(folder, self._cache))
            except (DigitusError, OSError, msgspec.MsgspecError, *UNREADABLE) as error:
                log.warning("%s is left alone: %s", folder, error)
        for run in sorted(found, key=lambda run: run.begun):
            self._add(run)

    def begin(self, lesson: Lesson, *, paused: bool, pace: float) -> LiveRun:
        """A new run, for which an old one that has ended may have to go."""
        if self.going >= MOST_RUNS_GOING:
            why = f"{MOST_RUNS_GOING} runs are going on; stop one first"
            raise refusal(503, why, Retry_After="30")
        ended = [run for run in self if not run.going]
        for run in ended[: max(0, len(self._runs) - MOST_RUNS_KEPT + 1)]:
            self.remove(run)
        folder = self._folder / secrets.token_hex(4)
        settings = SavedSettings(lesson, "starting", "", paused, pace, begun=time.time())
        run = LiveRun(folder, settings, self._cache)
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise refusal(507, f"the run cannot be kept: {error.strerror}") from None
        self._add(run)
        return run

    def _add(self, run: LiveRun) -> None:
        self._runs[run.id] = run
        if run.going:
            run.start()

    def remove(self, run: LiveRun) -> None:
        """Ends it, and its folder goes too."""
        run.close()
        self._runs.pop(run.id, None)
        shutil.rmtree(run.folder, ignore_errors=True)

    def close_streams(self) -> None:
        """Ends all streams, so that the server can end."""
        for run in self:
            run.channel.close()

    def close(self) -> None:
        """Every run keeps a checkpoint."""
        for run in self:
            run.close()


def restored(folder: Path, cache: DigitsCache) -> LiveRun:
    """A run from its folder; the caller starts it where it is `going`.

    Raises what a file that is missing, damaged or another version's makes msgspec raise, and
    `RecipeError` for settings that make no recipe.
    """
    settings = msgspec.json.decode((folder / "settings.json").read_bytes(), type=SavedSettings)
    run = LiveRun(folder, settings, cache)
    kept = msgspec.json.decode((folder / "shown.json").read_bytes(), type=SavedProgress)
    run.progress.restore(kept)
    return run
