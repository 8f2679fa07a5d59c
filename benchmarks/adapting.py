"""What few corrections of one hand change: errors on that hand and on others, before and after.

    python benchmarks/adapting.py [--writers 2] [--usps FOLDER] [--each 5 10 20 50] [--workers N]
                                  [--json results/adapting.json]

Hands with exact truth are made: of each digit one shape of the simulated pen, and habits that the
shipped recognizer did not learn (slant, turn, width and height, a thick pen). Beside them are two
collections by people: USPS's test set, and a stretch of MNIST's test set, whose neighbours are by
few people. Of each hand, so many images of each digit are corrections, a quarter of which `adapt`
keeps back; scored are images that are in neither, MNIST's test set (or the rest of it) for other
people, and whether a network was given out at all. `memory` is the other way: the nearest
correction, by the features of the last layer, answers where it is nearer than every one of 3,000
old digits; the network answers for the rest. `both` is such a memory in front of the adapted one.

Inside: that. Not inside: adapting (`training.adapt`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.datasets.idx import read_digits
from digitus.datasets.named import digits_of
from digitus.datasets.sources import load
from digitus.nn import stream
from digitus.recognizer import Recognizer
from digitus.recognizer import load as load_model
from digitus.synthetic.hands import EVERY_HAND
from digitus.synthetic.strokes import draw
from digitus.training.adapt import adapt, features
from digitus.training.examples import SPLIT_SEED
from digitus.types import Floats32
from machine import machine

CORRECTIONS = 5, 10, 20, 50  # of each digit
SCORED = 100  # of each digit, of a made hand
KNOWN = 3000  # old digits that a correction has to be nearer than
STRETCHES = (7000,)  # of MNIST's test set: where they begin
STRETCH = 1000


def made_hand(number: int) -> Digits:
    """Many digits of one hand."""
    rng = stream(number, "adapting")
    names = []
    for digit in range(10):
        hands = [hand for hand in EVERY_HAND if hand.digit == digit]
        names.append(hands[int(rng.integers(len(hands)))].name)
    labels = rng.permuted(np.tile(np.arange(10), max(CORRECTIONS) + SCORED)).astype(np.uint8)
    images = draw(labels, rng, hands=names)
    slant = rng.choice([-1, 1]) * rng.uniform(0.5, 0.8)
    turn = rng.uniform(-0.3, 0.3)
    wide, high = rng.uniform(0.6, 1.1, 2)
    c, s = np.cos(turn), np.sin(turn)
    way = np.array([[c, -s], [s, c]]) @ np.array([[wide, slant], [0, high]])
    middle = np.array([14.0, 14.0])
    matrix = np.column_stack([way, middle - way @ middle])
    thick = np.ones((2, 2), np.uint8)
    changed = [cv2.warpAffine(cv2.dilate(image, thick), matrix, (28, 28)) for image in images]
    return Digits(np.stack(changed), labels, f"made hand {number}")


def parted(hand: Digits, count: int) -> tuple[Digits, Digits]:
    """So many of each digit for corrections, and what is scored: the same for each count."""
    pool, scored = np.zeros(len(hand), bool), np.zeros(len(hand), bool)
    for digit in range(10):
        places = np.flatnonzero(hand.labels == digit)
        most = min(max(CORRECTIONS), len(places) // 2)
        pool[places[: min(count, most)]] = True
        scored[places[most:]] = True
    return hand.take(pool), hand.take(scored)


def wrong(answers: Any, digits: Digits) -> float:
    """The share that is wrong."""
    return round(float((answers != digits.labels).mean()), 5)


def misread(recognizer: Recognizer, digits: Digits) -> float:
    """The share that a network gets wrong."""
    return wrong(recognizer.outputs(digits.images).argmax(1), digits)


class Memory:
    """Corrections by their features; the nearest answers where no old digit is nearer."""

    def __init__(self, recognizer: Recognizer, old: Digits) -> None:
        self.recognizer, self.old = recognizer, old
        self.known = self.unit(features(recognizer, old.images[:KNOWN]))

    @staticmethod
    def unit(seen: Floats32) -> Floats32:
        """Features of length 1."""
        return seen / np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-9)

    def answers(self, corrections: Digits, seen: Floats32) -> tuple[Any, float]:
        """The digits of features, and for which share of them a correction answered."""
        alike = self.unit(seen) @ self.unit(features(self.recognizer, corrections.images)).T
        best = alike.argmax(1)
        near = alike.max(1) > (self.unit(seen) @ self.known.T).max(1)
        last = len(self.recognizer.recipe.network.layers) - 1
        w, b = (self.recognizer.params[f"{last}.{name}"] for name in ("W", "b"))
        own = (seen @ w + b).argmax(1)
        return np.where(near, corrections.labels[best], own), round(float(near.mean()), 4)


def measured(of: tuple[Digits, Digits], each: Sequence[int]) -> dict[str, Any]:
    """The errors of one hand, beside other people's, for every number of corrections."""
    hand, others = of
    recognizer, old = load_model(), load("mnist", "train")
    memory = Memory(recognizer, split(old, recognizer.recipe.development, SPLIT_SEED)[0])
    _, scored = parted(hand, 1)
    here, there = (features(recognizer, digits.images) for digits in (scored, others))
    found: dict[str, Any] = {
        "hand": hand.name,
        "scored": len(scored),
        "before": misread(recognizer, scored),
        "others_before": misread(recognizer, others),
        "after": {},
    }
    for count in each:
        corrections, _ = parted(hand, count)
        adapted = adapt(recognizer, corrections, old)
        now = adapted.recognizer or recognizer
        answers, share = memory.answers(corrections, here)
        elsewhere, _ = memory.answers(corrections, there)
        both, _ = Memory(now, memory.old).answers(corrections, features(now, scored.images))
        found["after"][str(count)] = {
            "corrections": len(corrections),
            "given_out": adapted.recognizer is not None,
            "way": adapted.way,
            "share": adapted.share,
            "own": misread(now, scored),
            "others": misread(now, others),
            "both": wrong(both, scored),
            "memory": wrong(answers, scored),
            "memory_others": wrong(elsewhere, others),
            "memory_answers": share,
        }
    print(json.dumps(found), flush=True)
    return found


