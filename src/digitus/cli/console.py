"""The console of the commands: rich's, for strings from anywhere.

Inside: that. Not inside: which stream it writes to, and what (`common`); it is apart from the rest
since rich takes 40 ms to import.
"""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from digitus.cli.terminal import printable


class PrintableConsole(Console):
    """Strings, also those in tables, are shown as they are, without markup, if printable."""

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, highlight=False, markup=False, soft_wrap=True)

    def render_str(self, text: str, **settings: Any) -> Text:  # whichever settings rich has
        """A string as rich is about to show it."""
        return super().render_str(printable(text, also="\n\t"), **settings)
