"""The last layer of a network trained again on few corrections, beside what it answered before.

The features f that the network computes from a picture stay as they are; z = f W + b is trained.
The targets of distorted copies of corrections are their labels, those of old digits and of pictures
of no digit the answers that the network gave before (Li & Hoiem 2016).

Inside: that. Not inside: how much of it is taken, and whether it is given out (`adapt`).
"""

from __future__ import annotations

import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.digits import Digits, targets
from digitus.nn import Adam, Chain, Dense, SoftmaxCrossEntropy, softmax
from digitus.nn.images import as_input
from digitus.nn.inference import Inference
from digitus.recognizer import Recognizer
from digitus.types import Floats32, Images, Matrix, Params

COPIES = 1000  # of all corrections together, at least
LEAST_COPIES = 4  # of each
AT_ONCE = 500  # images
STEPS, RATE = 100, 1e-3


def last_layer(
    recognizer: Recognizer, own: Digits, beside: Images, before: Matrix, rng: np.random.Generator
) -> Params:
    """The layer after `STEPS` steps; `before` [n classes] are the old outputs for `beside`."""
    copies = max(LEAST_COPIES, -(-COPIES // len(own)))
    repeated = np.tile(own.images, (copies, 1, 1))
    repeated[len(own) :] = augment(repeated[len(own) :], recognizer.recipe.augment, rng)
    labels = targets(np.tile(own.labels, copies), len(recognizer.classes))
    asked = np.concatenate([labels, softmax(before)]).astype(np.float32)
    seen = np.concatenate([features(recognizer, repeated), features(recognizer, beside)])
    number = len(recognizer.recipe.network.layers) - 1
    learnt = _learnt(_layer(recognizer), seen, asked)
    return {f"{number}.{name}": w for name, w in learnt.items()}


def _layer(recognizer: Recognizer) -> Params:
    number = len(recognizer.recipe.network.layers) - 1
    return {name: recognizer.params[f"{number}.{name}"].copy() for name in ("W", "b")}


def _learnt(params: Params, seen: Floats32, wanted: Matrix) -> Params:
    """Steps of Adam on all examples at once, at a rate that falls linearly to 0."""
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
