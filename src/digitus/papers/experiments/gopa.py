"""Gopa 2024 as it is stated: both notations side by side, and the learning curves.

Inside: the experiments `notations`, `setup`, `curves`. Not inside: the equations (`columns`);
how far the same 7,960 parameters can go by other means (`furthest`).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from digitus.datasets.digits import Digits
from digitus.nn import (
    Chain,
    Dense,
    Flatten,
    GradientDescent,
    Relu,
    Scale,
    SoftmaxCrossEntropy,
    Uniform,
    initial,
    one_hot,
    stream,
)
from digitus.papers.experiments import columns
from digitus.papers.experiments.bench import Bench, accuracy, packed, quantised, score
from digitus.papers.store import Record
from digitus.types import Params

NETWORK = Chain([Scale(255.0), Flatten(), Dense(10), Relu(), Dense(10)])
RULE = Uniform(-0.5, 0.5)
SECONDS_BETWEEN_CHECKPOINTS = 60.0
# The paper's names, and the parameters of the chain above that they are: W is its transpose.
NAMES = {"W1": "2.W", "b1": "2.b", "W2": "4.W", "b2": "4.b"}


def notations(settings: Record, bench: Bench) -> Record:
    """The gradients of the paper's equations and of digitus's layers on the same digits, float64.

    Settings: `seed`, `examples`. Gives the largest difference for each parameter, beside the
    largest gradient.
    """
    digits = bench.training_set(settings["examples"])
    paper = columns.first([settings["seed"]], RULE, dtype=np.float64)
    ours = initial(NETWORK, (28, 28, 1), RULE, stream(settings["seed"], "initial"), np.float64)
    X, Y = columns.pixels(digits.images, np.float64), columns.targets(digits.labels, np.float64)
    theirs = columns.backward(paper, X, Y, columns.forward(paper, X), X.shape[1])

    x = digits.images[..., None].astype(np.float64)
    z, back = NETWORK.forward(ours, x)
    loss, dz = SoftmaxCrossEntropy()(z, one_hot(digits.labels, dtype=np.float64))
    gradients = back(dz, want_dx=False)[1]
    found = {}
    for name, own in NAMES.items():
        g = theirs[name][0]
        mine = gradients[own].T if name[0] == "W" else gradients[own][:, None]
        found[name] = {
            "paper_shape": g.shape,
            "digitus_name": own,
            "digitus_shape": gradients[own].shape,
            "largest": float(np.abs(g).max()),
            "difference": float(np.abs(g - mine).max()),
        }
    return {"loss": float(loss), "gradients": found}


def setup(settings: Record, bench: Bench) -> Record:
    """The data as the network gets it, and a few of its pictures. Settings: `development`."""
    learnt, development = bench.parts(None, settings["development"])
    X = columns.pixels(learnt.images)
    return {
        "learnt": len(learnt),
        "development": len(development),
        "test": len(bench.test_set()),
        "X": X.shape,
        "Y": (10, len(learnt)),
        "lowest": float(X.min()),
        "highest": float(X.max()),
        "mean": float(X.mean(dtype=np.float64)),
        "by_digit": np.bincount(learnt.labels, minlength=10),
        "examples": _firsts(bench.training_set(), learnt),
        "sha256": {
            "training": bench.training_set().sha256,
            "test": bench.test_set().sha256,
        },
    }


def _firsts(whole: Digits, learnt: Digits) -> list[int]:
    """The place in the training set of the first example of each digit that is learnt from."""
    wanted = [learnt.images[np.argmax(learnt.labels == d)] for d in range(10)]
    return [int(np.argmax((whole.images == image).all(axis=(1, 2)))) for image in wanted]


def curves(settings: Record, bench: Bench) -> Record:
    """Gradient descent on the whole set, W := W - α dW, for several seeds at once.

    Settings: `alpha`, `seeds`, `iterations`, `every` (iterations between points of the curve),
    `at` (where the test set is scored too), `count` (images, None: all), `development`.
    """
    seeds, alpha, at = settings["seeds"], settings["alpha"], settings["at"]
    learnt, development = bench.parts(settings["count"], settings["development"])
    test = bench.test_set()
    parts = columns.blocks(columns.pixels(learnt.images), columns.targets(learnt.labels))
    V, T = columns.pixels(development.images), columns.pixels(test.images)
    rule = GradientDescent()
    found: Record = {"iterations": [], "development": [], "scores": {}}
    p, done = columns.first(seeds, RULE), 0
    if state := bench.remembered("curves", settings):
        p, done, found = state[0], int(state[1]["done"]), state[1]["found"]
    latest = time.monotonic()
    for t in range(done, settings["iterations"] + 1):
        if t % settings["every"] == 0:
            answers = columns.answers(p, V)
            found["iterations"].append(t)
            found["development"].append([accuracy(a, development) for a in answers])
        if t in at:
            found["scores"][str(t)] = _scores(p, V, development, T, test)
        if t == settings["iterations"]:
            break
        for name, g in columns.gradients(p, parts).items():
            p[name] += rule.update(g, p[name], {}, alpha, t + 1)
        if time.monotonic() - latest > SECONDS_BETWEEN_CHECKPOINTS:
            bench.remember("curves", settings, p, {"done": t + 1, "found": found})
            latest = time.monotonic()
    bench.forget("curves", settings)
    units = p["W1"][0].reshape(-1, 28, 28)
    alive = [_alive(run, p, V) for run in range(len(seeds))]
    return {**found, "units": packed(quantised(units)), "output": p["W2"][0], "alive": alive}


def _scores(p: Params, V: Any, development: Any, T: Any, test: Any) -> list[Record]:
    """Development and test score of every run."""
    pairs = zip(columns.answers(p, V), columns.answers(p, T), strict=True)
    return [{"development": accuracy(v, development), "test": score(t, test)} for v, t in pairs]


def _alive(run: int, p: Params, V: Any) -> list[float]:
    """For how many of the development pictures each hidden unit of a run is not 0."""
    own = {name: w[run : run + 1] for name, w in p.items()}
    return [float(v) for v in (columns.forward(own, V).Z1[0] > 0).mean(axis=1)]
