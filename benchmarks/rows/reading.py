"""Rows in which pictures are read (read12, read100, read1000) or made like MNIST's (prepare10k).

No peer reads such pictures, so each row stands beside the same work done in the obvious way: by all
threads of BLAS, by one process, one picture at a time. Both have to read the same. `shares` says
which share of one process's time each step takes, as a profiler counts it.

Inside: the pictures, drawn by our pen, and the rows. Not inside: how right it reads (`reading.py`
in the folder above).
"""

from __future__ import annotations

import cProfile
import io
import pstats
import tempfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from PIL import Image

from digitus.cli.read_one import ReadAndShow
from digitus.reading import read as reading
from digitus.reading.options import ReadingOptions
from digitus.reading.pool import read_many
from digitus.synthetic.strokes import strokes
from digitus.threads import limited
from digitus.vision.normalise import prepare, prepare_one
from rows import Row, Size, rounded, tasks
from rows.clock import alternate
from rows.limits import Limits

# The function that does each step, by the end of its file's path and by its name.
READ = {
    "opening the file": ("vision/decode.py", "_page"),
    "one grey": ("vision/colour.py", "as_grey"),
    "finding": ("detection/detector.py", "copies"),
    "a closer look": ("detection/closeup.py", "look"),
    "preparing": ("vision/normalise.py", "prepare_one"),
    "recognizing": ("digitus/recognizer.py", "probabilities"),
}
PREPARE = {
    "paper": ("vision/paper.py", "find_papers"),
    "rules": ("vision/paper.py", "without_rules"),
    "strength of ink": ("vision/normalise.py", "_strength"),
    "ink of the digit": ("vision/normalise.py", "_digit"),
    "form": ("vision/normalise.py", "normalise"),
}
PAPER_GREY, INK_SHARE = 225, 0.8
PHOTO_SHAPE = (3000, 4000)
SMALL_SIDE = 84


def measure(name: str, size: Size, threads: int, limits: Limits) -> Iterator[tuple[str, Row]]:
    """One of the rows."""
    with tempfile.TemporaryDirectory() as folder:
        row = {
            "read12": _photo, "read100": _page, "read1000": _many, "prepare10k": _prepared,
        }[name](size, threads, Path(folder))  # fmt: skip
    yield name, row


def page(rows: int, columns: int, cell: int) -> np.ndarray:
    """Digits in a grid, dark on paper, grey [rows*cell columns*cell], with a margin."""
    images = strokes(rows * columns, 5).images
    side = cell * 2 // 3
    digits = [cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC) for image in images]
    space = cell - side
    cells = [np.pad(digit, ((space // 2, space - space // 2),) * 2) for digit in digits]
    ink = np.block([cells[i * columns : (i + 1) * columns] for i in range(rows)])
    return np.rint(PAPER_GREY * (1 - INK_SHARE * np.pad(ink, cell // 2) / 255)).astype(np.uint8)


def photo() -> bytes:
    """A photo of three lines of eight digits, 12 megapixels, lit from one side, as a JPEG."""
    paper = page(3, 8, 400)
    h, w = PHOTO_SHAPE
    top, left = (h - paper.shape[0]) // 2, (w - paper.shape[1]) // 2
    around = ((top, h - paper.shape[0] - top), (left, w - paper.shape[1] - left))
    grey = np.pad(paper, around, constant_values=PAPER_GREY) * np.linspace(1, 0.7, w)
    grain = np.random.default_rng(0).normal(0, 3, (h // 4, w // 4)).repeat(4, 0).repeat(4, 1)
    pixels = (grey + grain).clip(0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "JPEG", quality=90)
    return file.getvalue()


def _photo(size: Size, threads: int, folder: Path) -> Row:
    return _one(photo(), size, threads)


def _page(size: Size, threads: int, folder: Path) -> Row:
    return _one(page(10, 10, 64), size, threads)


def _one(picture: bytes | np.ndarray, size: Size, threads: int) -> Row:
    """A picture, by one thread of BLAS as digitus reads it, and by all."""

    def by_all() -> Any:
        with limited(threads), patch.object(reading, "limited", lambda _: nullcontext()):
            return reading.read(picture)

    return _beside(lambda: reading.read(picture), "all threads of BLAS", by_all, READ, size)


def _many(size: Size, threads: int, folder: Path) -> Row:
    """Files of one digit each, by processes on all cores, and by one."""
    paths = []
    for i, image in enumerate(strokes(size.pictures, 6).images):
        paths.append(folder / f"{i}.png")
        small = cv2.resize(255 - image, (SMALL_SIDE,) * 2, interpolation=cv2.INTER_CUBIC)
        Image.fromarray(small).save(paths[-1])
    reader = ReadAndShow(ReadingOptions(), None)

    def by(processes: int) -> list[Any]:
        return [
            (path, found.readings[0].lines) for path, found in read_many(paths, reader, processes)
        ]

    return _beside(partial(by, threads), "one process", partial(by, 1), READ, size, long=True)


def _prepared(size: Size, threads: int, folder: Path) -> Row:
    images = tasks.digits(size.prepared).images

    def one_by_one() -> np.ndarray:
        return np.array([prepare_one(image).image for image in images])

    work = partial(prepare, images)
    return _beside(work, "one at a time", one_by_one, PREPARE, size, long=True)


def _beside(
    work: Callable[[], Any],
    name: str,
    other: Callable[[], Any],
    steps: dict[str, tuple[str, str]],
    size: Size,
    *,
    long: bool = False,
) -> Row:
    """The work, the same in another way, and the shares of its steps."""
    if str(_answer(work())) != str(_answer(other())):
        raise ArithmeticError(f"{name} gives another answer")
    works = {"digitus": lambda _: work(), name: lambda _: other()}
    row = Row(turns=alternate(works, size.long if long else size.repeats))
    # Of one process: a profiler does not see what others do.
    row.about["shares"] = shares(other if name == "one process" else work, steps)
    return row


def _answer(found: Any) -> Any:
    if isinstance(found, np.ndarray):
        return found.tobytes()
    return getattr(found, "lines", found)


def shares(work: Callable[[], Any], steps: dict[str, tuple[str, str]]) -> dict[str, float]:
    """The share of the work's time that each step takes, with all that it calls, and the rest."""
    profiler = cProfile.Profile()
    profiler.runcall(work)
    stats: Any = pstats.Stats(profiler)
    found = {}
    for step, (place, name) in steps.items():
        spent = sum(
            entry[3]
            for (path, _, function), entry in stats.stats.items()
            if function == name and Path(path).as_posix().endswith(place)
        )
        found[step] = rounded(spent / stats.total_tt)
    found["the rest"] = rounded(max(0.0, 1 - sum(found.values())))
    return found
