"""A whole training run with products in bfloat16, beside the same run in float32.

    python benchmarks/precision.py [--recipe tiny] [--seeds 3] [--json results/precision.json]
        && python -m benchmarks.docs.write

`digitus train` does both at the same time, with one thread and on one core each, so that whatever
else the machine does slows both; then `digitus evaluate` scores both on the test set. Seeds that
are in the file already are not repeated, and each is written when it ends: one takes half an hour.
NumPy's arrays multiply in bfloat16 where the processor has AMX or AVX-512 BF16.

Inside: that. Not inside: single steps in either precision (`python -m benchmarks --rows cnn`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from digitus.nn.kernels import VECTORS, narrow_kind
from machine import machine

PRECISIONS = "float32", "bfloat16"


def started(core: int, *arguments: str) -> subprocess.Popen[str]:
    """digitus at work on one core, whose number it inherits; its answer is JSON."""
    os.sched_setaffinity(0, {core})
    command = [sys.executable, "-m", "digitus", *arguments, "--json"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it says when it has ended."""
    told, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{process.args} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(told)
    return found


def pair(recipe: str, seed: int) -> dict[str, dict[str, float]]:
    """Both runs of a seed: seconds of training, and the share of the test set that is right."""
    with tempfile.TemporaryDirectory() as name:
        folders = {precision: str(Path(name, precision)) for precision in PRECISIONS}
        options = recipe, "--seed", str(seed), "--threads", "1"
        both = {
            precision: started(
                core, "train", *options, "--precision", precision, "--out", folders[precision]
            )
            for core, precision in enumerate(PRECISIONS)
        }
        trained = {precision: answer(process) for precision, process in both.items()}
        scored = {
            precision: answer(started(0, "evaluate", folders[precision]))
            for precision in PRECISIONS
        }
    return {
        precision: {
            "seconds": round(trained[precision]["seconds"], 1),
            "accuracy": scored[precision]["accuracy"],
        }
        for precision in PRECISIONS
    }


def main() -> None:
    """Measures what is missing, and writes each seed as it ends."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--recipe", default="tiny", help="which (tiny)")
    parser.add_argument("--seeds", type=int, default=3, help="how many (3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    if not narrow_kind():
        sys.exit("the compiled kernels cannot multiply in bfloat16 on this processor")
    found: dict[str, Any] = {}
    if args.json and args.json.exists():
        found = json.loads(args.json.read_text("utf-8"))
    if found.get("recipe") != args.recipe:
        found = {"recipe": args.recipe, "seeds": {}}
    found["machine"] = machine()
    found["by"] = "AVX-512 BF16" if narrow_kind() == VECTORS else "AMX"
    for seed in range(args.seeds):
        if str(seed) in found["seeds"]:
            continue
        found["seeds"][str(seed)] = pair(args.recipe, seed)
        print(seed, json.dumps(found["seeds"][str(seed)]), flush=True)
        if args.json:
            args.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
