"""A lesson as one HTML file, with what its code gives: for learners without Jupyter.

Inside: that. Not inside: carrying the code out (`run`), the notebook (`notebook`).
"""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from digitus.course.messages import say
from digitus.course.run import run
from digitus.course.text import Lesson, by_itself, words
from digitus.report.templates import environment


def page(lesson: Lesson) -> str:
    """The file. The lesson's code is carried out for it."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table")

    def shown(source: str) -> Markup:
        return Markup(markdown.render(by_itself(source)))

    parts = [
        (shown(cell.source), None)
        if output is None
        else (cell.source, replace(output, html=Markup(output.html)))
        for cell, output in run(lesson)
    ]
    parts.append((shown(words(lesson)), None))
    return (
        environment()
        .get_template("course/page.html")
        .render(
            lesson=lesson,
            parts=parts,
            how=shown(say("page.how", lesson.language, number=lesson.number)),
        )
    )
