"""Every loss with its gradient, or the loss itself, made wrong on purpose."""

from types import SimpleNamespace

import numpy as np

from digitus.nn import (
    HeatmapFocal,
    MultiTask,
    PlaceCrossEntropy,
    SmoothAbsolute,
    SoftmaxCrossEntropy,
    SquaredError,
)
from nn.mutations import GENERAL


def probabilities(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def winner(z):
    return np.eye(z.shape[1])[z.argmax(1)]


def focal(z, t, *, power=2.0, weight=4.0, focus=2.0, there=1.0):
    """dz of `HeatmapFocal`, part by part, to be broken."""
    known = ~np.isnan(t)
    positive = known & (t >= there)
    s = np.where(known, np.where(positive, -z, z), 0)
    wrong, cost = 0.5 + 0.5 * np.tanh(s / 2), np.logaddexp(0, s)
    w = np.where(positive, 1, (1 - np.where(known, t, 0)) ** weight) * known
    ds = w * wrong**power * (focus * (1 - wrong) * cost + wrong)
    return np.where(positive, -ds, ds) / len(z)


def known_error(z, t):
    return np.where(np.isnan(t), 0, z - t)


def rows_with_nan(t):
    return np.isnan(t).any(-1, keepdims=True)


def softmax_of_all(z, axis=-1):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# For any loss: change(dz, z, t).
ANY_LOSS = {
    **{
        name: (lambda dz, z, t, f=f: f(dz, SimpleNamespace(n=len(z), training=True)))
        for name, f in GENERAL.items()
        if not name.startswith("wrong ")
    },
    "targets forgotten": lambda dz, z, t: dz + t / len(z),
    "sign of the targets": lambda dz, z, t: dz + 2 * t / len(z),
    "sum over the batch": lambda dz, z, t: dz * len(z),
    "divided by n twice": lambda dz, z, t: dz / len(z),
    "mean over outputs": lambda dz, z, t: dz / z.shape[1],
    "divided by n - 1": lambda dz, z, t: dz * len(z) / max(len(z) - 1, 0.5),
    "factor 2": lambda dz, z, t: 2 * dz,
    "clipped": lambda dz, z, t: np.clip(dz, -0.1, 0.1),
    "transposed": lambda dz, z, t: dz.T,
}


OF_LOSS = {
    SoftmaxCrossEntropy: {
        "smoothing forgotten": lambda dz, z, t: (probabilities(z) - t) / len(z),
        "normalisation forgotten": lambda dz, z, t: (np.exp(np.minimum(z, 9)) - t) / len(z),
        "sigmoid for softmax": lambda dz, z, t: (0.5 + 0.5 * np.tanh(z / 2) - t) / len(z),
        "winner for softmax": lambda dz, z, t: (winner(z) - t) / len(z),
        "logits for softmax": lambda dz, z, t: (z - t) / len(z),
        "softmax over examples": lambda dz, z, t: (probabilities(z.T).T - t) / len(z),
        "probabilities clipped": lambda dz, z, t: (
            (np.clip(probabilities(z), 1e-3, 1 - 1e-3) - t) / len(z)
        ),
        "softmax twice": lambda dz, z, t: (probabilities(probabilities(z)) - t) / len(z),
        "times p (1 - p)": lambda dz, z, t: dz * probabilities(z) * (1 - probabilities(z)),
        "squared error's": lambda dz, z, t: (
            (p := probabilities(z)) * ((p - t) - ((p - t) * p).sum(1, keepdims=True)) / len(z)
        ),
        "only the label's": lambda dz, z, t: dz * (t > 0),
        "uniform where all equal": lambda dz, z, t: dz * (np.ptp(z, 1, keepdims=True) > 0),
    },
    SquaredError: {
        "sign of the error": lambda dz, z, t: np.sign(z - t) / len(z),
        "square of the error": lambda dz, z, t: (z - t) ** 2 / len(z),
        "of a sigmoid": lambda dz, z, t: dz * z * (1 - z),
        "Huber's": lambda dz, z, t: np.clip(z - t, -1, 1) / len(z),
    },
    HeatmapFocal: {
        "of cross-entropy": lambda dz, z, t: (0.5 + 0.5 * np.tanh(z / 2) - t) / len(z),
        "of weighted cross-entropy": lambda dz, z, t: focal(z, t, power=0.0, focus=0.0),
        "power not differentiated": lambda dz, z, t: focal(z, t, focus=0.0),
        "power differentiated, cost not": lambda dz, z, t: dz - focal(z, t, focus=0.0),
        "one power too many": lambda dz, z, t: focal(z, t, power=3.0),
        "α of another power": lambda dz, z, t: focal(z, t, focus=4.0),
        "weights forgotten": lambda dz, z, t: focal(z, t, weight=0.0),
        "t for 1 - t": lambda dz, z, t: dz * np.where(t < 1, (t / (1 - t + 1e-9)) ** 4, 1),
        "nearly something is something": lambda dz, z, t: focal(z, t, there=0.9),
        "nothing is something": lambda dz, z, t: focal(z, t, there=2.0),
        "sign at something": lambda dz, z, t: np.where(t == 1, -dz, dz),
        "the unknown are nothing": lambda dz, z, t: focal(z, np.where(np.isnan(t), 0, t)),
        "by p instead of z": lambda dz, z, t: dz / np.cosh(z / 2).clip(max=1e9) ** -2 / 4,
    },
    SmoothAbsolute: {
        "sign of the error": lambda dz, z, t: np.sign(known_error(z, t)) / len(z),
        "the error": lambda dz, z, t: known_error(z, t) / len(z),
        "clipped at 2": lambda dz, z, t: np.clip(known_error(z, t), -2, 2) / len(z),
        "β for 1/β": lambda dz, z, t: np.clip(7 * known_error(z, t), -1, 1) / len(z),
        "nothing beyond β": lambda dz, z, t: dz * (np.abs(dz) < np.abs(dz).max()),
        "the unknown are 0": lambda dz, z, t: np.where(np.isnan(t), np.clip(z, -1, 1) / len(z), dz),
    },
    PlaceCrossEntropy: {
        "sum of the targets forgotten": lambda dz, z, t: (
            np.where(rows_with_nan(t), 0, softmax_of_all(z) - t) / len(z)
        ),
        "unknown numbers, not rows": lambda dz, z, t: np.where(
            np.isnan(t), 0, dz - np.where(rows_with_nan(t), np.nan_to_num(t), 0) / len(z)
        ),
        "softmax over examples": lambda dz, z, t: (
            dz + (softmax_of_all(z, 0) - softmax_of_all(z)) * ~rows_with_nan(t) / len(z)
        ),
        "softmax over all places": lambda dz, z, t: (
            (softmax_of_all(z, tuple(range(1, z.ndim))) - np.nan_to_num(t)) / len(z)
        ),
        "mean over places": lambda dz, z, t: dz / z[0, ..., 0].size if z.ndim > 2 else dz * 2,
        "times p (1 - p)": lambda dz, z, t: dz * softmax_of_all(z) * (1 - softmax_of_all(z)),
        "only the label's": lambda dz, z, t: dz * (t == np.nanmax(t, -1, keepdims=True)),
    },
    MultiTask: {
        "weights forgotten": lambda dz, z, t: dz / [1, 0.5, 0.5, 2, 2, 2],
        "weights in another order": lambda dz, z, t: dz * [2, 2, 2, 0.5, 0.5, 0.5],
        "weights squared": lambda dz, z, t: dz * [1, 0.5, 0.5, 2, 2, 2],
        "first only": lambda dz, z, t: dz * [1, 0, 0, 0, 0, 0],
        "last forgotten": lambda dz, z, t: dz * [1, 1, 1, 0, 0, 0],
        "one channel off": lambda dz, z, t: dz[..., [0, 1, 3, 2, 4, 5]],
        "the first's for all": lambda dz, z, t: focal(z, t),
    },
}
