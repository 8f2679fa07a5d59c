"""A recognizer adapted to one hand by few corrections, with old digits beside them.

The whole network is trained further (`tune`). The targets of distorted copies of corrections are
their labels; those of old digits, distorted or not, and of pictures of no digit are what the
network gave before (Li & Hoiem 2016), so that it keeps what it knows and doubts. The new parameters
are taken whole, or a share of the way to them (Wortsman et al. 2022). There are two ways: in one
that is all; in the other the network remembers the corrections, too (`exemplars`), and the share
may be 0, which leaves all else as it was.

Some of the corrections, of which each counts once, are kept back, neither learnt from nor
remembered, and so are old digits that the network never learnt from. A network may be given out if
it misreads no more of the corrections kept back than the old one, and if the old digits show that
it is not worse by more than is allowed (`noninferiority`). Of several, the one that finds the
corrections kept back likeliest is taken. Each is tested as it is given out.

Several networks are tested with the same old digits, and the promise has to hold for whichever is
taken. So the shares of a way are tested from the smallest on, each at the same level, until one
fails; no larger one is taken (a fixed sequence; Maurer, Hothorn & Lehmacher 1995). The ways divide
the level between them (Bonferroni).

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
from digitus.nn import Dense, Exemplars
from digitus.nn.arrays import stream
from digitus.recognizer import Recognizer
from digitus.synthetic.not_digits import not_digits
from digitus.training.examples import SPLIT_SEED
from digitus.training.exemplars import remembering
from digitus.training.noninferiority import Pairs, bound, p_value
from digitus.training.promise import CONFIDENCE, WORSE
from digitus.training.tune import tuned
from digitus.training.unseen import check_new, distinct, keeps_back, without
from digitus.types import Bools, Images, Matrix, Params

KEPT_BACK = 0.25  # of the corrections
LEAST_CORRECTIONS = 8  # with fewer kept back, nothing could be said
OLD_DIGITS, NOT_DIGITS = 20_000, 600  # the most that are learnt of each beside the corrections
# Of the way from the old network to the one that was trained further, in the order of the tests.
SHARES = 0.25, 0.35, 0.5, 0.75, 0.9, 1.0
WHOLE, MEMORY = "whole network", "memory"
WAYS = {WHOLE: SHARES, MEMORY: (0.0, *SHARES)}
KNOWN = 3000  # old digits, beside pictures of no digit, that a memory must leave alone


@dataclass(frozen=True)
class Compared:
    """How many of the digits that were kept back are read wrongly, before and after.

    `lost` counts those that are wrong only after. On all digits of their kind, not only these, the
    share of errors rises by no more than `at_most`, with the confidence asked for; it is None where
    no network is given out.
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
    """The outcome: the recognizer, or None where none was good enough, and what was compared.

    `own` are the corrections kept back, `old` the old digits. `way` is one of `WAYS`,
    `share` how much was taken of what the whole network learnt.
    """

    recognizer: Recognizer | None
    own: Compared
    old: Compared
    way: str = ""
    share: float = 0.0


@dataclass(frozen=True, eq=False)
class _Judged:
    """A network, which of the digits kept back it misreads, and its surprise at the corrections.

    That is the mean cross-entropy, over those kept back.
    """

    recognizer: Recognizer
    own: Bools
    old: Bools
    surprise: float

    def better(self, was: _Judged) -> bool:
        """Whether it reads the corrections that were kept back better."""
        return self.own.sum() <= was.own.sum() and self.surprise < was.surprise


class _Tried(NamedTuple):
    """A network that was tried, and whether it may be given out."""

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

    A network is given out only if it misreads no more of the corrections kept back than before, and
    if, with this `confidence`, its accuracy on old digits falls by `worse` at most, compared with
    that of `recognizer`, whatever that lost in earlier adaptations. Where `old` is not what the
    recognizer learnt from, half of it is kept back. The caller answers for these being new to it;
    only what the history tells (`unseen`) and pictures among the corrections are ruled out here.

    Raises `DataError` for too few corrections, signs that the network does not tell, old digits
    that may be known to it, and too few of them to promise so much; `ShapeError` for images of
    another size, and `TrainingError` for a network whose last layer cannot be given a memory.
    """
    _check(recognizer, corrections, old)
    given, corrections = corrections, _enough(corrections)
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
    learnt = tuned(recognizer, own, *beside, rng)
    tried: list[_Tried] = []
    for way, shares in WAYS.items():
        for share in shares:
            changed = _towards(recognizer, learnt, share)
            if way == MEMORY:
                changed = remembering(changed, own, beside[0][-KNOWN - NOT_DIGITS :])
            one = _judged(changed, kept, others)
            passes = p_value(_pairs(was.old, one.old), worse, level) <= level
            tried.append(_Tried(way, share, one, passes and one.better(was)))
            if not passes:  # no larger share is tested
                break
    good = [one for one in tried if one.good]
    way, share, best, _ = min(good or tried, key=lambda one: one.judged.surprise)
    if not good:
        return Adapted(None, _compared(was.own, best.own), _compared(was.old, best.old))
    # It was chosen among all shares by these corrections, so the bound has to hold for each share.
    most = bound(_pairs(was.own, best.own), level / len(WAYS[way]))
    told = Adapted(
        best.recognizer,
        _compared(was.own, best.own, most),
        _compared(was.old, best.old, worse),
        way,
        share,
    )
    return replace(told, recognizer=_remembering(told, given, len(own), old, confidence))


def _remembering(
    told: Adapted, corrections: Digits, learnt: int, old: Digits, confidence: float
) -> Recognizer:
    """The adapted recognizer, with this adaptation added to its history."""
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
    """How it does on the corrections `own` and the digits `old`, both kept back."""
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
            f"{len(old):,} old digits kept back are too few to say with "
            f"{100 * (1 - level * len(WAYS)):g} % "
            f"confidence that a network is not worse by more than {100 * worse:g} points; allow "
            "more, or name a larger set of old digits"
        )


def _check(recognizer: Recognizer, corrections: Digits, old: Digits) -> None:
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
    if type(recognizer.recipe.network.layers[-1]) not in (Dense, Exemplars):
        raise TrainingError("only a network that ends with a Dense layer can be adapted")


def _enough(corrections: Digits) -> Digits:
    """Each correction once: of a picture learnt from, another copy kept back would say nothing."""
    once = distinct(corrections)
    if len(once) < LEAST_CORRECTIONS:
        differ = " that differ" if len(once) < len(corrections) else ""
        raise DataError(
            f"{corrections.name}: {len(once)} corrections{differ}; it takes {LEAST_CORRECTIONS} at "
            "least, for some are kept back to see whether the network is better"
        )
    return once


def _beside(
    recognizer: Recognizer, before: Digits, rng: np.random.Generator
) -> tuple[Images, Matrix]:
    """Old digits, half of them distorted, with pictures of no digit; the outputs for all."""
    beside = before.take(rng.permutation(len(before))[:OLD_DIGITS]).images
    half = len(beside) // 2
    distorted = augment(beside[:half], recognizer.recipe.augment, rng)
    beside = np.concatenate([distorted, beside[half:]])
    nothing = not_digits(NOT_DIGITS, int(rng.integers(2**31)))
    if nothing.shape[1:] == recognizer.size:
        beside = np.concatenate([beside, nothing])
    return beside, recognizer.outputs(beside)


def _towards(recognizer: Recognizer, learnt: Params, share: float) -> Recognizer:
    params = dict(recognizer.params)
    for name, w in learnt.items():
        params[name] = params[name] + np.float32(share) * (w - params[name])
    return replace(recognizer, params=params, report=None)
