"""A recognizer adapted to one hand: better on that hand, no worse than allowed on others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.errors import DataError, ShapeError, TrainingError
from digitus.evaluation import evaluate
from digitus.nn import Chain, Exemplars, Relu
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.training import adapt as module
from digitus.training import tune
from digitus.training.adapt import adapt
from digitus.training.examples import SPLIT_SEED
from digitus.training.exemplars import remembering
from digitus.training.noninferiority import Pairs, p_value
from small import digits
from small import recognizer as shared
from training.hand import leaning, old, wrong


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return shared()


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    changed: dict[Any, dict[str, float]] = {
        module: {"OLD_DIGITS": 400, "NOT_DIGITS": 20},
        tune: {"STEPS": 60, "RATE": 0.003},
    }
    for where, values in changed.items():
        for name, value in values.items():
            monkeypatch.setattr(where, name, value)


def test_it_learns_a_hand_and_keeps_what_it_knew(recognizer: Recognizer) -> None:
    hand = leaning()
    recognizer = replace(recognizer, report=evaluate(recognizer, old().take(slice(100))))
    found = adapt(recognizer, hand, old(), worse=0.1)
    assert found.recognizer
    _, judged = split(hand, 50, SPLIT_SEED)
    _, others = split(old(), 1500, SPLIT_SEED)
    for kept, of in ((judged, found.own), (others, found.old)):
        before, after = wrong(recognizer, kept), wrong(found.recognizer, kept)
        assert (of.before, of.after, of.of) == (before.sum(), after.sum(), len(kept))
        assert of.lost == (after & ~before).sum()
    assert found.own.after < found.own.before
    of = found.old
    level = 0.05 / 2
    assert p_value(Pairs(of.of, of.lost, of.lost - of.after + of.before), 0.1, level) <= level
    assert of.at_most == 0.1
    (told,) = found.recognizer.history["adapted"]
    assert told["data"]["name"] == "digits of a simulated pen"
    assert (told["kept_back"], told["old"]) == (found.own.record(), found.old.record())
    assert told["confidence"] == 0.95
    again = adapt(found.recognizer, hand, old(), worse=0.1).recognizer
    assert again
    assert len(again.history["adapted"]) == 2
    assert found.recognizer.report is None  # which was of the network before


def test_a_correction_that_is_there_twice_counts_once(recognizer: Recognizer) -> None:
    """Else one copy is learnt from, and the other kept back to say how well that went."""
    hand = leaning(40)
    once, often = (adapt(recognizer, a, old(), worse=0.1) for a in (hand, repeated(hand, 5)))
    assert often.own.of == once.own.of == 10
    assert (often.own, often.old, often.way, often.share) == (
        once.own, once.old, once.way, once.share
    )  # fmt: skip
    with pytest.raises(DataError, match="7 corrections that differ; it takes 8 at least"):
        adapt(recognizer, repeated(leaning(7), 5), old(), worse=0.1)


def repeated(digits: Digits, times: int) -> Digits:
    return digits.take(np.tile(np.arange(len(digits)), times))


def test_what_is_said_of_the_hand_holds_of_every_network_that_was_tried(
    recognizer: Recognizer,
) -> None:
    found = adapt(recognizer, leaning(), old(), worse=0.1)
    of, level = found.own, 0.05 / (len(module.WAYS) * len(module.WAYS[found.way]))
    counts = Pairs(of.of, of.lost, of.lost - of.after + of.before)
    assert of.at_most is not None
    assert p_value(counts, of.at_most, level) <= level
    assert p_value(counts, of.at_most - 0.001, level) > level


@pytest.mark.slow
@pytest.mark.parametrize("confidence", [0.99, 0.999])
def test_a_network_is_given_out_also_where_one_wants_to_be_very_sure(
    recognizer: Recognizer, confidence: float
) -> None:
    found = adapt(recognizer, leaning(), old(), worse=0.2, confidence=confidence)
    assert found.recognizer
    assert found.own.at_most is not None
    assert found.own.at_most < 0.5


@pytest.mark.parametrize("worse", [0.1, 1.0])
def test_of_one_old_digit_nothing_can_be_said(recognizer: Recognizer, worse: float) -> None:
    with pytest.raises(DataError, match="none of these old digits can be kept back"):
        adapt(recognizer, leaning(), old().take(slice(1)), worse=worse)


def test_nothing_worse_is_given_out(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Corrections that are wrong themselves: what they teach would spoil the old digits."""
    monkeypatch.setattr(module, "WAYS", dict.fromkeys(module.WAYS, (1.0,)))
    said = strokes(3000, 12)
    lies = replace(said, labels=((said.labels + 1) % 10).astype(np.uint8))
    found = adapt(recognizer, lies, old(), worse=0.01)
    assert found.recognizer is None
    assert (found.own.at_most, found.old.at_most) == (None, None)