def summary(
    found: Sequence[dict[str, Any]], of: Callable[[str], bool], each: Sequence[int]
) -> dict[str, Any]:
    """The mean errors over some hands."""
    chosen = [hand for hand in found if of(hand["hand"])]
    return {
        "hands": len(chosen),
        "before": round(float(np.mean([hand["before"] for hand in chosen])), 5),
        "others_before": round(float(np.mean([hand["others_before"] for hand in chosen])), 5),
        **{
            str(count): {
                key: round(float(np.mean([hand["after"][str(count)][key] for hand in chosen])), 5)
                for key in ("own", "others", "both", "memory", "memory_others")
            }
            for count in each
        },
    }


def main() -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--writers", type=int, default=2, help="made hands (2)")
    parser.add_argument("--each", type=int, nargs="+", default=CORRECTIONS, choices=CORRECTIONS,
                        help="corrections of each digit")  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, help="processes (1)")
    parser.add_argument("--usps", type=Path, metavar="FOLDER", help="where USPS's test set is")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    every = hands(args.writers, args.usps, load("mnist", "test"))
    with ProcessPoolExecutor(args.workers) as pool:
        found = list(pool.map(partial(measured, each=args.each), every))
    record = {
        "machine": machine(),
        "made": summary(found, lambda name: name.startswith("made"), args.each),
        "hands": found,
    }
    print(json.dumps(record["made"], indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def hands(writers: int, folder: Path | None, test: Digits) -> Iterator[tuple[Digits, Digits]]:
    """Each hand, and the digits of other people beside it."""
    for number in range(writers):
        yield made_hand(number), test
    if folder:
        files = (folder / f"usps-test-{p}-ubyte.gz" for p in ("images-idx3", "labels-idx1"))
        yield digits_of(read_digits(*files, "USPS"), "test", prepare="auto"), test
    for start in STRETCHES:
        here = np.zeros(len(test), bool)
        here[start : start + STRETCH] = True
        one = test.take(here)
        yield Digits(one.images, one.labels, f"MNIST's test set from {start:,}"), test.take(~here)


if __name__ == "__main__":
    main()
