"""Blocks as a page: HTML with everything in one file, or Markdown with its pictures beside it.

Inside: both renderings, contact sheets of small pictures. Not inside: what is said (`page_gopa`
...), drawing charts (`drawings`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
from markupsafe import Markup, escape

from digitus.papers.report import drawings
from digitus.papers.report.blocks import (
    Block,
    Chart,
    Equations,
    Heading,
    Heat,
    Items,
    Page,
    Pictures,
    Table,
    Text,
)
from digitus.report.html import PARTS, Section, fill, standalone
from digitus.report.pictures import NEGATIVE, POSITIVE, ink_sheet, signed_sheet
from digitus.types import Bytes, Numbers

FOLDER = "pictures"  # beside the Markdown
ACROSS = 20  # pictures in a row of a contact sheet
FEW = 12  # pictures that are shown larger, five in a row
GAP, STRIP = 4, 13  # of a contact sheet: margins, height of a line of text

# Columns of words are set from the left and may be broken.
TEXTS = "".join(
    f".texts-{n} :is(td,th):nth-child(-n+{n}){{text-align:left;white-space:normal;"
    "padding-right:1.5rem}"
    for n in range(1, 5)
)

STYLE = """
nav li::before { margin-right: 0.5em; }
nav ol { gap: 0.15rem 1.5rem; }
.about + .facts { margin-top: 2rem; }
h3 .n { margin-right: 0.55em; color: var(--red); font-weight: 400; }
h3 { margin: 2rem 0 0.75rem; }
.text { max-width: 44rem; }
ul.plain { max-width: 44rem; margin: 0 0 1.25rem 1.2rem; list-style: disc; }
ul.plain li { margin-bottom: 0.35rem; }
section > .wide, section > .charts, section > figure, section > pre { margin-bottom: 1.75rem; }
section > .wide { max-width: 60rem; }
main td { white-space: nowrap; }
details { margin-bottom: 1.75rem; }
pre { font-size: 0.875rem; max-width: 60rem; }
.contact { margin: 0 0 1.75rem; }
.contact figcaption { margin-bottom: 0.6rem; color: var(--soft); font-size: 0.8125rem; }
.contact .ink { filter: var(--ink-filter); }
.contact ul { max-width: 40rem; display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; }
.contact li { display: grid; justify-items: center; }
.about + .warning { margin-top: 1.5rem; }
.warning { border: 1px solid var(--red); color: var(--red); padding: 0.75rem 1rem; }
"""


def html(title: str, header: Markup, page: Page, footer: str) -> str:
    """The whole page as one file that opens anywhere."""
    sections: list[Section] = []
    styles = [STYLE, TEXTS, drawings.style(), "\n"]
    body: list[Markup] = []
    current: Heading | None = None

    def close() -> None:
        if current is not None:
            sections.append(Section(current.id, current.title, Markup("\n").join(body)))
            # The numbers of the sections, in the margin and in the contents, in place of 1, 2, 3.
            number = f'::before{{content:"{current.number}"}}'
            row = f"nav li:nth-child({len(sections)})"
            styles.append(f"#{current.id}-title{number}{row}{number}\n")
        body.clear()

    for block in page.blocks:
        if isinstance(block, Heading) and block.level == 2:
            close()
            current = block
        else:
            body.append(_html(block, styles))
    close()
    style = Markup("".join(styles))
    return standalone(title, header, sections, footer, style=style, script="report/report.js")


def _html(block: Block, styles: list[str]) -> Markup:
    if isinstance(block, Heading):
        return Markup('<h3 id="{}"><span class="n">{}</span>{}</h3>').format(
            block.id, block.number, _inline(block.title)
        )
    if isinstance(block, Text):
        return Markup("<p>{}</p>").format(_inline(block.words))
    if isinstance(block, Items):
        items = Markup().join(Markup("<li>{}</li>").format(_inline(i)) for i in block.items)
        return Markup('<ul class="plain">{}</ul>').format(items)
    if isinstance(block, Equations):
        return Markup("<pre>{}</pre>").format(block.lines)
    if isinstance(block, Table):
        rows = [[_inline(cell) for cell in row] for row in block.rows]
        kind = f"texts-{block.texts}"
        return fill(
            PARTS,
            "table",
            caption=block.caption,
            head=block.head,
            rows=rows,
            kind=kind,
            total=block.total,
        )
    if isinstance(block, Pictures):
        return _tiles(block, styles)
    charts = Markup().join(drawings.figure(c) for c in block.charts)
    numbers = Markup().join(_numbers(c) for c in block.charts if isinstance(c, Chart))
    return Markup('<div class="charts">{}</div>{}').format(
        charts,
        fill(PARTS, "details", summary="These numbers as a table", content=numbers)
        if numbers
        else "",
    )


def _numbers(chart: Chart) -> Markup:
    """The values of a chart with few points, for those who want to read them."""
    x = list(chart.lines[0].x)
    if chart.kind != "lines" or len(x) > 40 or any(list(s.x) != x for s in chart.lines):
        return Markup()
    form, unit = ("{:.2%}", " %") if chart.percent else ("{:.4g}", "")
    rows = [
        [f"{v:g}", *(form.format(s.y[i]).replace("%", unit) for s in chart.lines)]
        for i, v in enumerate(x)
    ]
    head = [chart.label, *(s.name for s in chart.lines)]
    return fill(PARTS, "table", caption=chart.title, head=head, rows=rows)


def _tiles(block: Pictures, styles: list[str]) -> Markup:
    signed = block.images.dtype == np.int8
    name = re.sub(r"\W", "-", block.name)
    sheet = (signed_sheet if signed else ink_sheet)(name, block.images)
    styles.append(sheet.css + f".{name}{{--s:{block.size}px}}\n")
    return fill(
        "papers/report/papers.html",
        "tiles",
        block=block,
        caption=_inline(block.caption),
        sheet=sheet,
        signed=signed,
    )


def _inline(words: str) -> Markup:
    """`code`, **bold**, *slanted* and [links](address) as HTML."""
    out = str(escape(words))
    out = re.sub(r"`([^`]+)`", r"<code>\1</code>", out)
    out = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", out)
    out = re.sub(r"\*([^*]+)\*", r"<em>\1</em>", out)
    return Markup(re.sub(r"\[([^]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', out))


def markdown(title: str, lead: Sequence[str], page: Page) -> tuple[str, dict[str, bytes]]:
    """The page as Markdown, and the files it shows: name in the folder of pictures to content."""
    files: dict[str, bytes] = {}
    parts = [f"# {title}", *lead]
    headings = [b for b in page.blocks if isinstance(b, Heading) and b.level == 2]
    parts.append("\n".join(f"- [{h.number} {h.title}](#{_anchor(h)})" for h in headings))
    parts += [_markdown(block, files) for block in page.blocks]
    return "\n\n".join(parts) + "\n", files


def _anchor(heading: Heading) -> str:
    """The address that GitHub gives a heading."""
    words = f"{heading.number} {heading.title}".lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _markdown(block: Block, files: dict[str, bytes]) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {block.number} {block.title}"
    if isinstance(block, Text):
        return block.words
    if isinstance(block, Items):
        return "\n".join(f"- {item}" for item in block.items)
    if isinstance(block, Equations):
        return f"```\n{block.lines}\n```"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Pictures):
        name = f"papers-{block.name}.png"
        files[name] = contact_sheet(block.images, block.labels)
        return f"![{_plain(block.caption)}]({FOLDER}/{name})\n\n*{block.caption}*"
    return "\n".join(_drawn(chart, files) for chart in block.charts)


def _drawn(chart: Chart | Heat, files: dict[str, bytes]) -> str:
    name = f"papers-{chart.name}.svg"
    files[name] = drawings.file(chart).encode("utf-8")
    return f"![{_plain(chart.title)}]({FOLDER}/{name})"


def _plain(words: str) -> str:
    return re.sub(r"[*`\[\]]", "", words)


def _table(block: Table) -> str:
    numbers = len(block.head) - block.texts
    lines = [_row(block.head), "|" + "|".join(["---"] * block.texts + ["---:"] * numbers) + "|"]
    rows = [list(row) for row in block.rows]
    if block.total:
        rows[-1] = [f"**{cell}**" if cell else "" for cell in rows[-1]]
    lines += [_row(row) for row in rows]
    return f"*{block.caption}*\n\n" + "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def contact_sheet(images: Numbers, labels: Sequence[str]) -> bytes:
    """Pictures in rows on white, each with its words under it, as a PNG."""
    n, h, w = images.shape
    zoom, across = (4, 5) if n <= FEW else (2, ACROSS)
    across = min(across, n)
    high, wide = h * zoom + STRIP + GAP, w * zoom + GAP
    sheet = np.full((-(-n // across) * high + GAP, across * wide + GAP, 3), 255, np.uint8)
    for k in range(n):
        top, left = GAP + k // across * high, GAP + k % across * wide
        place = sheet[top : top + h * zoom, left : left + w * zoom]
        place[:] = np.repeat(np.repeat(_coloured(images[k]), zoom, axis=0), zoom, axis=1)
        at = (left, top + h * zoom + STRIP - 3)
        words = labels[k].encode("ascii", "replace").decode()
        cv2.putText(sheet, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.33, (50, 50, 50), 1, cv2.LINE_AA)
    grey = sheet[..., 0] if images.dtype == np.uint8 else sheet
    return bytes(cv2.imencode(".png", grey, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes())


def _coloured(picture: Numbers) -> Bytes:
    """Ink on white, or weights in blue (above 0) and red, as BGR."""
    if picture.dtype == np.uint8:
        return np.repeat(255 - picture[..., None], 3, axis=2)
    share = np.abs(picture.astype(np.float64))[..., None] / 127
    colour = np.where((picture > 0)[..., None], POSITIVE[::-1], NEGATIVE[::-1])
    return np.asarray(np.round(255 * (1 - share) + colour * share), np.uint8)
