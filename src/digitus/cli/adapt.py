"""`digitus adapt`: a recognizer and a few corrections in, one that knows that hand out."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    PATH,
    Number,
    data_dir_option,
    json_option,
    output,
    prepare_option,
    print_json,
    progress,
    recognizer_of,
)
from digitus.training.promise import CONFIDENCE, WORSE

if TYPE_CHECKING:
    from digitus.datasets.digits import Digits
    from digitus.recognizer import Recognizer
    from digitus.training.adapt import Adapted


@click.command
@click.argument("model")
@click.argument("corrections", nargs=-1, required=True, metavar="CORRECTIONS...")
@click.option("--to", type=PATH, required=True, help="The new model, FILE.safetensors.")
@click.option(
    "--old",
    metavar="SET",
    help="A set of old digits that it did not learn from.  [default: the set it learnt from, of "
    "which its training kept some back]",
)
@data_dir_option
@prepare_option
@click.option(
    "--worse",
    type=Number(0, 1),
    default=WORSE,
    show_default=True,
    help="By how much the accuracy on old digits may fall.",
)
@click.option(
    "--confidence",
    type=Number(0.5, 0.999),
    default=CONFIDENCE,
    show_default=True,
    help="How sure that has to be.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Decides all randomness.")
@click.option("--replace", is_flag=True, help="Write over a model that is there already.")
@json_option
def adapt(
    model: str,
    corrections: tuple[str, ...],
    to: Path,
    old: str | None,
    data_dir: Path | None,
    prepare: str,
    worse: float,
    confidence: float,
    seed: int,
    replace: bool,
    json: bool,
) -> None:
    """Teach a recognizer one person's hand, by a few corrections.

    MODEL is a model file, the folder of a run, or default. CORRECTIONS are the digits that a review
    saved (CSV), or any set of your own digits: a folder of pictures, CSV, npz. Part of them is kept
    back, and so are old digits. A network is written only if it reads no more of the corrections
    kept back wrong than MODEL does, and if the old digits show, with the --confidence, that its
    accuracy on such digits is lower by no more than --worse. Otherwise nothing is written and the
    exit code is 1. What is written may remember corrections, by what the network sees in them. The
    promise is relative to MODEL: if that was adapted before, what it lost then comes on top.
    """
    from functools import reduce

    from digitus.datasets.digits import Digits
    from digitus.datasets.named import digits_of
    from digitus.errors import OutputError, ShapeError
    from digitus.files import check_place
    from digitus.training.adapt import adapt as adapted

    check_place(to)
    if to.exists() and not replace:
        raise OutputError(f"{to} is there already; name another file, or say --replace")
    recognizer, name = recognizer_of(model)
    own = reduce(
        Digits.joined,
        (
            digits_of(path, "train", data_dir, prepare=prepare, classes=recognizer.classes)
            for path in corrections
        ),
    )
    beside = _beside(old, data_dir, recognizer, name)
    try:
        found = adapted(recognizer, own, beside, worse=worse, confidence=confidence, seed=seed)
    except ShapeError as error:
        raise ShapeError(f"{error}; --prepare auto makes pictures of any size fit") from None
    if found.recognizer:
        found.recognizer.save(to)
    record = {
        "model": str(to) if found.recognizer else None,
        "from": name,
        "corrections": len(own),
        "way": found.way or None,
        "share": found.share,
        "confidence": confidence,
        "kept_back": found.own.record(),
        "old": found.old.record(),
    }
    if json:
        print_json(record)
    else:
        for words, of in (("corrections", found.own), ("old digits", found.old)):
            output().print(
                f"{of.of:,} {words} kept back: {of.before} wrong before, {of.after} after"
                f" ({of.lost} of them new)"
            )
            if of.at_most is not None:
                output().print(f"  {_said(of.at_most, confidence)}")
        if found.recognizer:
            output().print(_taken(found, found.recognizer))
        output().print(str(to) if found.recognizer else _refused(worse, confidence))
    if not found.recognizer:
        sys.exit(1)


def _beside(old: str | None, data_dir: Path | None, recognizer: Recognizer, name: str) -> Digits:
    """The old digits. Raises `DataError` for those that the recognizer may have learnt from."""
    if old:
        return _named(old, data_dir, recognizer, name)
    from digitus.datasets.digits import DIGITS, SIDE
    from digitus.datasets.named import digits_of
    from digitus.datasets.sources import STROKES
    from digitus.errors import DataError, DownloadError
    from digitus.training.unseen import keeps_back

    learnt, history = recognizer.recipe.data, recognizer.history
    try:
        found = digits_of(learnt, "train", data_dir, classes=recognizer.classes)
        first = history.get("examples", 0) + history.get("development", 0)  # a run may take so many
        for digits in (found, found.take(slice(first))):
            if keeps_back(recognizer, digits):
                return digits
        why, error = f"which digits of {learnt} are new to {name} is unknown", ""
    except DownloadError as failed:
        why, error = f"{learnt} cannot be had", f" ({failed})"
    if recognizer.classes != DIGITS or recognizer.size != (SIDE, SIDE):
        raise DataError(f"{why}; name others, which it has not learnt from, by --old{error}")
    progress().print(f"{why}, so {STROKES} stand beside instead{error}")
    return digits_of(STROKES, "test", classes=recognizer.classes)  # nobody learns from these


def _named(old: str, data_dir: Path | None, recognizer: Recognizer, name: str) -> Digits:
    """Old digits that somebody names, without pictures that the recognizer learnt from."""
    from digitus.datasets.named import digits_of
    from digitus.errors import DataError
    from digitus.training.unseen import TOGETHER, keeps_back, learnt_from, without

    learnt = learnt_from(recognizer.recipe, recognizer.history)
    of = TOGETHER.join(sorted(learnt)) if learnt else "digits that nobody knows"
    refused = DataError(
        f"{name} learnt from {of}, so which digits of {old} it has not seen is unknown; "
        "leave --old out"
    )
    own = old == recognizer.recipe.data
    if not own and (learnt is None or learnt & set(old.split(TOGETHER))):
        raise refused
    found = digits_of(old, "train", data_dir, classes=recognizer.classes)
    if keeps_back(recognizer, found):
        return found
    if own or learnt is None:
        raise refused
    for one in sorted(learnt):
        known = _here(one, data_dir, recognizer.classes)
        found = without(found, known) if known else found
    return found


def _here(name: str, data_dir: Path | None, classes: str) -> Digits | None:
    """A set that was learnt from, if it is on this machine."""
    from digitus.datasets.named import digits_of
    from digitus.datasets.sources import load
    from digitus.errors import DataError

    try:
        if Path(name).exists():
            return digits_of(name, "train", data_dir, classes=classes)
        return load(name, "train", data_dir=data_dir, download=False)
    except DataError:
        return None


def _said(at_most: float, confidence: float) -> str:
    """What is promised of all such digits, not only of those that were kept back."""
    sure = f"with {100 * confidence:g} % confidence"
    points = math.ceil(round(1e4 * at_most, 6)) / 100  # never less than was found
    if points < 0:
        return f"{sure}: better by at least {-points:g} points"
    return f"{sure}: not worse by more than {points:g} points"


def _taken(found: Adapted, recognizer: Recognizer) -> str:
    """What is given out: how much of the change is in it, and what it remembers by now."""
    from digitus.nn import Exemplars
    from digitus.training.adapt import MEMORY

    changed = f"{100 * found.share:g} % of the change of the whole network"
    last = recognizer.recipe.network.layers[-1]
    if found.way != MEMORY or not isinstance(last, Exemplars):
        return f"given out: {changed}"
    remembered = f"a memory of {last.examples:,} corrections"
    return f"given out: {remembered}" + (f" and {changed}" if found.share else "")


def _refused(worse: float, confidence: float) -> str:
    return (
        "nothing is written: no network was better on the corrections of which it could be said, "
        f"with {100 * confidence:g} % confidence, that it is not worse on old digits by more than "
        f"{100 * worse:g} points"
    )
