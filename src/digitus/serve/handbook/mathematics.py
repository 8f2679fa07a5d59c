"""The mathematics, a section at a time: equations with their derivations, and where each stands.

The text is docs/mathematics.md; a wheel carries a copy beside this module (hatch_build.py).

Inside: its sections as HTML, its figures, and in which section an equation or a layer is found. Not
inside: Markdown (`markdown`), the web page around it (`handlers`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from digitus.serve.handbook.code import written
from digitus.serve.handbook.markdown import anchor, html

IN_WHEEL = Path(__file__).parent / "text"
IN_REPOSITORY = Path(__file__).parents[4] / "docs"
SECTION = re.compile(r"^(?=## \d+\. )", re.MULTILINE)
HEADING = re.compile(r"^#{2,3} (.+)$", re.MULTILINE)
EQUATION = re.compile(r'<a id="(eq-[\d-]+)"></a>')
REFERENCE = re.compile(r"^\[[^\]]+\]: #[\w-]+\n?", re.MULTILINE)
NAMED = re.compile(r"^\| `digitus\.nn\.(\w+)` \| \[([\d.]+)\]", re.MULTILINE)
TO_PLACE = re.compile(r'href="#([^"]+)"')
PICTURE = re.compile(r'src="pictures/([\w.-]+)"')
CODE = re.compile(r"`(digitus\.[\w.]+)`")
TO_MATHEMATICS = re.compile(r"\]\(\.\./\.\./docs/mathematics\.md#([\w-]+)\)")
# The layers that the view Inside shows.
AT_WORK = frozenset({"BatchNorm", "Conv", "Dense", "Flatten", "Relu", "Scale"})
QUOTED = re.compile(r"<code>(digitus\.[\w.]+)</code>")


@dataclass(frozen=True)
class Section:
    """A numbered part of the text."""

    number: int
    title: str
    source: str


def folder() -> Path:
    """Where the text and its figures lie."""
    return IN_WHEEL if IN_WHEEL.is_dir() else IN_REPOSITORY


@cache
def _text() -> str:
    return (folder() / "mathematics.md").read_text("utf-8")


@cache
def sections() -> dict[int, Section]:
    """All sections by their numbers."""
    found = {}
    for source in SECTION.split(REFERENCE.sub("", _text()))[1:]:
        number, _, title = source.partition("\n")[0].removeprefix("## ").partition(". ")
        found[int(number)] = Section(int(number), title, source)
    return found


@cache
def _places() -> dict[str, int]:
    """The section of each anchor."""
    return {
        name: section.number
        for section in sections().values()
        for name in (
            *EQUATION.findall(section.source),
            *map(anchor, HEADING.findall(section.source)),
        )
    }


@cache
def _first_equations() -> dict[str, str]:
    """By name of `digitus.nn`, the anchor of its first equation in the index, if it has any."""
    return {name: f"eq-{number.replace('.', '-')}" for name, number in NAMED.findall(_text())}


def address(name: str) -> str | None:
    """Where a layer, a loss or an optimizer is derived; None where it is not."""
    if (found := _first_equations().get(name)) is None:
        return None
    return f"/mathematics/{_places()[found]}#{found}"


def linked(lesson: str) -> str:
    """A lesson's text, with its links to the mathematics leading to their sections here."""
    return TO_MATHEMATICS.sub(lambda m: f"](/mathematics/{_places()[m[1]]}#{m[1]})", lesson)


@cache
def section_html(number: int) -> str:
    """A section as HTML."""
    references = "\n".join(REFERENCE.findall(_text()))
    made = html(f"{sections()[number].source}\n\n{references}\n")
    made = TO_PLACE.sub(_to_place, made)
    made = PICTURE.sub(r'src="/mathematics/pictures/\1"', made)
    return QUOTED.sub(_to_code, made)


def _to_place(match: re.Match[str]) -> str:
    place = _places().get(match[1])
    return f'href="/mathematics/{place}#{match[1]}"' if place else match[0]


def _to_code(match: re.Match[str]) -> str:
    """The name of a piece of code as a link to it, and to where it can be seen at work."""
    if match[1] not in named():
        return match[0]
    return f'<a href="/code/{match[1]}">{match[0]}</a>{at_work(match[1])}'


def at_work(name: str) -> str:
    """A link to the view Inside for "digitus.nn.Conv.forward"; "" where it shows no such layer."""
    kind = name.removeprefix("digitus.nn.").partition(".")[0]
    if kind not in AT_WORK:
        return ""
    return f' <a href="/#inside?layer={kind}" aria-label="Inside: {kind}">Inside</a>'


@cache
def named() -> frozenset[str]:
    """The pieces of code that the text names and that have a source to be shown."""
    return frozenset(name for name in CODE.findall(_text()) if written(name))


@cache
def pictures() -> dict[str, bytes]:
    """The figures by their names."""
    return {path.name: path.read_bytes() for path in (folder() / "pictures").glob("math-*.svg")}
