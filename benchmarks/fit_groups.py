"""The constants of `digitus.reading.groups`, measured on made pages.

    python benchmarks/fit_groups.py [--pages 4000] [--seed 0] [--read 400]

Every line of a made page has true boxes and true groups. Lines with at least two gaps inside groups
give the mean and the deviation of these gaps, and by how much the gaps between groups exceed the
mean, all in heights of a digit. Each Gamma density gets the mean and the variance of its values;
the deviation is fitted as it grows with the mean. Then it is printed how many lines the constants
in the code group rightly, on pages of another seed.

Last is the weight of what the page network says of a gap, beside its width (`photo.NETWORK_SAYS`):
`--read` pages of the tuning seed are read, and the weight is the one that makes the true spaces
likeliest (logistic regression) on pages whose lines have as many digits as they should.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from digitus.detection.confidence import Judged, likeliest
from digitus.detection.lines import parting
from digitus.detection.maps import sigmoid
from digitus.reading.groups import groups, space_odds
from digitus.reading.look import look_at
from digitus.reading.options import ReadingOptions
from digitus.reading.photo import NETWORK_SAYS, edges
from digitus.synthetic.pages.pages import pages
from digitus.types import Bools, Box, Floats64
from digitus.vision.colour import as_grey
from reading import development

SURE = 4  # gaps inside the groups of a line, needed for its deviation
TUNING_SEED, FIRST = 1, 5000  # of the pages that are read


def lines(count: int, seed: int) -> Iterator[tuple[list[Box], list[int]]]:
    """The boxes of each line of several digits, and the first digit of each group."""
    for page in pages(count, seed):
        if "turned" in page.kinds:  # their boxes are not in lines from left to right
            continue
        for number, text in enumerate(page.lines):
            boxes = [box for _, box, line in page.digits if line == number]
            sizes = [len(group) for group in text.split()]
            if len(boxes) > 1:
                yield boxes, np.cumsum([0, *sizes[:-1]]).tolist()


def gaps(boxes: list[Box]) -> np.ndarray:
    """The gaps of a line, in heights of a digit."""
    left, _, width, height = np.array(boxes, float).T
    return np.maximum(left[1:] - (left + width)[:-1], 0) / np.median(height)


def gamma(values: list[float]) -> str:
    """Shape and scale of the density with the mean and the variance of these values."""
    mean, variance = np.mean(values), np.var(values)
    return f"({mean**2 / variance:.2g}, {variance / mean:.2g})"


def judged(count: int) -> Iterator[tuple[Floats64, Floats64, Bools]]:
    """What widths and network say of the gaps of each line that is read, and the truth."""
    options = ReadingOptions()
    for page in pages(count, TUNING_SEED, development(), start=FIRST):
        if "turned" in page.kinds:
            continue
        look = look_at(as_grey(page.picture), 0, options)
        found = look.lines()
        if list(map(len, found)) != [len(text.replace(" ", "")) for text in page.lines]:
            continue
        for line, text in zip(found, page.lines, strict=True):
            begins = np.cumsum([len(group) for group in text.split()])
            truth = np.isin(np.arange(1, len(line)), begins)
            yield space_odds(*edges(look.found, line)), np.array(parting(look.found, line)), truth


def weight(lines: Iterable[tuple[Floats64, Floats64, Bools]]) -> float:
    """The weight of what the network says that makes the truth likeliest."""
    widths, said, truth = map(np.concatenate, zip(*lines, strict=True))

    def judge(w: Floats64) -> Judged:
        z = widths + w * said
        p = sigmoid(z)
        surprise = float(np.logaddexp(0, np.where(truth, -z, z)).sum())
        return surprise, np.array([said @ (truth - p)]), np.array([[said**2 @ (p * (1 - p))]])

    return float(likeliest(judge, np.zeros(1))[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=4000, help="how many (4000)")
    parser.add_argument("--seed", type=int, default=0, help="of the pages (0)")
    parser.add_argument("--read", type=int, default=400, help="how many are read (400)")
    args = parser.parse_args()
    cv2.setNumThreads(1)

    usual: list[float] = []
    extra: list[float] = []
    sure: list[tuple[float, float]] = []
    spaces: list[float] = []
    for boxes, starts in lines(args.pages, args.seed):
        found = gaps(boxes)
        wide = np.isin(np.arange(1, len(boxes)), starts)
        spaces.append(float(wide.mean()))
        within = found[~wide]
        if len(within) > 1:
            usual.append(float(within.mean()))
            extra += (found[wide] - within.mean()).tolist()
        if len(within) >= SURE:
            sure.append((float(within.mean()) ** 2, float(within.var(ddof=1))))
    square, variance = np.array(sure).T
    slope, base = np.polyfit(square, variance, 1)
    print(f"SPACE_SHARE = {np.mean(spaces):.2g}")
    print(f"USUAL_HEIGHTS = {gamma(usual)}")
    spread = [f"{max(part, 0) ** 0.5:.2g}" for part in (base, slope)]
    print(f"SPREAD_HEIGHTS, SPREAD_PER_HEIGHT = {', '.join(spread)}")
    print(f"EXTRA_HEIGHTS = {gamma(extra)}")
    right = [groups(boxes) == starts for boxes, starts in lines(args.pages // 4, args.seed + 1)]
    print(f"{sum(right)} of {len(right)} lines of seed {args.seed + 1} are grouped rightly")
    print(f"NETWORK_SAYS = {weight(judged(args.read)):.2g}; in the code {NETWORK_SAYS}")


if __name__ == "__main__":
    main()
