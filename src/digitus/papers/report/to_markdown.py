"""The papers' report as Markdown, with its pictures in files beside it.

Inside: what each kind of block becomes, contact sheets of small pictures. Not inside: what is said
(`document`), drawing charts (`drawings`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import singledispatch

import cv2
import numpy as np

from digitus.papers.report import drawings
from digitus.papers.report.blocks import (
    Equations,
    Figures,
    Heading,
    Items,
    Pictures,
    Table,
    Text,
)
from digitus.papers.report.document import Document
from digitus.plotting import NEGATIVE, POSITIVE
from digitus.types import Bytes, Numbers

FOLDER = "pictures"  # beside the Markdown
ACROSS = 20  # pictures in a row of a contact sheet
FEW = 12  # pictures that are shown larger, five in a row
GAP, STRIP = 4, 13  # pixels of a contact sheet: margins, height of a line of text


def markdown(title: str, lead: Sequence[str], document: Document) -> tuple[str, dict[str, bytes]]:
    """The report as Markdown, and the files it shows: name in the folder of pictures to content."""
    parts = [f"# {title}", *lead]
    headings = [b for b in document.blocks if isinstance(b, Heading) and b.level == 2]
    parts.append("\n".join(f"- [{h.number} {h.title}](#{_anchor(h)})" for h in headings))
    parts += [_markdown(block) for block in document.blocks]
    files = {name: content for block in document.blocks for name, content in _files(block)}
    return "\n\n".join(parts) + "\n", files


def _anchor(heading: Heading) -> str:
    """The address that GitHub gives a heading."""
    words = f"{heading.number} {heading.title}".lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def _files(block: object) -> list[tuple[str, bytes]]:
    """The files that a block shows, each with its name."""
    if isinstance(block, Pictures):
        return [(f"papers-{block.name}.png", contact_sheet(block.images, block.labels))]
    if isinstance(block, Figures):
        return [(f"papers-{c.name}.svg", drawings.file(c).encode("utf-8")) for c in block.charts]
    return []


@singledispatch
def _markdown(block: object) -> str:
    raise TypeError(f"no Markdown for {block!r}")


@_markdown.register
def _(block: Heading) -> str:
    return f"{'#' * block.level} {block.number} {block.title}"


@_markdown.register
def _(block: Text) -> str:
    return block.words


@_markdown.register
def _(block: Items) -> str:
    return "\n".join(f"- {item}" for item in block.items)


@_markdown.register
def _(block: Equations) -> str:
    return f"```\n{block.lines}\n```"


@_markdown.register
def _(block: Table) -> str:
    numbers = len(block.head) - block.texts
    lines = [_row(block.head), "|" + "|".join(["---"] * block.texts + ["---:"] * numbers) + "|"]
    rows = [list(row) for row in block.rows]
    if block.total:
        rows[-1] = [f"**{cell}**" if cell else "" for cell in rows[-1]]
    lines += [_row(row) for row in rows]
    return f"*{block.caption}*\n\n" + "\n".join(lines)


@_markdown.register
def _(block: Pictures) -> str:
    image = f"![{_plain(block.caption)}]({FOLDER}/papers-{block.name}.png)"
    return f"{image}\n\n*{block.caption}*"


@_markdown.register
def _(block: Figures) -> str:
    return "\n".join(f"![{_plain(c.title)}]({FOLDER}/papers-{c.name}.svg)" for c in block.charts)


def _plain(words: str) -> str:
    return re.sub(r"[*`\[\]]", "", words)


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
