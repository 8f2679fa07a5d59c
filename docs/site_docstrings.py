"""Docstrings as reStructuredText: they are plain text in which `code` is quoted.

Inside: that. Not inside: what else is said where they are shown (`site_pages.py`).
"""

from __future__ import annotations

import re
from itertools import groupby

MARKUP = re.compile(r"([*_|\\])")


def as_restructured_text(lines: list[str]) -> list[str]:
    """The lines with `code` as ``code`` and no other markup; examples stay as they are."""
    result: list[str] = []
    announced = example = False  # by two colons; inside one
    for empty, group in groupby(lines, key=lambda line: not line.strip()):
        paragraph = list(group)
        if not empty:
            example = (announced or example) and paragraph[0].startswith(" ")
            announced = paragraph[-1].endswith("::")
            if not example:
                paragraph = _paragraph(paragraph)
        result += paragraph
    return result


def _paragraph(lines: list[str]) -> list[str]:
    """A paragraph without markup; if some of its lines are indented, line breaks are kept."""
    escaped = _escaped("\n".join(lines)).split("\n")
    if lines[0].startswith("- ") or not any(line.startswith(" ") for line in lines):
        return escaped
    return [f"| {line}" for line in escaped]


def _escaped(text: str) -> str:
    """A paragraph with its quotations as literals."""
    parts = text.replace("``", "`").split("`")
    if len(parts) % 2 == 0:  # one that does not end
        return MARKUP.sub(r"\\\1", text).replace("`", "\\`")
    quoted = [
        f"``{' '.join(part.split())}``" if i % 2 else MARKUP.sub(r"\\\1", part)
        for i, part in enumerate(parts)
    ]
    return "\\ ".join(part for part in quoted if part)
