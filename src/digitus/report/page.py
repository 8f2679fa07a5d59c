"""The words and tags that every section of the report is made of.

Inside: numbers as people write them, tables, sections, the page around them. Not inside: what the
sections say (`score`, `model`), drawings (`charts`, `pictures`).

Every function that takes text for people escapes it; arguments named `body`, `rows` and `content`
are HTML already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources

SPACE = "\u00a0"  # keeps "98.41 %" on one line

# No browser that honours this can be made to fetch anything, whatever a name or a recipe holds.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Section:
    """A numbered part of the page: its address within the page, its heading, its HTML."""

    id: str
    title: str
    body: str


def percent(share: float | None, places: int = 2) -> str:
    """0.98412 as "98.41 %". Only what is whole is 100 %, and only nothing is 0 %.

    0.99999 is ">99.99 %": rounding must not hide the one that is wrong.
    """
    if share is None or not math.isfinite(share):
        return "–"
    least = 10.0**-places
    value = round(100 * share, places)
    sign = "<" if share > 0 and value <= 0 else ">" if share < 1 and value >= 100 else ""
    if sign:
        value = least if sign == "<" else 100 - least
    return f"{sign}{value:.{places}f}{SPACE}%"


def count(n: int, thing: str = "") -> str:
    """10000 as "10,000"; with a thing as "1 digit", "10,000 digits"."""
    return f"{n:,}" + (f"{SPACE}{thing}{'' if n == 1 else 's'}" if thing else "")


def duration(seconds: float) -> str:
    """75.2 as "1 min 15 s"."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f}{SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{SPACE}h {minutes}{SPACE}min"
    return f"{minutes}{SPACE}min {rest}{SPACE}s"


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    kind: str = "",
    total: bool = False,
) -> str:
    """A table whose first column names its rows; with `total` the last row is one."""
    lines = [
        "<tr>"
        + "".join(
            f'<th scope="row">{cell}</th>' if i == 0 else f"<td>{cell}</td>"
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    ]
    foot = f"<tfoot>{lines.pop()}</tfoot>" if total else ""
    heads = "".join(
        f'<th scope="col">{escape(cell)}</th>' if cell else "<td></td>" for cell in head
    )
    return (
        f'<div class="wide"><table class="{kind}"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody>{foot}</table></div>"
    )


def details(summary: str, content: str) -> str:
    """Something for the reader who wants to know more."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """A list of names and values."""
    items = (f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
    return f'<dl class="facts">{"".join(items)}</dl>'


def document(
    title: str,
    header: str,
    sections: Sequence[Section],
    style: str,
    footer: str,
    script: str | None = "page.js",
) -> str:
    """The whole document; `style` is CSS, `script` a file, that go with these contents only."""
    links = "".join(f'<li><a href="#{s.id}">{escape(s.title)}</a></li>' for s in sections)
    body = "\n".join(
        f'<section id="{s.id}" aria-labelledby="{s.id}-title">'
        f'<h2 id="{s.id}-title">{escape(s.title)}</h2>\n{s.body}</section>'
        for s in sections
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{part("page.css")}{style}</style>
</head>
<body>
<header>{header}</header>
<nav aria-label="Contents"><ol>{links}</ol></nav>
<main>
{body}
</main>
<footer>{footer}</footer>
{f"<script>{part(script)}</script>" if script else ""}
</body>
</html>
"""


def part(name: str) -> str:
    """The text of a file that lies beside these modules."""
    return (resources.files("digitus.report") / name).read_text("utf-8")
