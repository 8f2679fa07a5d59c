"""A Ray cluster of three nodes on this machine, one of which is killed in the middle of a job.

Inside: both jobs, the unbroken one and the other, and what the loss cost. Not inside: how many
pictures a cluster reads (`bulk`): its nodes share the machine's cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bulk_inputs import in_shards, page_files
from digitus.bulk.job import BulkJob, BulkOptions
from digitus.bulk.on_ray import connect, on_ray
from digitus.bulk.parts import PartReader, PictureReader
from digitus.bulk.rows import PICTURE
from digitus.reading.networks import fingerprints
from digitus.reading.options import ReadingOptions
from digitus.recognizer import file_of

NODES = 3


def cluster(count: int, distinct: int, folder: Path) -> dict[str, Any]:
    """The seconds of an unbroken job and of one that loses a node; rows that are lost or twice."""
    os.environ |= {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0"}
    import ray
    from ray.cluster_utils import Cluster

    in_shards(page_files(count, distinct), ".jpg", folder / "in")
    size = {"num_cpus": 1, "object_store_memory": 100 << 20}
    made = Cluster(initialize_head=True, head_node_args=size)
    try:
        others = [made.add_node(**size) for _ in range(NODES - 1)]
        connect(made.address, 1)

        def kill() -> None:
            made.remove_node(others[0], allow_graceful=False)

        in_shards(page_files(1, 1), ".jpg", folder / "one")  # libraries are loaded by the first job
        _run(folder / "one", folder / "first", 1, lambda: None)
        whole, rows = _run(folder / "in", folder / "whole", count, lambda: None)
        broken, found = _run(folder / "in", folder / "broken", count // 2, kill)
    finally:
        ray.shutdown()
        made.shutdown()
    return {
        "nodes": NODES,
        "pictures": count,
        "seconds_unbroken": round(whole, 2),
        "seconds_node_killed": round(broken, 2),
        "lost": len(set(rows) - set(found)),
        "twice": len(found) - len(set(found)),
        "differing": len(set(found) - set(rows)),
    }


def _run(source: Path, out: Path, at: int, kill: Callable[[], None]) -> tuple[float, list[str]]:
    """Reads on the cluster and kills when so many pictures are read; seconds, rows."""
    networks = fingerprints(file_of(None))
    reading = {"pattern": None, "min_confidence": None}
    job = BulkJob(
        str(out), BulkOptions([str(source)], PICTURE, "jsonl", reading, networks), single=False
    )
    read = PictureReader(ReadingOptions(), PICTURE, networks["all"])
    start, killed = time.perf_counter(), False
    with job.locked():
        for _ in job.carry_out(on_ray, PartReader(job.store, read, job.part_form)):
            if not killed and job.tally.pictures >= at:
                kill()
                killed = True
    seconds = time.perf_counter() - start
    files = sorted(out.glob("part-*.jsonl"))
    rows = [line for file in files for line in file.read_text("ascii").splitlines()]
    return seconds, rows
