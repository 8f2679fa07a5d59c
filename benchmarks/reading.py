"""How well whole pictures are read: made pages by kind of difficulty, photos, speed and memory.

    python benchmarks/reading.py [--model MODEL] [--photos FOLDER...] [--keep pages.jsonl]
        [--json results/reading.json]

The pages (`digitus.synthetic.pages`) are written half by the simulated pen and half with digits of
MNIST that the training of both networks, recognizer and page network, held back. `--seed` 2 is what
is reported; 1 is for tuning, and so is `--kinds`, with which every page is of the kinds named. What
is counted: `reading_figures`. With `--keep` judgements are kept in a file, from which the same
command goes on if it was stopped.

FOLDER holds pictures and labels.csv (file, label, kind "single" or "multi", lines separated by /).
"""

from __future__ import annotations

import argparse
import compileall
import csv
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
from threadpoolctl import threadpool_limits

import digitus
import reading_timed as timed
from digitus.datasets.batches import held_back
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.reading.read import read
from digitus.reading.result import Reading
from digitus.recipe import Recipe
from digitus.recognizer import DEFAULT, WEIGHTS, Recognizer
from digitus.recognizer import load as load_recognizer
from digitus.synthetic.pages.pages import pages
from digitus.training.loop import SPLIT_SEED
from machine import machine
from reading_figures import by_kind, invented, judge, summary
from reading_kept import Kept

CHUNK = 25  # pages that a worker makes and reads at a time
STRICTER = 0.8, 0.9  # confidences that a cautious reader may ask for
FIGURES = ("exact", "lines", "groups", "error", "refused", "wrong_and_sure", "invented", "ece")


@cache
def development() -> Digits:
    """The digits of MNIST's training set that neither network learnt from: both held them back."""
    mnist, everything = load("mnist", "train"), load("mnist+strokes", "train")
    recognizers = held_back(everything.labels, Recipe.development, SPLIT_SEED)[: len(mnist)]
    return mnist.take(recognizers & held_back(mnist.labels, Recipe.development, SPLIT_SEED))


@cache
def recognizer(model: str | None) -> Recognizer | None:
    """The recognizer to measure; None for the one that ships."""
    return load_recognizer(model) if model else None


def judged(
    start: int, *, count: int, seed: int, kinds: tuple[str, ...], model: str | None
) -> list[dict[str, Any]]:
    """Makes and reads some pages."""
    cv2.setNumThreads(1)
    found = []
    with threadpool_limits(1):
        some = pages(min(CHUNK, count - start), seed, development(), kinds or None, start)
        for index, page in enumerate(some, start):
            began = time.process_time()
            reading = read(page.picture, recognizer=recognizer(model))
            took = time.process_time() - began
            found.append(
                judge(page.lines, reading)
                | {
                    "page": index,
                    "kinds": sorted(page.kinds),
                    "invented": invented(page, reading),
                    "seconds": took,
                    "want": "/".join(page.lines),
                    "got": "/".join(reading.lines),
                }
            )
    return found


def read_pages(
    count: int, seed: int, kinds: tuple[str, ...], model: str | None, workers: int, kept: Kept
) -> Iterator[dict[str, Any]]:
    """Every page's judgement, in order; the same however many processes share the work."""
    work = partial(judged, count=count, seed=seed, kinds=kinds, model=model)
    there = kept.chunks()
    starts = range(0, count, CHUNK)
    missing = [at for at in starts if len(there.get(at, ())) < min(CHUNK, count - at)]
    with ExitStack() as stack:
        made: Iterator[list[dict[str, Any]]] = map(work, missing)
        if workers > 1:
            made = stack.enter_context(ProcessPoolExecutor(workers)).map(work, missing)
        for start in starts:
            if start in missing:
                there[start] = next(made)
                kept.add(start, there[start])
            yield from there[start][: count - start]


