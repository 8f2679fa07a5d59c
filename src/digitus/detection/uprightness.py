"""Uprightness: whether a digit stands as it was written, by what the close-up network sees of it.

The close-up network learnt from upright digits, and may name one that lies or stands on its head as
surely: many a 3 upside down is an 8 to it. But the numbers φ with which it describes a find, from
which its last layer names the digit, tell them apart. So a `Dense` layer of one output beside the
last one gives the log odds that what is there stands upright::

    z = φ · W + b

W and b are fitted by logistic regression, on digits read on made pages as they stand and turned by
quarters. One digit tells little, as 0, 1 and 8 look much alike upside down, but a line of them
tells which way up a picture lies (`reading.way_up`).

Inside: the layer and its fit. Not inside: the network that describes, and the file (`closeup`).
"""

from __future__ import annotations

import numpy as np

from digitus.detection.confidence import Judged, likeliest
from digitus.detection.maps import sigmoid
from digitus.nn import Dense
from digitus.types import Floats32, Floats64, Params

LAYER = Dense(1)
STIFFNESS = 100.0  # of the weights, for numbers of deviation 1: chosen on pages held back


def uprightness(layer: Params, described: Floats32) -> Floats32:
    """The z of the formula [k], of finds described by n numbers each [k n]; 0 without a layer."""
    if not layer:
        return np.zeros(len(described), np.float32)
    z: Floats32 = np.asarray(LAYER.forward(layer, described)[0])[:, 0]
    return z


def fit(described: Floats32, stands: Floats64, weights: Floats64) -> Params:
    """The layer that makes the truth likeliest.

    `described` [k n] are finds, `stands` [k] is 1 where one stands upright and 0 where not, and
    `weights` [k] are how much each counts.
    """
    scale = float(described.std()) or 1.0
    x = np.column_stack([described / scale, np.ones(len(described), np.float32)])

    def judge(w: Floats64) -> Judged:
        z = x @ w.astype(np.float32)
        p = sigmoid(z)
        surprise = float(weights @ (np.logaddexp(0, z) - stands * z))
        spread = (weights * p * (1 - p)).astype(np.float32)
        return surprise, x.T @ (weights * (stands - p)), x.T @ (x * spread[:, None])

    w = likeliest(judge, np.zeros(x.shape[1]), STIFFNESS)
    return {"W": (w[:-1, None] / scale).astype(np.float32), "b": w[-1:].astype(np.float32)}
