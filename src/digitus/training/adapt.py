"""A recognizer adapted to one hand by few corrections, with old digits beside them.

It is done in two ways. In one, what the network sees in a picture, its features f, stays as it is,
and the last layer, z = f W + b, is learnt again. In the other the whole network learns further
(`tune`). Of the corrections, distorted copies ask for their labels; of old digits, distorted or
not, and of pictures of none, what the network gave before is asked for (Li & Hoiem 2016), so that
what it knows and doubts is kept. A part of the corrections is kept back, and so are old digits that
it never learnt from. What was learnt is taken whole, or a part of the way to it (Wortsman et al.
2022): of all that read no more of the corrections kept back wrongly, and of which the old digits
show that they are not worse by more than is allowed (`noninferiority`), what finds these
corrections the likeliest.

Several networks are tested with the same old digits, and what is promised has to hold of whichever
is taken. So the shares of a way are tested from the smallest on, each at the same level, until one
fails: none that is larger is taken (a fixed sequence; Maurer, Hothorn & Lehmacher 1995). The ways
part the level among them (Bonferroni).

Inside: that. Not inside: where corrections come from (`datasets`, `cli`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits, named
from digitus.errors import DataError, ShapeError, TrainingError
from digitus.history import AdaptationRecord
from digitus.nn import Dense
from digitus.nn.arrays import stream
from digitus.recognizer import Recognizer
from digitus.synthetic.not_digits import not_digits
from digitus.training.examples import SPLIT_SEED
from digitus.training.last_layer import last_layer
from digitus.training.noninferiority import Pairs, bound, p_value
from digitus.training.promise import CONFIDENCE, WORSE
from digitus.training.tune import tuned
from digitus.training.unseen import check_new, keeps_back, without
from digitus.types import Bools, Images, Matrix, Params

KEPT_BACK = 0.25  # of the corrections
LEAST = 8  # corrections: of fewer nothing could be said
OLD, NOTHING = 20_000, 600  # digits and pictures of none that stand beside the corrections
SHARES = 0.25, 0.35, 0.5, 0.75, 0.9, 1.0  # of the way from the old network to the new one


@dataclass(frozen=True)
class Compared:
    """Digits that were kept back: how many, and how many are wrong, before and after.

    `lost` are wrong after, but were not before. Of all such digits, not only these, `at_most` so
    large a share more is wrong after than before, with the confidence asked for; None where that is
    not said, since the network is not given out.
    """

    before: int
    after: int
    of: int
    lost: int
    at_most: float | None

    def record(self) -> dict[str, float | None]:
        """As a model remembers it."""
        return {
            "wrong_before": self.before,
            "wrong_after": self.after,
            "of": self.of,
            "newly_wrong": self.lost,
            "worse_by_at_most": self.at_most,
        }


@dataclass(frozen=True, eq=False)
class Adapted:
    """What came of it: the recognizer, or None where none was good enough; and what was compared.

    `own` are the corrections kept back, `old` the old digits. `way` is what was learnt again,
    `share` how much of it was taken.
    """

    recognizer: Recognizer | None
    own: Compared
    old: Compared
    way: str = ""
    share: float = 0.0


@dataclass(frozen=True, eq=False)
class _Judged:
    """A network, and what it gets wrong of what was kept back; its surprise at the corrections."""

    recognizer: Recognizer
    own: Bools
    old: Bools
    surprise: float

    def better(self, was: _Judged) -> bool:
        """Whether it reads the corrections that were kept back better."""
        return self.own.sum() <= was.own.sum() and self.surprise < was.surprise


class _Tried(NamedTuple):
    """A network that was learnt, and whether it may be given out."""

    way: str
    share: float
    judged: _Judged
    good: bool


def adapt(
    recognizer: Recognizer,
    corrections: Digits,
    old: Digits,
    *,
    worse: float = WORSE,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Adapted:
    """Adapts to corrections; `old` is what the recognizer learnt from, or others like it.

    A network is given out that reads no more of the corrections that were kept back wrongly, and of
    which it can be said, with that `confidence`, that its accuracy on old digits is not less by
    more than `worse`: than that of the network that is given, whatever that has lost in earlier
    adaptations. Of others than it learnt from, half are kept back; that they are others is for the
    caller to know, but for what the history says (`unseen`), and what is among the corrections.

    Raises `DataError` for too few corrections, signs that the network does not tell, old digits
    that may be known to it, and too few to say that much by, `ShapeError` for images of another
    size, and `TrainingError` for a network whose last layer cannot be learnt alone.
    """
    _check(recognizer, corrections, old)
    own, kept = split(corrections, max(1, round(KEPT_BACK * len(corrections))), SPLIT_SEED)
    before, others = _parted(recognizer, old)
    others = without(others, corrections)
    if not len(others):
        raise DataError(
            f"{old.name}: none of these old digits can be kept back that the network has not "
            "learnt from; name a larger set"
        )
    was = _judged(recognizer, kept, others)
    level = (1 - confidence) / len(WAYS)
    _check_enough(was.old, worse, level)
    rng = stream(seed, "adapt")
    beside = _beside(recognizer, before, rng)
    tried: list[_Tried] = []
    for way, learn in WAYS.items():
        learnt = learn(recognizer, own, *beside, rng)
        for share in SHARES:
            one = _judged(_towards(recognizer, learnt, share), kept, others)
            passes = p_value(_pairs(was.old, one.old), worse, level) <= level
            tried.append(_Tried(way, share, one, passes and one.better(was)))
            if not passes:  # no larger share is tested
                break
    good = [one for one in tried if one.good]
    way, share, best, _ = min(good or tried, key=lambda one: one.judged.surprise)
    if not good:
        return Adapted(None, _compared(was.own, best.own), _compared(was.old, best.old))
    # Chosen by these corrections among all: what is said of one has to hold of each.
    most = bound(_pairs(was.own, best.own), level / len(SHARES))
    told = Adapted(
        best.recognizer,
        _compared(was.own, best.own, most),
        _compared(was.old, best.old, worse),
        way,
        share,
    )
    return replace(told, recognizer=_remembering(told, corrections, len(own), old, confidence))


def _remembering(
    told: Adapted, corrections: Digits, learnt: int, old: Digits, confidence: float
) -> Recognizer:
    """The recognizer with what it is and was in its history."""
    assert told.recognizer
    history = told.recognizer.history.copy()
    about: AdaptationRecord = {
        "data": corrections.about,
        "examples": learnt,
        "beside": old.name,
        "beside_sha256": old.sha256,
        "way": told.way,
        "share": told.share,
        "confidence": confidence,
        "kept_back": told.own.record(),
        "old": told.old.record(),
    }
    history["adapted"] = [*history.get("adapted", []), about]
    return replace(told.recognizer, history=history)


def _parted(recognizer: Recognizer, old: Digits) -> tuple[Digits, Digits]:
    """Old digits to learn beside, and those that the recognizer never learnt from.

    The same set is parted in the same way each time, so what was kept back once is not learnt from
    by a later adaptation.
    """
    check_new(recognizer, old)
    if len(old) < 2:
        return old, old.take(slice(0))
    kept = recognizer.recipe.development if keeps_back(recognizer, old) else len(old)
    beside, others = split(old, min(kept, len(old) // 2), SPLIT_SEED)
    return beside, without(others, beside)


def _judged(recognizer: Recognizer, own: Digits, old: Digits) -> _Judged:
    """How it does on corrections and old digits that were kept back."""
    likely = recognizer.probabilities(own.images)
    surprise = -np.log(np.maximum(likely[np.arange(len(own)), own.labels], 1e-9)).mean()
    of_old = recognizer.outputs(old.images).argmax(1) != old.labels
    return _Judged(recognizer, likely.argmax(1) != own.labels, of_old, float(surprise))


def _pairs(before: Bools, after: Bools) -> Pairs:
    return Pairs(len(before), int((after & ~before).sum()), int((before & ~after).sum()))


def _compared(before: Bools, after: Bools, at_most: float | None = None) -> Compared:
    lost = _pairs(before, after).lost
    return Compared(int(before.sum()), int(after.sum()), len(before), lost, at_most)


def _check_enough(old: Bools, worse: float, level: float) -> None:
    """Raises `DataError` where not even a network without a mistake could be given out."""
    if p_value(Pairs(len(old), 0, int(old.sum())), worse, level) > level:
        raise DataError(
            f"by {len(old):,} old digits kept back nobody can say with "
            f"{100 * (1 - level * len(WAYS)):g} % "
            f"confidence that a network is not worse by more than {100 * worse:g} points; allow "
            "more, or name a larger set of old digits"
        )


def _check(recognizer: Recognizer, corrections: Digits, old: Digits) -> None:
    if len(corrections) < LEAST:
        raise DataError(
            f"{corrections.name}: {len(corrections)} corrections; it takes {LEAST} at least, for "
            "some are kept back to see whether the network is better"
        )
    for digits in (corrections, old):
        if digits.classes != recognizer.classes:
            raise DataError(
                f"{digits.name} shows {named(digits.classes)}; the network tells "
                f"{named(recognizer.classes)}"
            )
        if digits.images.shape[1:] != recognizer.size:
            height, width = digits.images.shape[1:]
            raise ShapeError(
                f"{digits.name} has images of {height} x {width} pixels; the network reads "
                f"{recognizer.size[0]} x {recognizer.size[1]}"
            )
    if type(recognizer.recipe.network.layers[-1]) is not Dense:
        raise TrainingError("only a network that ends with a Dense layer can be adapted")


def _beside(
    recognizer: Recognizer, before: Digits, rng: np.random.Generator
) -> tuple[Images, Matrix]:
    """Old digits, half of them distorted, and pictures of none, and the network's outputs."""
    beside = before.take(rng.permutation(len(before))[:OLD]).images
    half = len(beside) // 2
    distorted = augment(beside[:half], recognizer.recipe.augment, rng)
    beside = np.concatenate([distorted, beside[half:]])
    nothing = not_digits(NOTHING, int(rng.integers(2**31)))
    if nothing.shape[1:] == recognizer.size:
        beside = np.concatenate([beside, nothing])
    return beside, recognizer.outputs(beside)


def _towards(recognizer: Recognizer, learnt: Params, share: float) -> Recognizer:
    params = dict(recognizer.params)
    for name, w in learnt.items():
        params[name] = params[name] + np.float32(share) * (w - params[name])
    return replace(recognizer, params=params, report=None)


WAYS = {"last layer": last_layer, "whole network": tuned}