def fingerprint(path: Path) -> str:
    """The fingerprint of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_photos(folder: Path, model: str | None, show: bool) -> dict[str, Any]:
    """The figures of a folder of labelled pictures: of single digits, of several, and of all.

    Those of all are repeated for each confidence in `STRICTER`.
    """
    found = defaultdict(list)
    for row, reading, verdict in judged_photos(folder, model):
        found[row["kind"]].append(verdict)
        if show and not verdict["exact"]:
            print(f"{row['file']}: {row['label']} read as {'/'.join(reading.lines)}")
    figures = {kind: summary(some) for kind, some in sorted(found.items())}
    figures["all"] = summary([verdict for some in found.values() for verdict in some])
    for least in STRICTER:
        again = summary([verdict for _, _, verdict in judged_photos(folder, model, least)])
        figures["all"][f"at {least}"] = {name: again[name] for name in ("exact", "wrong_and_sure")}
    return figures


def judged_photos(
    folder: Path, model: str | None, least: float | None = None
) -> Iterator[tuple[dict[str, str], Reading, dict[str, Any]]]:
    """Each labelled picture of a folder, read with that `min_confidence`, and its judgement."""
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        reading = read(folder / row["file"], recognizer=recognizer(model), min_confidence=least)
        verdict = judge(tuple(row["label"].split("/")), reading)
        del verdict["groups"]  # they are not in the labels
        yield row, reading, verdict


def speed(model: str | None) -> dict[str, Any]:
    """Seconds of processor time, and megabytes: a large photo, one digit, full pages, processes.

    The modules that a fresh process loads are compiled, as pip leaves them.
    """
    compileall.compile_dir(Path(digitus.__file__).parent, quiet=2)
    loaded = recognizer(model)
    small = development().images[0]
    command = [sys.executable, "-m", "digitus", "read"]
    command += ["--model", model] if model else []
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        cv2.setNumThreads(1)
        photo, one = f"{folder}/photo.jpg", f"{folder}/one.png"
        cv2.imwrite(photo, timed.large_photo(), [cv2.IMWRITE_JPEG_QUALITY, 90])
        cv2.imwrite(one, 255 - small)
        content = Path(photo).read_bytes()
        return {
            "photo_megapixels": 12,
            "photo_seconds": median(lambda: read(content, recognizer=loaded), 7),
            "digit_seconds": median(lambda: [read(small, recognizer=loaded) for _ in range(50)], 9)
            / 50,
            "process_seconds": median(
                lambda: subprocess.run([*command, one], check=True, stdout=-3), 7
            ),
            "photo_process_megabytes": peak([*command, photo]),
            **{
                f"{name}_seconds": median(partial(read, picture, recognizer=loaded), 3)
                for name, picture in timed.dense().items()
            },
        }


def median(work: Any, repeat: int) -> float:
    """Seconds of processor time that `work` and its processes take, after a warm-up.

    All of it is on one core, so on an idle machine a clock would say the same.
    """
    times = []
    for _ in range(repeat + 1):
        start = os.times()
        work()
        times.append(sum(os.times()[:4]) - sum(start[:4]))
    return round(statistics.median(times[1:]), 5)


def peak(command: list[str]) -> int:
    """Megabytes of memory that a process takes at most."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=-3);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    run = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, check=True)
    return round(int(run.stdout) / 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="a model's file (default: the one that ships)")
    parser.add_argument("--pages", type=int, default=2000, help="how many (2000)")
    parser.add_argument("--seed", type=int, default=2, help="of the pages (2; tune on 1)")
    parser.add_argument("--kinds", nargs="*", default=(), help="only pages of these kinds")
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument(
        "--photos", type=Path, nargs="+", metavar="FOLDER", help="also read the pictures there"
    )
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep what is read, to go on")
    parser.add_argument("--show-wrong", action="store_true", help="name what is misread")
    parser.add_argument("--no-speed", action="store_true", help="leave out speed and memory")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()

    kinds = tuple(args.kinds)
    networks = args.model or WEIGHTS / f"{DEFAULT}.safetensors", WEIGHTS / "page.safetensors"
    prints = [fingerprint(Path(path)) for path in networks]
    about = {"seed": args.seed, "kinds": [*kinds], "networks": prints}
    kept = Kept(args.keep, about)
    found = []
    for page in read_pages(args.pages, args.seed, kinds, args.model, args.workers, kept):
        found.append(page)
        if args.show_wrong and not page["exact"]:
            what = f"{page['page']} ({', '.join(page['kinds'])})"
            print(f"{what}: {page['want']} read as {page['got']}")
    record: dict[str, Any] = {
        "machine": machine(),
        "model": fingerprint(Path(args.model)) if args.model else None,
        "seed": args.seed,
        **by_kind(found),
        "page_seconds": round(statistics.median(page["seconds"] for page in found), 4),
    }
    if args.photos:
        figures = [read_photos(folder, args.model, args.show_wrong) for folder in args.photos]
        record["photos"] = figures[0]
        others = zip(args.photos[1:], figures[1:], strict=True)
        record["others"] = {folder.name: figure["all"] for folder, figure in others}
    if not args.no_speed:
        record["speed"] = speed(args.model)
    print_figures(record)
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def print_figures(record: dict[str, Any]) -> None:
    """The figures as a table."""
    rows = {"all": record["all"], **record["kinds"]}
    rows |= {f"photos, {kind}": row for kind, row in record.get("photos", {}).items()}
    print(f"{'':16}{'pages':>7}" + "".join(f"{name:>16}" for name in FIGURES))
    for kind, row in rows.items():
        cells = (row.get(name) for name in FIGURES)
        figures = "".join(f"{'-' if c is None else format(c, '.3f'):>16}" for c in cells)
        print(f"{kind:16}{row['pages']:7}{figures}")
    print({k: record[k] for k in ("page_seconds", "speed") if k in record})


if __name__ == "__main__":
    main()
