"""The layer of the close-up network that tells how upright a digit stands, from made pages.

    python benchmarks/fit_upright.py OUT [--pages 900] [--first 6000]

Upright pages of the tuning seed are read as they stand and turned by quarters, with the networks
that ship. From what the close-up network sees of the digits read in each way, the layer learns
whether it is the right one (`digitus.detection.uprightness`). OUT is the close-up network that
ships with this layer. Printed last is how the layer does on other pages. A close-up network that is
trained further needs its layer anew, and then the weights of `fit_way_up.py`.

Inside: the digits that are learnt from. Not inside: the pages (`fit_way_up`), and the fit
(`detection.uprightness`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from digitus.detection.closeup import save, shipped
from digitus.detection.uprightness import fit, uprightness
from digitus.types import Floats32, Floats64
from fit_way_up import four_ways

OTHERS = 21_000  # the first of the pages that are only counted
MOST = 20  # digits of a page that is read one way: a full page does not decide alone


class Seen(NamedTuple):
    """Digits in lines: what the close-up network sees of each [k n], and how it was turned [k]."""

    described: Floats32
    turns: Floats64


def seen(count: int, first: int) -> Seen:
    """The digits of so many pages, read in all four ways."""
    described, turned = [], []
    for looks in four_ways(count, first):
        for look in looks:
            read = sorted(i for line in look.lines() for i in line)[:MOST]
            described.append(shipped().describe(look.grey, look.found.boxes[read]))
            turned.append(np.full(len(read), look.turns))
    return Seen(np.concatenate(described), np.concatenate(turned))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=900)
    parser.add_argument("--first", type=int, default=6000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    learnt = seen(args.pages, args.first)
    stands = (learnt.turns == 0).astype(float)
    layer = fit(learnt.described, stands, np.where(stands, 1.0, 1 / 3))  # three ways are wrong
    network = shipped()
    save(args.out, network.recipe, network.params, network.history, layer)
    other = seen(args.pages // 4, OTHERS)
    z = uprightness(layer, other.described)
    for turns in range(4):
        told = (z > 0)[other.turns == turns] == (turns == 0)
        print(f"turned by {turns}: {told.mean():.1%} of {len(told)} digits told rightly")


if __name__ == "__main__":
    main()
