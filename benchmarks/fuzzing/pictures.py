"""Pictures nobody took: damaged files, and strange pixels.

Files are of all kinds that our own code makes. In damaged ones bytes are changed, cut out, repeated
or joined with another file's; the checksums of PNG are then made right again, so that decoders get
as far as the damage. Pixels are noise, stripes, single rows, constants, parts of pages, and a few
large and busy pictures, such as print, dots and noise. Not inside: what becomes of them
(`reading`).
"""

from __future__ import annotations

import io
import random
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from digitus.synthetic.pages.pages import pages

Pixels = np.ndarray[Any, Any]
Shape = tuple[int, ...]
BUSY = 0.003  # of the pictures are large and busy: those take long
SEEDS = 10  # pages that the files are made of


@cache
def pictures() -> list[Pixels]:
    """Small pages to make files of."""
    some = pages(3 * SEEDS, 99)
    small = [p.picture for p in some if max(p.picture.shape) < 900]
    return [
        cv2.resize(p, None, fx=z, fy=z, interpolation=cv2.INTER_AREA)
        for p in small[:SEEDS]
        for z in [min(1.0, 110 / max(p.shape))]
    ]


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    """The bytes of a file."""
    packed = io.BytesIO()
    image.save(packed, kind, **settings)
    return packed.getvalue()


def oriented(n: int) -> Image.Exif:
    """Metadata of a camera that was held in another orientation."""
    exif = Image.Exif()
    exif[0x0112] = n
    return exif


def deep(image: Image.Image, dtype: str) -> Image.Image:
    """The picture in 16 bits, 32 bits or floating point."""
    grey = np.asarray(image.convert("L"))
    return Image.fromarray((grey * (257.0 if dtype == "uint16" else 1.0)).astype(dtype))


FILES: tuple[Callable[[Image.Image], bytes], ...] = (
    lambda im: saved(im, "PNG"),
    lambda im: saved(im.convert("L"), "PNG"),
    lambda im: saved(im.convert("1"), "PNG"),
    lambda im: saved(im.convert("P"), "PNG", transparency=3),
    lambda im: saved(im.convert("LA"), "PNG"),
    lambda im: saved(im.convert("RGBA"), "PNG", exif=oriented(5)),
    lambda im: saved(deep(im, "uint16"), "PNG"),
    lambda im: saved(im.convert("RGB"), "JPEG"),
    lambda im: saved(im.convert("L"), "JPEG", quality=40),
    lambda im: saved(im.convert("CMYK"), "JPEG"),
    lambda im: saved(im.convert("RGB"), "JPEG", progressive=True, exif=oriented(6)),
    lambda im: saved(im.convert("RGB"), "JPEG", exif=oriented(99), icc_profile=b"none"),
    lambda im: saved(im.convert("L"), "TIFF", save_all=True, append_images=[im, im.rotate(90)]),
    lambda im: saved(im.convert("RGB"), "TIFF", compression="tiff_lzw"),
    lambda im: saved(im.convert("1"), "TIFF", compression="group4"),
    lambda im: saved(deep(im, "uint16"), "TIFF", compression="tiff_adobe_deflate"),
    lambda im: saved(deep(im, "float32"), "TIFF"),
    lambda im: saved(deep(im, "int32"), "TIFF"),
    lambda im: saved(im.convert("CMYK"), "TIFF"),
    lambda im: saved(im.convert("RGB"), "BMP"),
    lambda im: saved(im.convert("P"), "BMP"),
    lambda im: saved(im.convert("RGB"), "WEBP"),
    lambda im: saved(im.convert("RGBA"), "WEBP", lossless=True),
    lambda im: saved(im.convert("P"), "GIF"),
    lambda im: saved(im, "GIF", save_all=True, append_images=[im.rotate(180)]),
)


