"""How drawings are read (as in Draw): what is right, what is invented, and how long it takes.

    PYTHONPATH=src python benchmarks/drawings.py [--count N] [--seed S] [--before SRC] [--json FILE]

Seed 1 is for development, seed 2 for what is reported. `--before` is the `src` of another state of
digitus, which reads each drawing at the same time, so that both meet the same machine. Every
drawing is read by the recognizer that ships, and by a weak one that learns here what that of the
browser tests learns: whatever names the digits, as many must be found.

Inside: the comparison. Not inside: the drawings (`drawings_made`), pictures of paper (`reading`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

from digitus.recipe import from_table
from digitus.synthetic.strokes import strokes
from drawings_made import KINDS, NOTHING, Drawn, made
from machine import machine, source

WEAK = {
    "name": "weak", "data": "strokes", "development": 1000,
    "network": [
        {"kind": "Scale"}, {"kind": "Conv", "channels": 8}, {"kind": "BatchNorm"},
        {"kind": "Relu"}, {"kind": "MaxPool"}, {"kind": "Conv", "channels": 24},
        {"kind": "BatchNorm"}, {"kind": "Relu"}, {"kind": "MaxPool"}, {"kind": "Flatten"},
        {"kind": "Dense", "units": 10},
    ],
    "schedule": {"kind": "Cosine", "rate": 0.01}, "batch_size": 64, "epochs": 3,
}  # fmt: skip


# A process that reads drawings. In: a line with a drawing's file and a model's; out: one of JSON.
READER = """
import json, sys, time
import numpy as np
import digitus
models = {}
for line in sys.stdin:
    path, model = line.rstrip("\\n").split("\\t")
    if model not in models:
        models[model] = digitus.load(model) if model else digitus.load()
        digitus.read(np.full((280, 280), 255, np.uint8), recognizer=models[model], drawn=True)
    drawing = np.load(path)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        reading = digitus.read(drawing, recognizer=models[model], drawn=True)
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps([list(reading.lines), min(times)]), flush=True)
"""


class Reader:
    """A process that reads drawings with the digitus in a folder."""

    def __init__(self, source_folder: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(source_folder)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __call__(self, path: Path, model: str) -> tuple[tuple[str, ...], float]:
        """The lines of a drawing, and how many milliseconds they took."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{path}\t{model}\n")
        self._process.stdin.flush()
        lines, ms = json.loads(self._process.stdout.readline())
        return tuple(line.replace(" ", "") for line in lines), ms

    def close(self) -> None:
        """Ends it."""
        self._process.communicate()


def weak(folder: Path) -> str:
    """The file of a recognizer that has learnt a little."""
    from digitus.training.loop import Finished, train

    for event in train(from_table(WEAK), strokes(9000, seed=1), threads=1):
        if isinstance(event, Finished):
            event.recognizer.save(folder / "weak.safetensors")
    return str(folder / "weak.safetensors")


def compared(
    drawn: Iterator[Drawn], readers: dict[str, Reader], models: dict[str, str], folder: Path,
    seen: Callable[[str, str, Drawn, tuple[str, ...]], None],
) -> dict[str, Any]:  # fmt: skip
    """How each reader reads the drawings, with each of the models, by kind."""
    rows: dict[tuple[str, str, str], list[tuple[Drawn, tuple[str, ...], float]]] = {}
    path = folder / "drawing.npy"
    for one in drawn:
        np.save(path, one.picture)
        for model, file in models.items():
            for name, reader in readers.items():
                lines, ms = reader(path, file)
                seen(model, name, one, lines)
                rows.setdefault((model, name, one.kind), []).append((one, lines, ms))
    found: dict[str, Any] = {}
    for (model, name, kind), results in rows.items():
        found.setdefault(model, {}).setdefault(name, {})[kind] = figures(results)
    return found


def figures(results: list[tuple[Drawn, tuple[str, ...], float]]) -> dict[str, Any]:
    """Shares of the drawings of a kind; digits invented are those beyond what is there."""
    wrong_count = [sum(map(len, lines)) != sum(map(len, one.lines)) for one, lines, _ in results]
    more = [max(0, len("".join(lines)) - len("".join(one.lines))) for one, lines, _ in results]
    times = sorted(ms for *_, ms in results)
    return {
        "sheets": len(results),
        "exact": round(float(np.mean([lines == one.lines for one, lines, _ in results])), 4),
        "wrong_count": round(float(np.mean(wrong_count)), 4),
        "invented": sum(more),
        "median_ms": round(median(times), 2),
        "p90_ms": round(times[int(0.9 * (len(times) - 1))], 2),
    }


def together(kinds: dict[str, Any]) -> dict[str, Any]:
    """The kinds that have digits as one; shares and times are means over kinds."""
    rows = [row for kind, row in kinds.items() if kind in KINDS]
    means = ("exact", "wrong_count", "median_ms", "p90_ms")
    sums = {key: sum(row[key] for row in rows) for key in ("sheets", "invented")}
    return {**sums, **{key: round(float(np.mean([r[key] for r in rows])), 4) for key in means}}


def main() -> None:
    """Draws, reads and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=60, help="drawings of each kind")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--before", type=Path, help="src of another state of digitus")
    parser.add_argument("--kinds", default="", help="some of them, with commas")
    parser.add_argument("--json", type=Path, help="what is measured replaces what is there")
    parser.add_argument("--wrong", type=Path, help="a folder for what was misread")
    chosen = parser.parse_args()
    here = Path(__file__).parent.parent / "src"
    readers = {"after": Reader(here)}
    if chosen.before:
        readers["before"] = Reader(chosen.before)

    def seen(model: str, name: str, one: Drawn, lines: tuple[str, ...]) -> None:
        if chosen.wrong and name == "after" and lines != one.lines:
            chosen.wrong.mkdir(exist_ok=True)
            told = f"{model}_{one.kind}_{'+'.join(one.lines)}_as_{'+'.join(lines)}.png"
            cv2.imwrite(str(chosen.wrong / told.replace("?", "q")), one.picture)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = {"shipped": "", "weak": weak(folder)}
        kinds = tuple(chosen.kinds.split(",")) if chosen.kinds else (*KINDS, *NOTHING)
        found = compared(made(chosen.count, chosen.seed, kinds), readers, models, folder, seen)
    for reader in readers.values():
        reader.close()
    about = {"machine": machine(), "source": source(), "seed": chosen.seed}
    if chosen.json and chosen.json.exists():  # other kinds, measured before
        earlier = json.loads(chosen.json.read_text("utf-8"))
        for model, names in found.items():
            for name in names:
                names[name] = {**earlier["found"][model][name], **names[name]}
    for model, names in found.items():
        for name, rows in names.items():
            rows["all digits"] = together(rows)
            for kind, row in rows.items():
                print(model, name, kind, row)
    if chosen.json:
        chosen.json.write_text(json.dumps({**about, "found": found}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
