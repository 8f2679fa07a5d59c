"""Very many pictures: how many a second and core, with and without Ray, and what memory does.

    python benchmarks/bulk.py --json results/bulk.json [--rows digits:processes_1,pages]
        [--digits 200000] [--pages 20000] && python -m benchmarks.docs.write

Digits are made 28 x 28 images, pages are made pages, `--distinct` of them over and over, in tar
files of a thousand. `digitus bulk` reads them on one core and on two, by processes and, where Ray
is installed, by Ray: `digits` and `pages` many of them, for what memory does, `few_digits` and
`few_pages` few, one run right after the other, for rates beside one another. `beside` reads digits
as a user would write it otherwise, `cluster` kills a node, `stages` tells what takes the time.

A row is a run. Rows that are asked for join those in the file as each ends, so that hours can be
made in parts. Memory and processor time are those of the program with all that it started.

Inside: the rows. Not inside: pictures (`bulk_inputs`), watching (`bulk_watch`), what a user would
write otherwise (`bulk_others`), the cluster, the stages, what docs/bulk.md says (`docs.bulk`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bulk_cluster import cluster
from bulk_inputs import digit_files, in_shards, page_files
from bulk_stages import stages
from bulk_watch import watched
from machine import machine

SETTLED = 0.3  # of a run: from there on memory is looked at
STAGED = {"digits": 2000, "pages": 40}
RUNS = ("processes_1", "ray_1", "processes_2", "ray_2")
OTHERS = ("processes_2", "torch", "ray-onnx")
Row = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How many pictures."""

    digits: int
    pages: int
    few_digits: int
    few_pages: int
    distinct: int


def read(source: Path, out: Path, run: str) -> Row:
    """`digitus bulk` by processes or Ray on so many cores."""
    by, _, cores = run.partition("_")
    command = [
        *(sys.executable, "-m", "digitus", "bulk", str(source), "--to", str(out), "--json"),
        *("--format", "jsonl", "--threads", cores),
        *(("--cluster", "local") if by == "ray" else ()),
    ]
    load = round(os.getloadavg()[0], 2)
    told, seen = watched(command)
    about = json.loads(told)
    settled = slice(int(SETTLED * len(seen.at)), None)
    slope = np.polyfit(seen.at[settled], seen.megabytes[settled], 1)[0] * 60
    size = sum(path.stat().st_size for path in out.glob("part-*"))
    return {
        "load_before": load,
        "cores": int(cores),
        **{name: about[name] for name in ("pictures", "errors", "seconds")},
        **steady(out, int(cores)),
        "processor_seconds": round(seen.processor_seconds, 2),
        "megabytes": round(max(seen.megabytes), 1),
        "megabytes_a_minute": round(float(slope), 3),
        "row_bytes": round(size / about["pictures"]),
        "plan_bytes": round((out / "_plan.jsonl").stat().st_size / about["pictures"]),
    }


def steady(out: Path, cores: int) -> Row:
    """Pictures a second while all cores read: from the first part to where one may have no more.

    The last parts, one a core, are left out with their time.
    """
    records = sorted((out / "_done").iterdir(), key=lambda path: path.stat().st_mtime)
    first, last = records[0], records[-cores]
    between = records[1 : len(records) - cores + 1]
    read = sum(json.loads(path.read_text("ascii"))["pictures"] for path in between)
    seconds = last.stat().st_mtime - first.stat().st_mtime
    return {"per_second": round(read / seconds, 2), "measured_seconds": round(seconds, 2)}


def runs(
    kind: str, files: Iterator[bytes], suffix: str
) -> Callable[..., Iterator[tuple[str, Row]]]:
    """The rows of pictures of a kind; they are made when the first row is."""

    def rows(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        source = folder / kind / "in"
        size = in_shards(files, suffix, source)
        for name in names:
            if name.startswith("ray") and not find_spec("ray"):
                continue
            row = read(source, folder / kind / name, name)
            yield name, {**row, "picture_bytes": round(size / row["pictures"])}

    return rows


def beside(count: int) -> Callable[..., Iterator[tuple[str, Row]]]:
    """The same digits by `digitus bulk` and by two scripts, one after the other on two cores."""

    def rows(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        from digitus.recognizer import load

        source, model = folder / "beside" / "in", folder / "model.onnx"
        in_shards(digit_files(count), ".png", source)
        load().export("onnx", model)
        script = Path(__file__).with_name("bulk_others.py")
        for name in names:
            if name in RUNS:
                yield name, read(source, folder / "beside" / name, name)
                continue
            load_before = round(os.getloadavg()[0], 2)
            told, seen = watched([sys.executable, str(script), name, str(source), str(model)])
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
    """The rows that there are of each kind, and who makes them."""

    def killed(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        for name in names:
            yield name, cluster(size.few_pages, size.distinct, folder / "cluster")

    def staged(names: Iterable[str], folder: Path) -> Iterator[tuple[str, Row]]:
        for name in names:
            count = STAGED[name]
            files = [*(digit_files(count) if name == "digits" else page_files(count, count))]
            yield name, stages(files, folder / "stages" / name)

    return {
        "digits": (RUNS, runs("digits", digit_files(size.digits), ".png")),
        "pages": (RUNS, runs("pages", _later(size.pages, size.distinct), ".jpg")),
        "few_digits": (RUNS, runs("few_digits", digit_files(size.few_digits), ".png")),
        "few_pages": (RUNS, runs("few_pages", _later(size.few_pages, size.distinct), ".jpg")),
        "beside": (OTHERS, beside(size.few_digits)),
        "cluster": (("killed",), killed),
        "stages": (("digits", "pages"), staged),
    }


def _later(count: int, distinct: int) -> Iterator[bytes]:
    """Pages that are made when the first is asked for."""
    yield from page_files(count, distinct)


def main(arguments: Iterable[str] | None = None) -> None:
    """Makes the rows that are asked for, and adds them to the file as each ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--digits", type=int, default=200_000)
    parser.add_argument("--pages", type=int, default=20_000)
    parser.add_argument("--few-digits", type=int, default=12_000)
    parser.add_argument("--few-pages", type=int, default=200)
    parser.add_argument("--distinct", type=int, default=200)
    parser.add_argument("--rows", default="", help="kinds, or KIND:RUN, with commas (all)")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(None if arguments is None else [*arguments])
    size = Sizes(asked.digits, asked.pages, asked.few_digits, asked.few_pages, asked.distinct)
    every = kinds(size)
    wanted: dict[str, list[str]] = {}
    for given in asked.rows.split(",") if asked.rows else every:
        kind, _, name = given.partition(":")
        if kind not in every or name not in ("", *every[kind][0]):
            parser.error(f"no row {given}; there are {', '.join(every)}")
        wanted.setdefault(kind, []).extend([name] if name else every[kind][0])
    found: dict[str, Any] = {"machine": machine(), "rows": {}}
    if asked.json and asked.json.exists():
        before = json.loads(asked.json.read_text("utf-8"))
        if before["machine"]["processor"] == machine()["processor"]:
            found["rows"] = before["rows"]
    with tempfile.TemporaryDirectory() as temporary:
        for kind, names in wanted.items():
            for name, row in every[kind][1](names, Path(temporary)):
                found["rows"].setdefault(kind, {})[name] = row
                print(kind, name, json.dumps(row), flush=True)
                if asked.json:  # after each row: all of them take hours
                    asked.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
