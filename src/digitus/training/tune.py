"""A whole network learnt further on few corrections, beside what it answered before.

In each batch are distorted copies of corrections, which ask for their labels, and old digits and
pictures of none, for which the answers are asked for that the network gave before (Li & Hoiem
2016). Normalisations keep what they have measured, and nothing is dropped out: what learns is the
network as it is used.

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

STEPS, RATE = 200, 3e-4
OWN, BESIDE = 16, 112  # corrections and other pictures of a batch


def tuned(
    recognizer: Recognizer, own: Digits, beside: Images, wanted: Matrix, rng: np.random.Generator
) -> Params:
    """The parameters after so many steps; `wanted` [n 10] is what is asked for of `beside`."""
    params = {name: np.array(w) for name, w in recognizer.params.items()}
    learnt = [name for name in params if trained(name)]
    rule, loss = Adam(), SoftmaxCrossEntropy()
    memory = {name: rule.start(params[name]) for name in learnt}
    labels = targets(own.labels, wanted.shape[1])
    w = next(iter(params.values()))
    for step in range(STEPS):
        some, others = rng.integers(len(own), size=OWN), rng.integers(len(beside), size=BESIDE)
        copies = augment(own.images[some], recognizer.recipe.augment, rng)
        x = as_input(np.concatenate([copies, beside[others]]), w)
        z, backward = recognizer.recipe.network.forward(params, x)
        _, dz = loss(z, np.concatenate([labels[some], wanted[others]]).astype(w.dtype))
        _, gradients = backward(dz, want_dx=False)
        rate = RATE * (1 - step / STEPS)
        for name in learnt:
            g = gradients[name]
            params[name] += rule.update(g, params[name], memory[name], rate, step + 1)
    return {name: params[name] for name in learnt}
