"""Training in one call: `digitus.train("quick", data="my-digits/")` gives the recognizer.

Inside: the arguments, in every form that they may have, and the run from beginning to end. Not
inside: the run told as events, for whoever wants to show or to stop it (`loop.train`), and how it
is kept on disk (`run_folder`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.datasets.sources import STROKES
from digitus.errors import DownloadError, RecipeError, TrainingError
from digitus.evaluation import ARGUMENTS, evaluate
from digitus.locks import alone
from digitus.recipe import MADE, Recipe, changed, load_recipe, with_settings
from digitus.recognizer import Recognizer, load
from digitus.threads import cores, workers
from digitus.training.loop import (
    FAR_WORSE,
    SPLIT_SEED,
    Event,
    Finished,
    begin,
    loss_of_guessing,
)
from digitus.training.loop import train as events_of
from digitus.training.run_folder import Run, logged, record
from digitus.training.start_from import start_from as begin_with
from digitus.training.suited import suited, unlike

if TYPE_CHECKING:
    from digitus.datasets.named import Named

log = logging.getLogger("digitus.training")


def train(
    recipe: Recipe | str | Path | None = None,
    data: Named | None = None,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    settings: Mapping[str, object] | None = None,
    start_from: Recognizer | str | Path | None = None,
    prepare: str = "none",
    transposed: bool = False,
    data_dir: Path | str | None = None,
    out: Path | str | None = None,
    threads: int = 0,
) -> Recognizer:
    """Trains a network and returns it, with its `report` on the images held back.

    `recipe` is one that ships (by default "quick"), a TOML file or a `Recipe`. `data` is the name
    of a set, a path (a folder or zip file of pictures, CSV, npz, .mat, Parquet), `digitus.Digits`,
    or images [n h w] and labels [n] as a pair; by default the recipe's own, or digits that digitus
    draws itself where that cannot be had. `settings` replaces some of the recipe's, as
    {"schedule.rate": 0.01}. `start_from` is a recognizer, or a file of one, whose weights training
    begins with; without `recipe` its own recipe is used. `prepare` "auto" makes pictures of
    any size and polarity like MNIST's; `transposed` images are stored by columns. `out` is a folder
    that keeps the model, a log, a report and, meanwhile, checkpoints, as `digitus train` does.
    `threads` is by default the number of cores.

    What happens meanwhile is logged under "digitus.training". To follow a run step by step, or to
    stop it, iterate over `digitus.training.loop.train(recipe, digits)`.

    Raises `TypeError` for arguments of another kind, `RecipeError`, `DataError`, `ShapeError`,
    `OutputError` where `out` cannot be written or is in use, and `TrainingError` where it holds a
    run already or nothing was learnt.
    """
    before = load(start_from) if isinstance(start_from, str | Path) else start_from
    run = Run(Path(out)) if out is not None else None
    if run:
        _check_unused(run)
    if before is not None and not isinstance(before, Recognizer):
        raise TypeError(f"start_from is a Recognizer or its file, not {type(before).__name__}")
    if not isinstance(settings, Mapping | None):
        kind = type(settings).__name__
        raise TypeError(f"settings are a dict, as {{'schedule.rate': 0.01}}, not {kind}")
    if not isinstance(threads, int):
        raise TypeError(f"threads is a whole number, not {type(threads).__name__}")
    if prepare not in ("auto", "none"):
        raise ValueError(f"prepare is 'auto' or 'none', not {prepare!r}")
    given = {**(settings or {}), **_without_none(epochs=epochs, seed=seed)}
    chosen = _recipe(recipe, given, before)
    chosen, digits = _digits(chosen, data, data_dir, prepare, transposed)
    chosen = suited(chosen, digits, given)
    state = begin(chosen, digits)
    if before is not None:
        name = "a recognizer in memory" if isinstance(start_from, Recognizer) else str(start_from)
        begin_with(state, before.params, {"model": name, "recipe": before.recipe.name})
    threads = cores(threads)
    if run is None:
        events = logged(events_of(chosen, digits, state=state, threads=threads))
        return _reported(_followed(events), digits, threads)
    with alone(run.folder, "digitus.train"):
        _check_unused(run)  # another may have begun while the data were loaded
        events = record(run, chosen, digits, state=state, threads=threads)
        trained = _reported(_followed(events), digits, threads)
        if trained.report is not None:
            from digitus.report import write_report

            write_report(run.report, trained, trained.report, trained.history["epochs"])
    return trained


def _check_unused(run: Run) -> None:
    """A new run replaces nothing. Raises `TrainingError`."""
    if run.used:
        raise TrainingError(f"{run.folder} holds a run already; choose another folder")


def _without_none(**values: object) -> dict[str, object]:
    return {key: value for key, value in values.items() if value is not None}


def _recipe(
    recipe: Recipe | str | Path | None, given: Mapping[str, object], before: Recognizer | None
) -> Recipe:
    """The recipe asked for, or that of the network to begin with, with the settings `given`."""
    if recipe is None:
        recipe = before.recipe if before is not None else "quick"
    if isinstance(recipe, str | Path):
        recipe = load_recipe(recipe)
    if not isinstance(recipe, Recipe):
        raise TypeError(
            "recipe is the name of one that ships, a TOML file or a digitus.Recipe, not "
            f"{type(recipe).__name__}"
        )
    return changed(recipe, [f"{key}={_toml(value)}" for key, value in given.items()])


def _toml(value: object) -> str:
    """A setting as TOML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _digits(
    recipe: Recipe,
    data: Named | None,
    data_dir: Path | str | None,
    prepare: str,
    transposed: bool,
) -> tuple[Recipe, Digits]:
    """The recipe, changed to name what is learnt, and the digits."""
    from digitus.datasets.named import digits_of  # late, as it loads what opens every form

    wanted = recipe.data if data is None else data
    if isinstance(wanted, str) and wanted in MADE:
        raise RecipeError(
            f"{recipe.name} learns from {wanted}, not from digits; digitus train {recipe.name} "
            "carries it out"
        )
    if isinstance(wanted, str | Path):
        recipe = with_settings(recipe, data=str(wanted))
    folder = Path(data_dir) if data_dir is not None else None
    try:
        digits = digits_of(
            wanted,
            "train",
            folder,
            prepare=prepare,
            transposed=transposed,
            classes=recipe.classes,
        )
    except DownloadError as error:
        if data is not None:
            raise
        log.warning("%s cannot be had, so this trains on %s instead (%s)", wanted, STROKES, error)
        recipe, digits = with_settings(recipe, data=STROKES), digits_of(STROKES, "train")
    log.info("%s: %s examples of %s", digits.name, f"{len(digits):,}", recipe.name)
    own = not isinstance(wanted, str) or Path(wanted).exists()
    if own and (doubts := unlike(digits, ARGUMENTS)):
        log.warning("%s", doubts)
    return recipe, digits


def _followed(events: Iterator[Event]) -> Recognizer:
    """The recognizer at the end of a run."""
    recognizer: Recognizer | None = None
    for event in events:
        if isinstance(event, Finished):
            recognizer = event.recognizer
    assert recognizer is not None  # the last event has it, or an error was raised
    return recognizer


def _reported(recognizer: Recognizer, digits: Digits, threads: int) -> Recognizer:
    """The recognizer with its score on what was held back.

    Raises `TrainingError` where it learnt nothing.
    """
    recipe = recognizer.recipe
    _, development = split(digits, recipe.development, SPLIT_SEED)
    loss, guessing = (
        recognizer.history["epochs"][-1]["development_loss"],
        loss_of_guessing(recipe, development),
    )
    words = (
        f"the loss on the images held back is {loss:.3g}, that of guessing {guessing:.2f}; try a "
        "smaller learning rate (settings={'schedule.rate': ...}), or more images"
    )
    if loss > FAR_WORSE * guessing:
        raise TrainingError(words)
    if loss > guessing:
        log.warning("%s", words)
    with workers(threads, shards=2) as each:
        return replace(recognizer, report=evaluate(recognizer, development, each=each))
