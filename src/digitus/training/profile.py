"""Where the time of a training run goes: by layer, by what is around the layers, and by waiting.

A `Profile` is handed to a session and notes what this process does. Of several processes that share
a step each does as much as the others, so one stands for all of them. Noting costs a microsecond or
two for each layer, forward and backward, which shows in a run of small steps. What is learnt is the
same to the bit, but for a perceptron, whose layers are a single call of a kernel where nobody
watches them.

Inside: the clock, a step that is watched, the operations of a layer, and the lines of a report with
their speed beside that of a large product of matrices on the same threads. Not inside: what a
session has timed (`session`), and who prints it (`cli`).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from math import prod
from typing import NamedTuple

import numpy as np

from digitus.nn import Chain, first_trained
from digitus.nn.blocks import Block
from digitus.nn.branches import branches
from digitus.nn.layers import Backward, Layer, Rng, Shapes
from digitus.nn.losses import Loss
from digitus.nn.perceptron import Perceptron
from digitus.training.device import NUMPY, Device
from digitus.training.source import Batch, Tally
from digitus.training.step import TrainStep
from digitus.types import Array, Params, Shape

NEXT_BATCH, OTHERS = "waiting for the next batch", "waiting for the other processes"
LOSS, RULE, DEVELOPMENT = "loss", "optimizer", "development split"
BETWEEN = "between these: Python, scores, copies"
APART = "beside the steps: checkpoints, display"
MATRIX_SIDE = 1024  # of the matrices whose product is the limit
TRIES = 5


class Line(NamedTuple):
    """A part of the run, its seconds and their share, and its speed where products are computed.

    `limit` is the share of what a large product of matrices reaches.
    """

    what: str
    seconds: float
    share: float
    gflops: float | None = None
    limit: float | None = None


@dataclass
class Profile:
    """Seconds of a run on a device by what they were spent on."""

    device: Device = NUMPY
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    steps: int = 0
    examples: int = 0  # that went through the network in this process
    shape: Shape = ()  # of one of them
    threads: int = 1  # of this process's products
    network: Chain = field(default_factory=lambda: Chain([]))
    in_one_call: bool = False  # where nobody watches, the layers are one call, which is faster
    begun: float = 0.0
    elapsed: float = 0.0

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Notes how long a block takes, less what is noted within it."""
        start, before = time.perf_counter(), sum(self.seconds.values())
        try:
            yield
        finally:
            within = sum(self.seconds.values()) - before
            self.seconds[what] += time.perf_counter() - start - within

    def note(self, what: str, start: float) -> None:
        """Notes what was done from the start until now, once a GPU has finished it."""
        self.device.finish()
        self.seconds[what] += time.perf_counter() - start

    def watch(self, definition: TrainStep, threads: int) -> TrainStep:
        """The same step, which notes what takes how long; its products have `threads` threads."""
        self.network, self.threads, self.begun = definition.network, threads, time.perf_counter()
        settings = {f.name: getattr(definition, f.name) for f in fields(definition)}
        settings["network"] = WatchedChain(definition.network, self)
        settings["loss"] = _WatchedLoss(definition.loss, self)
        return WatchedStep(**settings, profile=self, unwatched=definition.at_once)

    def end(self, waited: float = 0.0) -> None:
        """The run is over; for so long, within its steps, it `waited` for other processes."""
        self.elapsed = time.perf_counter() - self.begun
        self.seconds[OTHERS] += waited
        self.seconds[BETWEEN] -= waited

    def lines(self, limit: float) -> list[Line]:
        """The report, beside a product that reaches `limit` operations a second."""
        work = operations(self.network, self.shape)
        spent = self.seconds | {APART: self.elapsed - sum(self.seconds.values())}
        lines = []
        for what, seconds in spent.items():
            speed = work.get(what, 0.0) * self.examples / seconds if seconds else 0.0
            gflops, share = (speed / 1e9, speed / limit) if speed else (None, None)
            lines.append(Line(what, seconds, seconds / self.elapsed, gflops, share))
        return [line for line in lines if line.seconds > 0]

    def limit(self) -> float:
        """Operations a second of a large product on its device and threads: the best of a few."""
        a = np.random.default_rng(0).random((MATRIX_SIDE, MATRIX_SIDE), np.float32)
        a = self.device.put({"a": a}, narrow=True)["a"]
        best = float("inf")
        with self.device.claim(self.threads, processes=1):
            for _ in range(TRIES):
                start = time.perf_counter()
                a @ a
                self.device.finish()
                best = min(best, time.perf_counter() - start)
        return 2 * MATRIX_SIDE**3 / best


