"""Very many pictures: rates by second and core, with and without Ray, and how memory grows.

    python benchmarks/bulk.py --json results/bulk.json [--rows digits:processes_1,pages]
        [--digits 200000] [--pages 20000] [--folder FOLDER --minutes 9]
        && python -m benchmarks.docs.write

Digits are made 28 x 28 images, pages are made pages, `--distinct` of them over and over, in tar
files of a thousand. `digitus bulk` reads them on one core and on two, by processes and, where Ray
is installed, by Ray: many in `digits` and `pages`, to see how memory grows, few in `few_digits` and
`few_pages`, to see how long a whole job takes. `turns` compares rates: programs that read few of
them take turns, each for some seconds while the others stand still. `beside` reads digits as a user
would otherwise write it, `cluster` kills a node, `stages` tells what takes the time.

A row is a job. Rows that are asked for join those in the file as each ends. With `--minutes` a job
of many pictures is killed after so long and resumed by the same command with the same `--folder`,
where pictures and results are kept: so one of hours can be done in parts. Its row is then of all
parts together: rates are those while it read, the slope of memory is that within the parts, and
rows that are lost or there twice would be seen. Memory and processor time are those of the program
with all that it started.

Inside: the rows. Not inside: pictures (`bulk_inputs`), one job (`bulk_jobs`), watching
(`bulk_watch`), turns (`bulk_turns`), what a user would otherwise write (`bulk_others`), the
cluster, the stages, what docs/bulk.md says (`docs.bulk`).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bulk_cluster import cluster
from bulk_inputs import digit_files, in_shards, page_files
from bulk_jobs import Row, command, read
from bulk_stages import stages
from bulk_turns import in_turns
from bulk_watch import watched
from machine import machine

STAGED = {"digits": 2000, "pages": 40}
JOBS = ("processes_1", "ray_1", "processes_2", "ray_2")
OTHERS = ("processes_2", "torch", "ray-onnx")


@dataclass(frozen=True)
class Sizes:
    """How many pictures."""

    digits: int
    pages: int
    few_digits: int
    few_pages: int
    distinct: int
    seconds: float  # for a job of many pictures


def jobs(
    kind: str, files: Iterator[bytes], suffix: str, seconds: float = math.inf
) -> Callable[..., Iterator[tuple[str, Row]]]:
    """The rows of pictures of a kind; the pictures are made when the first row is."""

    def rows(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        source, left = folder / kind / "in", seconds
        size = in_shards(files, suffix, source)
        for name in names:
            if name.startswith("ray") and not find_spec("ray"):
                continue
            began = time.monotonic()
            row = read(source, folder / kind / name, name, left)
            left -= time.monotonic() - began
            if row is None:
                print(f"{kind} {name}: goes on by the same command", flush=True)
                return
            yield name, {**row, "picture_bytes": round(size / row["pictures"])}

    return rows


def turns(files: Iterator[bytes], suffix: str) -> Row:
    """Rates of jobs that take turns."""
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary, "in")
        in_shards(files, suffix, source)
        names = [name for name in JOBS if not name.startswith("ray") or find_spec("ray")]
        outs = {name: Path(temporary, name) for name in names}
        return in_turns(
            {name: (command(source, out, name), out, int(name[-1])) for name, out in outs.items()}
        )


def beside(count: int) -> Callable[..., Iterator[tuple[str, Row]]]:
    """The same digits by `digitus bulk` and by two scripts, one after the other on two cores."""

    def rows(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        from digitus.recognizer import load

        source, model = folder / "beside" / "in", folder / "model.onnx"
        in_shards(digit_files(count), ".png", source)
        load().export("onnx", model)
        script = Path(__file__).with_name("bulk_others.py")
        for name in names:
            if name in JOBS:
                row = read(source, folder / "beside" / name, name)
                assert row  # it is not killed
                yield name, row
                continue
            load_before = round(os.getloadavg()[0], 2)
            told, seen = watched([sys.executable, str(script), name, str(source), str(model)])
            assert told
            assert json.loads(told.splitlines()[-1])["pictures"] == count
            yield (
                name,
                {
                    "load_before": load_before,
                    "cores": 2,
                    "pictures": count,
                    "seconds": round(seen.at[-1] - seen.at[0], 1),
                    "processor_seconds": round(seen.processor_seconds, 2),
                    "megabytes": round(max(seen.megabytes), 1),
                },
            )

    return rows


def kinds(size: Sizes) -> dict[str, tuple[tuple[str, ...], Callable[..., Any]]]:
    """The rows of each kind, and the function that makes them."""

    def killed(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        for name in names:
            yield name, cluster(size.few_pages, size.distinct, folder / "cluster")

    def beside_one_another(names: Iterable[str], _: Path) -> Iterator[tuple[str, Row]]:
        for name in names:
            if name == "digits":
                yield name, turns(digit_files(size.few_digits), ".png")
            else:
                yield name, turns(_later(size.few_pages, size.distinct), ".jpg")

    def staged(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        for name in names:
            count = STAGED[name]
            files = [*(digit_files(count) if name == "digits" else page_files(count, count))]
            yield name, stages(files, folder / "stages" / name)

    return {
        "digits": (JOBS, jobs("digits", digit_files(size.digits), ".png", size.seconds)),
        "pages": (JOBS, jobs("pages", _later(size.pages, size.distinct), ".jpg", size.seconds)),
        "few_digits": (JOBS, jobs("few_digits", digit_files(size.few_digits), ".png")),
        "few_pages": (JOBS, jobs("few_pages", _later(size.few_pages, size.distinct), ".jpg")),
        "turns": (("digits", "pages"), beside_one_another),
        "beside": (OTHERS, beside(size.few_digits)),
        "cluster": (("killed",), killed),
        "stages": (("digits", "pages"), staged),
    }


def _later(count: int, distinct: int) -> Iterator[bytes]:
    """Pages that are made when the first is asked for."""
    yield from page_files(count, distinct)


def chosen(rows: str, every: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    """The rows that are named, by their kinds, or all. Raises `KeyError`."""
    wanted: dict[str, list[str]] = {}
    for given in rows.split(",") if rows else every:
        kind, _, name = given.partition(":")
        if kind not in every or name not in ("", *every[kind]):
            raise KeyError(given)
        wanted.setdefault(kind, []).extend([name] if name else every[kind])
    return wanted


def main(arguments: Iterable[str] | None = None) -> None:
    """Makes the rows that are asked for, and adds them to the file as each ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", type=int, default=200_000)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--few-digits", type=int, default=12_000)
    parser.add_argument("--few-pages", type=int, default=200)
    parser.add_argument("--distinct", type=int, default=200)
    parser.add_argument("--rows", default="", help="kinds, or KIND:JOB, with commas (all)")
    parser.add_argument("--folder", type=Path, help="where pictures and results are kept")
    parser.add_argument("--minutes", type=float, default=math.inf, help="for a job of many")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(None if arguments is None else [*arguments])
    size = Sizes(
        *(asked.digits, asked.pages, asked.few_digits, asked.few_pages, asked.distinct),
        60 * asked.minutes,
    )
    if asked.minutes < math.inf and not asked.folder:
        parser.error("a job can only be resumed in a folder that is kept: --folder")
    every = kinds(size)
    try:
        wanted = chosen(asked.rows, {kind: names for kind, (names, _) in every.items()})
    except KeyError as unknown:
        parser.error(f"no row {unknown}; there are {', '.join(every)}")
    found: dict[str, Any] = {"machine": machine(), "rows": {}}
    if asked.json and asked.json.exists():
        before = json.loads(asked.json.read_text("utf-8"))
        if all(before["machine"][key] == found["machine"][key] for key in ("processor", "cores")):
            found["rows"] = before["rows"]
    with nullcontext(asked.folder) if asked.folder else tempfile.TemporaryDirectory() as folder:
        for kind, names in wanted.items():
            for name, row in every[kind][1](names, Path(folder)):
                found["rows"].setdefault(kind, {})[name] = row
                print(kind, name, json.dumps(row), flush=True)
                if asked.json:  # after each row: all of them take hours
                    asked.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
