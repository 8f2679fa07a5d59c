"""`digitus train --workers N`: the same run by several workers, which torchrun starts and restarts.

Inside: starting them, and what differs in a process that is one of them: the first writes and
speaks, the others only learn. Not inside: the step that they take together
(`training.distributed`).
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from digitus.cli.train_folder import check_unused
from digitus.threads import cores

if TYPE_CHECKING:
    from digitus.training.distributed import Workers
    from digitus.training.run_folder import Run
    from digitus.training.session import State

RESTARTS = 3  # restarts of all workers together when one is lost


def is_worker() -> bool:
    """Whether torchrun or Ray has started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def start_workers(count: int, name: str, out: Path | None, *, resume: bool) -> NoReturn:
    """Runs this same command by so many workers of this machine; torchrun takes its place.

    Raises `TrainingError` where PyTorch is missing, `OutputError`.
    """
    from importlib.util import find_spec

    from digitus.errors import TrainingError
    from digitus.training.run_folder import Run, new_run

    if find_spec("torch") is None:
        raise TrainingError("--workers needs PyTorch: pip install 'digitus[torch]'")
    run = Run(out) if out else new_run(name)
    if not resume:
        check_unused(run)
    launch = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
        *("--nproc-per-node", str(count), "--max-restarts", str(RESTARTS)),
        *("-m", "digitus", *sys.argv[1:], *(() if out else ("--out", str(run.folder)))),
    ]
    # Unless it is set, torchrun sets it, with a warning.
    threads = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    sys.stdout.flush()
    os.execve(sys.executable, launch, os.environ | threads)  # so that Ctrl-C reaches torchrun


def own_cores(threads: int) -> int:
    """The cores of this process: its share, where other workers are on this machine."""
    return max(1, cores(threads) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def goes_on(count: int, name: str, out: Path | None, *, resume: bool) -> bool:
    """Whether to resume: as asked, or, in a worker, if there is a checkpoint of a former start.

    Where `count` workers are to be started, it starts them and does not return. Raises
    `TrainingError` for a worker that does not know where its run is.
    """
    if not is_worker():
        if count > 1:
            start_workers(count, name, out, resume=resume)
        return resume
    from digitus.errors import TrainingError
    from digitus.training.run_folder import Run

    if out is None:
        raise TrainingError("a run by several workers needs --out, a folder that all of them see")
    return Run(out).checkpoint.exists()


def alone_there(run: Run) -> AbstractContextManager[None]:
    """Keeps all but the workers of the run itself out of its folder."""
    from digitus.locks import alone
    from digitus.training.distributed import leads

    return alone(run.folder, "digitus train") if leads() else nullcontext()


def check_agreed(workers: Workers | None, run: Run, state: State) -> None:
    """Raises `TrainingError` where the workers would begin at different steps."""
    if workers is None:
        return
    import torch

    steps = torch.zeros(workers.count, dtype=torch.float64)
    steps[workers.rank] = state.step
    device = "cuda" if torch.distributed.get_backend() == "nccl" else "cpu"
    steps = steps.to(device)
    workers.add_up(steps)
    if len(set(steps.tolist())) > 1:
        from digitus.errors import TrainingError

        raise TrainingError(
            f"the workers found different checkpoints; {run.folder} must be a folder that all see"
        )
