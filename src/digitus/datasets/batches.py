"""Which examples are learnt from, and in which order.

Inside: the development split, the order of each epoch, and making batches ahead of their use. Not
inside: what is done to the pixels of a batch (`augment`).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from digitus.datasets.digits import CLASSES, Digits
from digitus.errors import DataError
from digitus.nn.arrays import stream
from digitus.types import Answers, Bools, Labels

Key = TypeVar("Key")
Made = TypeVar("Made")


def split(digits: Digits, count: int, seed: int) -> tuple[Digits, Digits]:
    """Splits a training set into what is learnt from and `count` examples to choose by.

    Each label gives up the same fraction, to within one example, and both parts keep the order of
    the set. The same seed holds back the same examples. Raises `ValueError` for a negative count
    and `DataError` where nothing would be left to learn from.
    """
    if count < 0:
        raise ValueError(f"cannot hold back {count} examples")
    if count >= len(digits):
        raise DataError(
            f"{digits.name}: cannot hold back {count} of {len(digits)} examples; "
            "hold back fewer, or bring more"
        )
    chosen = held_back(digits.labels, count, seed)
    return digits.take(~chosen), digits.take(chosen)


def held_back(labels: Labels, count: int, seed: int) -> Bools:
    """Which examples `split` holds back, by their labels [n]: true or false, [n]."""
    # At least ten labels: ties are broken as if all ten digits were there, so old splits stay.
    quotas, remainders = np.divmod(count * np.bincount(labels, minlength=CLASSES), len(labels))
    # The method of largest remainders: what rounding down left over goes to the labels that lost
    # most by it, and among equals to the smaller label.
    left_over = count - quotas.sum()
    quotas[np.argsort(-remainders, kind="stable")[:left_over]] += 1

    rng = stream(seed, "split")
    chosen = np.zeros(len(labels), bool)
    for label, quota in enumerate(quotas):
        chosen[rng.permutation(np.flatnonzero(labels == label))[:quota]] = True
    return chosen


def order(count: int, seed: int, epoch: int) -> Answers:
    """The permutation [count] in which an epoch visits its examples; known without earlier ones."""
    return stream(seed, "shuffle", epoch).permutation(count)


def ahead(make: Callable[[Key], Made], keys: Iterable[Key]) -> Generator[Made, None, None]:
    """`make(key)` for each key in turn, the next one made by a thread while this one is used.

    So a batch is read and distorted while the network learns from the one before. What `make`
    raises is raised where its result would be.
    """
    with ThreadPoolExecutor(1) as thread:
        coming = None
        for key in keys:
            made, coming = coming, thread.submit(make, key)
            if made:
                yield made.result()
        if coming:
            yield coming.result()
