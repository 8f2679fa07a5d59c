"""Bulk jobs for tests: one that reads in this process, and the rows that it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from digitus.bulk.job import BulkJob, BulkOptions
from digitus.bulk.parts import Part, PartReader, PictureReader, Tally
from digitus.reading.networks import fingerprints
from digitus.reading.options import ReadingOptions
from digitus.recognizer import file_of

NAMES = (
    "0.png", "1.png", "2.png", "shard.tar/4.png", "shard.tar/5.png", "shard.tar/6.png",
    "some.zip/f/7.png", "some.zip/f/8.png", "table.parquet/1", "table.parquet/2",
    "table.parquet/3", "deep/9.png", "deep/10.png",
)  # fmt: skip


def job_of(
    sources: list[str], out: str, form: str = "jsonl", by: str = "picture", *, single: bool = False
) -> tuple[BulkJob, PartReader]:
    """A job and who reads for it."""
    networks = fingerprints(file_of(None))
    asked = BulkOptions(sources, by, form, {"pattern": None, "min_confidence": None}, networks)
    job = BulkJob(out, asked, single=single)
    read = PictureReader(ReadingOptions(), by, networks["all"])
    return job, PartReader(job.store, read, job.part_form)


def in_this_process(todo: Iterable[Part], reader: PartReader) -> Iterator[Tally]:
    """Reads parts without starting a process."""
    return map(reader, todo)


def finish(out: str, *how: Any, sources: tuple[str, ...] = ("in",), **more: Any) -> dict[str, int]:
    job, reader = job_of([*sources], out, *how, **more)
    with job.locked():
        for _ in job.carry_out(in_this_process, reader):
            pass
    return job.tally.record()


def rows_of(folder: str) -> list[dict[str, Any]]:
    files = sorted(Path(folder).glob("part-*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]
