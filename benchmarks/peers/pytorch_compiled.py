"""PyTorch with `torch.compile`, where there is a C++ compiler to compile with."""

from __future__ import annotations

import os
import shutil

from peers import Task, pytorch

if not shutil.which(os.environ.get("CXX", "g++")):
    raise ImportError("there is no C++ compiler for torch.compile")


def learner(task: Task) -> pytorch.Learner:
    """The module is compiled at the first step, which is not timed."""
    return pytorch.Learner(task, compiled=True)
