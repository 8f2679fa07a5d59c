"""The commands. Each lives in a module of its own name and imports what is heavy when it runs.

So `digitus --help` starts quickly: it loads neither NumPy nor OpenCV nor matplotlib. Exit codes:
0 all done, 1 something failed (one line on standard error says what and what to do), 2 usage.
"""

from __future__ import annotations

import sys

import typer

from digitus import __version__
from digitus.cli.check import check
from digitus.cli.data import data
from digitus.cli.evaluate import evaluate
from digitus.cli.models import models
from digitus.cli.train import train
from digitus.errors import DigitusError

app = typer.Typer(
    help="Reads handwritten digits with a neural network whose every equation is in plain sight.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for verb in (train, evaluate, check, data, models):
    app.command()(verb)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"digitus {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass


def main() -> None:
    """The program `digitus`."""
    try:
        app(prog_name="digitus")
    except DigitusError as error:
        print(f"digitus: {error}", file=sys.stderr)
        sys.exit(1)
