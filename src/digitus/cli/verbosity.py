"""How much the commands say beside their answers: `-v` more, what happens; `-q` nothing.

Every command has both. Inside: the two options, and where the log goes. Not inside: what is logged
under "digitus" (each module does so itself).
"""

from __future__ import annotations

import sys

import click

from digitus.cli.terminal import printable

QUIET = "digitus.quiet"  # the key in the `meta` that the contexts of a command share


def with_verbosity(command: click.Command) -> click.Command:
    """The command, with `-v` and `-q` if it has not got them yet."""
    if not any(option.name == "verbose" for option in command.params):
        command.params += [
            click.Option(
                ["-v", "--verbose"],
                count=True,
                expose_value=False,
                callback=_tell_more,
                help="Tell what happens, on standard error; -vv: in detail.",
            ),
            click.Option(
                ["-q", "--quiet"],
                is_flag=True,
                expose_value=False,
                callback=_tell_nothing,
                help="No progress; only the answer, and errors.",
            ),
        ]
    return command


def _tell_more(ctx: click.Context, param: click.Parameter, count: int) -> None:
    """Lets the log be seen."""
    del param
    if not count:
        return
    import logging

    class OnStandardError(logging.Handler):
        """Writes to whatever standard error is at the moment, in printable characters."""

        def emit(self, record: logging.LogRecord) -> None:
            words = f"{record.name}: {record.getMessage()}"
            print(printable(words, also="\n"), file=sys.stderr)

    log = logging.getLogger("digitus")
    log.setLevel(logging.DEBUG if count > 1 else logging.INFO)
    handler = OnStandardError()
    log.addHandler(handler)
    ctx.call_on_close(lambda: log.removeHandler(handler))


def _tell_nothing(ctx: click.Context, param: click.Parameter, quiet: bool) -> None:
    """Shows no progress."""
    del param
    ctx.meta[QUIET] = ctx.meta.get(QUIET, False) or quiet