def a_file(rng: random.Random) -> bytes:
    """A file as it should be."""
    picture = Image.fromarray(rng.choice(pictures()))
    return rng.choice(FILES)(picture)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The file with some of its bytes changed; most changes are near its beginning."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        if not data:
            break
        reach = rng.choice((32, 200, len(data), len(data)))
        at = rng.randrange(min(reach, len(data)))
        match rng.randrange(8):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
            case 2:
                data[at : at + 4] = rng.choice(
                    (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\x40\0")
                )
            case 3:
                del data[at : at + rng.choice((1, 2, 8, 100, 10_000))]
            case 4:
                data[at:at] = rng.randbytes(rng.choice((1, 2, 8, 100)))
            case 5:
                part = data[at : at + rng.choice((4, 16, 200))]
                data[at:at] = part * rng.choice((1, 2, 50))
            case 6:
                data = data[: rng.randrange(len(data)) + 1]
            case 7:
                other = a_file(rng)
                data[at:] = other[rng.randrange(len(other)) :]
    return mended(bytes(data)) if data[:4] == b"\x89PNG" and rng.random() < 0.8 else bytes(data)


def mended(png: bytes) -> bytes:
    """A PNG whose chunks have the right checksums, as far as their lengths make sense."""
    data, at = bytearray(png), 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(data)


def strange(rng: random.Random) -> Pixels:
    """Pixels that nobody took, and some that somebody might have."""
    noise = np.random.default_rng(rng.getrandbits(32))
    h, w = (rng.choice((1, 2, 3, 8, 27, 28, 64, 65, rng.randrange(1, 160))) for _ in "hw")
    if rng.random() < 0.02:
        h, w = rng.choice(((1, 20_000), (20_000, 2), (3000, 40)))
    if rng.random() < BUSY:
        return busy(rng, noise)
    shape = (h, w) if rng.random() < 0.6 else (h, w, 3)
    return STRANGE[rng.randrange(len(STRANGE))](rng, noise, shape)


def _noise(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    return noise.integers(0, 256, shape, np.uint8)


def _constant(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    return np.full(shape, rng.randrange(256), np.uint8)


def _specks(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    return np.where(noise.random(shape) < rng.random() ** 3, 255, 0).astype(np.uint8)


def _stripes(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    h, w = shape[:2]
    period = rng.randrange(1, 40)
    rows = np.arange(h) // period % 2 * 255 if rng.random() < 0.7 else np.zeros(h)
    columns = np.arange(w) // period % 2 * 255 if rng.random() < 0.7 else np.zeros(w)
    grid = np.maximum(rows[:, None], columns).astype(np.uint8)
    return grid if len(shape) == 2 else np.repeat(grid[..., None], 3, 2)


def _lines(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    h, w = shape[:2]
    canvas = np.full(shape, rng.randrange(256), np.uint8)
    for _ in range(rng.randrange(1, 60)):
        ends = [(rng.randrange(-20, w + 20), rng.randrange(-20, h + 20)) for _ in "ab"]
        grey = (rng.randrange(256),) * 3
        cv2.line(canvas, *ends, grey, rng.choice((1, 1, 2, 5, 30)))
    return canvas


def _coarse(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    h, w = shape[:2]
    coarse = noise.integers(0, 256, (max(1, h // 9), max(1, w // 9)), np.uint8)
    return cv2.resize(coarse, (w, h), interpolation=rng.choice((0, 1, 2)))


def _part(rng: random.Random, noise: np.random.Generator, shape: Shape) -> Pixels:
    h, w = shape[:2]
    picture = rng.choice(pictures())
    top, left = (rng.randrange(n) for n in picture.shape[:2])
    part = picture[top : top + h, left : left + w]
    return np.ascontiguousarray(255 - part if rng.random() < 0.3 else part)


STRANGE = (_noise, _constant, _specks, _stripes, _lines, _coarse, _part)


def busy(rng: random.Random, noise: np.random.Generator) -> Pixels:
    """A large picture that is full of things, none of them a digit: what could take for ever."""
    h, w = rng.randrange(300, 1600), rng.randrange(300, 1600)
    white = np.full((h, w), 255, np.uint8)
    size = rng.randrange(2, 16)
    match rng.randrange(5):
        case 0:  # specks
            white[noise.random((h, w)) < 0.3 / size**2] = 0
            return cv2.erode(white, np.ones((size, size), np.uint8))
        case 1:  # clouds
            clouds = cv2.GaussianBlur(noise.standard_normal((h, w), np.float32), (0, 0), size)
            return np.clip(clouds / clouds.std() * 60 + 128, 0, 255).astype(np.uint8)
        case 2:  # print
            for y in range(size, h, 2 * size):
                words = "".join(rng.choices("abcdefghijklm nopqrstuvwxyz ", k=2 * w // size))
                cv2.putText(white, words, (0, y), 0, size / 30, 0, 1, cv2.LINE_AA)
        case 3:  # a halftone
            for y in range(size, h, 3 * size):
                for x in range(size, w, 3 * size):
                    cv2.circle(white, (x, y), size, 0, -1)
        case 4:  # squared paper, hatched
            white[:: 2 * size], white[:, :: 2 * size] = 0, 0
            for x in range(-h, w, 5 * size):
                cv2.line(white, (x, 0), (x + h, h), 90, 1)
    return white
