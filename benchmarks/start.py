"""How long the commands take to show their help.

    python benchmarks/start.py [--json FILE]

Every `digitus VERB --help` as a process of its own, and `python -c pass` beside it, in turns;
median and maximum of several runs in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from digitus.cli import VERBS
from machine import machine

RUNS = 15


def milliseconds(command: list[str]) -> float:
    """One run, from start to exit."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - start)


def main() -> None:
    """Times all verbs and prints or writes the figures."""
    parser = argparse.ArgumentParser(description="Time digitus VERB --help.")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    program = str(Path(sys.executable).with_name("digitus"))
    commands = {f"digitus {verb} --help": [program, verb, "--help"] for verb in VERBS}
    commands |= {
        "digitus --help": [program, "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
    }
    for command in commands.values():
        milliseconds(command)  # the files into the cache
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(milliseconds(command))
    figures = {
        name: {"median_ms": round(median(t), 1), "max_ms": round(max(t), 1)}
        for name, t in times.items()
    }
    for name, figure in figures.items():
        print(f"{name:<26} median {figure['median_ms']:6.1f} ms   max {figure['max_ms']:6.1f} ms")
    if arguments.json:
        record = {"runs": RUNS, "commands": figures, "machine": machine()}
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
