"""A lesson as one HTML file, with what its code prints and shows: for learners without Jupyter.

Inside: that. Not inside: carrying the code out (`execution`), the notebook (`notebook`).
"""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from digitus.course.execution import outputs
from digitus.course.messages import say
from digitus.course.text import Lesson, by_itself, words
from digitus.report.templates import environment


def web_page(lesson: Lesson) -> str:
    """The file's text. The lesson's code is carried out for it."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table")

    def shown(source: str) -> Markup:
        return Markup(markdown.render(by_itself(source)))

    parts = [
        (shown(cell.source), None)
        if output is None
        else (cell.source, replace(output, html=Markup(output.html)))
        for cell, output in outputs(lesson)
    ]
    parts.append((shown(words(lesson)), None))
    return (
        environment()
        .get_template("course/web_page.html")
        .render(
            lesson=lesson,
            parts=parts,
            how=shown(say("page.how", lesson.language, number=lesson.number)),
        )
    )
