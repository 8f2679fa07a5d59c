"""A whole network trained further on few corrections, beside what it gave before.

A batch has distorted copies of corrections, whose targets are their labels, and old digits and
pictures of no digit, whose targets are the outputs that the network gave before, z0 (Buzzega et al.
2020): over the n pictures of a batch

    loss = (sum of the corrections' cross-entropies + PULL / 2 sum of |z - z0|^2) / n.

Outputs hold the network better than probabilities would: as long as a digit is certain, these are
nearly the same, however near to another digit it comes. Normalisations keep what they have
measured, and nothing is dropped out: the network is trained as it is used.

Inside: that. Not inside: how much of it is taken, and whether it is given out (`adapt`).
"""

from __future__ import annotations

import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.digits import Digits, targets
from digitus.nn import Adam, SoftmaxCrossEntropy
from digitus.nn.images import as_input
from digitus.nn.parameters import trained
from digitus.recognizer import Recognizer
from digitus.types import Images, Matrix, Params

STEPS, RATE = 200, 1e-3
OWN, BESIDE = 32, 96  # corrections and other pictures in a batch
PULL = 0.1


def tuned(
    recognizer: Recognizer, own: Digits, beside: Images, before: Matrix, rng: np.random.Generator
) -> Params:
    """The parameters after `STEPS` steps; `before` [n classes] are the old outputs for `beside`."""
    params = {name: np.array(w) for name, w in recognizer.params.items()}
    learnt = [name for name in params if trained(name)]
    rule, loss = Adam(), SoftmaxCrossEntropy()
    memory = {name: rule.start(params[name]) for name in learnt}
    labels = targets(own.labels, before.shape[1])
    w = next(iter(params.values()))
    for step in range(STEPS):
        some, others = rng.integers(len(own), size=OWN), rng.integers(len(beside), size=BESIDE)
        copies = augment(own.images[some], recognizer.recipe.augment, rng)
        x = as_input(np.concatenate([copies, beside[others]]), w)
        z, backward = recognizer.recipe.network.forward(params, x)
        _, surprise = loss(z[:OWN], labels[some].astype(w.dtype))
        pull = PULL * (z[OWN:] - before[others])
        dz = np.concatenate([OWN * surprise, pull]) / len(x)
        _, gradients = backward(dz.astype(w.dtype), want_dx=False)
        rate = RATE * (1 - step / STEPS)
        for name in learnt:
            g = gradients[name]
            params[name] += rule.update(g, params[name], memory[name], rate, step + 1)
    return {name: params[name] for name in learnt}
