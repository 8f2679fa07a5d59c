"""What each ingredient of a recipe contributes: trained without it, scored on development images.

    python benchmarks/ingredients.py [--recipe tiny] [--epochs 6] [--seeds 3] [--threads 4]

Writes `results/ingredients.json`; `docs.write` then writes the tables in docs/records.md.
A run that is in the file with as many epochs is not repeated. The test set is not looked at.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from digitus.datasets.augmentation import Augmentation
from digitus.datasets.sources import load
from digitus.nn import BatchNorm, Chain, Constant, Deslant, Dropout, SoftmaxCrossEntropy
from digitus.recipe import Recipe, load_recipe
from digitus.training.device import Device
from digitus.training.loop import EpochEnded, train
from docs.write import write
from machine import machine

RESULTS = Path(__file__).parent.parent / "results" / "ingredients.json"


def variants(whole: Recipe) -> dict[str, Recipe]:
    """The recipe, and the same without each of its ingredients."""
    constant = Constant(whole.schedule(0.5))
    plain = whole.loss
    if isinstance(plain, SoftmaxCrossEntropy):
        plain = replace(plain, smoothing=0.0)
    changed = {
        "all distortion": replace(whole, augment=Augmentation()),
        "elastic distortion": replace(whole, augment=replace(whole.augment, elastic=0.0)),
        "digits set upright": without(whole, Deslant),
        "batch normalisation": without(whole, BatchNorm),
        "dropout": without(whole, Dropout),
        "smoothed targets": replace(whole, loss=plain),
        "averaged weights": replace(whole, average=0.0),
        "the falling rate (constant)": replace(whole, schedule=constant),
        "both of the last two": replace(whole, average=0.0, schedule=constant),
    }
    return {"nothing": whole} | {name: r for name, r in changed.items() if r != whole}


def without(whole: Recipe, kind: type) -> Recipe:
    """The recipe without its layers of a kind."""
    layers = [layer for layer in whole.network.layers if not isinstance(layer, kind)]
    return replace(whole, network=Chain(layers))


def main() -> None:
    """Trains what is missing, then writes the page."""
    parser = argparse.ArgumentParser(description="Leave out one ingredient after the other.")
    parser.add_argument("--recipe", default="tiny")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=4)
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    found = results.setdefault(arguments.recipe, {})
    if found.get("epochs") != arguments.epochs:
        found |= {"epochs": arguments.epochs, "runs": []}
    runs = found["runs"]
    done = {(run["without"], run["seed"]) for run in runs}
    digits = load("mnist", "train")
    whole = load_recipe(arguments.recipe, [f"epochs={arguments.epochs}"])
    found["n"] = whole.development
    for seed in range(arguments.seeds):
        for name, recipe in variants(whole).items():
            if (name, seed) in done:
                continue
            last = None
            device = Device("torch", precision="bfloat16")
            for event in train(
                replace(recipe, seed=seed), digits, threads=arguments.threads, device=device
            ):
                last = event if isinstance(event, EpochEnded) else last
            assert last is not None
            accuracy, loss = last.development_accuracy, last.development_loss
            run = {"without": name, "seed": seed, "accuracy": accuracy, "loss": loss}
            runs.append(run | {"machine": machine()})
            print(run, flush=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write()


if __name__ == "__main__":
    main()
