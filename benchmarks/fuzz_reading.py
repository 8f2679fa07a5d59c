"""Does any input break the reading of pictures? Damaged files and strange pixels, by the thousand.

    python benchmarks/fuzz_reading.py --inputs 100000 --json results/fuzz.json

Two thirds of the inputs are files that our own code made (PNG, JPEG, TIFF, BMP, WebP, GIF, in all
the ways of storing grey and colour), of which bytes were changed, cut out, repeated or joined with
another file's; the checksums of PNG are made right again, so that decoders go on to the damage. One
third are pixels: noise, stripes, single rows, constants, parts of pages, and a few large and busy
pictures, such as print, dots and noise. Each is read as
`digitus read` reads it, every step kept, by a network that knows nothing: nine times sure of it, so
that there is time for many inputs, and every tenth time in doubt, so that every way is gone.

Either a reading or a `DigitusError` of one line is right. Anything else is in the result: `errors`
(other exceptions), `crashes` (the process died), `slow` (more than 5 s of processor time), and
`warned`, files for which a warning would have been printed. `seconds` of processor time is that of
all inputs, `peak_megabytes` that of the process. Input K alone: --start K --inputs 1.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import random
import re
import resource
import sys
import time
import traceback
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

from digitus.errors import DigitusError
from digitus.nn import Chain, Dense, Flatten, He, Scale, initial, stream
from digitus.reading.read import read_pages
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.synthetic.pages.pages import pages
from machine import machine

SLOW = 5.0  # seconds of processor time that one input may take
HANGING = 300.0  # seconds after which a process is taken for lost
CHUNK = 2000  # inputs of one process: memory that leaks would add up no further
BUSY = 0.003  # of the pictures: they take long
IN_DOUBT = 10  # one of so many inputs is read by a network that is sure of nothing
SEEDS = 40  # pages that the files are made of


@cache
def recognizer(sure: bool) -> Recognizer:
    """A network of random numbers, sure of everything or of nothing.

    Its answers are of no use. One that is sure of nothing has every cut tried, and the picture
    turned; that takes ten times as long.
    """
    network = Chain([Scale(), Flatten(), Dense(10)])
    params = initial(network, (28, 28, 1), He(), stream(1))
    return Recognizer(Recipe("random", network), params, temperature=0.02 if sure else 3.0)


@cache
def pictures() -> list[np.ndarray[Any, Any]]:
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
    """Metadata of a camera that was held otherwise."""
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


def strange(rng: random.Random) -> np.ndarray[Any, Any]:
    """Pixels that nobody took, and some that somebody might have."""
    noise = np.random.default_rng(rng.getrandbits(32))
    h, w = (rng.choice((1, 2, 3, 8, 27, 28, 64, 65, rng.randrange(1, 160))) for _ in "hw")
    if rng.random() < 0.02:
        h, w = rng.choice(((1, 20_000), (20_000, 2), (3000, 40)))
    if rng.random() < BUSY:
        return busy(rng, noise)
    shape = (h, w) if rng.random() < 0.6 else (h, w, 3)
    match rng.randrange(7):
        case 0:
            return noise.integers(0, 256, shape, np.uint8)
        case 1:
            return np.full(shape, rng.randrange(256), np.uint8)
        case 2:
            return np.where(noise.random(shape) < rng.random() ** 3, 255, 0).astype(np.uint8)
        case 3:
            period = rng.randrange(1, 40)
            rows = np.arange(h) // period % 2 * 255 if rng.random() < 0.7 else np.zeros(h)
            columns = np.arange(w) // period % 2 * 255 if rng.random() < 0.7 else np.zeros(w)
            grid = np.maximum(rows[:, None], columns).astype(np.uint8)
            return grid if len(shape) == 2 else np.repeat(grid[..., None], 3, 2)
        case 4:
            canvas = np.full(shape, rng.randrange(256), np.uint8)
            for _ in range(rng.randrange(1, 60)):
                ends = [(rng.randrange(-20, w + 20), rng.randrange(-20, h + 20)) for _ in "ab"]
                grey = (rng.randrange(256),) * 3
                cv2.line(canvas, *ends, grey, rng.choice((1, 1, 2, 5, 30)))
            return canvas
        case 5:
            coarse = noise.integers(0, 256, (max(1, h // 9), max(1, w // 9)), np.uint8)
            return cv2.resize(coarse, (w, h), interpolation=rng.choice((0, 1, 2)))
    picture = rng.choice(pictures())
    top, left = (rng.randrange(n) for n in picture.shape[:2])
    part = picture[top : top + h, left : left + w]
    return np.ascontiguousarray(255 - part if rng.random() < 0.3 else part)


def busy(rng: random.Random, noise: np.random.Generator) -> np.ndarray[Any, Any]:
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


def input_of(seed: int, index: int) -> bytes | np.ndarray[Any, Any]:
    """The input with that number."""
    rng = random.Random(f"{seed} {index}")
    return strange(rng) if index % 3 == 0 else damaged(a_file(rng), rng)


def try_one(what: bytes | np.ndarray[Any, Any], sure: bool) -> tuple[str, str]:
    """What became of an input: "read", "refused" or "error", and more about it."""
    try:
        for reading in read_pages(what, recognizer=recognizer(sure), keep_steps=True):
            json.dumps(reading.to_json())
            for digit in reading.digits:
                x, y, w, h = digit.box
                inside = 0 <= x < x + w <= reading.width and 0 <= y < y + h <= reading.height
                if not inside or digit.line >= len(reading.lines):
                    return "error", f"a digit outside the picture or its lines: {digit.box}"
            marks = sum(len(line.replace(" ", "")) for line in reading.lines)
            if marks != len(reading.digits):
                return "error", f"{len(reading.digits)} digits, but {marks} in the lines"
    except DigitusError as error:
        return ("refused", "") if "\n" not in str(error) else ("error", f"lines: {error}")
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        return "error", f"{type(error).__name__} at {where}: {' '.join(str(error).split())[:200]}"
    return "read", ""


def work(seed: int, start: int, stop: int, doing: Any, results: Any) -> None:
    """A process: tries inputs one after the other and says which it is at."""
    cv2.setNumThreads(1)
    threadpool_limits(1)
    pictures()
    found = nothing()
    for index in range(start, stop):
        what = input_of(seed, index)
        doing[0], doing[1] = index, time.time()
        began = time.process_time()
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            verdict, about = try_one(what, sure=index % IN_DOUBT > 0)
        took = time.process_time() - began
        found[verdict] += 1
        found["slowest"] = max(found["slowest"], took)
        found["seconds"] += took
        if verdict == "error":
            found["errors"].append([index, about])
        if took > SLOW:
            found["slow"].append([index, round(took, 1)])
        if heard:
            found["warned"] += 1
            found["warnings"][re.sub(r"\d+", "N", str(heard[0].message)[:80])] = index
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    results.put(found)


def nothing() -> dict[str, Any]:
    """What was found before anything was tried."""
    total: dict[str, Any] = {
        "read": 0,
        "refused": 0,
        "error": 0,
        "warned": 0,
        "slowest": 0.0,
        "seconds": 0.0,
    }
    total |= {"errors": [], "slow": [], "warnings": {}, "crashes": [], "peak": 0.0}
    return total


def fuzz(seed: int, start: int, inputs: int) -> dict[str, Any]:
    """All inputs, in one process after the other; one that dies costs the rest nothing."""
    total, at, end = nothing(), start, start + inputs
    spawn = multiprocessing.get_context("spawn")
    while at < end:
        stop = min(at + CHUNK, end)
        doing, results = spawn.Array("d", [at, time.time() + 60]), spawn.Queue()
        process = spawn.Process(target=work, args=(seed, at, stop, doing, results))
        process.start()
        found = None
        while found is None and process.is_alive():
            try:
                found = results.get(timeout=1)
            except Exception:
                if time.time() - doing[1] > HANGING:
                    process.kill()
        process.join()
        if found is None and not results.empty():
            found = results.get()
        if found is None:  # died, or had to be killed: what came before it is tried again
            index = int(doing[0])
            total["crashes"].append([index, process.exitcode])
            found, at = fuzz(seed, at, index - at), index + 1
        else:
            at = stop
        add(total, found)
        print(f"{at - start:,} of {inputs:,}", {k: total[k] for k in ("read", "refused", "error")},
              file=sys.stderr)  # fmt: skip
    return total


def add(total: dict[str, Any], found: dict[str, Any]) -> None:
    """Counts are added, lists joined, of what is largest the larger stays."""
    for key, value in found.items():
        if key in ("slowest", "peak"):
            total[key] = max(total[key], value)
        elif isinstance(value, dict):
            total[key] |= value
        else:
            total[key] += value


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000, help="how many (100,000)")
    parser.add_argument("--start", type=int, default=0, help="the first (0)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes at a time (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result here")
    args = parser.parse_args()
    found = nothing()
    ends = np.linspace(args.start, args.start + args.inputs, args.workers + 1).astype(int).tolist()
    with ThreadPoolExecutor(args.workers) as pool:
        parts = (pool.submit(fuzz, args.seed, a, b - a) for a, b in pairwise(ends))
        for part in list(parts):
            add(found, part.result())
    record = {
        "inputs": args.inputs,
        "seed": args.seed,
        "read": found["read"],
        "refused": found["refused"],
        "errors": found["errors"],
        "crashes": found["crashes"],
        "slow": found["slow"],
        "slowest_seconds": round(found["slowest"], 2),
        "seconds": round(found["seconds"], 1),
        "peak_megabytes": round(found["peak"]),
        "warned": found["warned"],
        "warnings": found["warnings"],
        "machine": machine(),
    }
    print(json.dumps(record, indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
