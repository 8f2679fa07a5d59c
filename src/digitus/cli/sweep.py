"""`digitus sweep`: the same recipes from several seeds and with several settings, and one table."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    from rich.table import Table

MOST_SEEDS = 1000


def _seeds(ctx: click.Context, param: click.Parameter, value: str) -> list[int]:
    """0-9, or 0,3,5."""
    seeds: list[int] = []
    for part in value.split(","):
        low, dash, high = part.partition("-")
        if not low.isdecimal() or (dash and not high.isdecimal()):
            raise click.BadParameter(f"{value!r} are no seeds; they are 0-9, or 0,3,5", ctx, param)
        seeds += range(int(low), min(int(high or low), int(low) + MOST_SEEDS) + 1)
    return sorted(set(seeds))[:MOST_SEEDS]


@click.command
@click.argument("recipes", nargs=-1, required=True, metavar="RECIPE...")
@click.option("--seeds", callback=_seeds, default="0-2", show_default=True, help="0-9, or 0,3,5.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE",
    help="A setting of all recipes; given twice with one key, each value is tried.",
)  # fmt: skip
@click.option("--data", help="Data set by name, or a path.  [default: each recipe's own]")
@data_dir_option
@click.option(
    "--out", type=PATH, default=Path("runs/sweep"), show_default=True,
    help="Folder with a folder for each run; the same command goes on where it was ended.",
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
    data: str | None,
    data_dir: Path | None,
    out: Path,
    cluster: str | None,
    threads: int,
    json: bool,
) -> None:
    """Train recipes from several seeds and settings; one table of means with intervals.

    Each run is an ordinary folder, as of digitus train. What is compared is the accuracy on the
    images that each run holds back; the test set is for digitus evaluate.
    """
    from digitus.locks import alone
    from digitus.sweep.runs import Planned, here, planned
    from digitus.sweep.table import summary, write_summary

    more = ["--data", data] if data else []
    more += ["--data-dir", str(data_dir.absolute())] if data_dir else []
    runs = planned(recipes, seeds, settings, out.absolute(), more)
    console = progress()
    failed: list[Planned] = []
    with alone(out, "digitus sweep"):
        waiting = [run for run in runs if run.result is None]
        if len(waiting) < len(runs):
            console.print(f"{len(runs) - len(waiting)} of {len(runs)} runs are done already")
        if cluster:
            from digitus.sweep.on_ray import on_ray

            told = on_ray(waiting, cluster, cores(threads))
        else:
            told = here(waiting, cores(threads))
        for number, (run, error) in enumerate(told, 1):
            console.print(f"{number} of {len(waiting)}: {run.label}, seed {run.seed}")
            if error:
                failed.append(run)
                complain(f"{run.folder}: {error}")
        rows = summary(runs)
        write_summary(out / "sweep.json", rows)
    if json:
        print_json({"out": str(out), "runs": len(runs), "failed": len(failed), "rows": rows})
    else:
        output().print(_table(rows))
    if failed:
        sys.exit(1)


def _table(rows: list[dict[str, Any]]) -> Table:
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
