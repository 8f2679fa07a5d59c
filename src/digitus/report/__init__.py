"""The report: what a recognizer is and how well it reads, as one file that opens anywhere.

One HTML file without a single reference to anything outside it: pictures, style and the few lines
of script are in it. What it says about a score is the record of `Evaluation`, number by number.

Inside: `write_report`, which puts the page together. Not inside: its sections (`score`, `model`),
its drawings (`charts`, `pictures`), training and scoring themselves.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from digitus import __version__
from digitus.evaluation import Evaluation
from digitus.files import write_text
from digitus.recognizer import Recognizer
from digitus.report import charts, model, score
from digitus.report.page import Section, count, document, duration, facts, percent

__all__ = ["report", "write_report"]


def write_report(
    path: Path | str,
    recognizer: Recognizer,
    evaluation: Evaluation,
    epochs: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Writes the report to one HTML file, atomically. Raises `OutputError`.

    `epochs` are the records of training, one for each epoch, as `training.EpochEnded` has them;
    without them, those that the recognizer remembers. They may be empty.
    """
    write_text(Path(path), report(recognizer, evaluation, epochs))


def report(
    recognizer: Recognizer,
    evaluation: Evaluation,
    epochs: Sequence[dict[str, Any]] | None = None,
) -> str:
    """The report as text; see `write_report`."""
    if epochs is None:
        epochs = recognizer.history.get("epochs", [])
    record = evaluation.record()
    mistakes = score.Mistakes(evaluation)
    weights = model.weights(recognizer)
    sections: list[Section | None] = [
        model.learning(recognizer.recipe, epochs),
        score.by_digit(record, mistakes),
        score.confusion(record, mistakes),
        score.worst(mistakes),
        score.calibration(record, evaluation),
        weights[0] if weights else None,
        model.network(recognizer),
        model.recipe(recognizer),
    ]
    style = (mistakes.sheet.css if mistakes.shown else "") + (weights[1].css if weights else "")
    name = recognizer.recipe.name
    return document(
        title=f"{name}: {percent(record['accuracy'])} · digitus",
        header=_header(recognizer, evaluation, record, epochs),
        sections=[section for section in sections if section],
        style=style,
        footer=f"<p>Written by digitus {escape(__version__)}. Everything on this page is in this "
        "one file.</p>",
    )


def _header(
    recognizer: Recognizer,
    evaluation: Evaluation,
    record: dict[str, Any],
    epochs: Sequence[dict[str, Any]],
) -> str:
    """The score in one line, a square for every digit, and the facts."""
    recipe = recognizer.recipe
    wrong = evaluation.answers != evaluation.digits.labels
    about = f'<p class="about">{escape(recipe.about)}</p>' if recipe.about else ""
    return (
        f'<p class="kicker">digitus · report</p><h1>{escape(recipe.name)}</h1>{about}'
        f'<p class="score"><strong>{percent(record["accuracy"])}</strong> '
        f"<span>{score.in_words(record)}<small>in brackets the 95 % interval</small></span></p>"
        + charts.field(wrong)
        + facts(_facts(recognizer, record, epochs))
    )


def _facts(
    recognizer: Recognizer, record: dict[str, Any], epochs: Sequence[dict[str, Any]]
) -> list[tuple[str, str]]:
    history = recognizer.history
    pairs = [("digits", str(record["data"])), ("parameters", count(recognizer.parameter_count))]
    learnt = history.get("data", {})
    if isinstance(learnt, dict) and "name" in learnt:
        pairs.append(("learnt from", str(learnt["name"])))
    if seconds := sum(float(epoch.get("seconds") or 0) for epoch in epochs):
        pairs.append(("training", f"{count(len(epochs), 'epoch')}, {duration(seconds)}"))
    pairs.append(("date", str(history.get("date") or date.today().isoformat())))
    trained_by = str(history.get("digitus", __version__))
    pairs.append((
        "versions",
        f"digitus {trained_by}, NumPy {history.get('numpy', np.__version__)}, "
        f"Python {history.get('python', platform.python_version())}",
    ))  # fmt: skip
    return pairs
