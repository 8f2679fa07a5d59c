"""The folder that `digitus train` writes to: which one.

Inside: that. Not inside: what lies in it (`training.run_folder`), and who may write there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digitus.training.run_folder import Run


def interrupted(out: Path | None, name: str) -> Run:
    """The run to go on with."""
    from digitus.errors import TrainingError
    from digitus.training.run_folder import Run, unfinished_run

    run = Run(out) if out else unfinished_run(name)
    if not run.checkpoint.exists():
        raise TrainingError(f"{run.folder} holds no interrupted run; start one without --resume")
    return run


def check_unused(run: Run) -> None:
    """Refuses to replace a run. Of several workers only the first looks, since it writes."""
    from digitus.errors import TrainingError
    from digitus.training.distributed import leads

    if leads() and run.used:
        raise TrainingError(f"{run.folder} holds a run already; choose another --out, or --resume")
