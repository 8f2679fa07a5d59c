"""A recognizer adapted to one hand by few corrections, with old digits beside them.

It is done in two ways. In one, what the network sees in a picture, its features f, stays as it is,
and the last layer, z = f W + b, is learnt again. In the other the whole network learns further
(`tune`). Of the corrections, distorted copies ask for their labels; of old digits, and of pictures
of none, what the network answered before is asked for (Li & Hoiem 2016), so that what it knows and
doubts is kept. A part of the corrections is kept back, and so are the old digits that its training
kept back. What was learnt is taken whole, or a part of the way to it (Wortsman et al. 2022): of all
that make neither of the two worse by more than is allowed, what finds the corrections that were
kept back the likeliest.

Inside: that. Not inside: where corrections come from (`datasets`, `cli`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits, named, targets
from digitus.errors import DataError, TrainingError
from digitus.nn import Adam, Chain, Dense, SoftmaxCrossEntropy, softmax
from digitus.nn.arrays import stream
from digitus.nn.images import as_input
from digitus.nn.inference import Inference
from digitus.recognizer import Recognizer
from digitus.synthetic.not_digits import not_digits
from digitus.training.examples import SPLIT_SEED
from digitus.training.tune import tuned
from digitus.types import Floats32, Images, Matrix, Params

KEPT_BACK = 0.25  # of the corrections
LEAST = 8  # corrections: of fewer nothing could be said
OLD, NOTHING = 4000, 600  # digits and pictures of none that stand beside the corrections
COPIES = 1000  # of all corrections together, at least
LEAST_COPIES = 4  # of each
AT_ONCE = 500  # images
STEPS, RATE = 100, 1e-3
SHARES = 1.0, 0.9, 0.75, 0.5, 0.35, 0.25  # of the way from the old layer to the new one
WORSE = 1e-3  # of old digits: by so much the accuracy may fall


@dataclass(frozen=True, eq=False)
class Adapted:
    """What came of it: the recognizer, or None where none was good enough; and how many were wrong.

    `own` are the corrections kept back, `old` the old digits: (before, after, of how many). `way`
    is what was learnt again, `share` how much of it was taken.
    """

    recognizer: Recognizer | None
    own: tuple[int, int, int]
    old: tuple[int, int, int]
    way: str = ""
    share: float = 0.0


@dataclass(frozen=True, eq=False)
class _Tried:
    """A network that was learnt, and how it did on what was kept back: wrong ones, and surprise."""

    recognizer: Recognizer
    own: int
    old: int
    surprise: float
    way: str = ""
    share: float = 0.0


def adapt(
    recognizer: Recognizer,
    corrections: Digits,
    old: Digits,
    *,
    worse: float = WORSE,
    seed: int = 0,
) -> Adapted:
    """Adapts to corrections; `old` is what the recognizer learnt from, or something like it.

    On old digits that are kept back its accuracy may fall by `worse`, on corrections that are kept
    back by nothing. Raises `DataError` for too few corrections or others than it can learn from,
    `TrainingError` for a network whose last layer cannot be learnt alone.
    """
    _check(recognizer, corrections, old)
    own, judged = split(corrections, max(1, round(KEPT_BACK * len(corrections))), SPLIT_SEED)
    kept = min(recognizer.recipe.development, len(old) // 2)
    before, others = split(old, kept, SPLIT_SEED)
    rng = stream(seed, "adapt")
    beside = _beside(recognizer, before, rng)
    was = _judged(_Tried(recognizer, 0, 0, 0.0), judged, others)
    tried = []
    for way, learn in WAYS.items():
        learnt = learn(recognizer, own, *beside, rng)
        for share in SHARES:
            made = _Tried(_towards(recognizer, learnt, share), 0, 0, 0.0, way, share)
            tried.append(_judged(made, judged, others))
    good = [one for one in tried if one.own <= was.own and one.old <= was.old + worse * len(others)]
    best = min(good or tried, key=lambda one: one.surprise)
    counts = (was.own, best.own, len(judged)), (was.old, best.old, len(others))
    if not good:
        return Adapted(None, *counts)
    history = recognizer.history.copy()
    about = _about(own, counts, before, best)
    history["adapted"] = [*history.get("adapted", []), about]
    return Adapted(replace(best.recognizer, history=history), *counts, best.way, best.share)


def _judged(tried: _Tried, own: Digits, old: Digits) -> _Tried:
    """How it does on corrections and old digits that were kept back."""
    recognizer = tried.recognizer
    likely = recognizer.probabilities(own.images)
    surprise = -np.log(np.maximum(likely[np.arange(len(own)), own.labels], 1e-9)).mean()
    wrong = int((likely.argmax(1) != own.labels).sum())
    of_old = int((recognizer.outputs(old.images).argmax(1) != old.labels).sum())
    return _Tried(recognizer, wrong, of_old, float(surprise), tried.way, tried.share)


def _check(recognizer: Recognizer, corrections: Digits, old: Digits) -> None:
    if len(corrections) < LEAST:
        raise DataError(
            f"{corrections.name}: {len(corrections)} corrections; it takes {LEAST} at least, for "
            "some are kept back to see whether the network is better"
        )
    for digits in (corrections, old):
        if digits.images.shape[1:] != recognizer.size or digits.classes != recognizer.classes:
            height, width = digits.images.shape[1:]
            raise DataError(
                f"{digits.name} shows {named(digits.classes)} on {height} x {width} pixels, which "
                "is not what the network reads; --prepare auto makes pictures like MNIST's"
            )
    if not isinstance(recognizer.recipe.network.layers[-1], Dense):
        raise TrainingError("only a network that ends with a Dense layer can be adapted")


def features(recognizer: Recognizer, images: Images) -> Floats32:
    """What the last layer is given for images [n h w]: [n k]."""
    below = Chain(recognizer.recipe.network.layers[:-1])
    last = f"{len(below.layers)}."
    params = {name: w for name, w in recognizer.params.items() if not name.startswith(last)}
    compiled = Inference(below, params)
    w = next(iter(recognizer.params.values()))

    def seen(part: Images) -> Floats32:
        found = compiled(part)
        if found is None:  # no kernels: the layers themselves
            found, _ = below.forward(params, as_input(part, w))
        return np.asarray(found, np.float32)

    parts = [seen(images[i : i + AT_ONCE]) for i in range(0, len(images), AT_ONCE)]
    return np.concatenate(parts)


def _beside(
    recognizer: Recognizer, before: Digits, rng: np.random.Generator
) -> tuple[Images, Matrix]:
    """Old digits and pictures of none, and what the network answers to them."""
    beside = before.take(rng.permutation(len(before))[:OLD]).images
    nothing = not_digits(NOTHING, int(rng.integers(2**31)))
    if nothing.shape[1:] == recognizer.size:
        beside = np.concatenate([beside, nothing])
    return beside, softmax(recognizer.outputs(beside))


def _last_layer(
    recognizer: Recognizer, own: Digits, beside: Images, wanted: Matrix, rng: np.random.Generator
) -> Params:
    """The parameters of the last layer, learnt."""
    copies = max(LEAST_COPIES, -(-COPIES // len(own)))
    repeated = np.tile(own.images, (copies, 1, 1))
    repeated[len(own) :] = augment(repeated[len(own) :], recognizer.recipe.augment, rng)
    labels = targets(np.tile(own.labels, copies), len(recognizer.classes))
    asked = np.concatenate([labels, wanted]).astype(np.float32)
    seen = np.concatenate([features(recognizer, repeated), features(recognizer, beside)])
    number = len(recognizer.recipe.network.layers) - 1
    learnt = _learnt(_layer(recognizer), seen, asked)
    return {f"{number}.{name}": w for name, w in learnt.items()}


def _layer(recognizer: Recognizer) -> Params:
    number = len(recognizer.recipe.network.layers) - 1
    return {name: recognizer.params[f"{number}.{name}"].copy() for name in ("W", "b")}


def _learnt(params: Params, seen: Floats32, wanted: Matrix) -> Params:
    """Full steps of gradient descent by Adam, from large to none."""
    layer, loss, rule = Dense(wanted.shape[1]), SoftmaxCrossEntropy(), Adam()
    memory = {name: rule.start(w) for name, w in params.items()}
    for step in range(STEPS):
        z, backward = layer.forward(params, seen)
        _, dz = loss(z, wanted)
        _, gradients = backward(dz, want_dx=False)
        rate = RATE * (1 - step / STEPS)
        for name, g in gradients.items():
            params[name] = params[name] + rule.update(g, params[name], memory[name], rate, step + 1)
    return params


def _towards(recognizer: Recognizer, learnt: Params, share: float) -> Recognizer:
    params = dict(recognizer.params)
    for name, w in learnt.items():
        params[name] = params[name] + np.float32(share) * (w - params[name])
    return replace(recognizer, params=params, report=None)


def _about(
    own: Digits, counts: Sequence[tuple[int, int, int]], before: Digits, taken: _Tried
) -> dict[str, Any]:
    """What the model remembers of it."""
    names = ("wrong_before", "wrong_after", "of")
    return {
        "data": own.about,
        "examples": len(own),
        "beside": before.name,
        "way": taken.way,
        "share": taken.share,
        "kept_back": dict(zip(names, counts[0], strict=True)),
        "old": dict(zip(names, counts[1], strict=True)),
    }


WAYS = {"last layer": _last_layer, "whole network": tuned}
