"""The course as chapters of the site, made from the lessons when the site is built.

Inside: a Sphinx extension that writes `course/`: a chapter for each lesson, which is a notebook
that runs, the glossary, and the list of lessons. None of it is kept in the repository. Not inside:
the lessons (`digitus.course`).
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from digitus.course import messages, text

FOLDER = Path(__file__).parent / "course"
INDEX = """# The course

Each lesson is a page to read and a notebook that runs; with `digitus course open 1` you have it on
your own machine, in Jupyter if that is installed, with a file for your answers beside it. `digitus
course check 1` tells what is wrong in them, and not what is right. You need a little Python and
school mathematics; what a slope is, and how slopes combine, is explained.

| lesson | minutes | exercises |
|---|---:|---:|
{rows}

Words that are underlined with dots are explained where they are pointed at, and in the
[glossary](glossary.md). What the lessons leave out is in [the mathematics](../mathematics.md).

```{{toctree}}
:hidden:

{names}
glossary
```
"""


def chapters() -> dict[str, str]:
    """The files of the chapter by their names, without ending."""
    pages, rows = {}, []
    for lesson, path in zip(text.lessons(), sorted((text.FOLDER / "en").glob("*.md")), strict=True):
        source = path.read_text("utf-8").replace("](../../docs/", "](../")
        pages[path.stem] = text.explained(source, "en")
        rows.append(
            f"| {lesson.number}. [{lesson.title}]({path.name}) | {lesson.minutes} "
            f"| {len(lesson.exercises)} |"
        )
    pages["index"] = INDEX.format(rows="\n".join(rows), names="\n".join(pages))
    words = (f"## {word.word}\n\n{word.text}\n" for word in messages.glossary().values())
    pages["glossary"] = "# Glossary\n\n" + "\n".join(words)
    return pages


def _written(app: Sphinx) -> None:
    """Writes what has changed, so that Sphinx makes no more than that anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, page in chapters().items():
        path = FOLDER / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != page:
            path.write_text(page, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the above to Sphinx."""
    app.connect("builder-inited", _written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
