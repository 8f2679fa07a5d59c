"""What more crops teach the page network: stages of its training, on the same made pages.

    python benchmarks/page_curve.py MODEL... [--pages 400] [--json results/page_curve.json]

Each MODEL is a page network trained on another number of crops, which its history tells. All are
scored on the same pages of the tuning seed, with a confidence fitted for each on the first half of
them and with the close-up network that ships: what is found, what the page network alone names
rightly, what the two together name rightly, and the pages on which everything is right.

Inside: the score and the file. Not inside: the training (`digitus train page`) and what is fitted
(`page_network`).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitus.detection.closeup import shipped as shipped_closeup
from digitus.detection.confidence import Confidence, fit
from digitus.detection.maps import Peaks
from digitus.detection.matching import truth_of
from digitus.detection.model import load
from digitus.synthetic.pages.pages import Page, pages
from digitus.types import Bytes, Floats32, Ints, Matrix
from digitus.vision.colour import as_grey
from page_network import PAGES_SEED
from reading import development

READ = 0.5  # the probability from which on a find is a digit


@dataclass(frozen=True)
class Seen:
    """The finds of a page, the close-up network's answers, and the truth of finds and page."""

    found: Peaks
    close: Matrix
    truth: Ints
    digits: int

    @property
    def all_found(self) -> bool:
        """Whether no digit of the page is without a find."""
        return int((self.truth >= 0).sum()) == self.digits


def seen(path: Path, made: Sequence[tuple[Page, Bytes]]) -> list[Seen]:
    """What a network and the close-up network see on these pages."""
    detector = load(path).detector
    rows = []
    for page, grey in made:
        found = detector.find(grey)
        close = shipped_closeup()(grey, found.boxes)
        rows.append(Seen(found, close, truth_of(found, page), len(page.digits)))
    return rows


def unasked(k: int) -> tuple[Matrix, Floats32]:
    """What stands for the recognizer's answers to k finds: all digits alike, no two finds alike."""
    return np.full((k, 10), 0.1), np.zeros((k, k), np.float32)


def score(rows: Sequence[Seen], confidence: Confidence) -> dict[str, float]:
    """Shares of digits that are found and named rightly, and of pages with everything right."""
    joint = [confidence(row.found, row.close) for row in rows]
    right = sum(
        row.all_found
        and bool(((p.sum(1) >= READ) == (row.truth >= 0)).all())
        and bool((p.argmax(1) == row.truth)[row.truth >= 0].all())
        for row, p in zip(rows, joint, strict=True)
    )
    truth = np.concatenate([row.truth for row in rows])
    alone = np.concatenate([row.found.digits for row in rows]).argmax(1)
    both = np.concatenate(joint).argmax(1)
    digits = sum(row.digits for row in rows)
    found = truth >= 0
    figures = {
        "found": found.sum() / digits,
        "named_by_it_alone": (alone == truth)[found].mean(),
        "named_by_both": (both == truth)[found].mean(),
        "pages_right": right / len(rows),
    }
    return {name: round(float(value), 4) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL")
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    all_pages = pages(chosen.pages, PAGES_SEED, development())
    made = [(page, as_grey(page.picture)) for page in all_pages if "turned" not in page.kinds]
    half = len(made) // 2
    points = []
    for path in chosen.models:
        rows = seen(path, made)
        first = rows[:half]
        unseen = [(row.found, row.close, *unasked(len(row.found))) for row in first]
        confidence = fit(unseen, np.concatenate([row.truth for row in first]))
        points.append({"crops": load(path).history["crops"], **score(rows[half:], confidence)})
        print(points[-1], flush=True)
    if chosen.json:
        record = {"fitted_on": half, "scored_on": len(made) - half, "points": points}
        chosen.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
