"""What the site makes of the pages: for whom each is, and links between equations and code.

Inside: a Sphinx extension. Above each page stands whom it is for and what one can do afterwards
(`site/readers.toml`, and `site/words/` in other languages); the front page and start lead to the
exported page, which reads what visitors write, and the teachers' page to worksheets; pages of the
repository's root get their text; in the mathematics the name of the code is a link to its
description, from which the source is one link away; and each description lists the equations that
the code computes. Not inside: settings (`conf.py`), docstrings (`site_docstrings.py`), and what the
pages say.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import digitus
from digitus.course.messages import languages
from digitus.course.worksheet import worksheet
from digitus.course.worksheet_pdf import as_pdf
from site_course import LESSON
from site_docstrings import as_restructured_text
from site_languages import FIRST, language_of, of_its_language, others, words

HERE = Path(__file__).parent
READERS: dict[str, dict[str, str]] = tomllib.loads((HERE / "site/readers.toml").read_text("utf-8"))
MATHEMATICS = "mathematics"
EQUATION = re.compile(r'^<a id="(eq-[\d-]+)"></a>(\*\*\(([\d.]+)\)\*\* .*)$', re.MULTILINE)
CODE = re.compile(r"`(digitus\.[\w.]+)`")
ROOT_TEXT = re.compile(r"<!-- the text of \.\./(\w+\.md) -->\n")
LINK = re.compile(r"\]\((?!#|\w+://)([^)#\s]+)(#[^)\s]*)?\)")
PAGES = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "README.md": "index.md",
}
WIDE = '<div class="table-wrapper colwidths-auto docutils container'
LEFT_OUT = (  # what the theme writes, and the same with what it leaves out
    ('class="caption" role="heading">', 'class="caption" role="heading" aria-level="2">'),
    ("<pre>", '<pre tabindex="0">'),  # wide code can be scrolled by keys, and wide tables
    (WIDE + '">', WIDE + '" tabindex="0">'),
    ('<div id="search-results">', '<h1>Search</h1>\n<div id="search-results">'),
    ('<aside class="toc-drawer', '<aside aria-label="Contents" class="toc-drawer'),
    ('<aside class="sidebar-drawer', '<aside aria-label="Pages" class="sidebar-drawer'),
)
LESSONS = re.compile(r"(?:\.\./)+src/digitus/course/lessons/(\w\w)/")
BACK = re.compile(r'<a href="#" class="back-to-top muted-link">.*?</a>', re.DOTALL)
TITLE = re.compile(r"^# .+\n", re.MULTILINE)
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
SHEETS = 4  # worksheets, so that neighbours have other numbers
TRIED = "try.html"
TRYING = ("index", "start")  # where a visitor is told of it
UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|min|h|kB|MB|GB|px)\b|%)")  # stays with its number


def equations() -> dict[str, list[str]]:
    """The numbers of the equations that each piece of code computes, by its name in the page."""
    found = defaultdict(list)
    for match in EQUATION.finditer((HERE / f"{MATHEMATICS}.md").read_text("utf-8")):
        for name in CODE.findall(match[2]):
            found[name].append(match[3])
    return dict(found)


def _prepared(app: Sphinx, docname: str, content: list[str]) -> None:
    """A page as the site shows it, from the page as it is in the repository."""
    text = ROOT_TEXT.sub(_of_root, content[0])
    text = LINK.sub(lambda link: _within_site(link, docname), text)
    if docname == MATHEMATICS:
        text = EQUATION.sub(lambda m: f"({m[1]})=\n{CODE.sub(_as_link, m[2])}", text)
    if not LESSON.match(docname):
        text = _introduced(docname, _units_kept(text))
    place, _, name = docname.rpartition("/")
    if name in TRYING and language_of(docname) == (place or FIRST):
        page = f"{'../' * docname.count('/')}{TRIED}#{language_of(docname)}"  # it speaks that
        text = _added(text, words(language_of(docname))["try"].format(page=page))
    elif name == "teaching":
        text = _with_worksheets(docname, text)
    content[0] = text


def _of_root(match: re.Match[str]) -> str:
    """The text of a page of the repository's root, its links those of a page in `docs/`."""
    text = (HERE.parent / match[1]).read_text("utf-8").partition("\n")[2]
    return LINK.sub(lambda link: f"](../{link[1]}{link[2] or ''})", text)


def _within_site(match: re.Match[str], docname: str) -> str:
    """A link to a page of the repository as one to the same page of the site."""
    target, root = match[1].removeprefix("../docs/"), "../" * docname.count("/")
    if lesson := LESSONS.match(target):
        below = "" if lesson[1] == FIRST else f"{lesson[1]}/"
        target = f"{root}course/{below}{target[lesson.end() :]}"
    elif target.startswith("../"):
        target = PAGES.get(target.removeprefix("../"), target)
    return f"]({target}{match[2] or ''})"


