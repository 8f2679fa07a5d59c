"""What each ingredient of a recipe gives: trained with one left out, scored on development images.

    python benchmarks/ingredients.py [--recipe tiny] [--epochs 10] [--seeds 3] [--threads 4]

Writes `results/ingredients.json`; `pages` then writes the table in docs/records.md. A run that is
in the file is not repeated. The test set is not looked at.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pages
from digitus.data.augment import Augmentation
from digitus.data.sources import load
from digitus.devices import Device
from digitus.nn import BatchNorm, Chain, Constant
from digitus.recipe import Recipe, load_recipe
from digitus.training import EpochEnded, train
from machine import machine

RESULTS = Path(__file__).parent.parent / "results" / "ingredients.json"


def variants(whole: Recipe) -> dict[str, Recipe]:
    """The recipe, and with each ingredient left out."""
    plain = [layer for layer in whole.network.layers if not isinstance(layer, BatchNorm)]
    rate = whole.schedule(0.5)
    return {
        "nothing": whole,
        "all distortion": replace(whole, augment=Augmentation()),
        "elastic distortion": replace(whole, augment=replace(whole.augment, elastic=0.0)),
        "batch normalisation": replace(whole, network=Chain(plain)),
        "averaged weights": replace(whole, average=0.0),
        "the falling rate (constant)": replace(whole, schedule=Constant(rate)),
        "both of the last two": replace(whole, average=0.0, schedule=Constant(rate)),
    }


def main() -> None:
    """Trains what is missing, then writes the page."""
    parser = argparse.ArgumentParser(description="Leave out one ingredient after the other.")
    parser.add_argument("--recipe", default="tiny")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=4)
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"runs": []}
    done = {(run["without"], run["seed"]) for run in results["runs"]}
    digits = load("mnist", "train")
    whole = load_recipe(arguments.recipe, [f"epochs={arguments.epochs}"])
    results |= {"recipe": arguments.recipe, "epochs": arguments.epochs, "n": whole.development}
    results["machine"] = machine()
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
            results["runs"].append(run)
            print(run, flush=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    pages.write()


if __name__ == "__main__":
    main()
