"""What a few corrections of one hand change: errors on that hand and on others, before and after.

    python benchmarks/adapting.py [--usps FOLDER] [--hands made-0,usps] [--each 5 10 20 50]
                                  [--json results/adapting.json]

Hands with exact truth are made: of each digit one shape of the simulated pen, and habits that the
shipped recognizer did not learn (slant, turn, width and height, a thick pen). Beside them are
collections by people: USPS's test set, and stretches of MNIST's test set, each by few people. Of
each hand, so many images of each digit are corrections, a quarter of which `adapt` keeps back.
Scored are the hand's other images and, for other people, MNIST's test set (or the rest of it); also
noted is whether a network was given out at all, and in which way it was adapted. What was chosen by
such hands, as how far a correction reaches, was chosen by made hands 8 to 13.

What is in the file already is not measured again, and each row is written as it ends: one takes
about a minute of a core, so that all of them can be made in parts. docs/forms.md has two made hands
with every count of corrections, and the mean over all of them with 20 of each digit.

Inside: that. Not inside: adapting (`training.adapt`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.datasets.idx import read_digits
from digitus.datasets.named import digits_of
from digitus.datasets.sources import load
from digitus.metrics import student95
from digitus.nn import stream
from digitus.recognizer import Recognizer
from digitus.recognizer import load as load_model
from digitus.synthetic.hands import EVERY_HAND
from digitus.synthetic.strokes import draw
from digitus.training.adapt import adapt
from digitus.training.promise import CONFIDENCE, WORSE
from machine import machine

CORRECTIONS = 5, 10, 20, 50  # of each digit
SCORED = 100  # of each digit, of a made hand
STRETCH = 1000  # images of MNIST's test set
KINDS = "made", "USPS", "MNIST"  # of hands, as their rows stand
USPS = "usps"
HANDS = (*(f"made-{n}" for n in range(8)), USPS, *(f"mnist-{n}" for n in (1000, 3000, 7000)))
ALLOWED = {"worse": WORSE, "confidence": CONFIDENCE}
Row = dict[str, Any]


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
    """So many of each digit as corrections, and what is scored, the same for every count."""
    pool, scored = np.zeros(len(hand), bool), np.zeros(len(hand), bool)
    for digit in range(10):
        places = np.flatnonzero(hand.labels == digit)
        most = min(max(CORRECTIONS), len(places) // 2)
        pool[places[: min(count, most)]] = True
        scored[places[most:]] = True
    return hand.take(pool), hand.take(scored)


def misread(recognizer: Recognizer, digits: Digits) -> float:
    """The share that a network gets wrong."""
    return round(float((recognizer.outputs(digits.images).argmax(1) != digits.labels).mean()), 5)


class Bench:
    """The networks and digits that all rows need."""

    def __init__(self) -> None:
        self.recognizer = load_model()
        self.old = load(self.recognizer.recipe.data, "train")

    def before(self, hand: Digits, others: Digits) -> Row:
        """A hand's errors, and other people's, before anything is learnt."""
        _, scored = parted(hand, 1)
        return {
            "hand": hand.name,
            "scored": len(scored),
            "before": misread(self.recognizer, scored),
            "others_before": misread(self.recognizer, others),
            "after": {},
        }

    def after(self, hand: Digits, others: Digits, count: int) -> Row:
        """What so many corrections of each digit change."""
        corrections, scored = parted(hand, count)
        began = time.process_time()
        adapted = adapt(self.recognizer, corrections, self.old)
        took = time.process_time() - began
        now = adapted.recognizer or self.recognizer
        return {
            "corrections": len(corrections),
            "given_out": adapted.recognizer is not None,
            "way": adapted.way,
            "share": adapted.share,
            "kept_back": adapted.own.record(),
            "old": adapted.old.record(),
            "own": misread(now, scored),
            "others": misread(now, others),
            "core_seconds": round(took, 1),
        }


def summary(found: Sequence[Row], of: str) -> Row:
    """The mean errors over the hands whose names begin with `of`, for counts that all have."""
    chosen = [hand for hand in found if hand["hand"].startswith(of)]
    counts = [str(n) for n in CORRECTIONS if all(str(n) in hand["after"] for hand in chosen)]

    def mean(every: Iterable[float]) -> float:
        return round(float(np.mean([*every])), 5)

    return {
        "hands": len(chosen),
        "before": mean(hand["before"] for hand in chosen),
        "others_before": mean(hand["others_before"] for hand in chosen),
        **{
            count: {
                **{
                    key: mean(hand["after"][count][key] for hand in chosen)
                    for key in ("own", "others")
                },
                "with_memory": sum(hand["after"][count]["way"] == "memory" for hand in chosen),
                **fewer(chosen, count),
            }
            for count in counts
        },
    }


def fewer(hands: Sequence[Row], count: str) -> Row:
    """By which share a hand's errors fall, and half the width of the 95 % interval over hands."""
    made = [hand for hand in hands if hand["before"]]
    share, half = student95([1 - hand["after"][count]["own"] / hand["before"] for hand in made])
    return {"fewer": round(share, 4), "fewer_within": round(half, 4)}


