"""Very many made pictures in tar files, for the benchmark of bulk reading.

Inside: digits and pages as files, shards of them. Not inside: reading them (`bulk`).
"""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2

from digitus.synthetic.pages.pages import pages
from digitus.synthetic.strokes import strokes

SHARD = 1000  # pictures in a tar file


def digit_files(count: int) -> Iterator[bytes]:
    """Made digits, dark on light, as PNG."""
    for start in range(0, count, SHARD):
        for image in strokes(min(SHARD, count - start), start).images:
            yield cv2.imencode(".png", 255 - image)[1].tobytes()


def page_files(count: int, distinct: int) -> Iterator[bytes]:
    """Made pages as JPEG: `distinct` ones over and over."""
    pictures = (page.picture for page in pages(min(count, distinct), 22))
    made = [
        cv2.imencode(".jpg", picture[..., ::-1] if picture.ndim == 3 else picture)[1].tobytes()
        for picture in pictures
    ]
    return (made[number % len(made)] for number in range(count))


def in_shards(files: Iterator[bytes], suffix: str, folder: Path) -> int:
    """Writes tar files like a WebDataset's, unless they are there already; their size in bytes."""
    if not folder.exists():
        beside = folder.with_name(f"{folder.name}.making")
        shutil.rmtree(beside, ignore_errors=True)
        _write_shards(files, suffix, beside)
        beside.rename(folder)
    return sum(path.stat().st_size for path in folder.iterdir())


def _write_shards(files: Iterator[bytes], suffix: str, folder: Path) -> None:
    folder.mkdir(parents=True)
    number = 0
    while some := [*islice(files, SHARD)]:
        with tarfile.open(folder / f"{number:05d}.tar", "w") as tar:
            for at, content in enumerate(some):
                member = tarfile.TarInfo(f"{number:05d}-{at:03d}{suffix}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        number += 1
