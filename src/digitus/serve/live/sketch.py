"""What runs through a network as it learns: one digit, the values of units, the weights between.

The web page draws it over the plan of the network, which shows a few units or maps of each layer at
most; so only those are sent. Inside: that. Not inside: the plan (`static/diagram.js`), and when it
is sent (`telling`).
"""

from __future__ import annotations

import numpy as np

from digitus import nn
from digitus.nn import softmax
from digitus.nn.parameters import scoped
from digitus.serve.live.network_text import ACTIVATIONS
from digitus.serve.values import (
    Answer,
    Base64,
    Digit,
    TenShares,
    Whole,
    as_numbers,
    packed,
    rounded,
)
from digitus.training.source import Batch
from digitus.types import Numbers, Params

MOST_UNITS = 14  # drawn of a layer; of more, the first ones and the last
MOST_MAPS = 5
BANDS = 3  # of a picture, top to bottom; from each one line goes to a unit
AFTER = (nn.BatchNorm, nn.Dropout, *ACTIVATIONS.values())  # shown with the layer before


class Stage(Answer, frozen=True):
    """A layer: the values of its units, or its maps [n side side] as signed bytes; from -1 to 1.

    `edges` are the weights from what is drawn of the stage before; after a picture or maps, what
    each band of it adds to the unit.
    """

    units: list[float]
    edges: list[list[float]]
    side: Whole
    maps: Base64


class Sketch(Answer, frozen=True):
    """One digit on its way through the network."""

    image: Base64
    label: Digit
    probabilities: TenShares
    stages: list[Stage]


def sketch(network: nn.Chain, params: Params, batch: Batch) -> Sketch:
    """The first digit of a batch on its way through the network."""
    x = as_numbers(batch.inputs[:1], params)
    inputs, outputs = [], []
    each = scoped(params, len(network.layers))
    for layer, own in zip(network.layers, each, strict=True):
        inputs.append(x)
        x, _ = layer.forward(own, x)
        outputs.append(x)
    p = softmax(x)[0]
    stages: list[Stage] = []
    for i, layer in enumerate(network.layers):
        if not isinstance(layer, nn.Dense | nn.Conv | nn.MaxPool | nn.AveragePool):
            continue
        end = i
        while end + 1 < len(network.layers) and isinstance(network.layers[end + 1], AFTER):
            end += 1
        value = p if end + 1 == len(network.layers) else outputs[end][0]
        edges: Numbers | None = None
        if isinstance(layer, nn.Dense):
            w = params[f"{i}.W"]
            edges = _edges(w, inputs[i][0], bool(stages) and not stages[-1].maps)
        stages.append(_stage(value, edges))
    return Sketch(packed(batch.inputs[0]), int(batch.targets[0].argmax()), rounded(p, 4), stages)


def _stage(value: Numbers, edges: Numbers | None) -> Stage:
    if value.ndim == 1:
        told = [] if edges is None else [rounded(row, 3) for row in _scaled(edges)]
        return Stage(rounded(_scaled(_drawn(value)), 3), told, 0, "")
    maps = value.transpose(2, 0, 1)[:MOST_MAPS]
    return Stage([], [], maps.shape[1], packed(np.rint(127 * _scaled(maps)), "i1"))


def _edges(w: Numbers, x: Numbers, units: bool) -> Numbers:
    """Weights between units; from a picture or maps, the sum of x W over each of its bands."""
    if units:
        return np.asarray(_drawn(_drawn(w).T).T)
    bands = np.array_split(x[:, None] * w, BANDS)
    return np.asarray(_drawn(np.stack([band.sum(axis=0) for band in bands]).T).T)


def _drawn(rows: Numbers) -> Numbers:
    """The rows that the plan has room for."""
    if len(rows) <= MOST_UNITS:
        return rows
    return np.concatenate([rows[: MOST_UNITS - 2], rows[-1:]])


def _scaled(a: Numbers) -> Numbers:
    return a / (np.abs(a).max() or 1.0)
