"""Which digits a recognizer has surely not learnt from, by what its history says.

A promise about digits in general needs digits that are new to the network, so what may have been
learnt from is never used. Two kinds of sets are: the training set itself, known by its fingerprint,
whose development split was never learnt from; and a set that the history has nothing to do with.
Pictures that the network was shown all the same are taken out of both.

Inside: that. Not inside: where the digits come from (`cli`), and what is promised (`adapt`).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from digitus.datasets.digits import HASHED_AT_ONCE, Digits
from digitus.errors import DataError
from digitus.history import History
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer

TOGETHER = "+"  # between the names of sets that are learnt from together


def learnt_from(recipe: Recipe, history: History) -> set[str] | None:
    """The names of all sets that a network and those it began with learnt from; None if unknown."""
    before = history.get("started_from")
    if before and "data" not in before:
        return None
    return {*recipe.data.split(TOGETHER), *(before["data"].split(TOGETHER) if before else ())}


def told(recipe: Recipe, history: History) -> dict[str, str]:
    """For the history of a network that begins with this one: its sets, if all are known."""
    sets = None if history.get("adapted") else learnt_from(recipe, history)
    return {"data": TOGETHER.join(sorted(sets))} if sets else {}


def is_its_own(recognizer: Recognizer, digits: Digits) -> bool:
    """Whether these are the digits of its training, as they were then."""
    return recognizer.history.get("data", {}).get("sha256") == digits.sha256


def keeps_back(recognizer: Recognizer, digits: Digits) -> bool:
    """Whether these are the digits of its training, and it never saw their development split.

    A network that it began with may have learnt from that split too.
    """
    before = recognizer.history.get("started_from")
    if before:
        earlier = set(before.get("data", recognizer.recipe.data).split(TOGETHER))
        if earlier & set(recognizer.recipe.data.split(TOGETHER)):
            return False
    return is_its_own(recognizer, digits)


def check_new(recognizer: Recognizer, old: Digits) -> None:
    """Raises `DataError` for digits that may have been learnt from, as far as the history tells."""
    if keeps_back(recognizer, old):
        return
    if is_its_own(recognizer, old):
        raise DataError(
            f"{old.name}: the network learnt from these, and so did the one that it began with, or "
            "nobody knows; which of them are new to it is unknown; name others"
        )
    own = recognizer.history.get("data", {}).get("sha256")
    for one in recognizer.history.get("adapted", []):
        if one["data"].get("sha256") == old.sha256:
            raise DataError(f"{old.name}: the network has learnt from these as corrections")
        beside = one.get("beside_sha256")
        same = beside in (own, old.sha256) if beside else one["beside"] == old.name
        if not same:
            raise DataError(
                f"{old.name}: the network was adapted before, beside {one['beside']}; which of "
                "these are new to it is unknown; name the old digits that were named then"
            )


def without(digits: Digits, learnt: Digits) -> Digits:
    """The digits whose pictures are not among those, by every pixel."""
    known = set(_marks(learnt))
    kept = [place for place, mark in enumerate(_marks(digits)) if mark not in known]
    return digits if len(kept) == len(digits) else digits.take(np.array(kept, np.intp))


def distinct(digits: Digits) -> Digits:
    """Each picture once, with the label that it was given last."""
    places = sorted({mark: place for place, mark in enumerate(_marks(digits))}.values())
    return digits if len(places) == len(digits) else digits.take(np.array(places, np.intp))


def _marks(digits: Digits) -> list[bytes]:
    marks = []
    for start in range(0, len(digits), HASHED_AT_ONCE):
        part = np.ascontiguousarray(digits.images[start : start + HASHED_AT_ONCE])
        marks += [blake2b(image.tobytes(), digest_size=16).digest() for image in part]
    return marks
