"""What a results file says about where its figures come from, and the memory of processes."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import resource
from pathlib import Path

from digitus.papers.machine import processor


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


def peak_megabytes(process: int | str = "self") -> float:
    """The largest memory so far of a process and of those that it has started and that still run.

    What they share is counted for each. What Linux counts as `ru_maxrss` includes the process that
    started it; elsewhere it is all there is. 0 for a process that has ended.
    """
    root = Path("/proc")
    if not root.is_dir():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    try:
        threads = (root / str(process)).glob("task/*/children")
        family = [str(process), *" ".join(path.read_text("ascii") for path in threads).split()]
        texts = [(root / one / "status").read_text("ascii", "replace") for one in family]
        return sum(float(t.partition("VmHWM:")[2].split()[0]) for t in texts) * 1024 / 1e6
    except (OSError, IndexError):  # it ended meanwhile
        return 0.0
