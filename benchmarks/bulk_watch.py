"""A program watched from outside: the memory and the processor time of it and all that it starts.

Inside: that. Not inside: which programs (`bulk`).
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PROCESSES = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.5  # seconds


@dataclass
class Watched:
    """What was seen, moment by moment; `seen` is the processor time of each process so far."""

    at: list[float] = field(default_factory=list)
    megabytes: list[float] = field(default_factory=list)
    seen: dict[int, float] = field(default_factory=dict)

    @property
    def processor_seconds(self) -> float:
        """Of all processes, ended ones too (except for their last half second)."""
        return sum(self.seen.values())

    def look(self, process: int) -> None:
        """Adds a moment."""
        total = 0.0
        for number in tree(process):
            one = PROCESSES / str(number)
            with suppress(OSError, IndexError):  # it has ended
                status = (one / "status").read_text("ascii", "replace")
                total += float(status.partition("RssAnon:")[2].split()[0]) * 1024 / 1e6
                times = (one / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
                self.seen[number] = (int(times[11]) + int(times[12])) / TICKS
        self.at.append(time.time())
        self.megabytes.append(total)


def watched(command: list[str], seconds: float = math.inf) -> tuple[bytes | None, Watched]:
    """What a command prints, and what was seen of it.

    After so many seconds it is killed with all that it started, and the output is None. Raises
    `CalledProcessError`.
    """
    seen = Watched()
    with started(command) as running:
        while running.poll() is None:
            seen.look(running.pid)
            time.sleep(EVERY)
            if time.time() - seen.at[0] > seconds:
                for number in tree(running.pid):
                    with suppress(ProcessLookupError):
                        os.kill(number, signal.SIGKILL)
                running.wait()
                return None, seen
        assert running.stdout is not None
        told = running.stdout.read()
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    return told, seen


def started(command: list[str]) -> subprocess.Popen[bytes]:
    """A program that runs; Ray sends no statistics of it."""
    environment = {**os.environ, "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def tree(process: int) -> list[int]:
    """A process and all its descendants that still run."""
    found, waiting = [], [process]
    while waiting:
        number = waiting.pop()
        found.append(number)
        with suppress(OSError):  # it has ended
            for children in (PROCESSES / str(number)).glob("task/*/children"):
                waiting += map(int, children.read_text("ascii").split())
    return found
