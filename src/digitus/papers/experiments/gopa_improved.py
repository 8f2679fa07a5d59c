"""How far Gopa 2024's 7,960 parameters can go: the same 784-10-10, trained by modern means.

Inside: the means (`Means`), the steps in which they are added, the variants that were tried and
left out, and the experiments `step` and `variant`. Choices were made on the development split;
`step` scores the test set, `variant` does not look at it. Not inside: the equations
(`gopa_notation`).

Several networks are trained at once, side by side: the candidates among which the development
split chooses, or the seeds of a variant. They differ in their first weights and see the same
batches. Seeds of a *step* are trained apart, each with its own order and distortions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.digits import Digits
from digitus.nn import (
    Adam,
    Constant,
    Cosine,
    He,
    Initializer,
    Uniform,
    softmax,
    stream,
    update_average,
)
from digitus.nn.arrays import bounds
from digitus.papers.experiments import gopa_notation
from digitus.papers.experiments.workspace import Workspace, accuracy, score, trained
from digitus.papers.images import packed, quantised
from digitus.papers.store import Record
from digitus.recipe import load_recipe, with_settings
from digitus.recognizer import Recognizer, load
from digitus.types import Array, Numbers, Params

RULE = Adam()
DEVELOPMENT_IMAGES = 5000
CANDIDATES_APART = 1000  # seed 3 has candidates with the seeds 3000, 3001 ...


@dataclass(frozen=True)
class Means:
    """How a 784-10-10 is trained. Everything but the network itself may be changed.

    There are `start` hidden units at first; those that matter least are removed one by one. With a
    `temperature` above 0 the targets are the softened answers of a large network.
    """

    initial: str = "uniform"
    rate: float = 0.01
    falling: bool = False
    batch: int = 250
    epochs: int = 60
    average: float = 0.0
    distort: dict[str, float] = field(default_factory=dict)
    decay: float = 0.0
    smoothing: float = 0.0
    temperature: float = 0.0
    prepare: str = ""
    start: int = gopa_notation.HIDDEN
    candidates: int = 1


MILD = {"rotate": 8, "scale": 0.05, "shift": 0.7}
_1 = Means()
_2 = replace(_1, initial="he")
_3 = replace(_2, falling=True)
_4 = replace(_3, average=0.999)
_5 = replace(_4, distort=MILD)
_6 = replace(_5, candidates=16)
_7 = replace(_6, temperature=1.0)
STEPS: tuple[tuple[str, str, Means], ...] = (
    ("mini-batches, Adam", "batches of 250, rate 0.01, 60 epochs; first weights as the paper", _1),
    ("He's first weights", "normal with variance 2 / fan in; b = 0", _2),
    ("a rate that falls", "up for a twentieth of the time, then down a cosine", _3),
    ("averaged weights", "an exponential average over about 1,000 steps", _4),
    (
        "mild distortion",
        "turned by ±8°, size ±5 %, shifted by ±0.7 pixels, anew in every epoch",
        _5,
    ),
    ("the best of 16 starts", "chosen on the development split, the test set unseen", _6),
    ("a large network as teacher", "targets are its probabilities for each distorted picture", _7),
)
BASE = 4  # the step that variants change
VARIANTS: dict[str, Means] = {
    "nothing changed": _5,
    "200 epochs": replace(_5, epochs=200),
    "batches of 100": replace(_5, batch=100),
    "rate 0.005": replace(_5, rate=0.005),
    "rate 0.02": replace(_5, rate=0.02),
    "pixels centred": replace(_5, prepare="centred"),
    "pixels standardised": replace(_5, prepare="standardised"),
    "weight decay 0.03": replace(_5, decay=0.03),
    "label smoothing 0.1": replace(_5, smoothing=0.1),
    "answers of a large network, temperature 1": replace(_5, temperature=1.0),
    "answers of a large network, temperature 2": replace(_5, temperature=2.0),
    "these answers and elastic distortion": replace(
        _5, temperature=1.0, distort={**MILD, "elastic": 0.4, "smoothness": 4}
    ),
    "half the distortion": replace(_5, distort={k: v / 2 for k, v in MILD.items()}),
    "twice the distortion": replace(_5, distort={k: v * 2 for k, v in MILD.items()}),
    "elastic distortion too": replace(_5, distort={**MILD, "elastic": 0.4, "smoothness": 4}),
    "pruned from 20 hidden units": replace(_5, start=20),
}


def step(settings: Record, workspace: Workspace) -> Record:
    """One step with one seed. Settings: `means`, `seed`, `count`, with a teacher `teacher_epochs`.

    Of several candidates, the test set is scored by the one that the development split chooses.
    """
    means, seed = Means(**settings["means"]), settings["seed"]
    learnt, development = workspace.parts(settings["count"], _held_back(settings["count"]))
    seeds = [CANDIDATES_APART * seed + k for k in range(means.candidates)]
    p = fit(means, seeds, learnt, _large(means, settings, workspace))
    found = _development(p, development)
    best = int(np.argmax(found))
    test = workspace.test_set()
    chosen = {name: w[best : best + 1] for name, w in p.items()}
    result: Record = {
        "development": found[best],
        "candidates": found,
        "test": score(gopa_notation.answers(chosen, gopa_notation.pixels(test.images))[0], test),
        "parameters": sum(w[0].size for w in p.values()),
    }
    if seed == 0:
        result["units"] = packed(quantised(chosen["W1"][0].reshape(-1, 28, 28)))
        result["output"] = chosen["W2"][0]
    return result


def variant(settings: Record, workspace: Workspace) -> Record:
    """Networks of several seeds, development accuracy alone.

    Settings: `means`, `seeds`, `count`, `teacher_epochs`.
    """
    means = Means(**settings["means"])
    learnt, development = workspace.parts(settings["count"], _held_back(settings["count"]))
    large = _large(means, settings, workspace)
    found: Record = {
        "development": _development(fit(means, settings["seeds"], learnt, large), development)
    }
    if large is not None:
        answers = large.outputs(development.images).argmax(axis=1)
        found["teacher"] = accuracy(answers, development)
    return found


def _large(means: Means, settings: Record, workspace: Workspace) -> Recognizer | None:
    """The teacher, where there is to be one."""
    if not means.temperature:
        return None
    return teacher(workspace, settings["count"], settings["teacher_epochs"])


def teacher(workspace: Workspace, count: int | None, epochs: int) -> Recognizer:
    """The recipe quick, trained on the same digits; kept in a file for the next variant."""
    path = workspace.file(f"teacher-{count or 'all'}-{epochs}")
    if not path.exists():
        recipe = with_settings(load_recipe("quick"), epochs=epochs, development=_held_back(count))
        trained(recipe, workspace.training_set(count))[0].save(path)
    return load(path)


def _held_back(count: int | None) -> int:
    return DEVELOPMENT_IMAGES if count is None else count // 10


def _development(p: Params, development: Digits) -> list[float]:
    answers = gopa_notation.answers(p, gopa_notation.pixels(development.images))
    return [accuracy(a, development) for a in answers]


@dataclass
class _Networks:
    """Networks side by side: parameters, the optimizer's memory, the average of the parameters."""

    p: Params
    memory: dict[str, Params]
    average: Params | None = None

    @property
    def hidden(self) -> int:
        """How many hidden units each network has."""
        return int(self.p["W1"].shape[1])

    def learn(self, X: Numbers, Y: Numbers, rate: float, decay: float, t: int) -> None:
        """Step t, counted from 1."""
        passed = gopa_notation.forward(self.p, X)
        for name, g in gopa_notation.backward(self.p, X, Y, passed, X.shape[1]).items():
            change = RULE.update(g, self.p[name], self.memory[name], rate, t)
            if decay and name.startswith("W"):
                change -= self.p[name] * (rate * decay)
            self.p[name] += change

    def begin_average(self) -> None:
        """Begins to average the parameters."""
        self.average = {name: w.copy() for name, w in self.p.items()}


