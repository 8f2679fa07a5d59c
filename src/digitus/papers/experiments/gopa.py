"""Gopa 2024 as it is stated: both notations side by side, and the learning curves.

Inside: the experiments `notations`, `setup`, `curves`. Not inside: the equations (`gopa_notation`);
how far the same 7,960 parameters can go by other means (`gopa_improved`).
"""

from __future__ import annotations

import time

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
from digitus.papers.experiments import gopa_notation
from digitus.papers.experiments.workspace import Workspace, accuracy, score
from digitus.papers.images import packed, quantised
from digitus.papers.store import Record
from digitus.types import Floats, Params

NETWORK = Chain([Scale(255.0), Flatten(), Dense(10), Relu(), Dense(10)])
RULE = Uniform(-0.5, 0.5)
SECONDS_BETWEEN_CHECKPOINTS = 60.0
# The paper's names, and the parameters of the chain above that they are: W is its transpose.
NAMES = {"W1": "2.W", "b1": "2.b", "W2": "4.W", "b2": "4.b"}


def notations(settings: Record, workspace: Workspace) -> Record:
    """The gradients of the paper's equations and of digitus's layers on the same digits, float64.

    Settings: `seed`, `examples`. Gives the largest difference for each parameter, beside the
    largest gradient.
    """
    digits = workspace.training_set(settings["examples"])
    paper = gopa_notation.first([settings["seed"]], RULE, dtype=np.float64)
    ours = initial(NETWORK, (28, 28, 1), RULE, stream(settings["seed"], "initial"), np.float64)
    X, Y = (
        gopa_notation.pixels(digits.images, np.float64),
        gopa_notation.targets(digits.labels, np.float64),
    )
    theirs = gopa_notation.backward(paper, X, Y, gopa_notation.forward(paper, X), X.shape[1])

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


def setup(settings: Record, workspace: Workspace) -> Record:
    """The data as the network gets it, and a few of its pictures. Settings: `development`."""
    learnt, development = workspace.parts(None, settings["development"])
    X = gopa_notation.pixels(learnt.images)
    return {
        "learnt": len(learnt),
        "development": len(development),
        "test": len(workspace.test_set()),
        "X": X.shape,
        "Y": (10, len(learnt)),
        "lowest": float(X.min()),
        "highest": float(X.max()),
        "mean": float(X.mean(dtype=np.float64)),
        "by_digit": np.bincount(learnt.labels, minlength=10),
        "examples": _firsts(workspace.training_set(), learnt),
        "sha256": {
            "training": workspace.training_set().sha256,
            "test": workspace.test_set().sha256,
        },
    }


def _firsts(whole: Digits, learnt: Digits) -> list[int]:
    """The place in the training set of the first example of each digit that is learnt from."""
    wanted = [learnt.images[np.argmax(learnt.labels == d)] for d in range(10)]
    return [int(np.argmax((whole.images == image).all(axis=(1, 2)))) for image in wanted]


def curves(settings: Record, workspace: Workspace) -> Record:
    """Gradient descent on the whole set, W := W - α dW, for several seeds at once.

    Settings: `alpha`, `seeds`, `iterations`, `every` (iterations between points of the curve),
    `at` (where the test set is scored too), `count` (images, None: all), `development`.
    """
    seeds, alpha, at = settings["seeds"], settings["alpha"], settings["at"]
    learnt, development = workspace.parts(settings["count"], settings["development"])
    test = workspace.test_set()
    parts = gopa_notation.blocks(
        gopa_notation.pixels(learnt.images), gopa_notation.targets(learnt.labels)
    )
    V, T = gopa_notation.pixels(development.images), gopa_notation.pixels(test.images)
    rule = GradientDescent()
    found: Record = {"iterations": [], "development": [], "scores": {}}
    p, done = gopa_notation.first(seeds, RULE), 0
    if state := workspace.remembered("curves", settings):
        p, done, found = state[0], int(state[1]["done"]), state[1]["found"]
    latest = time.monotonic()
    for t in range(done, settings["iterations"] + 1):
        if t % settings["every"] == 0:
            answers = gopa_notation.answers(p, V)
            found["iterations"].append(t)
            found["development"].append([accuracy(a, development) for a in answers])
        if t in at:
            found["scores"][str(t)] = _scores(p, V, development, T, test)
        if t == settings["iterations"]:
            break
        for name, g in gopa_notation.gradients(p, parts).items():
            p[name] += rule.update(g, p[name], {}, alpha, t + 1)
        if time.monotonic() - latest > SECONDS_BETWEEN_CHECKPOINTS:
            workspace.remember("curves", settings, p, {"done": t + 1, "found": found})
            latest = time.monotonic()
    workspace.forget("curves", settings)
    units = p["W1"][0].reshape(-1, 28, 28)
    alive = [_alive(run, p, V) for run in range(len(seeds))]
    return {**found, "units": packed(quantised(units)), "output": p["W2"][0], "alive": alive}


def _scores(p: Params, V: Floats, development: Digits, T: Floats, test: Digits) -> list[Record]:
    """Development and test score of every run."""
    pairs = zip(gopa_notation.answers(p, V), gopa_notation.answers(p, T), strict=True)
    return [{"development": accuracy(v, development), "test": score(t, test)} for v, t in pairs]


def _alive(run: int, p: Params, V: Floats) -> list[float]:
    """For how many of the development pictures each hidden unit of a run is not 0."""
    own = {name: w[run : run + 1] for name, w in p.items()}
    return [float(v) for v in (gopa_notation.forward(own, V).Z1[0] > 0).mean(axis=1)]
