"""A recognizer that remembers corrections: each votes for its digit where pictures look like it.

The last layer, a `Dense`, becomes an `Exemplars` of the same W and b, which holds the features of
the corrections. How far a correction reaches is told by the old digits and pictures of no digit
that it must leave alone: at the nearest of them, by the angle between the features, its vote has
fallen by the factor exp(-FALL). So a correction far from everything known speaks for many
pictures, and one beside an old digit for hardly any but itself.

Inside: that. Not inside: whether such a memory is given out (`adapt`), the equation (`nn`).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from digitus.datasets.digits import Digits, targets
from digitus.nn import Chain, Exemplars
from digitus.nn.images import as_input
from digitus.nn.inference import Inference
from digitus.recognizer import Recognizer
from digitus.types import Floats32, Images

AT_ONCE = 500  # images
VOTE = 50.0  # of a correction for its digit, beside probabilities that sum to 1
FALL = 8.0  # at the nearest picture that is known, its vote is VOTE exp(-FALL): 0.02
LEAST_SPREAD = 1e-3  # of a correction that is nearly what is known: a finer one would be rounding
MOST = 1000  # corrections that one adaptation remembers, at 4 bytes for each feature


def remembering(recognizer: Recognizer, corrections: Digits, known: Images) -> Recognizer:
    """The recognizer with these corrections in its memory, beside those that are there already."""
    corrections = corrections.take(slice(MOST))
    *below, last = recognizer.recipe.network.layers
    prefix = f"{len(below)}."
    centres = _unit(features(recognizer, corrections.images))
    alike = centres @ _unit(features(recognizer, known)).T
    added = {
        "centres": centres,
        "spread": np.maximum((1 - alike.max(1)) / FALL, LEAST_SPREAD),
        "votes": VOTE * targets(corrections.labels, len(recognizer.classes)),
    }
    params = dict(recognizer.params)
    w = params[f"{prefix}W"]
    for name, rows in added.items():
        there = [params[prefix + name]] if isinstance(last, Exemplars) else []
        params[prefix + name] = np.concatenate([*there, rows]).astype(w.dtype)
    remembers = Exemplars(w.shape[1], len(params[f"{prefix}spread"]))
    recipe = replace(recognizer.recipe, network=Chain([*below, remembers]))
    return replace(recognizer, recipe=recipe, params=params)


def _unit(seen: Floats32) -> Floats32:
    """Features of length 1."""
    return seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), np.float32(1e-9))


def features(recognizer: Recognizer, images: Images) -> Floats32:
    """The inputs [n k] of the last layer for images [n h w]."""
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
