"""Rows in which a network answers: batch (of images, by three networks) and single (one image).

Only peers that give digitus's own probabilities are timed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np

import digitus
from digitus.recognizer import Recognizer
from peers import Predictor, difference, own, peer
from rows import Row, Size, tasks
from rows.clock import alternate
from rows.limits import Limits, answering

TOLERANCE = 1e-5
PEERS = ("ONNX Runtime", "PyTorch", "JAX")


def predictors(
    recognizer: Recognizer, images: np.ndarray, threads: int, row: Row, stack: ExitStack
) -> dict[str, Any]:
    """All who answer, and answer the same."""
    found: dict[str, Any] = {"digitus": own.predictor(recognizer, threads, len(images), stack)}
    for who in PEERS:
        module = peer(who)
        if isinstance(module, str):
            row.skipped[who] = module
            continue
        predict = module.predictor(recognizer, threads, len(images), stack)
        found[who] = _same(who, predict, recognizer, images)
    return found


def _same(who: str, predict: Predictor, recognizer: Recognizer, images: np.ndarray) -> Predictor:
    worst = difference(recognizer, images[:50], predict)
    if not worst < TOLERANCE:
        raise ArithmeticError(f"{who} differs from digitus by {worst:.1g}")
    return predict


def batch(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """Many images, by a perceptron, by the network of `cnn` and by the one that ships."""
    images = tasks.digits(size.answers).images
    for label, network in (("batch", "epoch800"), ("batch.cnn", "cnn")):
        row, recognizer = Row(), tasks.recognizer(network)
        with ExitStack() as stack:
            found = predictors(recognizer, images, threads, row, stack)
            row.turns = alternate(
                {who: partial(_once, predict, images) for who, predict in found.items()},
                size.long if network == "cnn" else size.repeats,
                preparations(found),
            )
        row.least = answering(recognizer, len(images), limits)
        yield label, row
    yield "batch.shipped", _shipped(images, size, threads, limits)


def _shipped(images: np.ndarray, size: Size, threads: int, limits: Limits) -> Row:
    row, recognizer = Row(), digitus.load()
    with ExitStack() as stack:
        found: dict[str, Any] = {"digitus": own.predictor(recognizer, threads, len(images), stack)}
        module = peer("ONNX Runtime")
        if isinstance(module, str):
            row.skipped["ONNX Runtime"] = module
        else:
            found["ONNX Runtime"] = _same(
                "ONNX Runtime", module.exported(recognizer, threads), recognizer, images
            )
        works = {who: partial(_once, predict, images) for who, predict in found.items()}
        row.turns = alternate(works, size.long, preparations(found))
    row.least = answering(recognizer, len(images), limits)
    return row


def single(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """One image, again and again: medians and 99th percentiles of each turn's calls."""
    row, slowest, recognizer = Row(), Row(), tasks.recognizer("epoch800")
    images = tasks.digits(1).images
    with ExitStack() as stack:
        found = predictors(recognizer, images, threads, row, stack)
        prepare = preparations(found)
        for who in found:
            row.turns[who], slowest.turns[who] = [], []
        for _turn in range(size.repeats):
            for who, predict in found.items():
                prepare.get(who, lambda: None)()
                times = calls(predict, images, size.calls)
                row.turns[who].append(float(np.median(times)))
                slowest.turns[who].append(float(np.quantile(times, 0.99)))
    slowest.skipped = row.skipped
    row.least = answering(recognizer, 1, limits)
    yield "single", row
    yield "single.p99", slowest


def calls(predict: Any, images: np.ndarray, count: int) -> list[float]:
    """Seconds of each of so many calls, after a tenth as many that are not timed."""
    times = []
    for _ in range(count // 10):
        predict(images)
    for _ in range(count):
        start = time.perf_counter()
        predict(images)
        times.append(time.perf_counter() - start)
    return times


def preparations(found: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """What each does before its turn."""
    return {who: predict.prepare for who, predict in found.items() if hasattr(predict, "prepare")}


def _once(predict: Any, images: np.ndarray, turn: int) -> None:
    predict(images)
