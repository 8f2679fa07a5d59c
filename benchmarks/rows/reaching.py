"""The row to99: seconds from the files to 99.0 % and to 99.5 % of MNIST's test set.

The time of a schedule counts if the mean accuracy over the seeds reaches the mark. digitus has one
schedule for each mark, chosen on its development split beforehand, and looks at the test set once,
at the end. The peer follows its own schedule; its time to a mark is that of the first epoch whose
mean reaches it, without the looks at the test set in between. When its mean has reached the first
mark, only `ON` of its networks are trained further, to see how far its schedule gets.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from digitus.datasets.sources import load
from digitus.errors import DigitusError
from digitus.evaluation import evaluate
from digitus.recipe import Recipe, from_table
from digitus.threads import workers
from digitus.training.loop import Finished, train
from peers import peer
from rows import Row, Size
from rows.limits import Limits
from rows.schedules import SCHEDULES

MARKS = {"to99": 0.990, "to99.5": 0.995}
PEER = "PyTorch example"
ON = 1  # networks


def measure(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """Both marks."""
    try:
        load("mnist", "test", download=False)
    except DigitusError as error:
        for mark in MARKS:
            yield mark, Row(skipped={"digitus": str(error)})
        return
    theirs = example(size, threads)
    for mark, least in MARKS.items():
        row = Row(about={"accuracy": {}})
        for who, runs in {"digitus": own(mark, size, threads), **theirs}.items():
            seconds, accuracy = first(runs, least)
            row.about["accuracy"][who] = round(accuracy, 5)
            if accuracy < least:
                best = 100 * accuracy
                row.skipped[who] = f"{best:.2f} % at best, in {np.mean(runs['seconds'][-1]):.0f} s"
            else:
                row.turns[who] = seconds
        yield mark, row


def first(runs: dict[str, Any], least: float) -> tuple[list[float], float]:
    """Seconds of each seed to the first epoch whose mean accuracy is enough, or to the best."""
    means = [float(np.mean(row)) for row in runs["accuracy"]]
    epoch = next((i for i, mean in enumerate(means) if mean >= least), int(np.argmax(means)))
    return runs["seconds"][epoch], means[epoch]


def own(mark: str, size: Size, threads: int) -> dict[str, Any]:
    """A schedule of digitus: `seconds` and `accuracy` [1][seed], after its last epoch."""
    seconds, right = [], []
    for seed in range(size.seeds):
        about = schedule(mark, seed, size)
        start = time.perf_counter()
        *_, last = train(about, load("mnist", "train", download=False), threads=threads)
        seconds.append(time.perf_counter() - start)
        assert isinstance(last, Finished)
        test = load("mnist", "test", download=False)
        with workers(threads, shards=2) as each:
            right.append(evaluate(last.recognizer, test, each=each).record()["accuracy"])
        tell(f"{mark} digitus, seed {seed}", seconds[-1], right[-1])
    return {"seconds": [seconds], "accuracy": [right]}


def schedule(mark: str, seed: int, size: Size) -> Recipe:
    """The recipe for a mark; one epoch of it with --quick."""
    shorter = {"epochs": 1} if size.word == "quick" else {}
    return from_table({**SCHEDULES[mark], "seed": seed, **shorter})


def example(size: Size, threads: int) -> dict[str, Any]:
    """The peer: `seconds` and `accuracy` [epoch][seed]."""
    module = peer(PEER)
    if isinstance(module, str):
        return {}
    test = load("mnist", "test", download=False)
    epochs = 1 if size.word == "quick" else module.EPOCHS
    runs = [_example(module, seed, threads, epochs) for seed in range(size.seeds)]
    seconds: list[list[float]] = []
    right: list[list[float]] = []
    for epoch in range(epochs):
        spent, networks = zip(*(next(run) for run in runs), strict=True)
        seconds.append(list(spent))
        right.append([module.accuracy(network, test) for network in networks])
        for seed in range(len(runs)):
            tell(f"{PEER}, seed {seed}, epoch {epoch + 1}", spent[seed], right[-1][seed])
        if np.mean(right[-1]) >= min(MARKS.values()):
            runs = runs[:ON]
    return {PEER: {"seconds": seconds, "accuracy": right}}


def _example(module: Any, seed: int, threads: int, epochs: int) -> Iterator[tuple[float, Any]]:
    """After each epoch, the seconds since the files and the network."""
    start = time.perf_counter()
    digits = load("mnist", "train", download=False)
    spent = 0.0
    for network in module.epochs(digits, seed, threads, epochs):
        spent += time.perf_counter() - start
        yield spent, network
        start = time.perf_counter()


def tell(who: str, seconds: float, accuracy: float) -> None:
    """How far it is, since this row takes long."""
    print(f"  {who}: {100 * accuracy:.2f} % after {seconds:.1f} s", file=sys.stderr, flush=True)
