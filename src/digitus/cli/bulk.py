"""`digitus bulk`: very many pictures in, a table out; a job killed at any moment can be resumed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    CONFIDENCE,
    device_option,
    json_option,
    output,
    pattern_of,
    percent,
    print_json,
    progress,
    recognizer_of,
    threads_option,
)
from digitus.cli.streams import mute_libraries
from digitus.cli.terminal import complain, printable
from digitus.threads import cores

if TYPE_CHECKING:
    from rich.console import Console

    from digitus.bulk.job import BulkJob, Engine
    from digitus.bulk.parts import Counts, Tally
    from digitus.reading.options import ReadingOptions

SECONDS_BETWEEN_LINES = 30.0  # of progress, where there is no terminal
SAMPLE = 24  # pictures that --dry-run reads


@click.command
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--to", "out", required=True, metavar="OUT",
    help="A folder or a prefix as s3://bucket/read for a table in parts, or one file: .parquet, "
    ".csv, .jsonl, .sqlite",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["parquet", "csv", "jsonl"]),
    help="Of the parts in a folder.  [default: parquet]",
)  # fmt: skip
@click.option(
    "--by", type=click.Choice(["picture", "digit"]), default="picture", show_default=True,
    help="What is a row: a page of a picture with its digits, or each digit.",
)  # fmt: skip
@click.option("--model", help="Model file, or the folder of a run.  [default: the one that ships]")
@click.option("--min-confidence", type=CONFIDENCE, help="Refuse digits below this.")
@click.option("--digits", type=click.IntRange(1, 100), help="Each number has so many digits.")
@click.option("--pattern", help="The number's form: # for a digit, the rest as it stands.")
@click.option(
    "--cluster", metavar="local|ADDRESS",
    help="Read by Ray: on this machine, or on the cluster at an address.",
)  # fmt: skip
@click.option(
    "--dry-run", is_flag=True, help="Count, read a few, and tell how long all would take."
)
@device_option
@threads_option
@json_option
def bulk(
    sources: tuple[str, ...],
    out: str,
    form: str | None,
    by: str,
    model: str | None,
    min_confidence: float | None,
    digits: int | None,
    pattern: str | None,
    cluster: str | None,
    dry_run: bool,
    threads: int,
    json: bool,
) -> None:
    """Read very many pictures to a table, here or on a cluster; resumes where it stopped.

    SOURCE is a picture, PDF, folder, pattern ("scans/**/*.jpg"), list (.txt, one a line), tar or
    zip file, Parquet file with a column of pictures; here or, with the extra remote, at an address.
    What cannot be read is a row with its error; where nothing could be read, the exit code is 1.
    The same command resumes a job that was ended.
    """
    from digitus.bulk.formats import check_form
    from digitus.bulk.job import BulkJob, BulkOptions
    from digitus.bulk.parts import PartReader, PictureReader
    from digitus.nn import torch_device as device
    from digitus.reading.networks import fingerprints
    from digitus.reading.options import ReadingOptions
    from digitus.recognizer import file_of

    form, single = _form(out, form)
    check_form(form)
    pattern = pattern_of(digits, pattern)
    options = ReadingOptions(recognizer_of(model)[0], pattern, min_confidence)
    networks = fingerprints(file_of(model))
    reading = {"pattern": pattern, "min_confidence": min_confidence}
    if device.name() != device.CPU:  # rows of other devices differ in the last digits
        reading["device"] = device.name()
    asked = BulkOptions([*sources], by, form, reading, networks)
    mute_libraries()
    if dry_run:
        _estimate(sources, options, cores(threads), json)
        return
    job = BulkJob(out if out.endswith("://") else out.rstrip("/"), asked, single=single)
    read = PictureReader(options, by, networks["all"])
    reader = PartReader(job.store, read, job.part_form, device.name())
    console = progress()
    if about := job.finished():
        console.print(printable(f"{out} is complete since {about['finished']}"))
        _tell(about, out, json)
        return
    engine = _engine(cluster, cores(threads))
    start = time.monotonic()
    with job.locked():
        _follow(job, job.carry_out(engine, reader), console)
    _tell(job.tally.record(), out, json, seconds=round(time.monotonic() - start, 1))


def _form(out: str, form: str | None) -> tuple[str, bool]:
    """The form of what is written, and whether it is one file."""
    import os

    from digitus.bulk.formats import PARQUET, SUFFIXES

    if not out.rstrip("/"):
        raise click.UsageError(f"--to {out!r} names no folder of its own; name one, or a file")
    suffix = os.path.splitext(out.rstrip("/"))[1].lower()
    folder = os.path.isdir(out) or out.endswith("/")
    single = None if folder else SUFFIXES.get(suffix)
    # A folder of Parquet files that is called .xlsx would be a surprise; "scans.2024" would not.
    file = any(c.isalpha() for c in suffix) and not _is_host(out)
    if not (folder or single) and (file or os.path.exists(out)):
        known = ", ".join(SUFFIXES)
        raise click.UsageError(
            f"--to {out} is no table: name a file in {known}, or a folder by {out}/"
        )
    if single and form not in (None, single):
        raise click.UsageError(f"--to {out} is {single}, not {form}; a folder has parts of {form}")
    return single or form or PARQUET, single is not None


def _is_host(out: str) -> bool:
    """Whether an address is that of a whole store, s3://my.scans, whose end is no suffix."""
    return "://" in out and "/" not in out.rstrip("/").partition("://")[2]


