"""HTML files from templates: one macro of a template, and a whole file with its frame.

The templates (`*.html`) lie beside the modules that fill them, with the style sheets and scripts
that are written into the files. They escape every text that they are given; what is markup already
has the type `Markup`. Inside: `fill`, `standalone`. Not inside: where templates come from
(`templates`), what reports say (`score`, `model`, `explain`, `review`), drawings (`charts`,
`pictures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

PARTS = "report/parts.html"  # macros that several reports share


@dataclass(frozen=True)
class Section:
    """A numbered part of a report: its address within the file, its heading, its content."""

    id: str
    title: str
    body: Markup


def fill(template: str, macro: str, **values: object) -> Markup:
    """One macro of a template, with its arguments."""
    from digitus.report.templates import environment

    filled: Markup = getattr(environment().get_template(template).module, macro)(**values)
    return filled


def standalone(
    title: str,
    header: Markup,
    sections: Sequence[Section],
    footer: str,
    *,
    style_sheets: Sequence[str] = (),
    style: str = "",
    script: str = "",
) -> str:
    """A whole file that needs no other.

    `style_sheets` and `script` name files that are written into it; `style` is CSS of this file
    alone, as `Markup`.
    """
    from digitus.report.templates import environment

    frame = environment().get_template("report/frame.html")
    return frame.render(
        title=title,
        header=header,
        sections=sections,
        footer=footer,
        style_sheets=style_sheets,
        style=style,
        script=script,
    )
