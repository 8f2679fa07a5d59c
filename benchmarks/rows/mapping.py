"""The row mapped: learning from a file of images that is mapped, and from the same in memory.

Batches are drawn at random from the whole file, as in training. The file fits into memory, so that
both do the same; the memory of a mapped file can be taken back by the operating system.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from digitus.datasets.digits import Digits
from digitus.datasets.idx import read_images
from digitus.datasets.mapped import Mapped
from digitus.synthetic.strokes import strokes
from digitus.training.loop import Stepped, train
from machine import own_megabytes
from rows import Row, Size, tasks
from rows.clock import alternate
from rows.limits import Limits

STROKES = 6_000  # drawn, and repeated to fill the file


def measure(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """The time of some steps, and the memory that the process needs for them."""
    row, memory = Row(), Row(unit="MB")
    drawn = strokes(min(STROKES, size.mapped), 0)
    copies = -(-size.mapped // len(drawn))
    labels = np.tile(drawn.labels, copies)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images"
        with path.open("wb") as file:
            file.write(np.array([0x803, len(labels), 28, 28], ">u4").tobytes())
            for _ in range(copies):
                file.write(drawn.images.tobytes())
        mapped = read_images(path)
        if not isinstance(mapped, Mapped):  # a small file, of --quick
            mapped = Mapped(mapped)
        # First the mapped one: its need is seen before the other is read.
        sets = {"digitus": mapped, "in memory": None}
        runs: dict[str, Any] = {}
        for who, images in sets.items():
            before = own_megabytes()
            if images is None:
                images = np.fromfile(path, np.uint8, offset=16).reshape(-1, 28, 28)
            events = train(tasks.recipe("epoch800"), Digits(images, labels, who), threads=threads)
            next(events)
            steps(events, 3)
            runs[who] = events
            memory.turns[who] = [max(0.0, own_megabytes() - before)]
        works = {who: lambda turn, run=run: steps(run, size.drawn) for who, run in runs.items()}
        row.turns = alternate(works, size.repeats)
        for run in runs.values():
            run.close()
    yield name, row
    yield f"{name}.memory", memory


def steps(events: Any, count: int) -> float:
    """The seconds of so many steps of a training run."""
    start = time.perf_counter()
    while count:
        count -= isinstance(next(events), Stepped)
    return time.perf_counter() - start
