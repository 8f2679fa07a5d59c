"""Does training survive being killed? Kills it at random moments and compares what comes out.

    python benchmarks/kills.py --kills 200 --json results/kills.json

A process trains and writes a checkpoint after every step; it is killed (SIGKILL, which nothing can
catch) at a random moment, and a new process goes on from what is on the disk, until the run ends.
Then the model must be that of an undisturbed run, bit for bit, and the log must tell the same
story. Runs follow one another until there were enough kills.

Most kills come at a random time after the process has begun to train; about half of that time goes
into saving. Every tenth comes at a random time after the process was started, when it may still be
importing NumPy or reading the checkpoint.

The result counts `lost_checkpoints` (a file that was there before is gone or cannot be read),
`differing_runs` and `differing_logs`; all three should be 0. `while_saving` are kills that left a
half-written file beside the checkpoint.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from digitus.datasets.digits import Digits
from digitus.datasets.idx import read_digits, write_idx
from digitus.errors import DigitusError
from digitus.files import write_text
from digitus.recipe import Recipe, from_table
from digitus.recognizer import load
from digitus.synthetic.strokes import strokes
from digitus.training.run_folder import Run, load_checkpoint, record, resume

# Everything that a checkpoint could forget is in use: momentum, averaged weights, dropout,
# augmentation, measured statistics.
TABLE: dict[str, Any] = {
    "name": "kills",
    "data": "strokes",
    "development": 100,
    "network": [
        {"kind": "Standardize"},
        {"kind": "MaxPool", "size": 2},
        {"kind": "Flatten"},
        {"kind": "Dropout", "rate": 0.2},
        {"kind": "Dense", "units": 48},
        {"kind": "BatchNorm"},
        {"kind": "Relu"},
        {"kind": "Dense", "units": 10},
    ],
    "optimizer": {"kind": "Adam"},
    "schedule": {"kind": "Cosine", "rate": 0.01},
    "batch_size": 64,
    "average": 0.9,
    "augment": {"rotate": 10, "shift": 1, "elastic": 0.5},
}
AFTER_START = 0.1  # the share of kills counted from the start of the process
PATIENCE = 60.0  # seconds that a child may take for anything at all


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=12, help="length of a run (default: 12)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        train(options.child, options.epochs)
        return
    from machine import machine

    with tempfile.TemporaryDirectory() as folder:
        result = campaign(
            Path(folder), kills=options.kills, epochs=options.epochs, seed=options.seed, tell=True
        )
    text = json.dumps({**result, "machine": machine()}, indent=2) + "\n"
    print(text, end="")
    if options.json:
        write_text(options.json, text)


def campaign(
    folder: Path, *, kills: int, epochs: int, seed: int = 0, tell: bool = False
) -> dict[str, Any]:
    """Kills runs in a folder until there were enough kills, and compares each run's end."""
    clock, rng = time.perf_counter(), random.Random(seed)
    drawn = strokes(900)
    write_idx(folder / "images", drawn.images)
    write_idx(folder / "labels", drawn.labels)
    start = time.perf_counter()
    undisturbed = folder / "undisturbed"
    if child(undisturbed, epochs).wait(PATIENCE):
        raise RuntimeError("the undisturbed run failed")
    whole = time.perf_counter() - start
    result = dict.fromkeys(
        ("kills", "while_saving", "resumed", "runs", "lost_checkpoints", "differing_runs",
         "differing_logs"), 0,
    )  # fmt: skip
    while result["kills"] < kills:
        run = Run(folder / f"run-{result['runs']}")
        ended = False
        while not ended:
            before, halves = run.checkpoint.exists(), half_written(run)
            result["resumed"] += before
            process = child(run.folder, epochs)
            if result["kills"] < kills:
                result["kills"] += kill(process, run, rng, whole)
            if process.wait(PATIENCE) not in (0, -9):
                raise RuntimeError(f"a child ended by itself with {process.returncode}")
            result["while_saving"] += half_written(run) > halves
            result["lost_checkpoints"] += is_lost(run, before)
            ended = run.model.exists() and not run.checkpoint.exists()
        result["runs"] += 1
        same = parameters(run) == parameters(Run(undisturbed))
        result["differing_runs"] += not same
        result["differing_logs"] += story(run) != story(Run(undisturbed))
        if tell:
            print(f"{result['runs']} runs, {result['kills']} kills", file=sys.stderr)
    return {**result, "seconds": round(time.perf_counter() - clock, 1)}


def child(folder: Path, epochs: int) -> subprocess.Popen[bytes]:
    """A process that begins the run in a folder or goes on with it."""
    command = [sys.executable, __file__, "--child", str(folder), "--epochs", str(epochs)]
    return subprocess.Popen(command)


def kill(process: subprocess.Popen[bytes], run: Run, rng: random.Random, whole: float) -> bool:
    """Kills a process at a random moment; returns whether it was still there to be killed.

    `whole` seconds is what an undisturbed run takes, start of Python included.
    """
    if rng.random() < AFTER_START:
        moment = time.perf_counter() + rng.uniform(0, 0.6 * whole)
    else:
        first = stamp(run.checkpoint)
        while stamp(run.checkpoint) == first and process.poll() is None:
            time.sleep(0.001)
        moment = time.perf_counter() + rng.uniform(0, 0.3 * whole)
    while time.perf_counter() < moment and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    return process.wait(PATIENCE) == -9


def half_written(run: Run) -> int:
    """When the last half-written file was written to; 0 where there is none."""
    return max(map(stamp, run.folder.glob(".*.part")), default=0)


def stamp(path: Path) -> int:
    """When a file was last put in place; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def is_lost(run: Run, before: bool) -> bool:
    """Whether a checkpoint is unreadable, or was there before and is gone without a model."""
    try:
        load_checkpoint(run.checkpoint)
    except DigitusError:
        return run.checkpoint.exists() or (before and not run.model.exists())
    return False


def train(folder: Path, epochs: int) -> None:
    """What the child does; after the end of a run it does nothing."""
    run, digits = Run(folder), digits_in(folder.parent)
    recipe: Recipe = from_table({**TABLE, "epochs": epochs})
    state = None
    if run.checkpoint.exists():
        recipe, state = resume(run, digits)
    elif run.model.exists():
        return
    for _ in record(run, recipe, digits, state=state, seconds=0):
        pass


def digits_in(folder: Path) -> Digits:
    """The digits that the parent has put there."""
    return read_digits(folder / "images", folder / "labels")


def parameters(run: Run) -> dict[str, bytes]:
    """The model's parameters, temperature and threshold, to the bit."""
    model = load(run.model)
    numbers = {"temperature": model.temperature, "threshold": model.threshold}
    return {name: np.asarray(w).tobytes() for name, w in (model.params | numbers).items()}


def story(run: Run) -> list[dict[str, Any]]:
    """The lines of the log without what depends on the clock."""
    lines = [json.loads(line) for line in run.log.read_text("utf-8").splitlines()]
    clock = {"seconds", "images_per_second"}
    return [{k: v for k, v in line.items() if k not in clock} for line in lines]


if __name__ == "__main__":
    main()
