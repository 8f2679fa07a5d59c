"""Images by other hands: neighbours are found to be alike, and every two networks are paired."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import writers
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load

ROOT = Path(__file__).parent.parent


def written_in_turns(each: int = 50) -> Digits:
    """Zeros and ones by hands of two sources in turn, each with strokes as broad as it likes."""
    rng = np.random.default_rng(0)
    breadths = np.repeat(rng.integers(2, 20, size=(40, 2)), each, axis=0).ravel()
    labels = rng.integers(0, 2, size=len(breadths)).astype(np.uint8)
    images = np.zeros((len(breadths), 28, 28), np.uint8)
    for image, breadth, label in zip(images, breadths, labels, strict=True):
        image[: 10 + 10 * label, :breadth] = 255
    return Digits(images, labels, "made")


def test_what_one_hand_wrote_is_alike() -> None:
    digits = written_in_turns()
    assert writers.alike(digits, 2) > 0.9  # the same source, mostly the same hand
    assert abs(writers.alike(digits, 1)) < 0.4  # the other source
    assert abs(writers.alike(digits, 400)) < 0.4  # another hand


def test_mnist_is_in_the_order_of_its_writers(mnist_dir: Path) -> None:
    told = json.loads((ROOT / "results" / "writers.json").read_text("utf-8"))["alike"]
    whole = load("mnist", "train", data_dir=mnist_dir)
    assert told == {str(lag): round(writers.alike(whole, lag), 3) for lag in writers.LAGS}
    assert told["2"] > 0.2
    assert told["1"] < 0


def test_every_two_networks_are_paired() -> None:
    answers = {(kind, seed): np.full((1, 10), 0.1) for kind in "ab" for seed in range(3)}
    assert len(writers.pairings(answers, "a", "a")) == 3
    assert len(writers.pairings(answers, "a", "b")) == 9


def test_two_answer_by_their_mean() -> None:
    labels = np.array([0, 1], np.uint8)
    one, other = np.full((2, 2, 10), 0.05)
    one[[0, 1], [0, 3]] = 0.55
    other[:, 1] = 0.55
    assert writers.together([one], labels)["wrong"] == 1
    both = writers.together([one, (3 * other + 0.1) / 4], labels)
    assert both["wrong"] == 1
    assert both["loss"] == pytest.approx(-np.log([0.30625, 0.24375]).mean(), abs=1e-5)
