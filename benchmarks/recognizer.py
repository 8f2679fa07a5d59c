"""Scores the recognizer that ships on every set at hand, and writes its card.

    python benchmarks/recognizer.py --sets FOLDER [--model FILE]

FOLDER holds the evaluation sets in folders of their own, as IDX files or, for scans, as pictures
with labels.csv; none of them was trained on. Everything but MNIST's own test set goes through the
preparation that reading uses. Writes `results/recognizer.json`; `docs.write` then writes the card.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import digitus
from digitus import metrics
from digitus.datasets.digits import Digits
from digitus.datasets.idx import read_digits, read_images
from digitus.datasets.named import digits_of, prepared
from digitus.datasets.sources import load
from digitus.evaluation import evaluate
from digitus.nn.arrays import stream
from digitus.recognizer import Recognizer
from digitus.types import Bytes, Floats
from docs.write import write
from machine import machine

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "results" / "recognizer.json"


def main() -> None:
    """Scores, then writes the pages."""
    parser = argparse.ArgumentParser(description="Score the recognizer that ships.")
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures go")
    arguments = parser.parse_args()
    recognizer = digitus.load(arguments.model)
    test = load("mnist", "test")
    seen = metrics_of(recognizer, test)
    sets = {"MNIST test": seen, "MNIST test, prepared": metrics_of(recognizer, through(test))}
    for name, digits in labelled(arguments.sets):
        sets[name] = metrics_of(recognizer, through(digits))
    # Each from the whole picture: shrunk to 28 x 28 first, a small digit would be lost.
    scans = digits_of(str(arguments.sets / "scans_310"), "test", None, prepare="auto")
    sets["scans"] = metrics_of(recognizer, scans)
    confidence = recognizer.probabilities(test.images).max(1)
    strangers = {
        name: refusals(recognizer, images, confidence) for name, images in nothing(arguments.sets)
    }
    history = recognizer.history
    results = {
        "recipe": recognizer.recipe.name,
        "seed": recognizer.recipe.seed,
        "parameters": recognizer.parameter_count,
        "temperature": recognizer.temperature,
        "threshold": recognizer.threshold,
        "data": history["data"],
        "examples": history["examples"],
        "epochs": len(history["epochs"]),
        "seconds": round(sum(epoch["seconds"] for epoch in history["epochs"])),
        "digits": sets,
        "not_digits": strangers,
        "machine": machine(),
    }
    arguments.json.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    for name, row in sets.items():
        print(f"{name:34} {100 * row['accuracy']:6.2f} ece {row['ece']:.4f} "
              f"refused {100 * row['refused']:5.2f}")  # fmt: skip
    for name, row in strangers.items():
        print(f"{name:34} refused {100 * row['refused']:6.2f} auroc {row['auroc']:.4f} "
              f"confidence {row['mean_confidence']:.3f}")  # fmt: skip
    if arguments.json == RESULTS:
        write()


def through(digits: Digits) -> Digits:
    """The set after the preparation that reading uses."""
    return Digits(prepared(digits.images), digits.labels, digits.name, digits.origin)


def metrics_of(recognizer: Recognizer, digits: Digits) -> dict[str, Any]:
    """What a table says of a set of digits."""
    record = evaluate(recognizer, digits).record()
    keys = ("n", "accuracy", "interval95", "ece", "refused", "accuracy_accepted")
    return {key: record[key] for key in keys}


def refusals(recognizer: Recognizer, images: Bytes, digits: Floats) -> dict[str, Any]:
    """What a table says of pictures that show no digit; `digits` are confidences in real ones."""
    confidence = recognizer.probabilities(images).max(1)
    return {
        "n": len(images),
        "refused": float((confidence < recognizer.threshold).mean()),
        "auroc": metrics.auroc(digits, confidence),
        "mean_confidence": float(confidence.mean()),
    }


def labelled(folder: Path) -> Iterator[tuple[str, Digits]]:
    """The sets of digits."""
    usps = folder / "usps"
    files = (usps / f"usps-test-{part}-ubyte.gz" for part in ("images-idx3", "labels-idx1"))
    yield "USPS test", read_digits(*files, "USPS")
    corrupted = folder / "mnist_corrupted_dev"
    for path in sorted(corrupted.glob("*-images-idx3-ubyte.gz")):
        kind = path.name.partition("-")[0]
        yield (
            f"MNIST, {kind.replace('_', ' ')}",
            read_digits(path, corrupted / "labels-idx1-ubyte.gz", kind),
        )


def nothing(folder: Path) -> Iterator[tuple[str, Bytes]]:
    """Pictures that show no digit, as they are and as reading would prepare them."""
    rng = stream(0, "noise")
    sets = {
        "Fashion-MNIST (900)": read_images(
            folder / "fashion_mnist_900" / "fashion900-images-idx3-ubyte.gz"
        ),
        "notMNIST": read_images(folder / "notmnist_10k" / "notmnist-t10k-images-idx3-ubyte.gz"),
        "uniform noise": rng.integers(0, 256, (2000, 28, 28), np.uint8),
        "Gaussian noise": rng.normal(128, 50, (2000, 28, 28)).clip(0, 255).astype(np.uint8),
        "blank": np.repeat(np.arange(256, dtype=np.uint8), 784).reshape(256, 28, 28),
    }
    for name, images in sets.items():
        yield name, images
        yield f"{name}, prepared", prepared(images)


if __name__ == "__main__":
    main()
