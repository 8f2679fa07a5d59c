"""Scores: the record says exactly what the answers amount to, and can be printed as JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from digitus.datasets.digits import Digits
from digitus.errors import DataError, ShapeError
from digitus.evaluation import Evaluation, evaluate, evaluate_not_digits
from digitus.threads import workers
from small import digits, recognizer

# What programs may count on, and what we tell besides.
CONTRACT = {
    "n", "accuracy", "interval95", "by_digit", "confusion", "ece", "refused", "accuracy_accepted",
}  # fmt: skip
OURS = {"data", "threshold", "frequent_confusions"}


def by_hand(labels: list[int], answers: list[int], confidence: list[float]) -> Evaluation:
    """An evaluation of answers that a test chooses."""
    p = np.zeros((len(labels), 10))
    for row, answer, sure in zip(p, answers, confidence, strict=True):
        row[:] = (1 - sure) / 9
        row[answer] = sure
    images = np.zeros((len(labels), 28, 28), np.uint8)
    return Evaluation(Digits(images, np.array(labels, np.uint8), "made up"), p, threshold=0.5)


def test_the_record_has_the_contracts_keys_and_is_json() -> None:
    record = evaluate(recognizer(), digits(seed=1)).record()
    assert record.keys() == CONTRACT | OURS
    assert all(row.keys() == {"digit", "count", "wrong", "accuracy"} for row in record["by_digit"])
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_the_record_by_hand() -> None:
    evaluation = by_hand([3, 3, 3, 5, 8], [3, 3, 5, 5, 3], [0.9, 0.4, 0.6, 0.9, 0.3])
    record = evaluation.record()
    assert record["n"] == 5
    assert record["accuracy"] == 3 / 5
    assert record["refused"] == pytest.approx(2 / 5)
    assert record["accuracy_accepted"] == 2 / 3
    assert record["by_digit"][3] == {"digit": 3, "count": 3, "wrong": 1, "accuracy": 2 / 3}
    assert record["by_digit"][0] == {"digit": 0, "count": 0, "wrong": 0, "accuracy": None}
    assert record["frequent_confusions"] == [
        {"digit": 3, "read_as": 5, "times": 1},
        {"digit": 8, "read_as": 3, "times": 1},
    ]
    low, high = record["interval95"]
    assert low < 0.6 < high
    assert record["data"] == "made up"


def test_everything_adds_up() -> None:
    seen = digits(500, seed=2)
    evaluation = evaluate(recognizer(), seen)
    record, table = evaluation.record(), np.array(evaluation.record()["confusion"])
    assert table.shape == (10, 10)
    assert table.sum() == record["n"] == len(seen)
    assert np.array_equal(table.sum(axis=1), np.bincount(seen.labels, minlength=10))
    assert np.array_equal(table.sum(axis=0), np.bincount(evaluation.answers, minlength=10))
    assert table.trace() / len(seen) == pytest.approx(record["accuracy"])
    for row in record["by_digit"]:
        assert row["count"] == table[row["digit"]].sum()
        assert row["wrong"] == row["count"] - table[row["digit"], row["digit"]]
        assert row["accuracy"] == pytest.approx(1 - row["wrong"] / row["count"])
    right = evaluation.answers == seen.labels
    accepted = evaluation.confidence >= recognizer().threshold
    assert record["accuracy_accepted"] == right[accepted].mean()
    assert record["refused"] == pytest.approx((~accepted).mean())


def test_the_threshold_may_be_another() -> None:
    all_, none = (evaluate(recognizer(), digits(), min_confidence=c).record() for c in (0.0, 1.0))
    assert (all_["threshold"], all_["refused"]) == (0.0, 0.0)
    assert all_["accuracy_accepted"] == all_["accuracy"]
    assert none["refused"] > 0.9
    hopeless = by_hand([1, 2], [1, 2], [0.2, 0.3]).record()
    assert (hopeless["refused"], hopeless["accuracy_accepted"]) == (1.0, None)
    for wrong in (math.nan, -0.1, 1.5):
        with pytest.raises(ValueError, match="a confidence is from 0 to 1"):
            evaluate(recognizer(), digits(), min_confidence=wrong)


def test_threads_change_nothing() -> None:
    with workers(3, shards=2) as each:
        assert evaluate(recognizer(), digits(), each=each).record() == (
            evaluate(recognizer(), digits()).record()
        )


def test_empty_sets_and_other_sizes() -> None:
    with pytest.raises(DataError, match="is empty; there is nothing to score"):
        evaluate(recognizer(), digits().take(slice(0)))
    with pytest.raises(DataError, match="no images to refuse"):
        evaluate_not_digits(recognizer(), digits().images[:0], digits())
    with pytest.raises(DataError, match="is empty"):
        evaluate_not_digits(recognizer(), digits().images, digits().take(slice(0)))
    small = Digits(np.zeros((2, 20, 20), np.uint8), np.zeros(2, np.uint8), "small ones")
    with pytest.raises(ShapeError, match=r"reads bytes \[n 28 28\]"):
        evaluate(recognizer(), small)


def test_what_is_no_digit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (100, 28, 28), np.uint8)
    record = evaluate_not_digits(recognizer(), noise, digits(), min_confidence=0.7)
    assert record.keys() == {"n", "refused", "auroc", "threshold"}
    confidence = recognizer().probabilities(noise).max(axis=1)
    assert record["n"] == 100
    assert record["refused"] == (confidence < 0.7).mean()
    theirs = recognizer().probabilities(digits().images).max(axis=1)
    more = (theirs[:, None] > confidence).mean() + (theirs[:, None] == confidence).mean() / 2
    assert record["auroc"] == pytest.approx(more)
    own = evaluate_not_digits(recognizer(), digits().images, digits())
    assert own["threshold"] == recognizer().threshold
    assert own["auroc"] == pytest.approx(0.5)
    json.dumps(record, allow_nan=False)
