"""Whole training runs by the compiled kernels, in float32 and in bfloat16.

    python benchmarks/precision.py [--json results/precision.json]
        && python -m benchmarks.docs.write

Each run of `RUNS` is `digitus train` with one thread on a core of its own, and `digitus evaluate`
on the test set; as many are made at a time as there are cores. Both precisions of a seed come one
after the other, so that whatever else the machine does slows both. Runs that are in the file
already are not repeated, and each is written when it ends: `quick` takes a minute, `cnn` and `tiny`
take 20.
NumPy's arrays multiply in bfloat16 where the processor has AMX or AVX-512 BF16.

Inside: that. Not inside: single steps in either precision (`python -m benchmarks --rows cnn`).
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from digitus.nn.kernels import VECTORS, narrow_kind
from machine import machine, source

# For each recipe, the seeds in each precision. `quick` has no convolutions, whose products bfloat16
# is for, and most of those of `cnn` stay in float32 on AVX-512 BF16 (docs/speed.md).
RUNS = {"quick": {"float32": 3}, "cnn": {"float32": 3}, "tiny": {"float32": 3, "bfloat16": 1}}


def digitus(*arguments: str) -> tuple[dict[str, Any], float]:
    """The JSON answer of a command, on the core of this thread, and its processor seconds."""
    command = [sys.executable, "-m", "digitus", *arguments, "--json"]
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(command, stdout=told)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
        told.seek(0)
        return json.load(told), usage.ru_utime + usage.ru_stime


def run(recipe: str, seed: int, precision: str) -> dict[str, Any]:
    """One training, and one look at the test set."""
    with tempfile.TemporaryDirectory() as name:
        out = str(Path(name, "run"))
        options = "--seed", str(seed), "--threads", "1", "--precision", precision, "--out", out
        _, seconds = digitus("train", recipe, *options)
        scored, _ = digitus("evaluate", out)
    return {"core_seconds": round(seconds, 1), "accuracy": scored["accuracy"], "source": source()}


class Runs:
    """What is to be run and what has been found, shared by one thread for each core."""

    def __init__(self, file: Path | None) -> None:
        self.file, self.lock, self.failed = file, threading.Lock(), False
        self.found: dict[str, Any] = {"runs": {}}
        if file and file.exists():
            self.found = json.loads(file.read_text("utf-8"))
        by = "AVX-512 BF16" if narrow_kind() == VECTORS else "AMX"
        self.found = {"machine": machine(), "by": by} | self.found
        self.missing: queue.SimpleQueue[tuple[str, int, str]] = queue.SimpleQueue()
        for recipe, seeds in RUNS.items():
            for seed in range(max(seeds.values())):
                for precision, count in seeds.items():
                    if seed < count and precision not in self.of(recipe, seed):
                        self.missing.put((recipe, seed, precision))

    def of(self, recipe: str, seed: int) -> dict[str, Any]:
        """What has been found of a seed, by precision."""
        found: dict[str, Any] = self.found["runs"].setdefault(recipe, {}).setdefault(str(seed), {})
        return found

    def work(self, core: int) -> None:
        """Runs what is missing, one after the other, on one core."""
        os.sched_setaffinity(0, {core})  # of this thread, whose processes inherit it
        while not self.failed:
            try:
                recipe, seed, precision = self.missing.get_nowait()
            except queue.Empty:
                return
            try:
                one = run(recipe, seed, precision)
            except BaseException:
                self.failed = True
                raise
            with self.lock:
                self.of(recipe, seed)[precision] = one
                print(recipe, seed, precision, json.dumps(one), flush=True)
                if self.file:
                    self.file.write_text(json.dumps(self.found, indent=1) + "\n", "utf-8")


def main() -> None:
    """Runs what is missing, and writes each run as it ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    if not narrow_kind():
        sys.exit("the compiled kernels cannot multiply in bfloat16 on this processor")
    runs = Runs(args.json)
    threads = [
        threading.Thread(target=runs.work, args=(core,)) for core in sorted(os.sched_getaffinity(0))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(runs.failed)


if __name__ == "__main__":
    main()
