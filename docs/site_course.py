"""The course as chapters of the site, in each of its languages, made when the site is built.

Inside: a Sphinx extension that writes `course/` and `course/LANGUAGE/`: a chapter for each lesson,
which is a notebook that runs, the glossary, and the list of lessons; and what makes a page one of
its language. None of it is kept in the repository. Not inside: the lessons (`digitus.course`), the
site's words (`site/words/`), what runs in a browser (`site_browser.py`).
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import browser_core
from digitus.course import messages, text

HERE = Path(__file__).parent
FOLDER = HERE / "course"
FIRST = messages.FIRST_LANGUAGE
LESSON = re.compile(r"course/(?:(\w\w)/)?(\d\d)-")
TITLE = re.compile(r"^# .+\n", re.MULTILINE)
# A cell that is carried out and not shown: what drawings and checks say is said in the language of
# the folder in which a lesson runs.
SPEAKS = """
```{{code-cell}}
:tags: [remove-cell]
from pathlib import Path
from digitus.course.progress import Progress
Progress(Path(), "{language}").save()
```
"""
TO_WORD = re.compile(r"\]\(glossary\.md#")  # a heading's place, or with the language before it
ELSEWHERE = re.compile(r"^(?:course/)?(\w\w)/")  # the folder of another language
# The theme's list of all pages, and a line of it.
TREE = re.compile(r'<div class="sidebar-tree">.*?</div>', re.DOTALL)
ENTRY = re.compile(r'<li class="([^"]*)"><a class="([^"]*)" href="([^"#]+)\.html">(.*?)</a>')
INDEX = """# {title}
{about}

{here}

| {lesson} | {minutes} | {exercises} |
|---|---:|---:|
{rows}

{words}

```{{toctree}}
:hidden:

{names}
```
"""


@cache
def words(language: str) -> dict[str, Any]:
    """What the site says in a language. Raises `FileNotFoundError` where nobody has said it yet."""
    return tomllib.loads((HERE / f"site/words/{language}.toml").read_text("utf-8"))


def language_of(docname: str) -> str:
    """In which language a page is."""
    found = ELSEWHERE.match(docname)
    return found[1] if found and found[1] in messages.languages() else FIRST


def chapters(language: str = FIRST) -> dict[str, str]:
    """The files of the chapter in a language by their names, without ending."""
    own, pages, rows = words(language)["course"], {}, []
    root, mark = ("../", "") if language == FIRST else ("../../", f"{language}-")
    files, spoken = sorted((text.FOLDER / FIRST).glob("*.md")), SPEAKS.format(language=language)
    for lesson, path in zip(text.lessons(language), files, strict=True):
        source = text.source(path.name, language).replace("](../../docs/", f"]({root}")
        if language != FIRST:
            source = TITLE.sub(lambda found: found[0] + spoken, source, count=1)
        if lesson.installed:
            source = TITLE.sub(rf"\g<0>\n{own['installed']}\n", source, count=1)
        pages[path.stem] = TO_WORD.sub(rf"\g<0>{mark}", text.explained(source, language))
        rows.append(
            f"| {lesson.number}. [{lesson.title}]({path.name}) | {lesson.minutes} "
            f"| {len(lesson.exercises)} |"
        )
    last = max(lesson.number for lesson in text.lessons() if not lesson.installed)
    names = [*pages, "glossary", *_more(language, root)]
    own = {key: value.format(root=root, last=last) for key, value in own.items()}
    own["here"] = own["here"] if browser_core.pyodide() else ""
    pages["index"] = INDEX.format(**own, rows="\n".join(rows), names="\n".join(names))
    known = (
        f"({mark}{key})=\n" * bool(mark) + f"## {word.word}\n\n{word.text}\n"
        for key, word in messages.glossary(language).items()
    )
    pages["glossary"] = f"# {own['glossary']}\n\n" + "\n".join(known)
    return pages


def _more(language: str, root: str) -> list[str]:
    """Other pages below the list of lessons: those in this language, and other languages' lists."""
    if language == FIRST:
        return [f"{other}/index" for other in messages.languages()[1:]]
    return [f"{root}{language}/{path.stem}" for path in sorted((HERE / language).glob("*.md"))]


def _written(app: Sphinx) -> None:
    """Writes what has changed, so that Sphinx makes no more than that anew."""
    for language in messages.languages():
        folder = FOLDER if language == FIRST else FOLDER / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in chapters(language).items():
            path = folder / f"{name}.md"
            if not path.exists() or path.read_text("utf-8") != page:
                path.write_text(page, "utf-8")


def _made_to_run(app: Sphinx, page: str, template: str, context: Any, tree: Any) -> None:
    """Buttons that run the code of a lesson, in the page's language."""
    found = LESSON.match(page)
    if found is None or app.builder.format != "html" or browser_core.pyodide() is None:
        return
    if not text.lesson(int(found[2])).installed:
        language = language_of(page)
        said = json.dumps({**words(language)["run"], "language": language}, ensure_ascii=False)
        app.add_js_file(None, body=said, type="application/json", id="lesson-words")
        app.add_js_file("lesson.js", loading_method="defer")


def counterpart(docname: str, language: str) -> str:
    """The name that a page of the first language has in another one, or back from there."""
    here = language_of(docname)
    if here != FIRST:
        docname = docname.replace(f"{here}/", "", 1)
    if language == FIRST:
        return docname
    folder, _, name = docname.rpartition("/")
    return f"{folder}/{language}/{name}" if folder == FOLDER.name else f"{language}/{docname}"


def of_its_language(page: str, docname: str, titles: Mapping[str, str]) -> str:
    """A page's HTML with its language, the theme's words in it, and a list of pages in it.

    `titles` are those of all pages, by their names.
    """
    language = language_of(docname)
    if language == FIRST:
        return page
    here = posixpath.dirname(docname)

    def entry(found: re.Match[str]) -> str:
        """A line of the list: the page in this language where there is one, else marked as not."""
        kind, link, target, _ = found.groups()
        other = counterpart(posixpath.normpath(posixpath.join(here, target)), language)
        if other not in titles:
            return found[0].replace("<a ", f'<a hreflang="{FIRST}" lang="{FIRST}" ', 1)
        kind += " current-page" * (other == docname)
        address = f"{posixpath.relpath(other, here)}.html"
        return f'<li class="{kind}"><a class="{link}" href="{address}">{escape(titles[other])}</a>'

    page = TREE.sub(lambda tree: ENTRY.sub(entry, tree[0]), page)
    page = page.replace('<html class="no-js" lang="en"', f'<html class="no-js" lang="{language}"')
    for word, other in words(language)["theme"].items():
        for before, after in (('"', '"'), (">", "<")):
            page = page.replace(f"{before}{word}{after}", f"{before}{other}{after}")
    return page


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the above to Sphinx."""
    app.connect("builder-inited", _written)
    app.connect("html-page-context", _made_to_run)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
