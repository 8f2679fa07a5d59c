"""Hostile inputs to everything that reads what strangers wrote, found by coverage.

    python -m pip install -e '.[test,fuzz]'
    python benchmarks/fuzz.py csv --seconds 60
    python benchmarks/fuzz.py all --seconds 600

Targets are every parser (IDX, npz and npy, CSV, zip, mat, Parquet, model, page network,
checkpoint, what a server keeps of its runs, recipe and settings, pictures, PDFs and pixels) and
every address of the server, of a class's server too; `--list` names them. atheris keeps the inputs
that reach new lines of digitus, Pillow and zipfile, and makes others of them. An input has to be
read, or refused by an error of one line. Anything else is a find: another exception, the end of the
process, more than 5 s of processor time, more memory than the target's budget. The smallest input
of each find goes into tests/corpus/TARGET, which a test reads from then on; one above 4 KiB had
better be rewritten as code.

`--json results/hardening.json` writes what was tried, by target; what the file says of other
targets stays. With `--keep FOLDER` the next session starts from the inputs of this one.

Inside: how long and how often, and what is written down. Not inside: the targets
(`fuzzing.targets`), and the process in which one is tried (`fuzzing.child`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from digitus.files import write_text
from fuzzing.child import FIGURES, HANGING
from fuzzing.target import SLOW, Target
from fuzzing.targets import names, target
from machine import machine

HERE = Path(__file__).parent
CORPUS = HERE.parent / "tests" / "corpus"
ABOUT = ".txt"  # suffix of the file beside a find that says what it does
# How the results file names kinds of finds, and how the files of each begin: ours, libFuzzer's.
KINDS = {"crashes": ("crash",), "hangs": ("slow", "timeout"), "above_memory": ("memory", "oom")}
MEMORY = Path("/dev/shm")  # if it exists, files to be read again at once lie there


def corpus(name: str) -> Path:
    """The folder of a target's finds."""
    return CORPUS / re.sub(r"\W+", "-", name).strip("-")


def session(
    name: str, seconds: float, inputs: int, kept: Path, finds: Path, chosen: Target
) -> dict[str, Any]:
    """Tries one target, in a new process whenever an input ends one; returns the figures."""
    kept.mkdir(parents=True, exist_ok=True)
    for seed in chosen.seeds():
        (kept / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    figures = finds / "figures"
    np.zeros(len(FIGURES)).tofile(figures)
    until, tried = time.monotonic() + seconds, 0
    while (left := until - time.monotonic()) > 0 and tried < inputs:
        command = [sys.executable, "-m", "fuzzing.child", name, str(finds), str(figures), str(kept)]
        if corpus(name).is_dir():
            command.append(str(corpus(name)))
        command += [
            f"-max_total_time={max(1, round(left))}",
            f"-runs={inputs - tried}",
            f"-max_len={chosen.most_bytes}",
            f"-timeout={HANGING}",
            f"-report_slow_units={HANGING}",  # by the clock: ours are by processor time
            f"-artifact_prefix={finds}/",
            "-rss_limit_mb=0",
            "-print_final_stats=0",
        ]
        with (finds / "log").open("wb") as log:
            path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
            around = os.environ | {"PYTHONPATH": path, "TMPDIR": str(finds)}
            ended = subprocess.run(command, stdout=log, stderr=log, env=around, check=False)
        before, tried = tried, int(np.fromfile(figures)[0])
        if ended.returncode == 0:
            break
        if tried == before:  # nothing can be tried at all
            end = (finds / "log").read_text("utf-8", "replace").splitlines()[-5:]
            raise SystemExit(f"{name} cannot be tried: " + " / ".join(end))
    return record(dict(zip(FIGURES, np.fromfile(figures).tolist(), strict=True)), finds, chosen)


def record(figures: dict[str, float], finds: Path, chosen: Target) -> dict[str, Any]:
    """What a results file says of a target."""
    told: dict[str, Any] = {key: int(figures[key]) for key in ("inputs", "read", "refused")}
    told |= {
        **{kind: [said(path) for path in found(finds, kind)] for kind in KINDS},
        "slowest_seconds": round(figures["slowest_seconds"], 2),
        "seconds": round(figures["seconds"], 1),
        "memory_budget_megabytes": chosen.most_megabytes,
        "peak_megabytes": round(figures["peak_megabytes"]),
    }
    return told


def found(finds: Path, kind: str) -> list[Path]:
    """The finds of one of the `KINDS`."""
    paths = [path for begins in KINDS[kind] for path in finds.glob(f"{begins}-*")]
    return sorted(path for path in paths if path.suffix != ABOUT)


def said(path: Path) -> str:
    """What is known of a find."""
    beside = path.with_suffix(ABOUT)
    if beside.exists():
        return beside.read_text("utf-8")
    return f"the process ended ({path.name.partition('-')[0]}), {path.stat().st_size} bytes"


def keep_finds(name: str, finds: Path) -> list[Path]:
    """Copies what was found into the tests' corpus."""
    kept = []
    for path in (path for kind in KINDS for path in found(finds, kind)):
        place = corpus(name) / path.name[:20]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
        kept.append(place)
    return kept


def written(path: Path, told: dict[str, dict[str, Any]]) -> None:
    """Replaces what a results file says of these targets."""
    results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    before = results.get("fuzz", {}).get("targets", {})
    targets = before | {name: one | {"machine": machine()} for name, one in told.items()}
    results["fuzz"] = {
        "inputs": sum(one["inputs"] for one in targets.values()),
        **{kind: sum(len(one[kind]) for one in targets.values()) for kind in KINDS},
        "slow_means_seconds": SLOW,
        "targets": targets,
    }
    write_text(path, json.dumps(results, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 if anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", nargs="?", default="all", help="one of --list (default: all)")
    parser.add_argument("--list", action="store_true", help="name the targets")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (default: 60)")
    parser.add_argument("--inputs", type=int, default=10**9, help="at most, for each target")
    parser.add_argument("--keep", type=Path, help="a folder for the inputs that reach new lines")
    parser.add_argument("--json", type=Path, help="write what came of it to this file")
    options = parser.parse_args(arguments)
    if options.list:
        print(*names(), sep="\n")
        return 0
    bad = 0
    for name in names() if options.target == "all" else [options.target]:
        try:
            chosen = target(name)
        except KeyError:
            parser.error(f"there is no target {name!r}; --list names them")
        with ExitStack() as stack:
            beside = MEMORY if MEMORY.is_dir() else None
            made = tempfile.TemporaryDirectory(prefix="digitus-fuzz-", dir=beside)
            folder = Path(stack.enter_context(made))
            kept = (options.keep or folder / "kept") / corpus(name).name
            told = session(name, options.seconds, options.inputs, kept, folder, chosen)
            places = keep_finds(name, folder)
        print(f"{name}: {told['inputs']:,} inputs, {told['read']:,} read, {told['refused']:,} "
              f"refused; slowest {told['slowest_seconds']} s", flush=True)  # fmt: skip
        for what, place in zip(
            (said for kind in KINDS for said in told[kind]), places, strict=True
        ):
            print(f"  {what}\n    {place}")
        bad += len(places)
        if options.json:
            written(options.json, {name: told})
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
