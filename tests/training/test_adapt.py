"""A recognizer adapted to one hand: better on that hand, no worse than allowed on others."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.errors import DataError, TrainingError
from digitus.evaluation import evaluate
from digitus.nn import Chain, Relu
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.training import adapt as module
from digitus.training import tune
from digitus.training.adapt import adapt, features
from digitus.training.examples import SPLIT_SEED
from small import digits
from small import recognizer as shared

OLD = digits(600)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return shared()


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("OLD", 400), ("NOTHING", 20), ("COPIES", 400), ("RATE", 0.01)):
        monkeypatch.setattr(module, name, value)
    for name, value in (("STEPS", 60), ("RATE", 0.003)):
        monkeypatch.setattr(tune, name, value)


def leaning(count: int = 200) -> Digits:
    """A hand whose digits fall over."""
    found = strokes(count, 7)
    way = np.array([[1, 0.8, -11.2], [0, 1, 0]])
    return replace(found, images=np.stack([cv2.warpAffine(i, way, (28, 28)) for i in found.images]))


def wrong(recognizer: Recognizer, digits: Digits) -> int:
    return int((recognizer.outputs(digits.images).argmax(1) != digits.labels).sum())


def test_it_learns_a_hand_and_keeps_what_it_knew(recognizer: Recognizer) -> None:
    hand = leaning()
    recognizer = replace(recognizer, report=evaluate(recognizer, OLD))
    found = adapt(recognizer, hand, OLD, worse=0.1)
    assert found.recognizer
    _, judged = split(hand, 50, SPLIT_SEED)
    _, others = split(OLD, recognizer.recipe.development, SPLIT_SEED)
    assert found.own == (wrong(recognizer, judged), wrong(found.recognizer, judged), 50)
    assert found.old == (wrong(recognizer, others), wrong(found.recognizer, others), len(others))
    assert found.own[1] < found.own[0]
    assert found.old[1] <= found.old[0] + 0.1 * len(others)
    (told,) = found.recognizer.history["adapted"]
    assert told["data"]["name"] == "digits of a simulated pen"
    assert tuple(told["kept_back"].values()) == found.own
    again = adapt(found.recognizer, hand, OLD, worse=0.1).recognizer
    assert again
    assert len(again.history["adapted"]) == 2
    assert found.recognizer.recipe == recognizer.recipe
    assert found.recognizer.report is None  # which was of the network before


def test_nothing_worse_is_given_out(recognizer: Recognizer) -> None:
    """Corrections that are wrong themselves: what they teach would spoil the old digits."""
    lies = replace(OLD, labels=((OLD.labels + 1) % 10).astype(np.uint8))
    found = adapt(recognizer, lies, OLD, worse=0.0)
    assert found.recognizer is None
    assert found.old[1] > found.old[0] or found.own[1] > found.own[0]


def test_a_seed_gives_the_same_network(recognizer: Recognizer) -> None:
    one, two = (adapt(recognizer, leaning(80), OLD, worse=1.0).recognizer for _ in range(2))
    assert one
    assert two
    for name, w in one.params.items():
        assert np.array_equal(w, two.params[name]), name


def test_features_are_what_the_last_layer_is_given(recognizer: Recognizer) -> None:
    seen = features(recognizer, OLD.images[:50])
    last = len(recognizer.recipe.network.layers) - 1
    z = seen @ recognizer.params[f"{last}.W"] + recognizer.params[f"{last}.b"]
    assert z == pytest.approx(recognizer.outputs(OLD.images[:50]), abs=1e-3)


def test_what_cannot_be_learnt_from(recognizer: Recognizer) -> None:
    with pytest.raises(DataError, match="7 corrections; it takes 8 at least"):
        adapt(recognizer, leaning(7), OLD)
    small = replace(OLD, images=np.ascontiguousarray(OLD.images[:, :20, :20]))
    with pytest.raises(DataError, match="20 x 20 pixels, which is not what the network reads"):
        adapt(recognizer, small, OLD)
    layers = (*recognizer.recipe.network.layers, Relu())
    other = replace(recognizer, recipe=replace(recognizer.recipe, network=Chain(layers)))
    with pytest.raises(TrainingError, match="ends with a Dense layer"):
        adapt(other, OLD, OLD)