def part(number: int, layer: Layer, way: str) -> str:
    """What a layer's time is noted under; `way` is "forward" or "backward"."""
    return f"{number} {layer} {way}"


class WatchedChain(Chain):
    """A chain that notes how long each of its stages takes, forward and backward."""

    def __init__(self, chain: Chain, profile: Profile) -> None:
        super().__init__(chain.layers)
        watched = tuple((i, _WatchedLayer(stage, i, profile)) for i, stage in chain.stages)
        self.__dict__.update(stages=watched, profile=profile)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """As the chain's."""
        profile = self.__dict__["profile"]
        profile.examples += x.shape[0]
        profile.shape = tuple(x.shape[1:])
        return super().forward(p, x, rng)


@dataclass(frozen=True, eq=False)
class _WatchedLayer:
    layer: Layer
    number: int
    profile: Profile

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        return self.layer.plan(shape)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        start = time.perf_counter()
        y, back = self.layer.forward(p, x, rng)
        self.profile.note(part(self.number, self.layer, "forward"), start)

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            start = time.perf_counter()
            found = back(dy, want_dx)
            self.profile.note(part(self.number, self.layer, "backward"), start)
            return found

        return y, backward


@dataclass(frozen=True, eq=False)
class _WatchedLoss:
    loss: Loss
    profile: Profile

    def __call__(self, z: Array, t: Array) -> tuple[Array, Array]:
        start = time.perf_counter()
        found: tuple[Array, Array] = self.loss(z, t)
        self.profile.note(LOSS, start)
        return found


@dataclass(frozen=True)
class WatchedStep(TrainStep):
    """A step that notes in `profile` what takes how long."""

    profile: Profile = field(default_factory=Profile, compare=False)
    unwatched: Perceptron | None = field(default=None, compare=False)

    def gradient(
        self, params: Params, batch: Batch, step: int, shards: Sequence[slice] | None = None
    ) -> tuple[Tally, Params]:
        """As the step's."""
        if self.unwatched and not self.profile.steps:
            some = batch.part(shards[0]) if shards else batch
            takes = self.unwatched.takes(params, some.inputs, some.targets)
            self.profile.in_one_call = takes
        return super().gradient(params, batch, step, shards)

    def update(
        self,
        params: Params,
        gradients: Params,
        memory: dict[str, Params],
        average: Params | None,
        *,
        rate: float,
        step: int,
        total: Callable[[float], float] = float,
    ) -> None:
        """As the step's."""
        start = time.perf_counter()
        super().update(params, gradients, memory, average, rate=rate, step=step, total=total)
        self.profile.note(RULE, start)
        self.profile.steps += 1


def operations(network: Chain, shape: Shape) -> dict[str, float]:
    """Multiplications and additions of an example in each layer's products, forward and backward.

    Backward there are two products, for the input's gradient and for the weights'; the first layer
    that learns needs only the second, and what is before it nothing.
    """
    first = first_trained(network, dict.fromkeys(network.plan(shape)[0]))
    found = {}
    for i, stage in network.stages:
        if forward := 2.0 * _products(stage, shape):
            found[part(i, stage, "forward")] = forward
            found[part(i, stage, "backward")] = forward * (2 if i > first else 1)
        shape = stage.plan(shape)[1]
    return found


def _products(layer: Layer, shape: Shape) -> int:
    """Each place of an output meets every weight of a matrix or kernel once."""
    held = branches(layer)
    if not held:
        layer = layer.first if isinstance(layer, Block) else layer
        shapes, out = layer.plan(shape)
        return sum(prod(s) for s in shapes.values() if len(s) > 1) * prod(out[:-1])
    total = 0
    for chain in held.values():
        at = shape
        for inner in chain.layers:
            total += _products(inner, at)
            at = inner.plan(at)[1]
    return total
