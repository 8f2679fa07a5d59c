"""The papers' report as one HTML file.

Inside: what each kind of block becomes, by macros of `papers.html`. Not inside: what is said
(`document`), drawing charts (`drawings`).
"""

from __future__ import annotations

import re
from functools import singledispatch

import numpy as np
from markupsafe import Markup, escape

from digitus.papers.report import drawings
from digitus.papers.report.blocks import (
    Block,
    Chart,
    Equations,
    Figures,
    Heading,
    Items,
    Pictures,
    Table,
    Text,
)
from digitus.papers.report.document import Document
from digitus.report.html import PARTS, Section, fill, standalone
from digitus.report.pictures import ink_tiles, signed_tiles

TEMPLATE = "papers/report/papers.html"
MOST_ROWS = 40  # of the table of a chart's numbers: longer curves have none


def html(title: str, header: Markup, document: Document, footer: str) -> str:
    """The whole report as one file that opens anywhere."""
    sections: list[Section] = []
    headings: list[Heading] = []
    styles: list[Markup] = []
    for block in document.blocks:
        if isinstance(block, Heading) and block.level == 2:
            headings.append(block)
            sections.append(Section(block.id, block.title, Markup()))
        else:
            content, style = _block(block)
            last = sections[-1]
            body = Markup("\n").join([last.body, content]) if last.body else content
            sections[-1] = Section(last.id, last.title, body)
            styles.append(style)
    return standalone(
        title,
        header,
        sections,
        footer,
        style_sheets=["papers/report/papers.css"],
        style=Markup().join(styles) + _numbering(headings),
        script="report/report.js",
    )


def _block(block: Block) -> tuple[Markup, Markup]:
    """A block as HTML, and the style that goes with it alone."""
    if not isinstance(block, Pictures):
        return _html(block), Markup()
    signed = block.images.dtype == np.int8
    name = re.sub(r"\W", "-", block.name)
    tiles = (signed_tiles if signed else ink_tiles)(name, block.images)
    values = {"block": block, "caption": inline(block.caption), "tiles": tiles, "signed": signed}
    style = tiles.css + Markup(f".{name}{{--s:{block.size}px}}\n")
    return fill(TEMPLATE, "pictures", **values), style


def _numbering(headings: list[Heading]) -> Markup:
    """The sections' own numbers, in the margin and in the contents, in place of 1, 2, 3."""
    return Markup().join(
        Markup('#{0}-title::before,nav li:nth-child({1})::before{{content:"{2}"}}\n').format(
            heading.id, n, heading.number
        )
        for n, heading in enumerate(headings, 1)
    )


@singledispatch
def _html(block: object) -> Markup:
    raise TypeError(f"no HTML for {block!r}")


@_html.register
def _(block: Heading) -> Markup:
    return fill(TEMPLATE, "heading", block=block, title=inline(block.title))


@_html.register
def _(block: Text) -> Markup:
    return fill(TEMPLATE, "text", words=inline(block.words))


@_html.register
def _(block: Items) -> Markup:
    return fill(TEMPLATE, "items", items=[inline(item) for item in block.items])


@_html.register
def _(block: Equations) -> Markup:
    return fill(TEMPLATE, "equations", lines=block.lines)


@_html.register
def _(block: Table) -> Markup:
    rows = [[inline(cell) for cell in row] for row in block.rows]
    values = {"caption": block.caption, "head": block.head, "rows": rows, "total": block.total}
    return fill(PARTS, "table", **values, kind=f"texts-{block.texts}")


@_html.register
def _(block: Figures) -> Markup:
    tables = [_numbers(c) for c in block.charts if isinstance(c, Chart)]
    return fill(
        TEMPLATE,
        "figures",
        charts=[drawings.figure(chart) for chart in block.charts],
        tables=[table for table in tables if table],
    )


def _numbers(chart: Chart) -> Markup:
    """The values of a chart with few points, for those who want to read them."""
    x = list(chart.lines[0].x)
    if chart.kind != "lines" or len(x) > MOST_ROWS or any(list(s.x) != x for s in chart.lines):
        return Markup()
    form, unit = ("{:.2%}", " %") if chart.percent else ("{:.4g}", "")
    rows = [
        [f"{v:g}", *(form.format(s.y[i]).replace("%", unit) for s in chart.lines)]
        for i, v in enumerate(x)
    ]
    head = [chart.label, *(s.name for s in chart.lines)]
    return fill(PARTS, "table", caption=chart.title, head=head, rows=rows)


def inline(words: str) -> Markup:
    """`code`, **bold**, *slanted* and [links](address) as HTML."""
    out = str(escape(words))
    out = re.sub(r"`([^`]+)`", r"<code>\1</code>", out)
    out = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", out)
    out = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", out)
    return Markup(re.sub(r"\[([^]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', out))
