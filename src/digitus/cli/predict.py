"""What `digitus evaluate --predict` writes: a table of answers, one for each image.

Inside: its two forms. Not inside: where the images come from, and their score (`evaluate`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

if TYPE_CHECKING:
    from digitus.types import Matrix

COLUMNS = ("image", "digit", "confidence", "refused")
KAGGLE = ("ImageId", "Label")


def check_target(path: Path, kaggle: bool) -> None:
    """Refuses to replace a file that is not such a table: it may be the very data to be read."""
    from digitus.files import check_place, open_file

    check_place(path)
    ours = {",".join(columns) for columns in (COLUMNS, KAGGLE)}
    try:
        with open_file(path) as file:
            first = file.readline(100).decode("utf-8", "replace").strip()
    except OSError:  # nothing there; or nothing that can be written either, which is told later
        return
    if first not in ours:
        raise click.UsageError(f"--predict would replace {path}, which is no table of answers")


class Told(TypedDict):
    """What there is to say of a table: where it is, how many answers, the share refused."""

    predictions: str
    n: int
    threshold: float
    refused: float


def write_answers(
    path: Path,
    probabilities: Matrix,
    threshold: float,
    files: Sequence[str],
    kaggle: bool,
    classes: str,
) -> Told:
    """Writes the table, and gives what there is to say of it. Raises `OutputError`.

    Images have their file's name if they have one, else their number, from 1. Kaggle wants a digit
    for each, however doubtful.
    """
    from digitus.files import write_text

    digits, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    refused = confidence < threshold
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(KAGGLE if kaggle else COLUMNS)
    for n, digit in enumerate(digits.tolist()):
        if kaggle:
            table.writerow((n + 1, classes[digit]))
        else:
            name = files[n] if files else n + 1
            table.writerow((name, classes[digit], f"{confidence[n]:.4f}", int(refused[n])))
    write_text(path, text.getvalue())
    return {
        "predictions": str(path),
        "n": len(digits),
        "threshold": threshold,
        "refused": float(refused.mean()),
    }
