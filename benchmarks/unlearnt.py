"""Whether a network that learnt some of the digits refuses the others: `results/unlearnt.json`.

    python benchmarks/unlearnt.py [--counts 60,600] [--threads N]

Networks learn sets of so many of MNIST's training images, showing only some of the digits, as with
`digitus train` and the recipe `quick`; then they read the 10,000 test images, and refusals are
counted by whether the digit had been learnt. `docs.write` then writes README and docs/train.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import digitus
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.metrics import auroc
from digitus.nn.arrays import stream
from docs.write import write
from machine import machine

RESULTS = Path(__file__).parent.parent / "results" / "unlearnt.json"
PARTS = ((0, 1, 2), (0, 1, 2, 3, 4))
RECIPE = "quick"


def main() -> None:
    """Every part in every size."""
    parser = argparse.ArgumentParser(description="Count what is refused of unlearnt digits.")
    parser.add_argument("--counts", default="60,600", help="sizes of the sets (60,600)")
    parser.add_argument("--threads", type=int, default=0, help="by default, all cores")
    arguments = parser.parse_args()
    learnt, test = load("mnist", "train"), load("mnist", "test")
    rows = []
    for count in map(int, arguments.counts.split(",")):
        for part in PARTS:
            own = some(learnt, part, count)
            network = digitus.train(RECIPE, own, threads=arguments.threads)
            row = {"learnt": list(part), "images": count, **told(network, test, part)}
            rows.append(row)
            print(row)
    record = {"recipe": RECIPE, "machine": machine(), "rows": rows}
    RESULTS.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    write()


def some(digits: Digits, part: tuple[int, ...], count: int) -> Digits:
    """So many images of these digits, drawn at random."""
    there = np.flatnonzero(np.isin(digits.labels, part))
    chosen = stream(0, "unlearnt", count).permutation(len(there))[:count]
    return digits.take(there[chosen])


def told(network: digitus.Recognizer, test: Digits, part: tuple[int, ...]) -> dict[str, Any]:
    """What is right and what is refused, of the digits that were learnt and of the others."""
    answers = network.probabilities(test.images[:])
    confidence, known = answers.max(axis=1), np.isin(test.labels, part)
    refused = confidence < network.threshold
    return {
        "right": float((answers.argmax(axis=1) == test.labels)[known].mean()),
        "threshold": network.threshold,
        "learnt_refused": float(refused[known].mean()),
        "others_refused": float(refused[~known].mean()),
        "auroc": float(auroc(confidence[known], confidence[~known])),
    }


if __name__ == "__main__":
    main()
