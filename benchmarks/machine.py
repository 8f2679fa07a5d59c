"""What a results file says about where its figures come from."""

from __future__ import annotations

import importlib.metadata
import os
import platform

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