def _units_kept(text: str) -> str:
    """The page with numbers and their units together, in tables, whose cells are narrow."""
    lines = (UNIT.sub("\u00a0", line) if line[:1] == "|" else line for line in text.split("\n"))
    return "\n".join(lines)


def _added(text: str, markup: str) -> str:
    """The page with a paragraph of HTML below the words on whom it is for."""
    return text.replace("\n:::\n", f"\n:::\n\n```{{raw}} html\n<p>{markup.strip()}</p>\n```\n", 1)


def _as_link(match: re.Match[str]) -> str:
    """The name of a piece of code as a link to its description."""
    return f"{{py:obj}}`{match[1]} <{full_name(match[1])}>`"


def full_name(name: str) -> str:
    """Where a piece of code is described: `digitus.nn.Dense` is in `digitus.nn.layers`."""
    import digitus.nn

    first, _, rest = name.removeprefix("digitus.nn.").partition(".")
    home = getattr(getattr(digitus.nn, first, None), "__module__", "")
    if not name.startswith("digitus.nn.") or not home.startswith("digitus."):
        return name
    return ".".join(part for part in (home, first, rest) if part)


def _introduced(docname: str, text: str) -> str:
    """The page with a word below its title on whom it is for."""
    language = language_of(docname)
    own = words(language)
    readers = READERS if language == FIRST else own["readers"]
    if (reader := readers.get(docname.replace(f"{language}/", "", 1))) is None:
        raise ExtensionError(f"docs/site/readers.toml does not say whom {docname} is for")
    front = FRONT_MATTER.match(text)
    title = TITLE.search(text, front.end() if front else 0)
    if title is None:
        raise ExtensionError(f"{docname} has no title")
    links = others(docname, lambda other: (HERE / f"{other}.md").is_file())
    said = f"\n:::{{container}} reader\n{own['reader'].format(**reader)}{links}\n:::\n"
    return text[: title.end()] + said + text[title.end() :]


BY_CODE = {full_name(name): numbers for name, numbers in equations().items()}


def _described(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """A docstring, and below it the equations that the code computes."""
    lines[:] = as_restructured_text(lines)
    if numbers := BY_CODE.get(name):
        links = (f"`({n}) <../{MATHEMATICS}.html#eq-{n.replace('.', '-')}>`__" for n in numbers)
        lines += ["", f"Derived in the mathematics: {', '.join(links)}.", ""]


def _with_worksheets(docname: str, text: str) -> str:
    """The teachers' page with links to worksheets in its language, made with the site."""
    language = language_of(docname)
    up, said = "../" * docname.count("/"), words(language)["course"]["worksheets"]
    return _added(text, f'<a href="{up}{_worksheets(language)}">{escape(said)}</a>')


def _worksheets(language: str) -> str:
    return f"worksheets-{language}.pdf"


def _to_print(app: Sphinx, error: Exception | None) -> None:
    """The worksheets, as `digitus course worksheet` makes them."""
    if error is None and app.builder.format == "html":
        for language in languages():
            sheets = (worksheet(seed) for seed in range(1, SHEETS + 1))
            (Path(app.outdir) / _worksheets(language)).write_bytes(as_pdf(sheets, language))


def _to_try(app: Sphinx, error: Exception | None) -> None:
    """The page with the recognizer inside, as `digitus export --to html` makes it."""
    if error is None and app.builder.format == "html":
        digitus.load().export("html", Path(app.outdir) / TRIED, check=False)


def _made_accessible(app: Sphinx, error: Exception | None) -> None:
    """Adds what the theme leaves out for those who use a keyboard or hear a page."""
    if error is None and app.builder.format == "html":
        titles = {name: title.astext() for name, title in app.env.titles.items()}
        for path in Path(app.outdir).rglob("*.html"):
            page = before = path.read_text("utf-8")
            docname = path.relative_to(app.outdir).with_suffix("").as_posix()
            for left_out, added in LEFT_OUT:
                page = page.replace(left_out, added)
            page = BACK.sub(r'<nav aria-label="Back to top">\g<0></nav>', page)
            page = of_its_language(page, docname, titles)
            if page != before:
                path.write_text(page, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the above to Sphinx."""
    app.connect("source-read", _prepared)
    app.connect("autodoc-process-docstring", _described)
    app.connect("build-finished", _made_accessible)
    app.connect("build-finished", _to_try)
    app.connect("build-finished", _to_print)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
