"""`digitus sweep`: the same recipes from several seeds and with several settings, and one table."""

from __future__ import annotations

import re
import reprlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from digitus.cli.common import (
    PATH,
    data_dir_option,
    json_option,
    output,
    percent,
    print_json,
    progress,
    threads_option,
)
from digitus.cli.terminal import complain
from digitus.threads import cores

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from digitus.sweep.runs import Planned
    from digitus.sweep.table import Row

MOST_SEEDS = 1000


def _seeds(ctx: click.Context, param: click.Parameter, value: str) -> list[int]:
    """0-9, or 0,3,5."""
    seeds: list[int] = []
    for part in value.split(","):
        found = re.fullmatch(r"(\d{1,18})(?:-(\d{1,18}))?", part, re.ASCII)
        low, high = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if high < low:
            told = reprlib.repr(value)
            raise click.BadParameter(f"{told} are no seeds; they are 0-9, or 0,3,5", ctx, param)
        seeds += range(low, min(high, low + MOST_SEEDS) + 1)
    return sorted(set(seeds))[:MOST_SEEDS]


@click.command
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...")
@click.option("--seeds", callback=_seeds, default="0-2", show_default=True, help="0-9, or 0,3,5.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="A setting of all recipes; given twice with one key, each value is tried.",
)  # fmt: skip
@click.option(
    "--search", "searched", multiple=True, metavar="KEY=LOW..HIGH",
    help="A setting that Ray Tune draws from a range, anew for each of --trials.",
)  # fmt: skip
@click.option("--trials", type=click.IntRange(1, 10_000), default=16, show_default=True)
@click.option("--data", help="Data set by name, or a path.  [default: each recipe's own]")
@data_dir_option
@click.option(
    "--out", type=PATH, default=Path("runs/sweep"), show_default=True,
    help="Folder with a folder for each run; the same command goes on after an interruption.",
)  # fmt: skip
@click.option(
    "--cluster", metavar="local|ADDRESS",
    help="Train by Ray, a core for each run; --out is then a folder that all machines see.",
)  # fmt: skip
@threads_option
@json_option
def sweep(
    recipes: tuple[str, ...],
    seeds: list[int],
    settings: tuple[str, ...],
    searched: tuple[str, ...],
    trials: int,
    data: str | None,
    data_dir: Path | None,
    out: Path,
    cluster: str | None,
    threads: int,
    json: bool,
) -> None:
    """Train recipes from several seeds and settings; one table of means with intervals.

    Each run is an ordinary folder, as of digitus train. What is compared is the accuracy on the
    images that each run holds back; the test set is for digitus evaluate. A search is for one
    recipe, with the first of the seeds.
    """
    from digitus.locks import alone
    from digitus.sweep.runs import grid, planned
    from digitus.sweep.table import summary, write_summary

    more = ["--data", data] if data else []
    more += ["--data-dir", str(data_dir.absolute())] if data_dir else []
    console = progress()
    failed: list[Planned] = []
    with alone(out, "digitus sweep"):
        if searched:

            def run_of(drawn: tuple[str, ...]) -> Planned:
                (run,) = planned(recipes, seeds[:1], settings, out.absolute(), more, drawn)
                return run

            if len(recipes) * len(grid(settings)) > 1:
                raise click.UsageError("a search is for one recipe, each --set with one value")
            todo = _draws(searched, trials, run_of, seeds[0], out, cluster, cores(threads))
        else:
            runs = planned(recipes, seeds, settings, out.absolute(), more)
            todo = _left(runs, cluster, cores(threads), console)
        for number, (run, error) in enumerate(todo.told, 1):
            console.print(f"{number} of {todo.total}: {run.label}, seed {run.seed}")
            todo.runs.extend([run] if searched else [])
            if error:
                failed.append(run)
                complain(f"{run.folder}: {error}")
        rows = summary(todo.runs)
        if searched:  # the best, which was searched for, comes first
            rows.sort(key=lambda row: -row["mean"])
        write_summary(out / "sweep.json", rows)
    if json:
        about = {"out": str(out), "runs": len(todo.runs), "failed": len(failed)}
        print_json({**about, "rows": rows})
    else:
        output().print(_table(rows))
    if failed:
        sys.exit(1)


class _ToDo(NamedTuple):
    """All runs; those still to be trained, told of as they end with their error; their number."""

    runs: list[Planned]
    told: Iterator[tuple[Planned, str]]
    total: int


def _draws(
    searched: tuple[str, ...], trials: int, run_of: Callable[[tuple[str, ...]], Planned],
    seed: int, out: Path, cluster: str | None, processes: int,
) -> _ToDo:  # fmt: skip
    """The runs that a search draws, one after the other."""
    from digitus.sweep.search import LOCAL, Place, ranges, search

    place = Place(out.absolute(), cluster or LOCAL, processes)
    return _ToDo([], search(ranges(searched), trials, run_of, seed, place), trials)


def _left(runs: list[Planned], cluster: str | None, processes: int, console: Console) -> _ToDo:
    """The runs that have no result yet."""
    waiting = [run for run in runs if run.result is None]
    if len(waiting) < len(runs):
        console.print(f"{len(runs) - len(waiting)} of {len(runs)} runs are done already")
    if cluster:
        from digitus.sweep.on_ray import on_ray

        told = on_ray(waiting, cluster, processes)
    else:
        from digitus.sweep.runs import here

        told = here(waiting, processes)
    return _ToDo(runs, told, len(waiting))


def _table(rows: list[Row]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("recipe")
    for title in ("seeds", "right of what is held back", "lowest", "highest", "seconds a run"):
        table.add_column(title, justify="right")
    for row in rows:
        within = row["interval95"]
        mean = f"{100 * row['mean']:.2f}" + (f" ± {100 * within:.2f} %" if within else " %")
        table.add_row(
            row["label"], str(row["runs"]), mean, percent(row["lowest"]), percent(row["highest"]),
            f"{row['seconds']:.1f}",
        )  # fmt: skip
    return table
