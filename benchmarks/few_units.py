"""How well 784-10-10 reads after 5,000 drawn digits: `results/few_units.json`.

    python benchmarks/few_units.py [--seeds 3] [--ways alone,moved,around,many,upright]

The network of Gopa 2024 learns from 5,000 strokes and reads 10,000 that it has not seen, without
OpenCV, as in lessons in a browser. `alone`: these digits as they are. `moved`: each of them four
times more, a pixel further up, down, left and right. `around`: eight times more, a pixel further in
every direction. `many`: 60,000 strokes as they are, to see what more digits would do. `upright`:
the digits set upright by a layer in front (`Deslant`). Schedules, batches, decay and dropout were
chosen on other strokes. `docs.write` then writes docs/strokes.md.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import cache
from pathlib import Path

import numpy as np

from digitus.datasets.digits import Digits
from digitus.recipe import Recipe, changed, load_recipe
from digitus.synthetic.strokes import strokes
from digitus.training.loop import Finished, train
from docs.write import write
from machine import machine

RESULTS = Path(__file__).parent.parent / "results" / "few_units.json"
LEARNT, MANY, READ = 5_000, 60_000, 10_000
LEARNT_SEED, READ_SEED = 1, 2
# How copies are moved, by pixels down and to the right.
STILL = ((0, 0),)
STRAIGHT = (*STILL, (0, 1), (0, -1), (1, 0), (-1, 0))
MOVES = {"moved": STRAIGHT, "around": (*STRAIGHT, (1, 1), (1, -1), (-1, 1), (-1, -1))}
LAYERS = "{kind='Dense', units=10}, {kind='Relu'}, {kind='Dense', units=10}"
# Epochs, examples of a batch, rate, decay, and what stands before the two layers.
WAYS: dict[str, tuple[int, int, float, float, str]] = {
    "alone": (160, 250, 0.04, 0.2, "{kind='Flatten'}, {kind='Dropout', rate=0.4}"),
    "moved": (20, 50, 0.01, 0.05, "{kind='Flatten'}, {kind='Dropout', rate=0.1}"),
    "around": (15, 100, 0.02, 0.02, "{kind='Flatten'}"),
    "many": (20, 200, 0.03, 0.02, "{kind='Flatten'}"),
    "upright": (40, 100, 0.01, 0.5, "{kind='Deslant', width=4}, {kind='Flatten'}"),
}


def main() -> None:
    """Every way from every seed."""
    parser = argparse.ArgumentParser(description="784-10-10 after 5,000 drawn digits.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--ways", default=",".join(WAYS))
    arguments = parser.parse_args()
    old = json.loads(RESULTS.read_text("utf-8"))["ways"] if RESULTS.exists() else {}
    new = strokes(READ, READ_SEED)
    for way in arguments.ways.split(","):
        begun = time.process_time()
        right = [learnt(way, seed, new) for seed in range(arguments.seeds)]
        seconds = (time.process_time() - begun) / len(right)
        old[way] = {"right": right, "processor_seconds": round(seconds, 1)}
        old[way]["machine"] = machine()
        print(way, old[way], flush=True)
    record = {"learnt": LEARNT, "read": READ, "ways": old}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    write()


def recipe(way: str, seed: int) -> Recipe:
    """Gopa's network with another training."""
    return changed(load_recipe("gopa-2024"), settings(way, seed))


def settings(way: str, seed: int) -> list[str]:
    """What is changed in the recipe."""
    epochs, batch, rate, decay, before = WAYS[way]
    return [
        f"seed={seed}", f"epochs={epochs}", f"batch_size={batch}", "development=500",
        "initial={kind='He'}", f"optimizer={{kind='AdamW', decay={decay}}}",
        f"schedule={{kind='Cosine', rate={rate}, warmup=0.05}}",
        f"network=[{{kind='Scale', divisor=255}}, {before}, {LAYERS}]",
    ]  # fmt: skip


@cache
def written(count: int) -> Digits:
    """The digits that are learnt from, the same for every seed."""
    return strokes(count, LEARNT_SEED)


def learnt(way: str, seed: int, new: Digits) -> float:
    """The share of new strokes that the network reads."""
    plain = written(MANY if way == "many" else LEARNT)
    moves = MOVES.get(way, STILL)
    images = np.concatenate([np.roll(plain.images, move, axis=(1, 2)) for move in moves])
    digits = Digits(images, np.tile(plain.labels, len(moves)), "strokes, moved")
    *_, last = train(recipe(way, seed), digits)
    assert isinstance(last, Finished)
    answers = last.recognizer.probabilities(new.images).argmax(axis=1)
    return float((answers == new.labels).mean())


if __name__ == "__main__":
    main()
