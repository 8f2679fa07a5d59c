"""Does any input break the reading of pictures? Damaged files and strange pixels, by the thousand.

    python benchmarks/fuzz_reading.py --inputs 100000 --json results/fuzz.json

Two thirds of the inputs are files that our own code made (PNG, JPEG, TIFF, BMP, WebP, GIF, in all
the ways of storing grey and colour), of which bytes were changed, cut out, repeated or joined with
another file's; the checksums of PNG are made right again, so that decoders go on to the damage. One
third are pixels: noise, stripes, single rows, constants, parts of pages, and a few large and busy
pictures, such as print, dots and noise (`fuzz_inputs`). Each is read as `digitus read` reads it,
every step kept, by a network that knows nothing: nine times sure of it, so that there is time for
many inputs, and every tenth time in doubt, so that no step is left out.

Either a reading or a `DigitusError` of one line is right. Anything else is in the result: `errors`
(other exceptions), `crashes` (the process died), `slow` (more than 5 s of processor time), and
`warned`, files for which a warning would have been printed. `seconds` of processor time is that of
all inputs, `peak_megabytes` that of the process. Input K alone: --start K --inputs 1.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import sys
import time
import traceback
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from digitus.errors import DigitusError
from digitus.nn import Chain, Dense, Flatten, He, Scale, initial, stream
from digitus.reading.options import ReadingOptions
from digitus.reading.read import read_pages
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from fuzz_inputs import Pixels, input_of, pictures
from machine import machine

SLOW = 5.0  # seconds of processor time that one input may take
HANGING = 300.0  # seconds after which a process is taken for lost
CHUNK = 2000  # inputs of one process: memory that leaks would add up no further
IN_DOUBT = 10  # one of so many inputs is read by a network that is sure of nothing


@cache
def recognizer(sure: bool) -> Recognizer:
    """A network of random numbers, sure of everything or of nothing.

    Its answers are of no use. One that is sure of nothing has every cut tried, and the picture
    turned; that takes ten times as long.
    """
    network = Chain([Scale(), Flatten(), Dense(10)])
    params = initial(network, (28, 28, 1), He(), stream(1))
    return Recognizer(Recipe("random", network), params, temperature=0.02 if sure else 3.0)


def try_one(what: bytes | Pixels, sure: bool) -> tuple[str, str]:
    """What became of an input: "read", "refused" or "error", and more about it."""
    try:
        for reading in read_pages(what, ReadingOptions(recognizer(sure), keep_steps=True)):
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
