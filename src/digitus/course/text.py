"""A lesson's text: its title, its cells, its exercises.

A lesson is Markdown. A fence of the language `{code-cell}` is code that runs; with the line
`:tags: [exercise]` it is the beginning of an answer, which the learner completes. A link to
`glossary.md#word` is a word that is explained where it is pointed at.

A translation is words alone: a line `{{ code }}` stands for each cell of the first language, so
that code is in one place. What the code says to people is translated by the lines of the comment
that the file ends with, `English = other`. Inside: reading that. Not inside: carrying code out
(`execution`), other forms (`notebook`, `web_page`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from digitus.course.messages import FIRST_LANGUAGE, glossary, say
from digitus.errors import CourseError

FOLDER = Path(__file__).parent / "lessons"
FENCE = re.compile(r"^```\{code-cell\}.*?\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"^\{\{ code \}\}$", re.MULTILINE)  # of a cell, in a translation
IN_THE_CODE = re.compile(r"^<!-- in the code\n(.*?)^-->\n?", re.MULTILINE | re.DOTALL)
FRONT_MATTER = re.compile(r"\A---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)
TAGS = ":tags: [exercise]\n"
CHECKED = re.compile(r'^check\("(\w+)", (\w+)\)$', re.MULTILINE)
WORD = re.compile(r"\]\(glossary\.md#([\w-]+)\)")
LINKED = re.compile(r"\]\(glossary\.md#([\w-]+)")
SITE_LINK = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)", re.DOTALL)
INSTALLED = "installed: true"
MINUTES = re.compile(r"^minutes: (\d+)$", re.MULTILINE)

Kind: TypeAlias = Literal["text", "code", "exercise"]


@dataclass(frozen=True)
class Cell:
    """A part of a lesson: text to read, code that runs, or an answer that is to be completed."""

    kind: Kind
    source: str


@dataclass(frozen=True)
class Lesson:
    """One lesson in one language."""

    number: int
    title: str
    minutes: int
    language: str
    cells: tuple[Cell, ...]
    installed: bool = False  # it needs what only an installation has, and does not run in a browser

    @property
    def exercises(self) -> dict[str, Cell]:
        """The cells of its exercises by their names: "1a", "1b" ..."""
        found = {}
        for cell in self.cells:
            if cell.kind == "exercise" and (match := CHECKED.search(cell.source)):
                found[match[1]] = cell
        return found


@cache
def lessons(language: str = FIRST_LANGUAGE) -> tuple[Lesson, ...]:
    """All lessons in order; those that nobody has translated yet in the first language."""
    return tuple(_read(path.name, language) for path in sorted((FOLDER / "en").glob("*.md")))


def lesson(number: int, language: str = FIRST_LANGUAGE) -> Lesson:
    """A lesson by its number. Raises `CourseError` where there is none."""
    found = lessons(language)
    if not 1 <= number <= len(found):
        raise CourseError(say("check.no_lesson", language, number=number, last=len(found)))
    return found[number - 1]


def source(name: str, language: str) -> str:
    """The whole text of a lesson by its file's name; a translation's with code in its places."""
    first = (FOLDER / FIRST_LANGUAGE / name).read_text("utf-8")
    path = FOLDER / language / name
    if language == FIRST_LANGUAGE or not path.is_file():
        return first
    translated, words = path.read_text("utf-8"), {}
    if said := IN_THE_CODE.search(translated):
        words = dict(line.split(" = ", 1) for line in said[1].splitlines())
        translated = translated[: said.start()].rstrip() + "\n"

    def code(_: re.Match[str]) -> str:
        cell = next(cells)[0].rstrip("\n")
        for word, other in words.items():
            cell = cell.replace(word, other)
        return cell

    head, cells = FRONT_MATTER.match(first), FENCE.finditer(first)
    assert head is not None, name
    return f"{head[0]}\n{PLACE.sub(code, translated)}"


def _read(name: str, language: str) -> Lesson:
    text = source(name, language)
    minutes = MINUTES.search(text)
    head = FRONT_MATTER.match(text)
    assert head is not None, name
    assert minutes is not None, name
    body = explained(text[head.end() :].strip() + "\n", language)
    title = body.partition("\n")[0].removeprefix("# ")
    installed = INSTALLED in head[1]
    return Lesson(int(name[:2]), title, int(minutes[1]), language, tuple(_cells(body)), installed)


def explained(text: str, language: str) -> str:
    """A text with each word's explanation as the title of its link."""
    words = glossary(language)
    return WORD.sub(lambda match: f'](glossary.md#{match[1]} "{words[match[1]].text}")', text)


def by_itself(source: str) -> str:
    """A text for use without the site: words lead to the lesson's end, other links become text."""
    source = source.replace("](glossary.md#", "](#")
    return SITE_LINK.sub(r"\1", source)


def words(lesson: Lesson) -> str:
    """The words that a lesson explains, as the text of its last cell."""
    found = {match for cell in lesson.cells for match in LINKED.findall(cell.source)}
    known = glossary(lesson.language)
    lines = [
        f'- <a id="{key}"></a>**{word.word}**: {word.text}'
        for key, word in known.items()
        if key in found
    ]
    return f"## {say('glossary.title', lesson.language)}\n\n" + "\n".join(lines)


def _cells(body: str) -> list[Cell]:
    cells, end = [], 0
    for match in FENCE.finditer(body):
        if before := body[end : match.start()].strip():
            cells.append(Cell("text", before))
        source = match[1].strip("\n")
        kind: Kind = "exercise" if source.startswith(TAGS) else "code"
        cells.append(Cell(kind, source.removeprefix(TAGS).strip("\n")))
        end = match.end()
    if after := body[end:].strip():
        cells.append(Cell("text", after))
    return cells
