"""The commands. Each lives in a module of its own name and imports what is heavy when it runs.

So `digitus --help` starts quickly: it loads neither NumPy nor OpenCV. Exit codes: 0 all done,
1 something failed (one line on standard error says what and what to do), 2 usage.
"""

from __future__ import annotations

import sys
from difflib import get_close_matches
from importlib import import_module

import click
from click.exceptions import NoArgsIsHelpError

from digitus import __version__
from digitus.cli import streams
from digitus.cli.terminal import printable
from digitus.cli.verbosity import with_verbosity
from digitus.errors import DigitusError
from digitus.threads import begin_with_one

VERBS = {
    "read": "Read the handwritten digits in pictures.",
    "bulk": "Read very many pictures to a table, here or on a cluster; resumes where it stopped.",
    "form": "Print forms; read those that were filled in into a table.",
    "train": "Train a network; write the model, a log and a report to a folder.",
    "adapt": "Teach a recognizer one person's hand, by a few corrections.",
    "sweep": "Train recipes from several seeds and settings; one table of means with intervals.",
    "evaluate": "Score a model on the test part of a set, digit by digit.",
    "serve": "Open a web page to draw on, read photos with, look inside, and watch it learn.",
    "course": "Learn how it works: lessons that run, exercises that check themselves.",
    "check": "Check that every backward is the derivative of its forward.",
    "data": "List the sets of digits, or load one.",
    "models": "List what ships, recognizer and recipes, and the models in runs/.",
    "export": "Write a model as ONNX, C, JavaScript, a web page or npz.",
    "papers": "Carry out the two papers' experiments; claims beside measurements.",
}


class _Verbs(click.Group):
    """Imports the module of a verb when it is asked for, and no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = getattr(import_module(f"digitus.cli.{cmd_name}"), cmd_name)
        return with_verbosity(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and (near := get_close_matches(args[0], VERBS, n=1)):
            ctx.fail(f"No such command {args[0]!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Runs a command. Complaints about arguments, which may quote them, are made printable."""
        try:
            return super().invoke(ctx)
        except (click.MissingParameter, NoArgsIsHelpError):  # click's own words, of several lines
            raise
        except click.UsageError as error:
            raise click.UsageError(printable(error.format_message()), error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False,
    callback=lambda ctx, _, asked: _version(ctx) if asked else None,
    help="Show the version, and what computes, and exit.",
)  # fmt: skip
def app() -> None:
    """Read handwritten digits with a neural network whose every equation is in plain sight."""


def _version(ctx: click.Context) -> None:
    from digitus.nn.kernels import NUMPY, level

    found = level()
    by = "NumPy alone" if found == NUMPY else f"compiled kernels ({found})"
    click.echo(f"digitus {__version__}, computing by {by}")
    ctx.exit()


with_verbosity(app)


def main() -> None:
    """The program `digitus`."""
    streams.prepare()
    code: int | str | None = 0
    told: Exception | None = None
    begin_with_one()
    try:
        app(prog_name="digitus")
    except SystemExit as left:
        code = left.code
    except (DigitusError, MemoryError, OSError) as error:
        code, told = streams.fail(error), error
    sys.exit(streams.finish(code, told))