def fit(means: Means, seeds: list[int], learnt: Digits, large: Recognizer | None = None) -> Params:
    """Trains a network for each seed, side by side; its parameters take pixels divided by 255."""
    rule: Initializer = He() if means.initial == "he" else Uniform(-0.5, 0.5)
    p = gopa_notation.first(seeds, rule, means.start)
    networks = _Networks(p, {name: RULE.start(w) for name, w in p.items()})
    schedule = Cosine(means.rate, warmup=0.05) if means.falling else Constant(means.rate)
    mean, width = _moments(means.prepare, learnt)
    steps = means.epochs * -(-len(learnt) // means.batch)
    for t, (X, Y) in enumerate(_batches(means, seeds[0], learnt, large), start=1):
        done = (t - 1) / steps
        X = (X - mean) / width
        if networks.hidden > gopa_notation.HIDDEN and done >= _prune_at(means, networks.p):
            networks.p, networks.memory = _pruned(networks.p, networks.memory, X, Y)
        if means.average and not networks.average and networks.hidden == gopa_notation.HIDDEN:
            networks.begin_average()
        networks.learn(X, Y, schedule(done), means.decay, t)
        if networks.average:
            update_average(networks.average, networks.p, means.average, t)
    p = networks.average or networks.p
    W1 = p["W1"] / width.T  # the preparation, folded into the first layer
    return {**p, "W1": W1, "b1": p["b1"] - W1 @ mean}


def _batches(
    means: Means, seed: int, learnt: Digits, large: Recognizer | None
) -> Iterator[tuple[Numbers, Numbers]]:
    """X and Y of every batch of every epoch."""
    Y = gopa_notation.targets(learnt.labels)
    distort = Augmentation(**means.distort)
    for epoch in range(means.epochs):
        images = learnt.images
        if not distort.off:
            images = augment(images, distort, stream(seed, "augment", epoch))
        if large is not None and (epoch == 0 or not distort.off):
            Y = np.ascontiguousarray(softmax(large.outputs(images) / means.temperature).T)
        order = stream(seed, "shuffle", epoch).permutation(len(learnt))
        for part in bounds(len(order), means.batch):
            own = Y[:, order[part]]
            if means.smoothing:
                own = own * (1 - means.smoothing) + means.smoothing / gopa_notation.DIGITS
            yield gopa_notation.pixels(images[order[part]]), own


def _moments(prepare: str, learnt: Digits) -> tuple[Numbers, Numbers]:
    """What is subtracted from X and what it is then divided by, [784 1] each."""
    mean = np.zeros((gopa_notation.PIXELS, 1), np.float32)
    width = np.ones_like(mean)
    if prepare:
        X = gopa_notation.pixels(learnt.images)
        mean = X.mean(axis=1, keepdims=True)
        if prepare == "standardised":
            width = np.maximum(X.std(axis=1, keepdims=True), np.float32(0.1))
    return mean, width


def _prune_at(means: Means, p: Params) -> float:
    """After which share of training the next unit goes: the first after 1/6, the last at 1/2."""
    removed = means.start - p["W1"].shape[1]
    return 1 / 6 + (removed + 1) / (means.start - gopa_notation.HIDDEN) / 3


def _pruned(p: Params, memory: dict[str, Params], X: Array, Y: Array) -> tuple[Params, Array]:
    """Each run without the unit whose removal raises its loss on a batch least."""
    A1 = gopa_notation.forward(p, X).A1
    runs, hidden, _ = p["W1"].shape
    loss = np.zeros((runs, hidden))
    for j in range(hidden):
        q = {**p, "W2": p["W2"].copy()}
        q["W2"][:, :, j] = 0
        q["b2"] = p["b2"] + p["W2"][:, :, j : j + 1] * A1[:, j].mean(axis=1)[:, None, None]
        hit = (gopa_notation.forward(q, X).A2 * Y).sum(axis=1)
        loss[:, j] = -np.log(np.maximum(hit, 1e-9)).mean(axis=1)
    least = loss.argmin(axis=1)
    kept = np.array([[j for j in range(hidden) if j != least[r]] for r in range(runs)])
    gone = p["W2"][np.arange(runs), :, least] * A1[np.arange(runs), least].mean(axis=1)[:, None]

    def smaller(name: str, w: Array) -> Array:
        if name == "b2":
            return w
        return np.take_along_axis(
            w, kept[:, None] if name == "W2" else kept[..., None], 1 + (name == "W2")
        )

    q = {name: smaller(name, w) for name, w in p.items()}
    q["b2"] = p["b2"] + gone[..., None]
    return q, {n: {k: smaller(n, s) for k, s in kept_.items()} for n, kept_ in memory.items()}
