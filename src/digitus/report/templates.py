"""Templates of Jinja2: where they are found, and how they are laid out.

Templates lie beside the modules that fill them and escape every text that they are given. Inside:
the environment. Not inside: filling them (`html`), which imports this module, and Jinja2 with it,
when something is to be written and no sooner.
"""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.ext import Extension

from digitus.report import formats


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
