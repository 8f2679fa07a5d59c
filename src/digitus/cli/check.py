"""`digitus check`: every gradient against finite differences."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from digitus.cli.common import json_option, output, print_json

if TYPE_CHECKING:
    from digitus.recipe import Recipe


PAGE_SIDE = 16  # pixels: enough for a network that finds digits, and checked sooner than a crop


@click.command
@click.argument("recipe", required=False)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Decides the random inputs.")
@json_option
def check(recipe: str | None, seed: int, json: bool) -> None:
    """Check that every backward is the derivative of its forward.

    In float64 against finite differences, with random gradients from above: all layers and losses,
    or the network of RECIPE (a shipped one or a TOML file) from its loss down.
    """
    from digitus.nn import check_all, check_network
    from digitus.nn.check import TOLERANCE
    from digitus.recipe import load_recipe

    if recipe is None:
        findings = list(check_all(seed))
    else:
        chosen = load_recipe(recipe)
        side = _side(chosen)
        shape = side, side, 1
        findings = list(
            check_network(chosen.network, shape, chosen.loss, chosen.initial, seed=seed)
        )
    failed = [f for f in findings if not f.passed]
    if json:
        rows = [
            {"case": f.case, "array": f.array, "error": f.error, "passed": f.passed}
            for f in findings
        ]
        print_json({"passed": not failed, "tolerance": TOLERANCE, "findings": rows})
    else:
        console = output()
        if recipe is None:
            layers: dict[str, list[float]] = {}
            for f in findings:
                layers.setdefault(f.case.split("(")[0].split(",")[0], []).append(f.error)
            for name, errors in layers.items():
                console.print(f"{name:<22} {len(errors):>4} gradients  worst {max(errors):.1e}")
        else:
            for f in findings:
                console.print(f"{f.case:<45} {f.array:<8} {f.error:.1e}")
        for f in failed:
            console.print(f"WRONG  {f.case}: {f.array}, relative error {f.error:.2g}")
        console.print(
            f"{len(findings) - len(failed)} of {len(findings)} gradients agree with finite "
            f"differences (relative error at most {TOLERANCE:.0e})"
        )
    if failed:
        sys.exit(1)


def _side(recipe: Recipe) -> int:
    """The side of images on which the network is checked. Raises `ShapeError` if it fits none."""
    from digitus.recipe import CLOSEUPS, PAGES, planned_for

    if recipe.data == CLOSEUPS:
        from digitus.detection.closeup import planned_closeup
        from digitus.detection.closeups import SIDE

        planned_closeup(recipe.network)
        return SIDE
    if recipe.data == PAGES:
        from digitus.detection.model import planned_page

        planned_page(recipe.network, PAGE_SIDE)
        return PAGE_SIDE
    planned_for(recipe, (28, 28))
    return 28
