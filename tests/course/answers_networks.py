"""Answers to the exercises of lessons 8 to 12: whole networks, and what they are used for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _outputs(w1, b1, w2, b2, x):
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2


def _first_gradient(w2, x, z1, p, t):
    return x.T @ ((p - t) / len(x) @ w2.T * (z1 > 0))


def _confusion(labels, answers):
    table = np.zeros((10, 10), int)
    np.add.at(table, (labels, answers), 1)
    return table


def _spread(right, n):
    return math.sqrt(right / n * (1 - right / n) / n)


def _convolved(image, kernel):
    k = len(kernel)
    rows, columns = image.shape[0] - k + 1, image.shape[1] - k + 1
    return np.array(
        [
            [np.sum(image[r : r + k, c : c + k] * kernel) for c in range(columns)]
            for r in range(rows)
        ]
    )


def _squares_of(image):
    h, w = image.shape
    return image.reshape(h // 2, 2, w // 2, 2).transpose(0, 2, 1, 3).reshape(h // 2, w // 2, 4)


def _box(ink, ends=False):
    rows, columns = np.nonzero(ink)
    top, left, bottom, right = rows.min(), columns.min(), rows.max(), columns.max()
    return (top, left, bottom, right) if ends else (top, left, bottom - top + 1, right - left + 1)


def _to_the_middle(image, weight):
    rows, columns = np.indices(image.shape)
    return tuple(round(13.5 - (at * weight).sum() / weight.sum()) for at in (rows, columns))


def _box_to_the_middle(image):
    top, left, height, width = _box(image)
    return round(13.5 - top - (height - 1) / 2), round(13.5 - left - (width - 1) / 2)


def _reading_order(boxes):
    todo, order = sorted(range(len(boxes)), key=lambda i: boxes[i][0]), []
    while todo:
        top, _, height, _ = boxes[todo[0]]
        middle = top + height / 2
        line = [i for i in todo if boxes[i][0] <= middle <= boxes[i][0] + boxes[i][2]]
        order += sorted(line, key=lambda i: boxes[i][1])
        todo = [i for i in todo if i not in line]
    return order


RIGHT: dict[str, Any] = {
    "8a": lambda rng, shape: rng.uniform(-0.5, 0.5, shape),
    "8b": lambda *given: _softmax(_outputs(*given)),
    "8c": _first_gradient,
    "9a": _confusion,
    "9b": lambda x, learnt: x - learnt.mean(axis=0),
    "9c": lambda right, n: 1.96 * _spread(right, n),
    "10a": _convolved,
    "10b": lambda k, c, o: k * k * c * o + o,
    "10c": lambda image: _squares_of(image).max(axis=2),
    "11a": lambda z, t: _softmax(z[None] / t)[0],
    "11b": lambda confidence, right: np.mean(confidence) - np.mean(right),
    "11c": np.quantile,
    "12a": _box,
    "12b": lambda image: _to_the_middle(image, image.astype(float)),
    "12c": _reading_order,
}
WRONG: dict[str, list[tuple[str, Any]]] = {
    "8a": [
        ("alike", lambda rng, shape: np.zeros(shape)),
        ("own_chance", lambda rng, shape: np.random.default_rng(0).uniform(-0.5, 0.5, shape)),
        ("positive", lambda rng, shape: rng.random(shape)),
        ("far", lambda rng, shape: rng.normal(size=shape)),
        ("near", lambda rng, shape: 0.05 * rng.uniform(-1, 1, shape)),
        ("uneven", lambda rng, shape: np.clip(rng.normal(0, 0.17, shape), -0.5, 0.5)),
        ("check.shape", lambda rng, shape: rng.uniform(-0.5, 0.5, shape[0])),
    ],
    "8b": [
        ("straight", lambda w1, b1, w2, b2, x: _softmax((x @ w1 + b1) @ w2 + b2)),
        ("no_softmax", _outputs),
        ("axis", lambda *given: _softmax(_outputs(*given).T).T),
        ("last_relu", lambda *given: _softmax(np.maximum(_outputs(*given), 0))),
        ("other", lambda w1, b1, w2, b2, x: _softmax(np.maximum(x @ w1, 0) @ w2)),
    ],
    "8c": [
        ("sign", lambda w2, x, z1, p, t: _first_gradient(w2, x, z1, t, p)),
        ("summed", lambda w2, x, z1, p, t: len(x) * _first_gradient(w2, x, z1, p, t)),
        ("open", lambda w2, x, z1, p, t: x.T @ ((p - t) @ w2.T) / len(x)),
        ("other", lambda w2, x, z1, p, t: x.T @ (p @ w2.T * (z1 > 0)) / len(x)),
    ],
    "9a": [
        ("turned", lambda labels, answers: _confusion(answers, labels)),
        ("once", lambda labels, answers: np.minimum(_confusion(labels, answers), 1)),
        ("shares", lambda labels, answers: _confusion(labels, answers) / len(labels)),
        ("right_alone", lambda labels, answers: np.diag(np.diag(_confusion(labels, answers)))),
        ("other", lambda labels, answers: np.ones((10, 10))),
    ],
    "9b": [
        ("own", lambda x, learnt: x - x.mean(axis=0)),
        ("one_number", lambda x, learnt: x - learnt.mean()),
        ("each_image", lambda x, learnt: x - x.mean(axis=1, keepdims=True)),
        ("sign", lambda x, learnt: learnt.mean(axis=0) - x),
        ("other", lambda x, learnt: x / learnt.mean(axis=0)),
    ],
    "9c": [
        ("no_root", lambda right, n: 1.96 * _spread(right, n) ** 2),
        ("two_thirds", _spread),
        ("whole", lambda right, n: 2 * 1.96 * _spread(right, n)),
        ("other", lambda right, n: 196 * _spread(right, n)),
    ],
    "10a": [
        ("turned", lambda image, kernel: _convolved(image, kernel[::-1, ::-1])),
        ("transposed", lambda image, kernel: _convolved(image, kernel.T)),
        ("mean", lambda image, kernel: _convolved(image, kernel) / 9),
        ("check.shape", lambda image, kernel: _convolved(np.pad(image, 1), kernel)),
        ("other", lambda image, kernel: image[1:-1, 1:-1]),
    ],
    "10b": [
        ("no_bias", lambda k, c, o: k * k * c * o),
        ("no_channels", lambda k, c, o: k * k * o + o),
        ("one_side", lambda k, c, o: k * c * o + o),
        ("other", lambda k, c, o: 784 * o + o),
    ],
    "10c": [
        ("mean", lambda image: _squares_of(image).mean(axis=2)),
        ("corner", lambda image: image[::2, ::2]),
        ("from_zero", lambda image: np.maximum(_squares_of(image).max(axis=2), 0)),
        ("other", lambda image: _squares_of(image).min(axis=2)),
    ],
    "11a": [
        ("overflow", lambda z, t: np.exp(z / t) / np.exp(z / t).sum()),
        ("times", lambda z, t: _softmax(z[None] * t)[0]),
        ("after", lambda z, t: _softmax(z[None])[0] / t),
        ("no_temperature", lambda z, t: _softmax(z[None])[0]),
        ("other", lambda z, t: z / t / (z / t).sum()),
    ],
    "11b": [
        ("sign", lambda confidence, right: np.mean(right) - np.mean(confidence)),
        ("absolute", lambda confidence, right: abs(np.mean(confidence) - np.mean(right))),
        ("groups", lambda c, right: c[right].mean() - c[~right].mean()),
        ("other", lambda confidence, right: np.mean(confidence * right)),
    ],
    "11c": [
        ("above", lambda confidence, share: np.quantile(confidence, 1 - share)),
        ("share", lambda confidence, share: share),
        ("of_largest", lambda confidence, share: share * confidence.max()),
        ("other", lambda confidence, share: confidence.max()),
    ],
    "12a": [
        ("ends", lambda ink: _box(ink, ends=True)),
        ("one_short", lambda ink: (*_box(ink)[:2], _box(ink)[2] - 1, _box(ink)[3] - 1)),
        ("exchanged", lambda ink: _box(ink.T)),
        ("count", lambda ink: _box(ink)[:2]),
        ("check.no_number", lambda ink: 4),
        ("other", lambda ink: (0, 0, *ink.shape)),
    ],
    "12b": [
        ("away", lambda image: -np.array(_to_the_middle(image, image.astype(float)))),
        ("exchanged", lambda image: _to_the_middle(image, image.astype(float))[::-1]),
        ("box", _box_to_the_middle),
        ("unweighted", lambda image: _to_the_middle(image, image > 0)),
        ("not_whole", lambda image: (0.5, 0.0)),
        ("count", lambda image: (1, 2, 3)),
        ("other", lambda image: (0, 0)),
    ],
    "12c": [
        ("by_top", lambda boxes: sorted(range(len(boxes)), key=lambda i: boxes[i][0])),
        ("by_left", lambda boxes: sorted(range(len(boxes)), key=lambda i: boxes[i][1])),
        ("lines", lambda boxes: [3, 0, 2, 4, 1]),
        ("not_all", lambda boxes: [0, 0, 1, 2, 3]),
        ("not_whole", lambda boxes: [0.5, 1, 2, 3, 4]),
        ("count", lambda boxes: _reading_order(boxes)[:3]),
        ("other", lambda boxes: [0, 1, 2, 3, 4]),
    ],
}
