"""digitus beside its peers: the same work, in the same session, in turns, on as many threads.

    python -m benchmarks [--rows step10,single] [--threads N] [--quick] [--json FILE]
    python -m benchmarks --page          # docs/benchmarks.md from results/benchmarks.json

Peers that are not installed are skipped with a word (`pip install ".[bench]"`). Inside:
options, threads, and the table that is printed. Not inside: what is measured (`rows`), who takes
part (`peers`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # as when a file of this folder is run

RESULTS = HERE.parent / "results" / "benchmarks.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"
TITLE = "Time digitus beside its peers."
LIBRARIES = ("torch", "torchvision", "jax", "scikit-learn", "onnxruntime", "scipy")


def main() -> None:
    """Measures and prints, or writes the page."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=TITLE)
    parser.add_argument("--rows", default="", help="some rows, separated by commas (all)")
    parser.add_argument("--threads", type=int, default=len(cores) or os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true", help="less of everything, to try it out")
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="also write the figures here, beside other rows of the same machine",
    )
    parser.add_argument("--page", action="store_true", help=f"write docs/{PAGE.name} and leave")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    use(arguments.threads, cores)
    if arguments.page:
        from rows import page

        PAGE.write_text(page.page(json.loads(RESULTS.read_text("utf-8"))), "utf-8")
        return
    if arguments.child:
        from rows import processes

        processes.child(arguments.child)
        return
    from rows import FULL, QUICK, ROWS

    names = arguments.rows.split(",") if arguments.rows else list(ROWS)
    if unknown := set(names) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    run(names, QUICK if arguments.quick else FULL, arguments.threads, arguments.json)


def use(threads: int, cores: list[int]) -> None:
    """Gives everyone as many cores and threads, in this process and those it starts."""
    if cores:
        os.sched_setaffinity(0, cores[-threads:])
    for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):
        os.environ[f"{name}_NUM_THREADS"] = str(threads)
    os.environ["NPROC"] = str(threads)  # JAX's
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}"
    os.environ["JAX_PLATFORMS"] = "cpu"


def run(names: list[str], size: Any, threads: int, file: Path | None = None) -> dict[str, Any]:
    """The figures of these rows, printed and written as they come.

    Rows that the file has already stay, if all that could change them is the same: all rows take
    hours, and may be measured in parts.
    """
    from dataclasses import asdict

    from machine import machine, source
    from rows import (
        answering,
        distorting,
        earlier,
        learning,
        limits,
        mapping,
        page,
        processes,
        reaching,
        reading,
    )

    how = {
        "augment": distorting.measure, "batch": answering.batch, "single": answering.single,
        "cold": processes.cold, "size": processes.size, "memory": processes.memory,
        "to99": reaching.measure, "mapped": mapping.measure,
        **dict.fromkeys(("read12", "read100", "read1000", "prepare10k"), reading.measure),
    }  # fmt: skip
    top = limits.measured(threads)
    record: dict[str, Any] = {
        "run": size.word,
        "threads": threads,
        "size": asdict(size),
        "machine": machine(),
        "source": source(),
        "versions": versions(),
        "limits": {"gflops": round(top.flops / 1e9, 1), "gb_per_s": round(top.bandwidth / 1e9, 1)},
        "rows": {},
    }
    record["rows"] = earlier(file, record)
    for name in names:
        load = round(os.getloadavg()[0], 2)  # of the machine before, by other work
        for label, row in how.get(name, learning.measure)(name, size, threads, top):
            record["rows"][label] = row.record() | {"load": load}
            print(page.line(label, record["rows"][label]), flush=True)
            if file:
                file.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    return record


def versions() -> dict[str, str]:
    """Of Python, NumPy and the peers that are installed."""
    found = {"python": platform.python_version()}
    for name in ("numpy", *LIBRARIES):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


if __name__ == "__main__":
    main()
