"""What a results file says about where its figures come from."""

from __future__ import annotations

import os
import platform
from datetime import date
from pathlib import Path

import numpy as np

from digitus import __version__


def machine() -> dict[str, str]:
    """Processor, cores that this process may use, system, versions, date."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count()
    return {
        "processor": f"{processor()}, {cores} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "versions": f"digitus {__version__}, NumPy {np.__version__}, "
        f"Python {platform.python_version()}",
        "date": date.today().isoformat(),
    }


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