def asked() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hands", help=f"which, with commas ({','.join(HANDS)})")
    parser.add_argument("--each", type=int, nargs="+", default=CORRECTIONS, choices=CORRECTIONS,
                        help="corrections of each digit")  # fmt: skip
    parser.add_argument("--usps", type=Path, metavar="FOLDER", help="where USPS's test set is")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    args.hands = args.hands.split(",") if args.hands else [h for h in HANDS if h != USPS]
    args.hands += [USPS] * (args.usps is not None and USPS not in args.hands)
    if unknown := set(args.hands) - set(HANDS):
        parser.error(f"no hand {min(unknown)}; there are {', '.join(HANDS)}")
    return args


def main() -> None:
    """Measures what is missing, and writes each row as it ends."""
    args = asked()
    here, test, bench = machine(), load("mnist", "test"), Bench()
    found: list[Row] = []
    if args.json and args.json.exists():
        told = json.loads(args.json.read_text("utf-8"))
        found = told["hands"] if told.get("allowed") == ALLOWED else []
    for name in args.hands:
        hand, others = hand_of(name, args.usps, test)
        row = next((one for one in found if one["hand"] == hand.name), None)
        if row is None:
            found.append(row := bench.before(hand, others))
        for count in (count for count in args.each if str(count) not in row["after"]):
            row["after"][str(count)] = bench.after(hand, others, count)
            row["after"] = dict(sorted(row["after"].items(), key=lambda of: int(of[0])))
            print(name, count, json.dumps(row["after"][str(count)]), flush=True)
            if args.json:
                found.sort(key=lambda one: next(i for i, k in enumerate(KINDS) if k in one["hand"]))
                record = {"machine": here, "allowed": ALLOWED, **means(found), "hands": found}
                args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def means(found: Sequence[Row]) -> Row:
    """The summaries of the made hands and of the stretches of MNIST's test set."""
    kinds = (kind for kind in ("made", "MNIST") if any(h["hand"].startswith(kind) for h in found))
    return {kind.lower(): summary(found, kind) for kind in kinds}


def hand_of(name: str, usps: Path | None, test: Digits) -> tuple[Digits, Digits]:
    """A hand, and the digits of other people beside it."""
    kind, _, number = name.rpartition("-")
    if kind == "made":
        return made_hand(int(number)), test
    if name == USPS:
        images, labels = (
            (usps or Path()) / f"usps-test-{part}-ubyte.gz"
            for part in ("images-idx3", "labels-idx1")
        )
        return digits_of(read_digits(images, labels, "USPS"), "test", prepare="auto"), test
    here = np.zeros(len(test), bool)
    here[int(number) : int(number) + STRETCH] = True
    one = test.take(here)
    about = f"MNIST's test set from {int(number):,}"
    return Digits(one.images, one.labels, about), test.take(~here)


if __name__ == "__main__":
    main()
