"""HTML files from templates: where templates are found, how they are filled, the frame of a file.

The templates (`*.html`) lie beside the modules that fill them, with the style sheets and scripts
that are written into the files. They are Jinja2's and escape every text that they are given; what
is markup already has the type `Markup`. Inside: the environment, `fill` for one macro of a
template, `standalone` for a whole file. Not inside: what reports say (`score`, `model`, `explain`,
`review`), drawings (`charts`, `pictures`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.ext import Extension
from markupsafe import Markup

from digitus.report import formats

PARTS = "report/parts.html"  # macros that several reports share


@dataclass(frozen=True)
class Section:
    """A numbered part of a report: its address within the file, its heading, its content."""

    id: str
    title: str
    body: Markup


class JoinedLines(Extension):
    """In templates of HTML, an indented line continues the line before it.

    Between tags or braces the line break is dropped, in text it becomes one space. So a template
    can be laid out for the eye, and no white space comes between elements that stand side by side.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source with its continued lines joined."""
        if not (name or "").endswith(".html"):
            return source
        joined = re.sub(r"(?<=[>}])\n +(?=[<{])", "", source)
        return re.sub(r"\n +", " ", joined)


@cache
def environment() -> Environment:
    """Jinja2 as all reports use it; a template's name is its path within the package."""
    made = Environment(
        loader=PackageLoader("digitus", "."),
        autoescape=select_autoescape(["html", "svg"]),
        undefined=StrictUndefined,
        extensions=[JoinedLines],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.policies["json.dumps_kwargs"] = {"sort_keys": False}
    for form in (formats.percent, formats.quantity, formats.duration):
        made.filters[form.__name__] = form
    return made


def fill(template: str, macro: str, **values: Any) -> Markup:
    """One macro of a template, with its arguments."""
    filled: Markup = getattr(environment().get_template(template).module, macro)(**values)
    return filled


def standalone(
    title: str,
    header: Markup,
    sections: Sequence[Section],
    footer: str,
    *,
    sheets: Sequence[str] = (),
    style: str = "",
    script: str = "",
) -> str:
    """A whole file that needs no other.

    `sheets` and `script` name files that are written into it; `style` is CSS of this file
    alone, as `Markup`.
    """
    frame = environment().get_template("report/frame.html")
    return frame.render(
        title=title,
        header=header,
        sections=sections,
        footer=footer,
        sheets=sheets,
        style=style,
        script=script,
    )
