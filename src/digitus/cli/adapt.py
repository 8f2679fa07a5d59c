"""`digitus adapt`: a recognizer and few corrections in, one that knows that hand out."""

from __future__ import annotations

import sys
from pathlib import Path

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


@click.command
@click.argument("model")
@click.argument("corrections", nargs=-1, required=True, metavar="CORRECTIONS...")
@click.option("--to", type=PATH, required=True, help="The new model, FILE.safetensors.")
@click.option("--old", help="The set beside it.  [default: what the model learnt from]")
@data_dir_option
@prepare_option
@click.option(
    "--worse",
    type=Number(0, 1),
    default=0.001,
    show_default=True,
    help="By how much the accuracy on old digits may fall.",
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
    seed: int,
    replace: bool,
    json: bool,
) -> None:
    """Teach a recognizer one person's hand, by few corrections.

    MODEL is a model file, the folder of a run, or default. CORRECTIONS are the digits that a review
    saved (CSV), or any set of your own digits: a folder of pictures, CSV, npz. A part of them is
    kept back; where the new network reads that worse, or old digits by more than allowed, nothing
    is written and the exit code is 1.
    """
    from functools import reduce

    from digitus.datasets.digits import Digits
    from digitus.datasets.named import digits_of
    from digitus.datasets.sources import STROKES
    from digitus.errors import DownloadError, OutputError
    from digitus.training.adapt import adapt as adapted

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
    wanted = old or recognizer.recipe.data
    try:
        beside = digits_of(wanted, "train", data_dir, classes=recognizer.classes)
    except DownloadError as error:
        if old:
            raise
        progress().print(f"{wanted} cannot be had, so {STROKES} stand beside instead ({error})")
        beside = digits_of(STROKES, "train", classes=recognizer.classes)
    found = adapted(recognizer, own, beside, worse=worse, seed=seed)
    if found.recognizer:
        found.recognizer.save(to)
    names = ("wrong_before", "wrong_after", "of")
    record = {
        "model": str(to) if found.recognizer else None,
        "from": name,
        "corrections": len(own),
        "way": found.way or None,
        "share": found.share,
        "kept_back": dict(zip(names, found.own, strict=True)),
        "old": dict(zip(names, found.old, strict=True)),
    }
    if json:
        print_json(record)
    else:
        for words, (before, after, of) in (("corrections", found.own), ("old digits", found.old)):
            output().print(f"{of:,} {words} kept back: {before} wrong before, {after} after")
        output().print(str(to) if found.recognizer else "not good enough: nothing is written")
    if not found.recognizer:
        sys.exit(1)
