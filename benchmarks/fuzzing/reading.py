"""Pictures from strangers: decoded, and read as `digitus read` and the web page read them.

They are read by a recognizer of random numbers, and every step is kept. Inputs of pixels begin with
a letter: `p`, two bytes of height, two of width and the pixels; or `s` and a number, from which
`pictures` makes strange pixels, so that a large picture is a small input.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from digitus.nn import Chain, Dense, Flatten, He, Scale, initial, stream
from digitus.reading.options import ReadingOptions
from digitus.reading.read import read_pages
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.vision.decode import decode_pages
from fuzzing.pictures import FILES, a_file, damaged, mended, strange
from fuzzing.target import Target

SEEDS = len(FILES)
SMALL = 64
IN_DOUBT = 4  # one of so many inputs is read by a network that is sure of nothing


@cache
def recognizer(sure: bool) -> Recognizer:
    """A network of random numbers, sure of everything or of nothing.

    For one that is sure of nothing, every cut is tried, and the picture is turned.
    """
    network = Chain([Scale(), Flatten(), Dense(10)])
    params = initial(network, (28, 28, 1), He(), stream(1))
    return Recognizer(Recipe("random", network), params, temperature=0.02 if sure else 3.0)


def read(picture: Any, drawn: bool = False) -> None:
    """All pages of a picture; what is told of each must fit the picture."""
    chance = picture if isinstance(picture, bytes) else picture.tobytes()
    sure = zlib.crc32(chance) % IN_DOUBT > 0
    options = ReadingOptions(recognizer(sure), keep_steps=True, drawn=drawn)
    for reading in read_pages(picture, options):
        json.dumps(reading.to_json(), allow_nan=False)
        for digit in reading.digits:
            x, y, w, h = digit.box
            inside = 0 <= x < x + w <= reading.width and 0 <= y < y + h <= reading.height
            assert inside, f"a digit outside the picture: {digit.box}"
            assert digit.line < len(reading.lines)
        marks = sum(len(line.replace(" ", "")) for line in reading.lines)
        assert marks == len(reading.digits), "digits and lines differ"


def decoded(data: bytes) -> int:
    """Every page's pixels."""
    return sum(page.pixels.size for page in decode_pages(data, side=1000))


def pixels_of(data: bytes) -> Any:
    """The picture [h w] or [h w 3] that some bytes stand for."""
    if data[:1] == b"s":
        return strange(random.Random(data[1:]))
    h, w = (max(1, int.from_bytes(data[i : i + 2], "big") % 400) for i in (1, 3))
    rest = np.frombuffer(data, np.uint8, offset=min(5, len(data)))
    if rest.size >= 3 * h * w:
        return rest[: 3 * h * w].reshape(h, w, 3)
    return np.resize(rest if rest.size else np.zeros(1, np.uint8), (h, w))


def small_pixels_of(data: bytes) -> Any:
    """A picture [h w] or [h w 3] of at most SMALL pixels a side: many are read in a second."""
    h, w, kind = (*data[:3], 0, 0, 0)[:3]
    rest = np.frombuffer(data, np.uint8, offset=min(3, len(data)))
    shape = (1 + h % SMALL, 1 + w % SMALL, *[3] * (kind % 2))
    return np.resize(rest if rest.size else np.zeros(1, np.uint8), shape)


def other_small_pixels(data: bytes, rng: random.Random) -> bytes:
    """An input of another size and kind, with other pixels or these."""
    kept = data[3:] if rng.random() < 0.3 else rng.randbytes(rng.choice((4, 8, 64, 900)))
    return rng.randbytes(3) + kept


def some_files() -> Iterable[bytes]:
    """A file of every kind."""
    return (a_file(random.Random(k)) for k in range(SEEDS))


def damage(data: bytes, rng: random.Random) -> bytes:
    """Another file, or this one with other bytes."""
    return damaged(a_file(rng) if rng.random() < 0.3 else mended(data), rng)


def other_pixels(data: bytes, rng: random.Random) -> bytes:
    """Strange pixels, or these at another size."""
    if rng.random() < 0.7:
        return b"s" + rng.randbytes(8)
    h, w = (rng.choice((1, 2, 3, 8, 27, 28, 64, 65, rng.randrange(1, 160))) for _ in "hw")
    return b"p" + h.to_bytes(2, "big") + w.to_bytes(2, "big") + data[5:]


def some_pixels() -> Iterable[bytes]:
    """Inputs of both forms."""
    return [*(b"s%d" % k for k in range(20)), b"p\0\x1c\0\x1c" + bytes(range(256)) * 4]


TARGETS: dict[str, Target] = {
    "picture": Target(decoded, some_files, damage, 20_000, 300),
    "reading": Target(read, some_files, damage, 20_000, 600),
    "pixels": Target(lambda data: read(pixels_of(data)), some_pixels, other_pixels, 20_000, 600),
    "small-pixels": Target(
        lambda data: read(small_pixels_of(data)),
        lambda: (bytes([28, 28, k % 2, k]) * 9 for k in range(20)),
        other_small_pixels,
        20_000,
        600,
    ),
    "drawing": Target(
        lambda data: read(pixels_of(data), drawn=True), some_pixels, other_pixels, 20_000, 600
    ),
}
