"""Trains the recipes that go for accuracy, over seeds, and scores them and their committees.

    python benchmarks/records.py [--recipes cnn,tiny] [--threads 4] [--runs FOLDER]

Trains on PyTorch's arrays in bfloat16 what is not in the folder yet, resumes what was interrupted,
and writes `results/records.json`; `docs.write` then writes docs/records.md. The test set is looked
at here alone, once for each trained network: a run that is in the results file is not scored again.
Committees are: the networks of consecutive seeds of a recipe, none in two of them; all of its seeds
where that makes several; and networks of several recipes, `TRIED` on the development split and
`MIXED` on the test set, if all of the recipes are asked for. Taught recipes learn from networks
that have been trained before (`TEACHERS`).
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import digitus
import pictures
from digitus.committee import Committee
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.evaluation import Evaluation, evaluate
from digitus.metrics import interval95
from digitus.nn import Chain, Conv, Dense
from digitus.recognizer import Recognizer
from digitus.training.loop import SPLIT_SEED
from docs.records import misread
from docs.write import write
from machine import machine
from writers import together

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "records.json"
RECIPES = (
    *("mlp", "mlp-deslant", "cnn", "cnn-mnist", "cnn-distorted", "cnn-deslant", "cnn-large"),
    *("tiny", "mlp-taught", "mlp-deslant-taught"),
)
SEEDS = {"mlp-deslant-taught": 6}  # all others have `MEMBERS`
ALONE = ("tiny",)
MEMBERS = 3  # of a committee of one recipe
# The networks of all seeds of these recipes: one committee.
MIXED = {
    "perceptrons of two kinds": ("mlp-deslant", "mlp-taught"),
    "small convolutional networks": ("cnn-mnist", "tiny", "cnn"),
    "convolutional networks": ("cnn-mnist", "cnn-large"),
    "convolutional networks of three kinds": ("cnn-mnist", "cnn-distorted", "cnn-large"),
    "convolutional networks, three of upright digits": ("cnn-mnist", "cnn-deslant", "cnn-large"),
}
TRIED = (
    ("mlp", "mlp-deslant"), ("mlp", "mlp-taught"), ("mlp-deslant", "mlp-taught"),
    ("cnn-mnist", "tiny"), ("cnn-large", "tiny"), ("cnn-mnist", "cnn-large"),
    ("cnn-mnist", "cnn-large", "tiny"),
    ("cnn-mnist", "cnn-distorted"), ("cnn-distorted", "cnn-large"),
    ("cnn-mnist", "cnn-distorted", "cnn-large"),
    ("cnn-mnist", "cnn-deslant"), ("cnn-deslant", "cnn-large"),
    ("cnn-mnist", "cnn-deslant", "cnn-large"),
    ("mlp-taught", "mlp-deslant-taught"),
)  # fmt: skip
DEVELOPMENT = 5000  # images that all of these hold back, the same; `cnn` holds back others
CNN_MNIST = ("cnn-mnist-0", "cnn-mnist-1", "cnn-mnist-2")
TEACHERS = {  # of each seed's network
    "mlp-taught": 3 * [CNN_MNIST],
    "mlp-deslant-taught": [
        *((name,) for name in (*CNN_MNIST, CNN_MNIST[0])),
        *((f"cnn-deslant-{seed}",) for seed in range(2)),
    ],
}
# What a majority of five judges saw in ten test images instead of their labels (Northcutt, Athalye
# & Mueller 2021); about five more are doubtful.
CORRECTED = {
    947: 9, 1621: 6, 1901: 4, 2462: 0, 2597: 3, 3558: 0, 5937: 3, 6651: 6, 6783: 6, 9729: 6,
}  # fmt: skip


def main() -> None:
    """Trains and scores what is missing, then writes the page."""
    parser = argparse.ArgumentParser(description="Train and score the recipes for accuracy.")
    parser.add_argument("--recipes", default=",".join(RECIPES))
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--runs", type=Path, default=Path("runs/records"))
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    test = load("mnist", "test")
    every: dict[str, dict[int, Recognizer]] = {}
    for recipe in arguments.recipes.split(","):
        runs = results.setdefault("runs", {}).setdefault(recipe, {})
        models = every.setdefault(recipe, {})
        for seed in range(SEEDS.get(recipe, MEMBERS)):
            folder = arguments.runs / f"{recipe}-{seed}"
            train(recipe, seed, folder, arguments.threads)
            models[seed] = digitus.load(folder / "model.safetensors")
            if str(seed) not in runs:
                runs[str(seed)] = run(models[seed], folder, test)
                print(recipe, seed, runs[str(seed)]["accuracy"], flush=True)
        if recipe not in ALONE:
            results.setdefault("committees", {})[recipe] = committees(models, MEMBERS, test)
        for kind, recipes in MIXED.items():
            if recipe in recipes and every.keys() >= set(recipes):
                members = tuple(model for name in recipes for model in every[name].values())
                results.setdefault("mixed", {})[kind] = {
                    "recipes": recipes,
                    "networks": len(members),
                    **score(evaluate(Committee(members), test)),
                }
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    if every.keys() >= {name for recipes in TRIED for name in recipes}:
        results["tried"] = tried(every)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    draw_misread(results, test)
    write()


def draw_misread(results: dict[str, Any], test: Digits) -> None:
    """The digits that most networks get wrong, as pictures."""
    found, networks = misread(results)
    chosen = list(found)
    pictures.misread(
        test.images[chosen],
        test.labels[chosen].tolist(),
        [answers.most_common(1)[0][0] for answers in found.values()],
        [f"{i}: {answers.total()} of {networks}" for i, answers in found.items()],
    )


def tried(every: dict[str, dict[int, Recognizer]]) -> list[dict[str, Any]]:
    """What committees of one recipe and of several do on images that none of them learnt from."""
    _, held_back = split(load("mnist", "train"), DEVELOPMENT, SPLIT_SEED)
    answers = {
        name: [model.probabilities(held_back.images) for model in every[name].values()]
        for name in dict.fromkeys(name for recipes in TRIED for name in recipes)
    }
    found = []
    for recipes in (*((name,) for name in answers), *TRIED):
        members = [p for name in recipes for p in answers[name]]
        result = together(members, held_back.labels)
        found.append({"recipes": recipes, "networks": len(members), **result})
    return found


def train(recipe: str, seed: int, folder: Path, threads: int) -> None:
    """Trains what is not there yet. Its teachers must be there already."""
    if (folder / "model.safetensors").exists():
        return
    given = ["--seed", str(seed)]
    if recipe in TEACHERS:
        models = [str(folder.with_name(t) / "model.safetensors") for t in TEACHERS[recipe][seed]]
        given += ["--set", f"teacher={'+'.join(models)}"]
    if (folder / "checkpoint.safetensors").exists():
        given = ["--resume"]
    command = [sys.executable, "-m", "digitus", "train", recipe, *given, "--out", str(folder)]
    command += ["--threads", str(threads), "--array-library", "torch", "--precision", "bfloat16"]
    subprocess.run(command, check=True)


def run(recognizer: Recognizer, folder: Path, test: Digits) -> dict[str, Any]:
    """What there is to say of one trained network."""
    epochs = recognizer.history["epochs"]
    name, seed = recognizer.recipe.name, recognizer.recipe.seed
    return {
        "recipe": name,
        "seed": seed,
        **({"teachers": TEACHERS[name][seed]} if name in TEACHERS else {}),
        "parameters": recognizer.parameter_count,
        "multiply_adds": multiply_adds(recognizer.recipe.network, recognizer.size),
        "bytes": (folder / "model.safetensors").stat().st_size,
        "epochs": len(epochs),
        "seconds": round(sum(epoch["seconds"] for epoch in epochs)),
        "machine": machine(),
        "development_accuracy": epochs[-1]["development_accuracy"],
        "log": log(recognizer),
        **score(evaluate(recognizer, test)),
    }


def log(recognizer: Recognizer) -> dict[str, list[float]]:
    """What training and the development split said after each epoch."""
    return {
        key: [round(epoch[key], 5) for epoch in recognizer.history["epochs"]]
        for key in ("loss", "accuracy", "development_loss", "development_accuracy")
    }


def committees(models: dict[int, Recognizer], size: int, test: Digits) -> list[dict[str, Any]]:
    """Each committee that consecutive seeds make up, none with a member of another."""
    seeds = sorted(models)
    groups = [seeds[i : i + size] for i in range(0, len(seeds) - size + 1, size)]
    if len(groups) > 1:
        groups.append(seeds)
    return [
        {"seeds": group, **score(evaluate(Committee(tuple(models[s] for s in group)), test))}
        for group in groups
    ]


def score(evaluation: Evaluation) -> dict[str, Any]:
    """Accuracy by the given labels and by the corrected ones, and what was misread."""
    n = len(evaluation.digits)
    corrected = evaluation.digits.labels.copy()
    corrected[list(CORRECTED)] = list(CORRECTED.values())
    wrong = np.flatnonzero(evaluation.answers != evaluation.digits.labels)
    return {
        "n": n,
        "accuracy": 1 - len(wrong) / n,
        "interval95": list(interval95(n - len(wrong), n)),
        "accuracy_corrected": float((evaluation.answers == corrected).mean()),
        "ece": evaluation.record()["ece"],
        "wrong": {str(i): int(evaluation.answers[i]) for i in wrong},
    }


def multiply_adds(network: Chain, size: tuple[int, int]) -> int:
    """Multiplications of weights with inputs for one image."""
    shape: tuple[int, ...] = (*size, 1)
    total = 0
    for layer in network.layers:
        shapes, shape = layer.plan(shape)
        if isinstance(layer, Dense | Conv):
            places = math.prod(shape[:-1])  # a Conv is a Dense at each pixel of its output
            total += places * math.prod(shapes["W"])
    return total


if __name__ == "__main__":
    main()
