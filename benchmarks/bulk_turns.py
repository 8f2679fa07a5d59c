"""Jobs of `digitus bulk` in turns, so that other work of the machine meets all of them alike.

The programs are started one after the other, each until its first part is read, since Ray gives up
a start that takes long. Then each has the machine for some seconds while the others are stopped by
a signal, with all that they started. What is compared is how many pictures each has read per second
of its own turns, between the first part of all cores and the last parts, which are left out.

Inside: that. Not inside: what is read (`bulk`), jobs from end to end (`bulk_jobs`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bulk_watch import started, tree

TURN = 4.0  # seconds
LOOK = 0.05  # seconds between looks


@dataclass
class Job:
    """A program, its turns so far, as moments of the clock, and where its parts are recorded."""

    program: subprocess.Popen[bytes]
    out: Path
    cores: int
    turns: list[tuple[float, float]] = field(default_factory=list)

    def signalled(self, number: signal.Signals) -> None:
        """Sends a signal to the program and to all that it has started, even while this goes on."""
        reached: set[int] = set()
        while left := set(tree(self.program.pid)) - reached:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, number)
            reached |= left

    def own(self, moment: float) -> float:
        """The seconds of its own turns until a moment."""
        return sum(max(0.0, min(end, moment) - start) for start, end in self.turns)

    def row(self) -> dict[str, Any]:
        """Its rate while all of its cores read."""
        paths = sorted((self.out / "_done").iterdir(), key=lambda path: path.stat().st_mtime)
        at = [self.own(path.stat().st_mtime) for path in paths]
        between = paths[self.cores : len(paths) - self.cores + 1]
        read = sum(json.loads(path.read_text("ascii"))["pictures"] for path in between)
        seconds = at[len(paths) - self.cores] - at[self.cores - 1]
        return {"per_second": round(read / seconds, 3), "measured_seconds": round(seconds, 1)}


def in_turns(commands: Mapping[str, tuple[list[str], Path, int]]) -> dict[str, dict[str, Any]]:
    """The rates of commands, by name: what is run, where its parts are, on how many cores."""
    jobs: dict[str, Job] = {}
    try:
        for name, (command, out, cores) in commands.items():
            jobs[name] = job = Job(started(command), out, cores)
            while job.program.poll() is None and not [*(out / "_done").glob("*")]:
                time.sleep(LOOK)
            job.signalled(signal.SIGSTOP)
        while left := [job for job in jobs.values() if job.program.poll() is None]:
            for job in left:
                _turn(job)
    finally:
        for job in jobs.values():
            job.signalled(signal.SIGCONT)
            if job.program.poll() is None:
                job.program.send_signal(signal.SIGINT)
            job.program.communicate()
    for name, job in jobs.items():
        if job.program.returncode:
            raise subprocess.CalledProcessError(job.program.returncode, commands[name][0])
    return {name: job.row() for name, job in jobs.items()}


def _turn(job: Job) -> None:
    start = time.time()
    job.signalled(signal.SIGCONT)
    for _ in _until(start + TURN):
        if job.program.poll() is not None:
            break
    job.signalled(signal.SIGSTOP)
    job.turns.append((start, time.time()))


def _until(moment: float) -> Iterator[None]:
    while time.time() < moment:
        time.sleep(LOOK)
        yield
