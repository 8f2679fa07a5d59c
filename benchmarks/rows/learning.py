"""Rows in which something is learnt: step10, epoch128, epoch800, cnn.

Only peers that first give digitus's own loss and gradients at the same weights are timed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from digitus.errors import TrainingError
from digitus.training.device import Device
from peers import NEEDS, Task, disagreement, own, peer
from rows import BFLOAT16, GPU, Row, Size, tasks
from rows.clock import alternate
from rows.limits import Limits, learning

TOLERANCE = 2e-3  # of the largest gradient, in single precision
COARSE = 0.2  # in bfloat16, whose numbers have eight bits: a Relu may open that was shut
PEERS = {
    "step10": ("PyTorch", "PyTorch compiled", "JAX", "scikit-learn", "plain NumPy"),
    "epoch128": ("PyTorch", "PyTorch compiled", "JAX", "scikit-learn", "plain NumPy"),
    "epoch800": ("PyTorch", "PyTorch compiled", "JAX", "scikit-learn", "plain NumPy"),
    "cnn": ("PyTorch", "PyTorch compiled", "JAX"),
}
ON_PYTORCH = ("epoch800", "cnn")


def learners(name: str, task: Task, size: Size, row: Row) -> dict[str, Any]:
    """All who can learn it and agree; `row.skipped` says why the others do not."""
    first = own.Learner(task)
    found: dict[str, Any] = {"digitus": first}
    if name in ON_PYTORCH:
        for who, how in (
            ("digitus on PyTorch", ("cpu", "float32")),
            (f"digitus {BFLOAT16}", ("cpu", "bfloat16")),
            (f"digitus {GPU}", ("cuda", "float32")),
        ):
            try:
                device = Device("torch", *how)
            except TrainingError as error:
                row.skipped[who] = str(error)
                continue
            found[who] = own.Learner(task, device)
            if who != "digitus on PyTorch":
                ending = who.removeprefix("digitus ")
                found[f"PyTorch {ending}"] = peer("PyTorch").Learner(task, False, *how)
    for who in PEERS[name]:
        module = "left out of a quick session" if _slow(who, size) else peer(who)
        if isinstance(module, str):
            row.skipped[who] = module
        else:
            found[who] = module.learner(task)
    for who in list(found)[1:]:
        worst = disagreement(task, first, found[who])
        if not worst < (COARSE if who.endswith(BFLOAT16) else TOLERANCE):
            raise ArithmeticError(f"{name}: {who} differs from digitus by {worst:.1g}")
    return found


def measure(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """One row."""
    row = Row()
    task = tasks.task(name, size, threads)
    task.pixels.sum()  # so that they are made now
    found = learners(name, task, size, row)
    row.turns = alternate(
        {who: learner.epoch for who, learner in found.items()},
        size.long if name == "cnn" else size.repeats,
        {who: learner.prepare for who, learner in found.items()},
    )
    for learner in found.values():
        learner.close()
    row.least = learning(task, limits)
    yield name, row


def _slow(who: str, size: Size) -> bool:
    return who in NEEDS and "compiled" in who and not size.compiled
