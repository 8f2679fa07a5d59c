"""The course as chapters of the site, in each of its languages, made when the site is built.

Inside: a Sphinx extension that writes `course/` and `course/LANGUAGE/`: a chapter for each lesson,
which is a notebook that runs, the glossary, and the list of lessons. None of it is kept in the
repository. Not inside: the lessons (`digitus.course`), what makes a page one of its language
(`site_languages.py`), the site's words (`site/words/`), what runs in a browser (`site_browser.py`).
"""

from __future__ import annotations

import json
import re
from typing import Any

from sphinx.application import Sphinx

import browser_core
from digitus.course import messages, text
from site_languages import COURSE, FIRST, HERE, counterpart, language_of, others, words

FOLDER = HERE / COURSE
LESSON = re.compile(r"course/(?:(\w\w)/)?(\d\d)-")
TITLE = re.compile(r"^# .+\n", re.MULTILINE)
# A cell that is run and not shown: drawings and checks speak the language that is noted in the
# folder in which a lesson runs.
SPEAKS = """
```{{code-cell}}
:tags: [remove-cell]
from pathlib import Path
from digitus.course.progress import Progress
Progress(Path(), "{language}").save()
```
"""
TO_WORD = re.compile(r"\]\(glossary\.md#")  # what follows is a word: its anchor
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


def chapters(language: str = FIRST) -> dict[str, str]:
    """The course's files in a language, by their names without suffix."""
    own, pages, rows = words(language)["course"], {}, []
    root, mark = ("../", "") if language == FIRST else ("../../", f"{language}-")
    files, spoken = sorted((text.FOLDER / FIRST).glob("*.md")), SPEAKS.format(language=language)
    for lesson, path in zip(text.lessons(language), files, strict=True):
        source = text.source(path.name, language).replace("](../../docs/", f"]({root}")
        if language != FIRST:
            source = TITLE.sub(lambda found: found[0] + spoken, source, count=1)
        if lesson.installed:
            source = TITLE.sub(rf"\g<0>\n{own['installed']}\n", source, count=1)
        source = TITLE.sub(rf"\g<0>\n{_place(lesson, path.stem, language)}", source, count=1)
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


def _place(lesson: text.Lesson, name: str, language: str) -> str:
    """Where in the course a lesson is, how long it takes, and the same one in other languages."""
    said = words(language)["lesson"]["place"].format(
        number=lesson.number, of=len(text.lessons()), minutes=lesson.minutes
    )
    docname = counterpart(f"{COURSE}/{name}", language)
    return f":::{{container}} reader\n{said}{others(docname, lambda other: True)}\n:::\n"


def _more(language: str, root: str) -> list[str]:
    """Other pages below the list of lessons: those in this language, and other languages' lists."""
    if language == FIRST:
        return [f"{other}/index" for other in messages.languages()[1:]]
    first = (HERE / "index.md").read_text("utf-8").split()  # whose order is the order of reading
    own = sorted(
        (path.stem for path in (HERE / language).glob("*.md")),
        key=lambda name: first.index(name) if name in first else -1,
    )
    return [f"{root}{language}/{name}" for name in own]


def _written(app: Sphinx) -> None:
    """Writes only what has changed, so that Sphinx makes only that anew."""
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


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the above to Sphinx."""
    app.connect("builder-inited", _written)
    app.connect("html-page-context", _made_to_run)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
