"""`digitus papers`: the two papers' experiments repeated, claims beside measurements."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    PATH,
    data_dir_option,
    json_option,
    output,
    print_json,
    progress,
    threads_option,
)
from digitus.threads import cores

if TYPE_CHECKING:
    from digitus.papers.store import Store


@click.command
@click.argument("paper", required=False, type=click.Choice(["gopa-2024", "shao-2023"]))
@click.option("--quick", is_flag=True, help="Five minutes instead of hours; figures are rough.")
@click.option(
    "--out",
    type=PATH,
    help="Folder for report and results.  [default: runs/papers, runs/papers-quick]",
)
@click.option(
    "--results", type=PATH, help="The file that keeps them.  [default: results.json in --out]"
)
@click.option("--markdown", type=PATH, help="Write the report as Markdown too, with its pictures.")
@click.option("--only-report", is_flag=True, help="Measure nothing; write from what is there.")
@data_dir_option
@threads_option
@json_option
def papers(
    paper: str | None,
    quick: bool,
    out: Path | None,
    results: Path | None,
    markdown: Path | None,
    only_report: bool,
    data_dir: Path | None,
    threads: int,
    json: bool,
) -> None:
    """Carry out the two papers' experiments; report claims beside measurements.

    PAPER is one of them; without it, both. After an interruption, the same command goes on.
    """
    from digitus.errors import DataError
    from digitus.papers.images import album
    from digitus.papers.report import claims, write_html, write_markdown
    from digitus.papers.store import open_store

    folder = out or Path("runs") / ("papers-quick" if quick else "papers")
    store = open_store(results or folder / "results.json")
    if only_report:
        if not store.records:
            raise DataError(f"{store.path} holds no results; leave out --only-report")
    else:
        _measure(store, paper, quick, folder, data_dir, cores(threads))
    report = folder / "report.html"
    write_html(report, store, album(data_dir))
    if markdown:
        write_markdown(markdown, store)
    found = claims(store)
    if json:
        rows = [dict(zip(("paper", "claim", "measured", "verdict"), c, strict=True)) for c in found]
        where = {"results": str(store.path), "report": str(report)}
        print_json({"quick": bool(store.about.get("quick")), **where, "claims": rows})
        return
    console = output()
    for who, claim, measured, verdict in found:
        console.print(f"{who}: {claim}\n    {measured}: {verdict}", markup=False)
    console.print(f"report  {report}")


def _measure(
    store: Store,
    paper: str | None,
    quick: bool,
    folder: Path,
    data_dir: Path | None,
    threads: int,
) -> None:
    """Carries out what is missing in the results file."""
    from digitus.errors import DataError
    from digitus.papers import runner
    from digitus.papers.experiments import plan
    from digitus.papers.machine import machine

    if store.about.get("quick", quick) != quick:
        kind = "quick" if store.about["quick"] else "full"
        raise DataError(f"{store.path} holds a {kind} run; choose another --out or --results")
    console = progress()
    size = plan.QUICK if quick else plan.FULL
    experiments = plan.experiments((paper,) if paper else plan.PAPERS, size)
    left = runner.missing(experiments, store)
    console.print(
        f"{len(experiments)} experiments, {len(experiments) - len(left)} of them are in "
        f"{store.path} already"
    )
    if left:
        store.about = {"quick": quick, "machine": machine()}
    try:
        runner.perform(
            experiments,
            store,
            folder / "parts",
            data_dir,
            threads=threads,
            tell=lambda line: console.print(line, markup=False),
        )
    except KeyboardInterrupt:
        console.print("stopped; the same command goes on from here")
        sys.exit(130)
