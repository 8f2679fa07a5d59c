"""The machine and source that a results file's figures come from, and the memory of processes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import resource
from pathlib import Path

import digitus
from digitus.papers.machine import processor

PROCESSES = Path("/proc")
# Rooms that no row of `python -m benchmarks` uses: a change in one of them changes no figure.
UNMEASURED = {"serve", "forms", "bulk", "sweep", "course", "report"}


def machine() -> dict[str, object]:
    """Processor, cores that this process may use, system, and the versions that matter."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = {
        name: importlib.metadata.version(name)
        for name in ("digitus", "numpy", "opencv-python-headless")
    }
    return {
        "processor": processor(),
        "cores": cores,
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version(), **versions},
    }


def source() -> str:
    """The fingerprint of the package that is measured: its Python and C, without `UNMEASURED`."""
    folder = Path(digitus.__file__).parent
    found = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".py", ".c", ".h"}):
        if path.relative_to(folder).parts[0] in UNMEASURED:
            continue
        found.update(f"{path.relative_to(folder)} {path.stat().st_size} ".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def peak_megabytes(process: int | str = "self") -> float:
    """The peak memory of a process and of those that it has started and that still run, in MB.

    What they share is counted for each. Not Linux's `ru_maxrss`, which includes the process that
    started it; elsewhere there is nothing else. 0 for a process that has ended.
    """
    if not PROCESSES.is_dir():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return sum(_megabytes(one, "VmHWM") for one in _family(process))


def own_megabytes() -> float:
    """The memory that this process and those that it has started own at the moment, in MB.

    Without the pages of mapped files; what they share is counted once.
    """
    if not PROCESSES.is_dir():
        return peak_megabytes()
    return sum(_megabytes(one, "RssAnon") for one in _family("self")) + _megabytes(
        "self", "RssShmem"
    )


def _family(process: int | str) -> list[str]:
    """A process and those that it has started and that still run."""
    threads = (PROCESSES / str(process)).glob("task/*/children")
    try:
        return [str(process), *" ".join(path.read_text("ascii") for path in threads).split()]
    except OSError:  # a thread ended meanwhile
        return [str(process)]


def _megabytes(process: str, what: str) -> float:
    """An amount of memory by Linux, in MB; 0 for a process that has ended."""
    try:
        status = (PROCESSES / process / "status").read_text("ascii", "replace")
        return float(status.partition(f"{what}:")[2].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        return 0.0
