"""`digitus evaluate`: a model and a set of digits in, a score out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digitus.cli.common import (
    DataDir,
    Json,
    Threads,
    cores,
    digit_table,
    digits_of,
    percent,
    print_json,
    recognizer_of,
    score_lines,
    screen,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from digitus.data.digits import Digits


class Prepare(StrEnum):
    """How pictures are made ready for the network."""

    auto = "auto"
    none = "none"


def evaluate(
    model: Annotated[
        str | None, typer.Argument(help="A model file or the folder of a run.  [default: newest]")
    ] = None,
    data: Annotated[
        str, typer.Option(help="Data set by name, or a path: folder, .csv, .npz.")
    ] = "mnist",
    images: Annotated[
        Path | None, typer.Option(help="Images in an IDX file, instead of --data.")
    ] = None,
    labels: Annotated[Path | None, typer.Option(help="Their labels in an IDX file.")] = None,
    data_dir: DataDir = None,
    prepare: Annotated[
        Prepare, typer.Option(help="auto: any size, polarity and position is made MNIST's.")
    ] = Prepare.none,
    not_digits: Annotated[
        bool, typer.Option("--not-digits", help="Nothing in --images is a digit: count refusals.")
    ] = False,
    min_confidence: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Refuse below this.  [default: the model's own]"),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report for a browser to this file.")
    ] = None,
    threads: Threads = 0,
    json: Json = False,
) -> None:
    """Score a model on the test part of a set, digit by digit."""
    from digitus.evaluation import evaluate as score_digits
    from digitus.evaluation import evaluate_not_digits
    from digitus.parallel import workers

    if not_digits and images is None:
        raise typer.BadParameter("--not-digits needs --images")
    if images is not None and labels is None and not not_digits:
        raise typer.BadParameter("--images needs --labels (or --not-digits)")
    recognizer, path = recognizer_of(model)
    with workers(cores(threads), shards=2) as each:
        if not_digits:
            assert images is not None
            digits = _prepared(digits_of(data, "test", data_dir), prepare)
            strangers = _read_images(images, prepare)
            record = evaluate_not_digits(
                recognizer, strangers, digits, min_confidence=min_confidence, each=each
            )
        else:
            digits = _prepared(_labelled(data, images, labels, data_dir), prepare)
            evaluation = score_digits(recognizer, digits, min_confidence=min_confidence, each=each)
            record = evaluation.record()
    if report is not None and not not_digits:
        from digitus.report import write_report

        write_report(report, recognizer, evaluation, recognizer.history.get("epochs", []))
    if json:
        print_json({"model": path, **record})
        return
    console = screen()
    if not_digits:
        console.print(
            f"{percent(record['refused'])} of {record['n']:,} images refused; "
            f"AUROC against {digits.name}: {record['auroc']:.4f}"
        )
        return
    console.print(f"{path} on {record['data']}")
    console.print(digit_table(record))
    for line in score_lines(record):
        console.print(line)
    if report is not None:
        console.print(f"report  {report}")


def _labelled(data: str, images: Path | None, labels: Path | None, data_dir: Path | None) -> Digits:
    from digitus.data.idx import read_digits

    if images is None or labels is None:
        return digits_of(data, "test", data_dir)
    return read_digits(images, labels, images.name, str(images))


def _prepared(digits: Digits, prepare: Prepare) -> Digits:
    from dataclasses import replace

    return replace(digits, images=_ready(digits.images, prepare))


def _read_images(path: Path, prepare: Prepare) -> npt.NDArray[np.uint8]:
    from digitus.data.idx import read_images

    return _ready(read_images(path), prepare)


def _ready(images: npt.NDArray[np.uint8], prepare: Prepare) -> npt.NDArray[np.uint8]:
    if prepare is Prepare.none:
        return images
    from digitus.vision.normalise import prepare as normalise

    return normalise(images)
