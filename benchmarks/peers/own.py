"""digitus itself, by its public functions: `train`, `Recognizer`, on NumPy's arrays or PyTorch's.

Learning is timed from bytes to parameters, with all that `train` does for a step. Not inside: what
it is compared with.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from digitus.datasets.digits import targets
from digitus.nn import to_numpy
from digitus.nn.images import BATCH
from digitus.recognizer import Recognizer
from digitus.threads import workers
from digitus.training.device import NUMPY, Device
from digitus.training.loop import Stepped, begin, train
from digitus.training.source import Batch
from digitus.training.step import gradient
from peers import Predictor, Task


class Learner:
    """The generator of `train`, stopped after the last step of each epoch."""

    def __init__(self, task: Task, device: Device = NUMPY) -> None:
        self.task, self.device, self.blas = task, device, 0
        state = begin(task.recipe, task.digits)
        self.events = train(
            task.recipe, task.digits, state=state, threads=task.threads, device=device
        )
        next(self.events)

    def prepare(self) -> None:
        """Ends the epoch before, and brings BLAS back to the threads that digitus gave it."""
        if self.blas:
            threadpool_limits(self.blas, user_api="blas")
            next(self.events)
        if self.device.array_library == "torch":
            import torch

            torch.set_num_threads(self.task.threads)

    def epoch(self, number: int) -> float:
        """Trains up to the last step of the epoch."""
        for event in self.events:
            if isinstance(event, Stepped) and event.batch == self.task.steps:
                if not self.blas:
                    self.blas = blas_threads()
                return event.loss
        raise RuntimeError("training is over")

    def gradients(self, images: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, Any]]:
        """By `step.gradient`."""
        recipe, params = self.task.recipe, self.device.put(self.task.start.params)
        precision = None if self.device.precision == "float32" else self.device.precision
        batch = Batch(images, targets(labels), labels)
        tally, found = gradient(recipe.network, recipe.loss, params, batch, precision=precision)
        return tally.loss, {name: to_numpy(g) for name, g in found.items()}

    def close(self) -> None:
        """Gives the threads back."""
        self.events.close()


def learner(task: Task) -> Learner:
    """digitus on NumPy."""
    return Learner(task)


def blas_threads() -> int:
    """Threads that digitus gave BLAS; a second BLAS, which a peer has brought, may have more."""
    return min(i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas")


def predictor(recognizer: Recognizer, threads: int, count: int, stack: ExitStack) -> Predictor:
    """`Recognizer.probabilities` within `threads.workers`, as the commands use it."""
    shards = math.ceil(count / BATCH)
    each = stack.enter_context(workers(threads, shards=shards))
    blas = blas_threads()

    def predict(images: np.ndarray) -> np.ndarray:
        return recognizer.probabilities(images, each)

    predict.prepare = lambda: threadpool_limits(blas, user_api="blas")  # type: ignore[attr-defined]
    return predict
