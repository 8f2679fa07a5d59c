"""Carries out the code of a lesson, as a notebook would, without Jupyter.

Inside: cells one after the other in one namespace, and what each prints and shows. Not inside: how
that looks (`web_page`).
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass

from digitus.course.text import Cell, Lesson


@dataclass(frozen=True)
class Output:
    """What a cell printed, and its last value: as HTML where it has that, else as text."""

    printed: str
    html: str
    text: str


def outputs(lesson: Lesson) -> Iterator[tuple[Cell, Output | None]]:
    """Each cell with its output, None for text."""
    namespace: dict[str, object] = {"__name__": "__lesson__"}
    for cell in lesson.cells:
        yield cell, None if cell.kind == "text" else carried_out(cell.source, namespace)


def carried_out(source: str, namespace: dict[str, object]) -> Output:
    """The output of a cell, in a namespace that the cells before it have filled."""
    tree = ast.parse(source)
    last = tree.body[-1] if tree.body else None
    value = None
    with redirect_stdout(io.StringIO()) as printed:
        if isinstance(last, ast.Expr):
            del tree.body[-1]
        exec(compile(tree, "<lesson>", "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<lesson>", "eval"), namespace)
    html = getattr(value, "_repr_html_", str)()
    text = "" if value is None or html else repr(value)
    return Output(printed.getvalue(), html, text)