def _engine(cluster: str | None, processes: int) -> Engine:
    """What reads the parts: processes of this machine, or Ray."""
    if cluster is None:
        from digitus.bulk.parts import here
        from digitus.reading.pool import PICTURES_PER_PROCESS

        return partial(here, processes=processes, few=PICTURES_PER_PROCESS)
    from digitus.bulk.on_ray import connect, on_ray

    connect(cluster, processes)
    return on_ray


def _follow(job: BulkJob, tallies: Iterator[Tally], console: Console) -> None:
    """Shows how far it is: rate, time left, share of doubtful pictures."""
    begun = next(tallies)
    before, start = begun.pictures, time.monotonic()
    if job.resumed:
        console.print(f"going on after {before:,} of {job.pictures:,} pictures")
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn

        columns = BarColumn(), TextColumn("{task.description}")
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("reading", total=job.pictures, completed=before)
            for _ in tallies:
                words = _words(job, before, time.monotonic() - start)
                bar.update(task, completed=job.tally.pictures, description=words)
        return
    told = start
    for _ in tallies:
        if (now := time.monotonic()) - told >= SECONDS_BETWEEN_LINES:
            told = now
            console.print(_words(job, before, now - start))


def _words(job: BulkJob, before: int, seconds: float) -> str:
    tally = job.tally
    rate = (tally.pictures - before) / max(seconds, 1e-9)
    left = (job.pictures - tally.pictures) / rate if rate else 0.0
    return (
        f"{tally.pictures:,} of {job.pictures:,} pictures, {rate:,.1f} a second, "
        f"{_time(left)} left, "
        f"{percent(tally.doubtful / max(1, tally.pictures), 1)} doubtful, {tally.errors:,} errors"
    )


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes // 60}:{minutes % 60:02d} h"


def _tell(about: Counts, out: str, json: bool, **more: object) -> None:
    """What was read; leaves with 1 where nothing could be."""
    # A file with an error may have good pages before it.
    nothing = not about["pages"] and about["errors"] >= about["pictures"]
    if json:
        print_json({"out": out, **about, **more})
    else:
        _tell_people(about, out)
    if nothing:
        complain(f"nothing could be read; the rows of {out} say why")
    elif about["errors"] and not json:
        complain(f"{about['errors']:,} of them could not be read; their rows say why")
    if nothing:
        sys.exit(1)


def _tell_people(about: Counts, out: str) -> None:
    counts = (
        f"{about['pictures']:,} pictures, {about['pages']:,} pages, {about['digits']:,} digits, "
        f"{about['rows']:,} rows"
    )
    doubtful = percent(about["doubtful"] / max(1, about["pictures"]), 1)
    output().print(f"{counts}; {doubtful} of the pictures doubtful")
    output().print(printable(f"table  {out}"))


def _estimate(
    sources: tuple[str, ...], options: ReadingOptions, processes: int, json: bool
) -> None:
    """Counts, reads a few pictures from all over, and tells how long all would take."""
    from digitus.bulk.containers import contents
    from digitus.bulk.parts import PictureReader, Tally, counted
    from digitus.bulk.rows import PICTURE
    from digitus.bulk.sources import items

    all_items = [*items(sources)]
    every = max(1, len(all_items) // SAMPLE)
    chosen = all_items[every // 2 :: every][:SAMPLE]
    read, tally = PictureReader(options, PICTURE, ""), Tally()
    start = time.perf_counter()
    for item, content in contents(chosen):
        tally.add(counted(read(item, content), PICTURE))
    each = (time.perf_counter() - start) / max(1, len(chosen))
    about = {
        "pictures": len(all_items),
        "bytes": sum(item.size for item in all_items),
        "sampled": len(chosen),
        "seconds_each": round(each, 4),
        "seconds": round(each * len(all_items) / processes, 3),
        "cores": processes,
        "doubtful": tally.doubtful / max(1, len(chosen)),
        "errors": tally.errors / max(1, len(chosen)),
    }
    if json:
        print_json(about)
        return
    output().print(
        f"{len(all_items):,} pictures, {about['bytes'] / 1e6:,.1f} MB. Of {len(chosen)} read: "
        f"{each:.3f} s each, {percent(tally.doubtful / max(1, len(chosen)), 1)} doubtful, "
        f"{tally.errors} errors. All would take {_time(about['seconds'])} on {processes} cores."
    )
