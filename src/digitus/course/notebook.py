"""A lesson as a Jupyter notebook, without outputs.

Inside: that. Not inside: starting Jupyter (`cli.course`).
"""

from __future__ import annotations

import json

from digitus.course.text import Cell, Lesson, by_itself, words


def notebook(lesson: Lesson) -> str:
    """The notebook's file (nbformat 4.5)."""
    cells: list[dict[str, object]] = []
    for i, cell in enumerate([*lesson.cells, Cell("text", words(lesson))]):
        source = by_itself(cell.source) if cell.kind == "text" else cell.source
        common = {"id": f"cell-{i}", "metadata": {}, "source": source.splitlines(keepends=True)}
        if cell.kind == "text":
            cells.append({"cell_type": "markdown", **common})
        else:
            cells.append({"cell_type": "code", **common, "execution_count": None, "outputs": []})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
