"""The papers' report as blocks in their order, written from Markdown with placeholders.

A section's words are in a Markdown file beside its module: a template of Jinja2, in which the
module's numbers are filled in, with tables and what depends on them. A line [[name]] stands for a
chart or for pictures, which the module makes. Inside: `Document`, `blocks_of`. Not inside: what is
said, HTML and Markdown of the blocks (`to_html`, `to_markdown`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from jinja2 import Environment

from digitus.papers.images import Album
from digitus.papers.report import formats
from digitus.papers.report.blocks import Block, Equations, FromAlbum, Heading, Items, Table, Text
from digitus.report.templates import environment

FOLDER = "papers/report"
FILTERS = (
    formats.points, formats.over_seeds, formats.within, formats.mean, formats.figure,
    formats.seeds, formats.shape, formats.subscript,
)  # fmt: skip
NOT_KEPT = (
    "*{}: in the report that `digitus papers` writes. The digits are MNIST's and are not kept with "
    "the results.*"
)


@dataclass
class Document:
    """Blocks in their order.

    Digits of the data set are looked up in `album` by their places; results files do not hold them.
    """

    album: Album | None = None
    blocks: list[Block] = field(default_factory=list)

    def add(self, *blocks: Block) -> None:
        """Appends blocks."""
        self.blocks.extend(blocks)

    def write(
        self, template: str, shown: Mapping[str, Block | FromAlbum] | None = None, **values: object
    ) -> None:
        """Appends what a template says of the values; `shown` are the blocks that it names."""
        text = _environment().get_template(f"{FOLDER}/{template}").render(**values)
        for block in blocks_of(text, shown or {}):
            if not isinstance(block, FromAlbum):
                self.add(block)
            elif self.album:
                self.add(*block.blocks(self.album))
            else:
                self.add(Text(NOT_KEPT.format(block.what)))


@cache
def _environment() -> Environment:
    """The environment of all reports, with filters for the numbers of this one."""
    made = environment().overlay()
    made.filters = {**made.filters, **{form.__name__: form for form in FILTERS}}
    return made


def blocks_of(text: str, shown: Mapping[str, Block | FromAlbum]) -> Iterator[Block | FromAlbum]:
    """The blocks of a text in Markdown: paragraphs and what else stands between blank lines.

    A paragraph in *slanted* letters before a table is its caption.
    """
    caption = ""
    for part in _parts(text):
        if caption and not part.startswith("|"):
            yield Text(caption)
            caption = ""
        if part.startswith("```"):
            yield Equations(part.removeprefix("```\n").removesuffix("\n```"))
        elif heading := re.fullmatch(r"(##+) (\S+) (.*)", part):
            yield Heading(heading[2], heading[3], len(heading[1]))
        elif named := re.fullmatch(r"\[\[(\w+)\]\]", part):
            yield shown[named[1]]
        elif part.startswith("- "):
            items = re.split(r"^- ", part, flags=re.MULTILINE)[1:]
            yield Items([_joined(item) for item in items])
        elif part.startswith("|"):
            yield _table(caption.strip("*"), part.splitlines())
            caption = ""
        elif re.fullmatch(r"\*[^*]+\*", part):
            caption = _joined(part)
        else:
            yield Text(_joined(part))
    if caption:
        yield Text(caption)


def _parts(text: str) -> Iterator[str]:
    """What stands between blank lines, and each block of code as a whole."""
    for k, part in enumerate(re.split(r"^(```\n.*?\n```)$", text, flags=re.MULTILINE | re.DOTALL)):
        if k % 2:
            yield part
        else:
            yield from filter(None, (p.strip("\n") for p in re.split(r"\n\s*\n", part)))


def _joined(lines: str) -> str:
    """The lines of a paragraph as one."""
    return " ".join(line.strip(" ") for line in lines.splitlines())


def _table(caption: str, lines: list[str]) -> Table:
    """A table in Markdown; columns of numbers are those set from the right ("---:")."""
    head, rule, *rows = ([cell.strip(" ") for cell in line[1:-1].split("|")] for line in lines)
    last = [cell for cell in rows[-1] if cell] if rows else []
    total = bool(last) and all(re.fullmatch(r"\*\*.+\*\*", cell) for cell in last)
    if total:
        rows[-1] = [cell.strip("*") for cell in rows[-1]]
    return Table(caption, head, rows, total, sum(not cell.endswith(":") for cell in rule))
