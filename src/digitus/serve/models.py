"""Which network answers: `?model=` of a request, as the web page's picker chooses it.

Inside: the recognizer that ships, or was named when the server was started; the small one, which is
trained when it is first asked for; and those of the training runs. Not inside: those runs (`live`),
and what is done with a recognizer.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from digitus.datasets.digits import DIGITS, named
from digitus.errors import ModelError
from digitus.recognizer import Recognizer, load
from digitus.serve.live.digits_cache import DigitsCache
from digitus.serve.live.lesson import lesson_from
from digitus.serve.live.offers import data_here
from digitus.serve.live.runs import ID, LiveRuns
from digitus.serve.worker_pool import WorkerPool
from digitus.training.loop import Finished, train

SMALL = "small"
SMALL_LESSON = {"recipe": "perceptron", "examples": 6000, "epochs": 4}
FIRST_SECONDS = 120.0  # seconds until the small one has learnt, on a busy machine
KEPT = 4  # recognizers of runs in memory

ModelName = Annotated[
    str,
    Meta(
        pattern=f"^({ID.pattern}|{SMALL})$",
        description=f"The network that answers: the id of a run, or {SMALL!r}; without it, the "
        "one that the server was started with.",
    ),
]


class ModelQuery(Struct, frozen=True, kw_only=True):
    """The name of a network in a query."""

    model: ModelName | UnsetType = UNSET


class Models:
    """The recognizers by their names. Any thread may ask."""

    def __init__(self, own: Recognizer, runs: LiveRuns) -> None:
        self.own, self._runs = own, runs
        self._lock = threading.Lock()
        self._small: Recognizer | None = None
        self._loaded: OrderedDict[tuple[str, int], Recognizer] = OrderedDict()

    def named(self, name: str | UnsetType) -> Recognizer:
        """The recognizer of that name, or the server's own. May take seconds when first asked for.

        A run that is not there is a 404, one that has no network yet a 409.
        """
        if name is UNSET:
            return self.own
        return self._small_one() if name == SMALL else self._of_run(name)

    async def asked(self, query: ModelQuery, pool: WorkerPool) -> Recognizer:
        """The recognizer that a request names, found by a thread of the pool."""
        if query.model is UNSET:
            return self.own
        return await pool.run(self.named, query.model, timeout_seconds=FIRST_SECONDS)

    def version(self, name: str | UnsetType) -> tuple[str, int]:
        """Changes with the recognizer of that name: a run's after each of its epochs."""
        if name is UNSET or name == SMALL:
            return ("" if name is UNSET else name, 0)
        return name, self._runs.network(name).stat().st_mtime_ns

    def _of_run(self, run: str) -> Recognizer:
        version = self.version(run)
        with self._lock:
            if version not in self._loaded:
                found = load(self._runs.network(run))
                if found.classes != DIGITS:
                    raise ModelError(f"{run} tells {named(found.classes)}; the page is for digits")
                self._loaded[version] = found
                if len(self._loaded) > KEPT:
                    self._loaded.popitem(last=False)
            self._loaded.move_to_end(version)
            return self._loaded[version]

    def _small_one(self) -> Recognizer:
        """784-32-10, on MNIST where it is at hand, else on the simulated pen's digits."""
        with self._lock:
            if self._small is None:
                lesson = lesson_from({**SMALL_LESSON, "data": data_here()[-1]})
                digits = DigitsCache().digits(lesson.data, lesson.examples)
                for event in train(lesson.plan(), digits, threads=1):
                    if isinstance(event, Finished):
                        self._small = event.recognizer
            assert self._small is not None
            return self._small
