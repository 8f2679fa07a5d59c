"""What docs/records.md says of committees and of other hands, from the results files."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import mean
from typing import Any

from .results import results


def section(records: dict[str, Any]) -> list[str]:
    """Committees on the development split, then pairs on images by other hands."""
    lines = [
        "## Which networks make a committee",
        "",
        "Scored on the 5,000 images of the development split, where four images more or less mean",
        "little; the loss says a little more. The table at the top has those that were scored on",
        "the test set; `cnn` holds other images back, so its committees are not here.",
        "",
        "| recipes | networks | wrong | loss |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {', '.join(found['recipes'])} | {found['networks']} | {found['wrong']}"
        f" | {found['loss']:.4f} |"
        for found in records["tried"]
    ]
    return [*lines, "", *_shared(records), *_writers()]


def _shared(records: dict[str, Any]) -> list[str]:
    """What committees of convolutional networks have in common, whatever they are made of."""
    found = {k: set(c["wrong"]) for k, c in records["mixed"].items() if "convolutional" in k}
    wrong = sorted(len(indices) for indices in found.values())
    return [
        f"Of the 10,000 test images the {len(found)} committees of several kinds of convolutional",
        f"networks misread {wrong[0]} to {wrong[-1]} each, {len(set.intersection(*found.values()))}"
        f" of them all the same, {len(set.union(*found.values()))} in all; a committee at 99.80 %",
        "would misread 20. Which of these committees is best may be chance.",
        "",
    ]


def _writers() -> list[str]:
    """Networks and pairs on images by hands that they did not learn from."""
    found = results("writers")
    alike, (one, other) = found["alike"], found["stretches"]
    lines = [
        "## What other hands show",
        "",
        "MNIST's training images lie, it seems, in the order of their writers, two sources taking",
        "turns: the ink of two images of the same digit correlates by"
        f" {alike['2']:.2f} where they are",
        f"two places apart, by {alike['1']:.2f} where they are neighbours, by {alike['100']:.2f}"
        f" where they are 100 apart and",
        f"by {alike['101']:.2f} where they are 101 apart. So a stretch of them is by a few hands,",
        "most of which wrote nothing outside it. These networks",
        f"learnt from all but the images {one[0]:,} to {one[1]:,} and {other[0]:,} to {other[1]:,},"
        " with fewer epochs",
        f"where the recipe has more than {max(found['epochs'].values())}, and are scored on those"
        f" {found['n']:,}, alone and two at a time",
        "(the mean of their answers). From [results/writers.json](../results/writers.json), which",
        "`python benchmarks/writers.py` wrote.",
        "",
        "| networks | how many | wrong, on average | loss |",
        "|---|---|---|---|",
    ]
    lines += [_row(recipe, runs) for recipe, runs in found["alone"].items()]
    lines += [_row(_pair(*pair["recipes"]), pair["found"]) for pair in found["pairs"]]
    return [*lines, ""]


def _pair(one: str, other: str) -> str:
    return f"two {one}" if one == other else f"{one} and {other}"


def _row(name: str, scores: Iterable[dict[str, float]]) -> str:
    scores = list(scores)
    wrong, loss = (mean(s[key] for s in scores) for key in ("wrong", "loss"))
    return f"| {name} | {len(scores)} | {wrong:.1f} | {loss:.4f} |"
