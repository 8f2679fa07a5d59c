"""Answers to the exercises of lessons 1 to 7: from pixels to gradients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def _changes_it(image: Any) -> Any:
    np.subtract(255, image, out=image)
    return image


def _rows(image: Any) -> Any:
    rows = np.flatnonzero(image.sum(axis=1))
    return rows[0], rows[-1]


def _columns(image: Any) -> Any:
    columns = np.flatnonzero(image.sum(axis=0))
    return columns[0], columns[-1]


def _slope(f: Any, x: float) -> float:
    return (f(x + 1e-4) - f(x - 1e-4)) / 2e-4


def _down(f: Any, x: float, rate: float, steps: int) -> float:
    for _ in range(steps):
        x -= rate * _slope(f, x)
    return x


def _neuron(x: Any, w: Any, b: float, t: float) -> Any:
    y = sigmoid(x @ w + b)
    dz = (y - t) * y * (1 - y)
    return dz * x, dz


def _squares(y: Any, t: Any) -> Any:
    return 0.5 * np.sum((y - t) ** 2, axis=1)


def _surprise(p: Any, labels: Any) -> Any:
    return -np.log(p[np.arange(len(labels)), labels])


def _looking(f: Any, w: Any, h: float = 1e-6, apart: float = 2e-6) -> Any:
    each = h * np.eye(len(w))
    return np.array([(f(w + e) - f(w - e)) / apart for e in each])


def _looking_there(f: Any, w: Any) -> Any:
    slopes = []
    for i in range(len(w)):
        w[i] += 1e-6
        above = f(w)
        w[i] -= 2e-6
        slopes.append((above - f(w)) / 2e-6)
    return slopes


def _shifted(labels: Any) -> Any:
    return np.eye(10)[labels - 1]


RIGHT: dict[str, Any] = {
    "1a": 500 * 28 * 28,
    "1b": lambda image: 255 - image,
    "1c": _rows,
    "2a": lambda x, w, b: np.sum(x * w) + b,
    "2b": sigmoid,
    "2c": lambda w, b, x1: -(w[0] * x1 + b) / w[1],
    "3a": lambda labels: np.eye(10)[labels],
    "3b": lambda y, t: np.mean(_squares(y, t)),
    "3c": lambda p, labels: np.mean(_surprise(p, labels)),
    "4a": _slope,
    "4b": lambda x, slope, rate: x - rate * slope,
    "4c": _down,
    "5a": lambda x: 6 * (3 * x + 1),
    "5b": lambda y, t: (y - t) * y * (1 - y),
    "5c": _neuron,
    "6a": lambda x, dy: x.T @ dy,
    "6b": lambda dy: dy.sum(axis=0),
    "6c": lambda dy, x: dy * (x > 0),
    "7a": lambda a, b: abs(a - b) / max(abs(a), abs(b), 1e-300),
    "7b": _looking,
    "7c": lambda dy, x: dy * np.where(x > 0, 1, 0.1),
}
WRONG: dict[str, list[tuple[str, Any]]] = {
    "1a": [("one_image", 784), ("other", 500 * 28), ("other", 392_001)],
    "1b": [
        ("wraps", lambda image: -image),
        ("wraps", lambda image: 1 - image),
        ("changed", _changes_it),
        ("middle", lambda image: np.where(image == 0, 255, 0).astype(np.uint8)),
        ("kind", lambda image: 255.0 - image),
    ],
    "1c": [
        ("columns", _columns),
        ("after", lambda image: (_rows(image)[0], _rows(image)[1] + 1)),
        ("two", lambda image: np.flatnonzero(image.sum(axis=1))[0]),
        ("other", lambda image: (0, 27)),
    ],
    "2a": [
        ("no_bias", lambda x, w, b: np.sum(x * w)),
        ("not_summed", lambda x, w, b: x * w + b),
        ("other", lambda x, w, b: np.sum(x) * np.sum(w) + b),
    ],
    "2b": [
        ("reversed", lambda z: 1 / (1 + np.exp(z))),
        ("middle", lambda z: 1 / (0.5 + np.exp(-z))),
        ("other", lambda z: 1 / (1 + 2.0**-z)),
    ],
    "2c": [
        ("sign", lambda w, b, x1: (w[0] * x1 + b) / w[1]),
        ("other", lambda w, b, x1: -(w[0] * x1 + b)),
        ("other", lambda w, b, x1: -(w[1] * x1 + b) / w[0]),
    ],
    "3a": [
        ("shifted", _shifted),
        ("check.shape", lambda labels: np.eye(10)[labels].T),
        ("many", lambda labels: np.ones((3, 10))),
        ("other", lambda labels: 2 * np.eye(10)[labels] - np.eye(10)[labels - 3]),
    ],
    "3b": [
        ("negative", lambda y, t: np.mean(np.sum(y - t, axis=1))),
        ("scale", lambda y, t: np.mean(0.5 * (y - t) ** 2)),
        ("scale", lambda y, t: np.mean(np.sum((y - t) ** 2, axis=1))),
        ("scale", lambda y, t: np.sum(_squares(y, t))),
        ("zero", lambda y, t: 1 + np.mean(_squares(y, t))),
        ("other", lambda y, t: np.mean(np.abs(y - t))),
    ],
    "3c": [
        ("sign", lambda p, labels: -np.mean(_surprise(p, labels))),
        ("largest", lambda p, labels: -np.mean(np.log(p.max(axis=1)))),
        ("base", lambda p, labels: np.mean(_surprise(p, labels)) / math.log(10)),
        ("summed", lambda p, labels: np.sum(_surprise(p, labels))),
        ("other", lambda p, labels: -np.mean(np.log(p))),
    ],
    "4a": [
        ("half", lambda f, x: (f(x + 1e-4) - f(x - 1e-4)) / 1e-4),
        ("reversed", lambda f, x: -_slope(f, x)),
        ("rough", lambda f, x: f(x + 1) - f(x)),
    ],
    "4b": [
        ("uphill", lambda x, slope, rate: x + rate * slope),
        ("no_rate", lambda x, slope, rate: x - slope),
        ("no_slope", lambda x, slope, rate: x - rate),
        ("other", lambda x, slope, rate: rate * slope),
    ],
    "4c": [
        ("uphill", lambda f, x, rate, steps: _down(f, x, -rate, steps)),
        ("steps", lambda f, x, rate, steps: _down(f, x, rate, 1)),
        ("steps", lambda f, x, rate, steps: _down(f, x, rate, steps - 1)),
        ("other", lambda f, x, rate, steps: 2.0),
    ],
    "5a": [
        ("outer", lambda x: 2 * (3 * x + 1)),
        ("inner", lambda x: 3),
        ("place", lambda x: 2 * x * 3),
        ("other", lambda x: 2 * (3 * x + 1) + 3),
    ],
    "5b": [
        ("sign", lambda y, t: (t - y) * y * (1 - y)),
        ("no_squash", lambda y, t: y - t),
        ("other", lambda y, t: y * (1 - y)),
    ],
    "5c": [
        ("two", lambda x, w, b, t: _neuron(x, w, b, t)[0]),
        ("bias", lambda x, w, b, t: (_neuron(x, w, b, t)[0], b)),
        ("inputs", lambda x, w, b, t: (np.full(3, _neuron(x, w, b, t)[1]), 0.0)),
        ("other", lambda x, w, b, t: (_neuron(x, w, b, t)[1] * w, 0.0)),
    ],
    "6a": [
        ("mean", lambda x, dy: x.T @ dy / len(x)),
        ("transposed", lambda x, dy: dy.T @ x),
        ("check.shape", lambda x, dy: x.sum(axis=0)),
        ("other", lambda x, dy: np.outer(x[0], dy[0])),
    ],
    "6b": [
        ("mean", lambda dy: dy.mean(axis=0)),
        ("check.shape", lambda dy: dy.sum(axis=1)),
        ("check.shape", lambda dy: dy.sum()),
        ("other", lambda dy: dy[0]),
    ],
    "6c": [
        ("open", lambda dy, x: dy),
        ("forward", lambda dy, x: np.maximum(x, 0)),
        ("sign", lambda dy, x: np.maximum(dy, 0)),
        ("other", lambda dy, x: dy * x),
    ],
    "7a": [
        ("zeros", lambda a, b: abs(a - b) / max(abs(a), abs(b)) if a else 1.0),
        ("below", lambda a, b: (a - b) / max(abs(a), abs(b), 1e-300)),
        ("absolute", lambda a, b: abs(a - b)),
        ("other", lambda a, b: abs(a - b) / max(abs(a + b), 1e-300)),
    ],
    "7b": [
        ("changed", _looking_there),
        ("half", lambda f, w: _looking(f, w, apart=1e-6)),
        ("together", lambda f, w: np.full(3, (f(w + 1e-6) - f(w - 1e-6)) / 2e-6)),
        ("other", lambda f, w: _looking(f, w, 1.0, 2.0)),
    ],
    "7c": [
        ("closed", lambda dy, x: dy * (x > 0)),
        ("sign", lambda dy, x: dy * np.where(dy > 0, 1, 0.1)),
        ("forward", lambda dy, x: np.where(x > 0, x, x / 10)),
        ("other", lambda dy, x: dy),
    ],
}
