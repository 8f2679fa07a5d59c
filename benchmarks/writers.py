"""How well networks and pairs of them read images by hands that they did not learn from.

    python benchmarks/writers.py [--recipes mlp,cnn-mnist] [--seeds 2] [--threads 4] [--runs FOLDER]

A development split that is drawn at random has the same writers as the rest; MNIST's test images
have others. MNIST's training images lie, as far as their ink shows (`alike`), in the order of their
writers, two sources taking turns. So a stretch of neighbours is by few hands, and all but those at
its ends wrote nothing else. Here `STRETCHES` are held back, and a network learns from the rest, for
`EPOCHS` epochs. Two networks of one kind and two of different kinds then answer together, in every
pairing.

Trains what is not in the folder yet and, where all recipes are asked for, writes
`results/writers.json`; `docs.write` then writes docs/records.md. The test set is not looked at.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement, product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import digitus
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.recipe import load_recipe
from digitus.training.device import Device
from digitus.training.loop import Finished, train
from docs.write import write
from machine import machine

RESULTS = Path(__file__).parent.parent / "results" / "writers.json"
STRETCHES = ((10_000, 15_000), (45_000, 50_000))
CALIBRATED = 2000  # images of the rest by which a network is calibrated
EPOCHS = {"mlp": 30, "mlp-deslant": 30, "cnn-mnist": 25, "cnn-deslant": 25}
LAGS = (1, 2, 100, 101, 1000)


def main() -> None:
    """Trains and scores what is missing, then writes the page."""
    parser = argparse.ArgumentParser(description="Score networks on images by other hands.")
    parser.add_argument("--recipes", default=",".join(EPOCHS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--runs", type=Path, default=Path("runs/writers"))
    arguments = parser.parse_args()
    whole = load("mnist", "train")
    others = np.zeros(len(whole), bool)
    for start, end in STRETCHES:
        others[start:end] = True
    learnt, scored = whole.take(~others), whole.take(others)
    answers = {}
    for recipe in arguments.recipes.split(","):
        for seed in range(arguments.seeds):
            path = arguments.runs / f"{recipe}-{seed}.safetensors"
            if not path.exists():
                run(recipe, seed, learnt, arguments.threads, path)
            answers[recipe, seed] = digitus.load(path).probabilities(scored.images)
            print(recipe, seed, together([answers[recipe, seed]], scored.labels), flush=True)
    if {recipe for recipe, _ in answers} != set(EPOCHS):
        return
    results = {
        "machine": machine(),
        "n": len(scored),
        "stretches": STRETCHES,
        "epochs": EPOCHS,
        "alike": {str(lag): round(alike(whole, lag), 3) for lag in LAGS},
        "alone": {
            recipe: [together([answers[recipe, s]], scored.labels) for s in range(arguments.seeds)]
            for recipe in EPOCHS
        },
        "pairs": [
            {"recipes": kinds, "found": [together(two, scored.labels) for two in pairs]}
            for kinds in combinations_with_replacement(EPOCHS, 2)
            if (pairs := pairings(answers, *kinds))
        ],
    }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write()


def run(recipe: str, seed: int, learnt: Digits, threads: int, path: Path) -> None:
    """Trains one network and keeps it."""
    settings = [f"epochs={EPOCHS[recipe]}", f"development={CALIBRATED}", f"seed={seed}"]
    device = Device("torch", precision="bfloat16")
    for event in train(load_recipe(recipe, settings), learnt, threads=threads, device=device):
        if isinstance(event, Finished):
            path.parent.mkdir(parents=True, exist_ok=True)
            event.recognizer.save(path)


def pairings(
    answers: dict[tuple[str, int], npt.NDArray[np.floating[Any]]], one: str, other: str
) -> list[tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.floating[Any]]]]:
    """The probabilities of every two networks, one of each recipe."""
    of = {
        kind: [p for (recipe, _), p in answers.items() if recipe == kind] for kind in (one, other)
    }
    return list(combinations(of[one], 2) if one == other else product(of[one], of[other]))


def together(
    members: Sequence[npt.NDArray[np.floating[Any]]], labels: npt.NDArray[np.uint8]
) -> dict[str, float]:
    """How many images the mean of some answers [n 10] gets wrong, and its loss."""
    p = np.mean(members, axis=0)
    loss = -np.log(p[np.arange(len(p)), labels]).mean()
    return {"wrong": int((p.argmax(axis=1) != labels).sum()), "loss": round(float(loss), 5)}


def alike(digits: Digits, lag: int) -> float:
    """The correlation of the amount of ink of images that lie `lag` apart, digit by digit."""
    ink = (digits.images > 0).mean(axis=(1, 2))
    for digit in np.unique(digits.labels):
        of = digits.labels == digit
        ink[of] = (ink[of] - ink[of].mean()) / ink[of].std()
    return float((ink[:-lag] * ink[lag:]).mean())


if __name__ == "__main__":
    main()
