"""One job of `digitus bulk`, perhaps in parts after which it was killed: its rate, memory, rows.

Inside: that. Not inside: which jobs (`bulk`), watching a program (`bulk_watch`).
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bulk_watch import watched

SETTLED = 0.3  # of a job: from there on memory is looked at
Row = dict[str, Any]


def command(source: Path, out: Path, job: str) -> list[str]:
    """`digitus bulk` by processes or Ray on so many cores, as "ray_2" says it."""
    by, _, cores = job.partition("_")
    return [
        *(sys.executable, "-m", "digitus", "bulk", str(source), "--to", str(out), "--json"),
        *("--format", "jsonl", "--threads", cores),
        *(("--cluster", "local") if by == "ray" else ()),
    ]


def read(source: Path, out: Path, job: str, seconds: float = math.inf) -> Row | None:
    """A job from its start to its end, or None if it was killed after so many seconds."""
    kept = out.with_name(f"{out.name}.parts.json")
    parts: list[Row] = json.loads(kept.read_text("ascii")) if kept.exists() else []
    cores = int(job.partition("_")[2])
    load, began = round(os.getloadavg()[0], 2), time.time()
    told, seen = watched(command(source, out, job), seconds)
    parts.append({
        "load_before": load,
        "seconds": seen.at[-1] - seen.at[0],
        **steady(out, cores, began),
        "processor_seconds": seen.processor_seconds,
        "megabytes": max(seen.megabytes),
        "moments": [*zip(seen.at, seen.megabytes, strict=True)],
    })  # fmt: skip
    if told is None:
        kept.write_text(json.dumps(parts), "ascii")
        return None
    about = json.loads(told)
    size = sum(path.stat().st_size for path in out.glob("part-*"))
    measured = sum(part["measured_seconds"] for part in parts)
    return {
        "load_before": parts[0]["load_before"],
        "kills": len(parts) - 1,
        **lost(out, about["pictures"]),
        "cores": cores,
        **{name: about[name] for name in ("pictures", "errors")},
        "seconds": round(sum(part["seconds"] for part in parts), 1),
        "per_second": round(sum(part["read"] for part in parts) / measured, 2)
        if measured
        else None,
        "measured_seconds": round(measured, 2),
        "processor_seconds": round(sum(part["processor_seconds"] for part in parts), 2),
        "megabytes": round(max(part["megabytes"] for part in parts), 1),
        "megabytes_a_minute": round(60 * slope([part["moments"] for part in parts]), 3),
        "row_bytes": round(size / about["pictures"]),
        "plan_bytes": round((out / "_plan.jsonl").stat().st_size / about["pictures"]),
    }


def lost(out: Path, pictures: int) -> Row:
    """Pictures without a row, and pages with two."""
    files = (path.read_text("ascii").splitlines() for path in out.glob("part-*"))
    rows = [json.loads(line) for lines in files for line in lines]
    pages = {(row["source"], row["page"]) for row in rows}
    sources = {source for source, _ in pages}
    return {"lost": pictures - len(sources), "twice": len(rows) - len(pages)}


def slope(parts: Iterable[Sequence[tuple[float, float]]]) -> float:
    """How much a second memory grows within parts of a job, once each has settled."""
    over, of = 0.0, 0.0
    for moments in parts:
        at, megabytes = np.array(moments[int(SETTLED * len(moments)) :]).T
        at = at - at.mean()
        over, of = over + at @ (megabytes - megabytes.mean()), of + at @ at
    return float(over / of) if of else 0.0


def steady(out: Path, cores: int, began: float) -> Row:
    """What is read while all cores read: from their first parts until one may have run out of them.

    The last parts, one for each core, are left out with their time.
    """
    times = {path: path.stat().st_mtime for path in (out / "_done").glob("*")}
    records = sorted((path for path, at in times.items() if at > began), key=times.__getitem__)
    if len(records) < 2 * cores:
        return {"read": 0, "measured_seconds": 0.0}
    between = records[cores : len(records) - cores + 1]
    read = sum(json.loads(path.read_text("ascii"))["pictures"] for path in between)
    seconds = times[records[len(records) - cores]] - times[records[cores - 1]]
    return {"read": read, "measured_seconds": round(seconds, 2)}
