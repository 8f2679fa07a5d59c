"""`digitus train`: a recipe in, a folder with model, log and report out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    PATH,
    Number,
    data_dir_option,
    json_option,
    prepare_option,
    progress,
    threads_option,
    transposed_option,
)
from digitus.cli.train_folder import check_unused, interrupted
from digitus.cli.train_tasks import (
    beginning,
    begun,
    doubts_of,
    found,
    recipe_of,
    recorded,
    start_of,
    suited_to,
)
from digitus.cli.train_workers import (
    alone_there,
    check_agreed,
    goes_on,
    own_cores,
)

if TYPE_CHECKING:
    from rich.console import Console

    from digitus.cli.train_tasks import Bring, Event
    from digitus.datasets.digits import Digits
    from digitus.detection.source import TrainedPages, Writers
    from digitus.recipe import Recipe
    from digitus.recognizer import Recognizer
    from digitus.training.distributed import Workers
    from digitus.training.run_folder import Run
    from digitus.training.session import State


@click.command
@click.argument("recipe", required=False)
@click.option("--data", help="Data set by name, or a path: folder, .csv, .npz.")
@data_dir_option
@prepare_option
@transposed_option
@click.option("--epochs", type=click.IntRange(min=1), help="How often to see every image.")
@click.option("--seed", type=click.IntRange(min=0), help="Decides all randomness.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any setting of the recipe: --set schedule.rate=0.1",
)
@click.option(
    "--start-from",
    metavar="MODEL",
    help="Begin with the weights of a model file, the folder of a run, default, page or closeup. "
    "Without RECIPE, with its recipe too.",
)
@click.option("--out", type=PATH, help="Folder for the run.  [default: a new one in runs/]")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run, as if never stopped.")
@click.option(
    "--checkpoint-seconds",
    type=Number(min=0),
    default=10.0,
    show_default=True,
    help="Time between checkpoints; 0: after every step.",
)
@threads_option
@click.option(
    "--array-library",
    type=click.Choice(["numpy", "torch"]),
    help="Whose arrays compute; the layers are the same.  [default: numpy; torch on a GPU]",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where it computes: cuda is a GPU, by PyTorch's arrays.",
)
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="Bits of the products; parameters stay float32. bfloat16: PyTorch, or a CPU with AMX or "
    "AVX-512 BF16.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    help="Processes among which PyTorch shares out each batch; on several machines: torchrun.",
)
@click.option("--profile", is_flag=True, help="Tell where the time went, layer by layer.")
@json_option
def train(
    recipe: str | None,
    data: str | None,
    data_dir: Path | None,
    prepare: str,
    transposed: bool,
    epochs: int | None,
    seed: int | None,
    settings: tuple[str, ...],
    start_from: str | None,
    out: Path | None,
    resume: bool,
    checkpoint_seconds: float,
    threads: int,
    array_library: str | None,
    device: str,
    precision: str,
    workers: int,
    profile: bool,
    json: bool,
) -> None:
    """Train a network; write the model, a log and a report to a folder.

    RECIPE is a shipped one (see: digitus models) or a TOML file; without it, quick. Ctrl-C stops
    after the step that is going on and keeps a checkpoint.
    """
    from digitus.cli.train_told import tell, tell_times
    from digitus.errors import TrainingError
    from digitus.recipe import load_recipe
    from digitus.training.device import Device, library_for
    from digitus.training.distributed import joined, leads
    from digitus.training.profile import Profile
    from digitus.training.run_folder import Run, new_run

    console = progress()
    console.quiet = console.quiet or not leads()
    given = _given(settings, epochs, seed)
    before = beginning(start_from) if start_from else None
    chosen = recipe_of(recipe, given, before)
    resume = goes_on(workers, chosen.name, out, resume=resume)
    bring = partial(found, data_dir=data_dir, prepare=prepare, transposed=transposed)
    learnt: Digits | Writers
    state: State
    if resume:
        if before:
            raise TrainingError("an interrupted run has begun already: --resume or --start-from")
        run = interrupted(out, chosen.name)
    else:
        if out:
            check_unused(Run(out))
        chosen, learnt = _data(chosen, data, bring, console)
        chosen = suited_to(chosen, learnt, given)
        state = begun(chosen, learnt, before)
        run = Run(out) if out else new_run(chosen.name)
    with alone_there(run):
        if resume:
            asked = chosen if given else None
            chosen, learnt, state = _resumed(run, asked, given, data, bring)
            if recipe and chosen.name != (name := load_recipe(recipe).name):
                raise TrainingError(f"{run.folder} is a run of {chosen.name}, not of {name}")
            console.print(f"resuming {run.folder} after {state.step:,} steps")
        else:
            check_unused(run)
        where = Device(library_for(device, array_library), device, precision, joined(device))
        _tell_workers(where.workers, run, state, console)
        times = Profile(where) if profile else None
        events = recorded(
            run, chosen, learnt, state, own_cores(threads), where, times, checkpoint_seconds
        )
        trained = _train(events, chosen, console)
        tell_times(times, console)
        if trained is not None:
            if leads():
                tell(run, trained, learnt, own_cores(threads), json)
            return
    again = _again(recipe or "quick", run, data_dir, prepare, transposed)
    console.print(f"stopped; go on with: {again}")
    sys.exit(130)


def _tell_workers(workers: Workers | None, run: Run, state: State, console: Console) -> None:
    """Says what several workers send one another, once they agree where they are."""
    if workers is None:
        return
    from digitus.training.distributed import bytes_a_step

    check_agreed(workers, run, state)
    sent = bytes_a_step({name: state.params[name] for name in state.memory}, workers.count)
    console.print(f"{workers.count} workers; each sends {sent / 1e6:,.2f} MB a step")


def _again(recipe: str, run: Run, data_dir: Path | None, prepare: str, transposed: bool) -> str:
    """The command that goes on with a run."""
    again = ["digitus", "train", recipe, "--out", str(run.folder), "--resume"]
    again += ["--data-dir", str(data_dir)] if data_dir else []
    again += ["--prepare", prepare] * (prepare != "none") + ["--transposed"] * transposed
    return shlex.join(again)


def _given(settings: tuple[str, ...], epochs: int | None, seed: int | None) -> list[str]:
    """What is set besides the recipe, by any option, as KEY=VALUE."""
    short = {"epochs": epochs, "seed": seed}
    return [*settings, *(f"{key}={value}" for key, value in short.items() if value is not None)]


def _data(
    recipe: Recipe, data: str | None, bring: Bring, console: Console
) -> tuple[Recipe, Digits | Writers]:
    """What to train on: as asked, else the recipe's own. The recipe then says which.

    Strokes stand in for a set that cannot be downloaded; a wrong name or a damaged file are errors.
    """
    from digitus.datasets.sources import STROKES
    from digitus.errors import DownloadError
    from digitus.recipe import with_settings

    wanted = data or recipe.data
    try:
        learnt = bring(wanted, recipe.classes)
        if Path(wanted).exists() and (doubts := doubts_of(learnt)):  # a person's own
            console.print(doubts)
        return with_settings(recipe, data=wanted), learnt
    except DownloadError as error:
        if data is not None:
            raise
        console.print(f"{recipe.data} cannot be had, so this trains on {STROKES} instead ({error})")
    return with_settings(recipe, data=STROKES), bring(STROKES, recipe.classes)


def _resumed(
    run: Run, asked: Recipe | None, given: list[str], data: str | None, bring: Bring
) -> tuple[Recipe, Digits | Writers, State]:
    """An interrupted run's recipe, data and state; it must be what was asked for."""
    from digitus.errors import TrainingError
    from digitus.recipe import with_settings
    from digitus.training.run_folder import load_checkpoint, resume

    recipe, _, _ = load_checkpoint(run.checkpoint)
    learnt = bring(data or recipe.data, recipe.classes)
    if asked is not None and recipe != suited_to(
        with_settings(asked, data=recipe.data), learnt, given
    ):
        raise TrainingError(
            f"{run.folder} was begun with other settings; resume it without --set, --epochs, --seed"
        )
    recipe, state = resume(run, learnt, start_of(learnt))
    return recipe, learnt, state


def _train(
    events: Generator[Event, None, None], recipe: Recipe, console: Console
) -> Recognizer | TrainedPages | None:
    """Trains with a progress bar; None where it was interrupted."""
    from digitus.cli.train_display import Display, interruptions
    from digitus.training.loop import Finished

    with interruptions() as interrupted, Display(console, recipe) as display:
        for event in events:
            display.show(event)
            if isinstance(event, Finished):
                events.close()  # its processes end here
                return event.recognizer
            if interrupted:
                events.close()  # keeps a checkpoint
                break
    return None
