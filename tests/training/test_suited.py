"""A recipe on a person's own few images, and on a part of the digits."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.datasets.digits import Digits
from digitus.metrics import auroc
from digitus.recipe import load_recipe, with_settings
from digitus.synthetic.strokes import strokes
from digitus.training.examples import LEAST_OTHERS, Examples
from digitus.training.loop import begin
from digitus.training.suited import LEAST_STEPS, missing, suited
from small import TABLE, digits, recipe, trained


@pytest.mark.parametrize(("count", "held_back"), [(2, 1), (60, 10), (600, 100), (9_000, 1_500)])
def test_a_small_set_holds_back_a_sixth_and_is_seen_often(count: int, held_back: int) -> None:
    quick, few = load_recipe("quick"), strokes(2, 0).take(np.arange(count) % 2)
    changed = suited(quick, few, {"not_digits"})
    assert changed.development == held_back
    steps = changed.epochs * -(-(count - held_back) // quick.batch_size)
    assert LEAST_STEPS <= steps < LEAST_STEPS + count
    begin(changed, few)  # which would say that there are too few


def test_a_set_that_is_large_enough_changes_nothing() -> None:
    assert suited(recipe(), digits()) == recipe()
    large = Digits(np.zeros((60_000, 1, 1), np.uint8), np.zeros(60_000, np.uint8), "large")
    assert suited(load_recipe("quick"), large) == load_recipe("quick")


def test_what_a_person_chose_stays() -> None:
    quick = with_settings(load_recipe("quick"), development=200)
    assert suited(quick, digits(), {"development", "epochs"}) == quick


def part(*wanted: int, count: int = 600) -> Digits:
    whole = strokes(count, 3)
    return whole.take(np.isin(whole.labels, wanted))


def test_which_digits_are_missing() -> None:
    assert missing(digits()) == []
    assert missing(part(0, 1, 7)) == [2, 3, 4, 5, 6, 8, 9]
    assert missing(part(4)) == []  # nothing to tell apart
    small = part(0, 1)
    assert missing(Digits(small.images[:, :8, :8], small.labels, "another form")) == []


@pytest.mark.slow
def test_other_digits_are_among_what_is_learnt_to_be_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told_by_their_grey(count: int, seed: int) -> Digits:
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.broadcast_to(200 + labels[:, None, None], (count, 28, 28))
        return Digits(images, labels, "plain")

    few = part(0, 1)
    monkeypatch.setattr("digitus.training.refusal.strokes", told_by_their_grey)
    changed = suited(recipe(), few)
    assert changed.not_digits == 0.5
    examples = Examples(changed, few, few)
    # Those without a digit may be of one grey too, black or white.
    found = [image[0, 0] for image in examples.nothing if (image == image[0, 0]).all()]
    plain = [grey - 200 for grey in found if 200 <= grey < 210]
    assert set(plain) == {2, 3, 4, 5, 6, 7, 8, 9}
    assert 0.6 < len(plain) / len(examples.nothing) < 0.9
    assert len(examples.nothing) == pytest.approx(LEAST_OTHERS, abs=8)  # however few are learnt


@pytest.mark.slow
def test_a_network_of_some_digits_refuses_the_others() -> None:
    """And does so since it learnt others, which a network that did not takes for its own.

    The threshold is one that others' pictures helped to choose: the hundredth of the digits held
    back that a network is least sure of are one or two, and refused one in four of the others.
    """
    few, test = part(0, 1, 2, count=1500), strokes(400, 9)
    known = np.isin(test.labels, (0, 1, 2))
    wider = [
        {**layer, "units": 64} if layer.get("units") == 16 else layer for layer in TABLE["network"]
    ]
    told_apart, refused, kept = {}, {}, {}
    for chosen in ("", "not_digits"):
        network, _ = trained(suited(recipe(network=wider, epochs=20), few, {chosen}), few)
        confidence = network.probabilities(test.images).max(axis=1)
        told_apart[chosen] = auroc(confidence[known], confidence[~known])
        refused[chosen] = (confidence[~known] < network.threshold).mean()
        kept[chosen] = (confidence[known] >= network.threshold).mean()
    assert told_apart[""] > 0.95
    assert told_apart["not_digits"] < 0.9
    assert refused[""] > 0.6 > 3 * refused["not_digits"]
    assert kept[""] > 0.9  # and most of what it learnt is not