@pytest.mark.slow
def test_of_all_that_are_tried_hardly_ever_one_is_given_out_that_is_worse(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Networks of known worseness, on other digits kept back each time.

    Larger shares of what was learnt lose what smaller ones do, and more. The corrections ask for
    the largest that may be taken, which is where the chance to take too much is largest.
    """
    runs, hand, rng = 300, leaning(40), np.random.default_rng(5)
    was = module._judged(recognizer, hand, split(old(), 1500, SPLIT_SEED)[1])
    most = 0.06  # of the digits that were right, a network taken whole loses so many

    now: dict[str, Any] = {}

    def towards(one: Recognizer, learnt: Any, share: float) -> Recognizer:
        now.update(learnt=learnt, share=share)
        return replace(one)

    def judged(one: Recognizer, own: Digits, old: Digits) -> Any:
        if one is recognizer:
            return was
        lost, share = now["learnt"] < most * now["share"], now["share"]
        return replace(
            was, recognizer=one, own=was.own & False, old=was.old | lost, surprise=-share
        )

    def remembered(one: Recognizer, *_: Any) -> Recognizer:
        some = rng.random(len(was.old)) < 0.5
        now["learnt"] = np.where(some, rng.random(len(was.old)), now["learnt"])
        return one

    monkeypatch.setattr(module, "_judged", judged)
    monkeypatch.setattr(module, "_towards", towards)
    parted = module._parted(recognizer, old())  # alike each time; to look at each digit takes long
    monkeypatch.setattr(module, "_parted", lambda *_: parted)
    monkeypatch.setattr(module, "without", lambda digits, _: digits)
    # Both ways from the same that was learnt; what the memory adds to that loses more, or less.
    monkeypatch.setattr(module, "tuned", lambda *_: rng.random(len(was.old)))
    monkeypatch.setattr(module, "remembering", remembered)
    monkeypatch.setattr(module, "_beside", lambda *_: ([], None))
    allowed = most * 0.5 * float(1 - was.old.mean())  # so from a half on they are worse by more
    shares = [adapt(recognizer, hand, old(), worse=allowed).share for _ in range(runs)]
    too_much = sum(share >= 0.5 for share in shares)
    assert too_much <= runs * 0.05 + 3 * (runs * 0.05 * 0.95) ** 0.5
    assert too_much > 0  # the level is used
    assert sum(share > 0 for share in shares) > runs / 4  # and it is not by refusing all


def test_what_is_kept_back_is_not_remembered(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be judged by what it was told."""
    monkeypatch.setattr(module, "WAYS", {"memory": (0.0,)})
    hand = leaning()
    found = adapt(recognizer, hand, old(), worse=0.5).recognizer
    assert found
    assert found.history["adapted"][0]["way"] == "memory"
    learnt, _ = split(hand, 50, SPLIT_SEED)
    expected = remembering(recognizer, learnt, np.zeros((1, 28, 28), np.uint8))
    last = len(recognizer.recipe.network.layers) - 1
    centres = f"{last}.centres"
    assert found.params[centres] == pytest.approx(expected.params[centres], abs=1e-6)
    assert all(np.array_equal(found.params[name], w) for name, w in recognizer.params.items())


def test_what_was_adapted_is_adapted_again_with_its_memory(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAYS", {"memory": (0.25,)})
    one = adapt(recognizer, leaning(80), old(), worse=0.9).recognizer
    assert one
    two = adapt(one, replace(leaning(160), images=leaning(160).images[::-1]), old(), worse=0.9)
    assert two.recognizer
    assert [r.recipe.network.layers[-1] for r in (one, two.recognizer)] == [
        Exemplars(10, 60), Exemplars(10, 180)
    ]  # fmt: skip


def test_digits_that_it_learnt_from_are_not_kept_back(recognizer: Recognizer) -> None:
    """Of them it knows the answers: only those say something that its training kept back."""
    learnt = digits(600)
    assert recognizer.history["data"]["sha256"] == learnt.sha256
    _, kept = module._parted(recognizer, learnt)
    assert np.array_equal(kept.images, split(learnt, 60, SPLIT_SEED)[1].images)
    assert len(module._parted(recognizer, old())[1]) == len(old()) // 2


def test_what_is_among_the_corrections_is_not_kept_back(recognizer: Recognizer) -> None:
    kept = split(old(), len(old()) // 2, SPLIT_SEED)[1]
    found = adapt(recognizer, leaning().joined(kept.take(slice(100))), old(), worse=0.5)
    assert found.old.of == len(kept) - 100
    with pytest.raises(DataError, match="none of these old digits can be kept back"):
        adapt(recognizer, old(), old(), worse=1.0)


@pytest.mark.slow
def test_a_set_is_parted_alike_each_time_and_no_other_is_taken_after_it(
    recognizer: Recognizer,
) -> None:
    """Of a larger set that holds the first, it would have learnt from some of what is kept back."""
    one = adapt(recognizer, leaning(40), old(), worse=0.5).recognizer
    assert one
    again = module._parted(one, old())[1]
    assert np.array_equal(again.images, module._parted(recognizer, old())[1].images)
    with pytest.raises(DataError, match="adapted before, beside digits of a simulated pen; which"):
        module._parted(one, strokes(4000, 11))
    with pytest.raises(DataError, match="has learnt from these as corrections"):
        module._parted(one, leaning(40))
    assert len(module._parted(one, digits(600))[1]) == 60  # which it never learnt from


def test_a_seed_gives_the_same_network(recognizer: Recognizer) -> None:
    one, two = (adapt(recognizer, leaning(80), old(), worse=1.0).recognizer for _ in range(2))
    assert one
    assert two
    for name, w in one.params.items():
        assert np.array_equal(w, two.params[name]), name


def test_old_digits_keep_their_outputs_where_these_are_pulled(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, drift = old().images[:300], []
    before = recognizer.outputs(beside)
    for pull in (0.0, 1.0):
        monkeypatch.setattr(tune, "PULL", pull)
        learnt = tune.tuned(recognizer, leaning(80), beside, before, np.random.default_rng(0))
        now = replace(recognizer, params={**recognizer.params, **learnt})
        drift.append(float(np.abs(now.outputs(beside) - before).mean()))
    assert drift[1] < drift[0] / 2


def test_what_cannot_be_learnt_from(recognizer: Recognizer) -> None:
    few = old().take(np.flatnonzero(~wrong(recognizer, old()))[:200])
    with pytest.raises(DataError, match=r"^100 old digits kept back are too few to say with 95 %"):
        adapt(recognizer, leaning(), few, worse=1e-4)
    with pytest.raises(DataError, match="7 corrections; it takes 8 at least"):
        adapt(recognizer, leaning(7), old())
    small = replace(old(), images=np.ascontiguousarray(old().images[:, :20, :20]))
    with pytest.raises(ShapeError, match=r"of 20 x 20 pixels; the network reads 28 x 28$"):
        adapt(recognizer, small, old())
    letters = replace(old(), classes="abcdefghij")
    with pytest.raises(DataError, match="10 classes, a to j; the network tells the digits 0 to 9"):
        adapt(recognizer, leaning(), letters)
    layers = (*recognizer.recipe.network.layers, Relu())
    other = replace(recognizer, recipe=replace(recognizer.recipe, network=Chain(layers)))
    with pytest.raises(TrainingError, match="ends with a Dense layer"):
        adapt(other, old(), old())
