"""Reports: a network and its score, how a picture was read, what is doubtful in it.

Each is one HTML file without a single reference to anything outside it: pictures, style and the
few lines of script are in it. What it says about a score is the record of `Evaluation`, number by
number.

Inside: `write_report`, which puts the report on a network together. Not inside: its sections
(`score`, `model`), the reports on pictures (`explain`, `review`), templates and their environment
(`html`), drawings (`charts`, `pictures`), training and scoring themselves.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from markupsafe import Markup

from digitus import __version__
from digitus.evaluation import Evaluation
from digitus.files import write_marked
from digitus.history import EpochRecord
from digitus.metrics import ScoreRecord
from digitus.recognizer import Recognizer
from digitus.report import charts, model, score
from digitus.report.formats import duration, percent, quantity
from digitus.report.html import Section, fill, standalone

__all__ = ["report", "write_report"]


def write_report(
    path: Path | str,
    recognizer: Recognizer,
    evaluation: Evaluation,
    epochs: Sequence[EpochRecord] | None = None,
) -> None:
    """Writes the report to one HTML file, atomically, over nothing but an older one of ours.

    Raises `OutputError`.

    `epochs` are the records of training, one for each epoch, as `training.EpochEnded` has them;
    without them, those that the recognizer remembers. They may be empty.
    """
    write_marked(Path(path), report(recognizer, evaluation, epochs))


def report(
    recognizer: Recognizer,
    evaluation: Evaluation,
    epochs: Sequence[EpochRecord] | None = None,
) -> str:
    """The report as text; see `write_report`."""
    if epochs is None:
        epochs = recognizer.history.get("epochs", [])
    record = evaluation.record()
    mistakes = score.Mistakes(evaluation)
    weights = model.weights(recognizer)
    classes = len(recognizer.recipe.classes)
    count = "ten" if classes == 10 else str(classes)
    sections: list[Section | None] = [
        model.learning(recognizer.recipe, epochs),
        score.by_digit(record, mistakes),
        score.confusion(record, mistakes),
        score.worst(mistakes),
        score.calibration(record, evaluation),
        weights[0] if weights else None,
        model.network(recognizer.recipe, recognizer.size, f"{count} outputs"),
        model.recipe(recognizer.recipe, _known(recognizer)),
    ]
    tiles = [mistakes.tiles] * bool(mistakes.shown) + ([weights[1]] if weights else [])
    recipe = recognizer.recipe
    header = fill(
        "report/score.html",
        "header",
        name=recipe.name,
        about=recipe.about,
        accuracy=record["accuracy"],
        words=score.in_words(record),
        field=charts.field(evaluation.answers != evaluation.digits.labels),
        facts=_facts(recognizer, record, epochs),
    )
    return standalone(
        f"{recipe.name}: {percent(record['accuracy'])} · digitus",
        header,
        [section for section in sections if section],
        f"Written by digitus {__version__}. Everything on this page is in this one file.",
        style=Markup().join(each.css for each in tiles),
        script="report/report.js",
    )


def _known(recognizer: Recognizer) -> dict[str, object]:
    """What the model's file says of itself."""
    calibration = {"temperature": recognizer.temperature, "threshold": recognizer.threshold}
    return calibration | recognizer.history


def _facts(
    recognizer: Recognizer, record: ScoreRecord, epochs: Sequence[EpochRecord]
) -> list[tuple[str, str]]:
    history = recognizer.history
    pairs = [("digits", str(record["data"])), ("parameters", quantity(recognizer.parameter_count))]
    learnt = history.get("data", {})
    if isinstance(learnt, dict) and "name" in learnt:
        pairs.append(("learnt from", str(learnt["name"])))
    if seconds := sum(float(epoch.get("seconds") or 0) for epoch in epochs):
        pairs.append(("training", f"{quantity(len(epochs), 'epoch')}, {duration(seconds)}"))
    pairs.append(("date", str(history.get("date") or date.today().isoformat())))
    trained_by = str(history.get("digitus", __version__))
    pairs.append((
        "versions",
        f"digitus {trained_by}, NumPy {history.get('numpy', np.__version__)}, "
        f"Python {history.get('python', platform.python_version())}",
    ))  # fmt: skip
    return pairs
