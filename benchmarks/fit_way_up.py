"""The weights of `digitus.reading.way_up`, measured on made pages.

    python benchmarks/fit_way_up.py [--pages 400] [--first 5000]

Upright pages of the tuning seed are read turned all four ways, with the networks that ship; the
weights are those that make the right way likeliest (conditional logistic regression), on every page
that has at least two digits in lines some way up. Printed last is how the weights in the code do on
the same pages, upright and turned, and on as many others that nothing was fitted on.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import cv2
import numpy as np

from digitus.detection.confidence import Judged, likeliest
from digitus.nn import softmax
from digitus.reading.look import MANY, Look, look_at
from digitus.reading.options import ReadingOptions
from digitus.reading.way_up import WEIGHTS, way_up
from digitus.synthetic.pages.pages import pages
from digitus.types import Floats64
from digitus.vision.colour import as_grey
from reading import development

SEED, LEAST, OTHERS = 1, 2, 20_000  # the last is the first of the pages that are only counted
STIFFNESS = 0.05  # of an example: a page full of digits that is hard to read does not decide alone


def four_ways(count: int, first: int) -> Iterator[list[Look]]:
    """For each page that lies upright its four ways, the right one first."""
    options, digits = ReadingOptions(), development()
    for page in pages(count, SEED, digits, start=first):
        if "turned" not in page.kinds:
            yield [look_at(as_grey(page.picture), turns, options, MANY) for turns in range(4)]


def evidence(count: int, first: int) -> list[Floats64]:
    """For each page the evidence of its four ways [4 5], the right one first."""
    return [
        np.stack([look.evidence for look in looks])
        for looks in four_ways(count, first)
        if any(sum(map(len, look.lines())) >= LEAST for look in looks)
    ]


def fit(pages_: list[Floats64]) -> Floats64:
    """The weights that make the first way of each page likeliest."""
    x = np.stack(pages_)
    x = x / (scale := x.std((0, 1)))

    def judge(w: Floats64) -> Judged:
        p = softmax(x @ w)
        mean = np.einsum("nt,ntk->nk", p, x)
        off = x - mean[:, None]
        surprise = -float(np.log(np.maximum(p[:, 0], np.finfo(float).tiny)).sum())
        return surprise, (x[:, 0] - mean).sum(0), np.einsum("nt,nti,ntj->ij", p, off, off)

    weights: Floats64 = likeliest(judge, np.zeros(x.shape[2]), STIFFNESS) / scale
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--first", type=int, default=5000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    found = evidence(args.pages, args.first)
    print("WEIGHTS =", tuple(round(float(w), 2) for w in fit(found)), "; in the code", WEIGHTS)
    for which, some in (("these", found), ("other", evidence(args.pages, OTHERS))):
        for turned in range(4):
            right = [way_up(np.roll(ways, -turned, axis=0)) == -turned % 4 for ways in some]
            print(f"turned by {turned}: {sum(right)} of {len(some)} {which} pages told rightly")


if __name__ == "__main__":
    main()
