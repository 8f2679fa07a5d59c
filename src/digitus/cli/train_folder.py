"""The folder that `digitus train` writes to: which one, and nobody else at the same time.

Inside: that. Not inside: what lies in it (`training.run_folder`), and the lock itself (`locks`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """A new run replaces nothing."""
    from digitus.errors import TrainingError

    if run.used:
        raise TrainingError(f"{run.folder} holds a run already; choose another --out, or --resume")


@contextmanager
def alone(run: Run) -> Iterator[None]:
    """Has the folder of a run for itself; one that could not even begin leaves no empty folder."""
    from digitus.locks import locked

    run.folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(run.folder, "digitus train"):
            yield
    except Exception:
        with suppress(OSError):
            run.folder.rmdir()
        raise
