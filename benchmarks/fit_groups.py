"""The constants of `digitus.reading.groups`, measured on made pages.

    python benchmarks/fit_groups.py [--pages 4000] [--seed 0]

Every line of a made page has true boxes and true groups. Lines with at least two gaps inside groups
give the mean and the deviation of these gaps, and by how much the gaps between groups exceed the
mean, all in heights of a digit. Each Gamma density gets the mean and the variance of its values;
the deviation is fitted as it grows with the mean. Printed last is how many lines the constants in
the code group rightly, on pages of another seed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np

from digitus.reading.groups import groups
from digitus.synthetic.pages.pages import pages
from digitus.types import Box

SURE = 4  # gaps inside the groups of a line, needed for its deviation


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


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=4000, help="how many (4000)")
    parser.add_argument("--seed", type=int, default=0, help="of the pages (0)")
    args = parser.parse_args()

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
    print(f"SPREAD_HEIGHTS, SPREAD_PER_HEIGHT = {base**0.5:.2g}, {max(slope, 0) ** 0.5:.2g}")
    print(f"EXTRA_HEIGHTS = {gamma(extra)}")
    right = [groups(boxes) == starts for boxes, starts in lines(args.pages // 4, args.seed + 1)]
    print(f"{sum(right)} of {len(right)} lines of seed {args.seed + 1} are grouped rightly")


if __name__ == "__main__":
    main()
