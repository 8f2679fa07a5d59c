"""What is learnt from made pages: batches of crops or of close-ups, with what to answer.

Batch number s is made of pages that no other batch sees, from streams of (seed, s), so that a run
that is resumed goes on as if it had never stopped; processes make batches ahead of their use.

Inside: batches, and the processes that make them. Not inside: how a page is made
(`synthetic.pages`), how crops (`crops`) and close-ups (`closeup_examples`) are cut from it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeAlias

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.detection.closeup_examples import of_finds, of_page, varied
from digitus.detection.closeups import CLASSES
from digitus.detection.crops import crops_of
from digitus.detection.maps import CHANNELS, CROP_SIDE, STRIDE, targets
from digitus.detection.model import shipped
from digitus.nn.arrays import stream
from digitus.synthetic.pages.pages import Page, pages
from digitus.training.source import Batch
from digitus.types import Bytes
from digitus.vision.colour import as_grey

AHEAD = 3  # batches for each process, made before they are asked for
OF_A_PAGE = 12, 6  # close-ups: of the page network's finds, and of what is known to be there

# Makes the batch of a step: (step, size, seed, digits). A function of a module, for processes.
Make: TypeAlias = Callable[[int, int, int, Digits | None], Batch]


def crop_batch(step: int, size: int, seed: int, digits: Digits | None) -> Batch:
    """The batch of a step, counted from 0; `digits` write half of the pages.

    Its inputs are crops [n h w], sides `CROP_SIDE`, its targets [n h/STRIDE w/STRIDE CHANNELS].
    """
    most = -(-size // 3)  # pages: each gives three crops at least
    made = crops_of(pages(most, seed, digits, start=step * most), size, stream(seed, "crops", step))
    answers = np.empty((size, CROP_SIDE // STRIDE, CROP_SIDE // STRIDE, CHANNELS), np.float32)
    for i, (_, truth) in enumerate(made):
        answers[i] = targets(truth, (CROP_SIDE, CROP_SIDE))
    return Batch(np.stack([image for image, _ in made]), answers)


def closeup_batch(step: int, size: int, seed: int, digits: Digits | None) -> Batch:
    """The batch of a step as `crop_batch`: close-ups [n SIDE SIDE] and what they show [n CLASSES].

    No page is turned: a page is read the right way up. The finds are those of the page network that
    ships.
    """
    rng = stream(seed, "closeups", step)
    upright = (
        p for p in pages(2 * size, seed, digits, start=step * 2 * size) if "turned" not in p.kinds
    )
    made = (example for page in upright for example in _closeups(page, rng))
    images, labels = zip(*islice(made, size), strict=True)
    shown = np.array(labels, np.uint8)
    return Batch(varied(np.stack(images), rng), np.eye(CLASSES, dtype=np.float32)[shown], shown)


def _closeups(page: Page, rng: np.random.Generator) -> Iterator[tuple[Bytes, int]]:
    """Some of each kind of a page's close-ups."""
    finds, known = OF_A_PAGE
    yield from islice(of_finds(page, shipped().detector.find(as_grey(page.picture)), rng), finds)
    there = list(of_page(page, rng))
    yield from (there[i] for i in rng.permutation(len(there))[:known])


def upcoming(
    make: Make,
    steps: Iterable[int],
    size: int,
    seed: int,
    digits: Digits | None,
    processes: int,
) -> Generator[Batch, None, None]:
    """The batches of these steps in turn, made ahead by a pool of `processes`."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, _prepare, (digits,)) as pool:
        coming: deque[Future[Batch]] = deque()
        try:
            for step in steps:
                coming.append(pool.submit(_made, make, step, size, seed))
                if len(coming) > AHEAD * processes:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_digits: Digits | None = None


def _prepare(digits: Digits | None) -> None:
    """In each process: the digits once, one thread, and a lower priority than training has.

    Ctrl-C reaches all processes; the one that trains decides what it means, and this one ignores
    it. If that one is killed, this one ends as well.
    """
    global _digits  # noqa: PLW0603
    _digits = digits
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    if hasattr(os, "nice"):
        os.nice(2)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _made(make: Make, step: int, size: int, seed: int) -> Batch:
    return make(step, size, seed, _digits)
