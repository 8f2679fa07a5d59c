"""Text that may be shown on a terminal, which obeys control characters.

A name of a file, a recipe's description, a message about a stranger's file may hold some: they can
set the terminal's title, move its cursor, hide what was said. So whatever is shown to people comes
out printable.

Inside: `printable`, and the one line of an error. Not inside: what `rich` shows (`console`), and
JSON, which is ASCII (`common`).
"""

from __future__ import annotations

import sys


def printable(text: object, also: str = "") -> str:
    r"""The text with `\x1b`, `\u202e` and the like for what is no printable character.

    `also` are characters that stay as they are.
    """
    return "".join(
        c if c.isprintable() or c in also else c.encode("unicode_escape").decode("ascii")
        for c in str(text)
    )


def complain(words: object) -> None:
    """One line about what went wrong, on standard error."""
    print(f"digitus: {printable(words)}", file=sys.stderr)
