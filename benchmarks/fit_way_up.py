"""The weights of `digitus.reading.way_up`, measured on made pages.

    python benchmarks/fit_way_up.py [--pages 400] [--first 5000]

Upright pages of the tuning seed are read turned all four ways, with the networks that ship; the
weights are those that make the right way likeliest (conditional logistic regression, Newton's
method), on every page with at least two finds. Printed last is how the weights in the code do on
the same pages, upright and turned.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from digitus.nn import softmax
from digitus.reading.look import MANY, look_at
from digitus.reading.options import ReadingOptions
from digitus.reading.way_up import WEIGHTS, way_up
from digitus.synthetic.pages.pages import pages
from digitus.types import Floats64
from digitus.vision.colour import as_grey
from reading import development

SEED, STEPS, STIFFNESS, LEAST = 1, 50, 0.05, 2


def evidence(count: int, first: int) -> list[Floats64]:
    """For each page the evidence of its four ways [4 4], the right one first."""
    options, digits, found = ReadingOptions(), development(), []
    for page in pages(count, SEED, digits, start=first):
        if "turned" in page.kinds:
            continue
        looks = [look_at(as_grey(page.picture), turns, options, MANY) for turns in range(4)]
        if any(len(look.confidences) >= LEAST for look in looks):
            found.append(np.stack([look.evidence for look in looks]))
    return found


def fit(pages_: list[Floats64]) -> Floats64:
    """The weights that make the first way of each page likeliest."""
    x = np.stack(pages_)
    x = x / (scale := x.std((0, 1)))
    w = np.zeros(x.shape[2])
    for _ in range(STEPS):
        p = softmax(x @ w)
        mean = np.einsum("nt,ntk->nk", p, x)
        off = x - mean[:, None]
        hessian = np.einsum("nt,nti,ntj->ij", p, off, off) + STIFFNESS * np.eye(len(w))
        w = w + np.linalg.solve(hessian, (x[:, 0] - mean).sum(0) - STIFFNESS * w)
    weights: Floats64 = w / scale
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--first", type=int, default=5000)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    found = evidence(args.pages, args.first)
    print("WEIGHTS =", tuple(round(float(w), 2) for w in fit(found)), "; in the code", WEIGHTS)
    for turned in range(4):
        right = [way_up(np.roll(ways, -turned, axis=0)) == -turned % 4 for ways in found]
        print(f"turned by {turned}: {np.mean(right):.1%} of {len(found)} pages told rightly")


if __name__ == "__main__":
    main()
