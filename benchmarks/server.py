"""`digitus serve` as a process on cores of its own, for benchmarks that send it requests.

Not inside: what it is asked (`load`, `pen`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from machine import machine

CORES = sorted(os.sched_getaffinity(0))
SERVER, CLIENT = set(CORES[:2]), set(CORES[2:]) or set(CORES)


class Server:
    """`digitus serve` as a process on two cores, or others."""

    def __init__(self, model: str, folder: Path, cores: set[int] = SERVER, *more: str) -> None:
        command = [*on(cores), sys.executable, "-m", "digitus", "serve", model, "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--folder", str(folder / "runs"), "--json", *more],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.told = json.loads(self._process.stdout.readline())
        self.address = self.told["address"].partition("?")[0].rstrip("/")
        self.port = int(self.address.rpartition(":")[2])

    def megabytes(self) -> float:
        """Its memory."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("ascii")
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
        return round(int(line.split()[1]) / 1024, 1)

    def seconds(self) -> float:
        """The processor time that it has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(30)


def on(cores: set[int]) -> list[str]:
    """The beginning of a command that runs on these cores."""
    return ["taskset", "-c", ",".join(map(str, sorted(cores)))]


def priority() -> str:
    """The scheduling priority of this process and of the server that it starts."""
    if os.sched_getscheduler(0) != os.SCHED_OTHER:
        return f"real-time {os.sched_getparam(0).sched_priority}"
    session = Path("/proc/self/autogroup")  # "/autogroup-7 nice 0": shares go to sessions first
    if not session.exists():
        return f"nice {os.nice(0)}"
    return f"nice {os.nice(0)}, session {session.read_text('ascii').strip().partition(' ')[2]}"


def keep(parts: dict[str, Any], file: Path) -> None:
    """Puts parts into the file, in the place of older ones, each with this machine."""
    old = json.loads(file.read_text("utf-8"))["parts"] if file.exists() else {}
    record = {"parts": old | {name: part | {"machine": machine()} for name, part in parts.items()}}
    file.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
