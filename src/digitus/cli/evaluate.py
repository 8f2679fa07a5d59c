"""`digitus evaluate`: a model and a set of digits in, a score out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from digitus.cli.common import (
    CONFIDENCE,
    PATH,
    data_dir_option,
    device_option,
    digit_table,
    json_option,
    member_of,
    output,
    percent,
    prepare_option,
    print_json,
    score_lines,
    threads_option,
    transposed_option,
)
from digitus.cli.predict import check_target, write_answers
from digitus.threads import cores

if TYPE_CHECKING:
    from rich.table import Table

    from digitus.committee import Committee, Member
    from digitus.datasets.digits import Digits, Pictures
    from digitus.evaluation import RefusalRecord
    from digitus.threads import Map
    from digitus.types import Bytes

Found = TypeVar("Found", "Digits", "Pictures")


@click.command
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--data",
    help="Data set by name, or a path: folder, .csv, .npz ...  [default: the first of what the "
    "model was trained on]",
)
@click.option("--images", type=PATH, help="Images in an IDX file, instead of --data.")
@click.option("--labels", type=PATH, help="Their labels in an IDX file.")
@data_dir_option
@prepare_option
@transposed_option
@click.option("--not-digits", is_flag=True, help="Nothing in --images is a digit: count refusals.")
@click.option(
    "--min-confidence",
    type=CONFIDENCE,
    help="Refuse below this.  [default: the model's own threshold]",
)
@click.option("--report", type=PATH, help="Write a report for a browser to this file.")
@click.option("--predict", type=PATH, help="Write the answer to each image to this CSV file.")
@click.option("--kaggle", is_flag=True, help="--predict as Kaggle wants it: ImageId,Label.")
@device_option
@threads_option
@json_option
def evaluate(
    models: tuple[str, ...],
    data: str | None,
    images: Path | None,
    labels: Path | None,
    data_dir: Path | None,
    prepare: str,
    transposed: bool,
    not_digits: bool,
    min_confidence: float | None,
    report: Path | None,
    predict: Path | None,
    kaggle: bool,
    threads: int,
    json: bool,
) -> None:
    """Score a model on the test part of a set, digit by digit.

    MODEL is a model file, the folder of a run or an exported .onnx; without it, the recognizer that
    ships. Several are a committee, whose probabilities are their mean. Images without labels are
    read with --predict.
    """
    from digitus.committee import Committee
    from digitus.datasets.named import digits_of
    from digitus.evaluation import evaluate_not_digits
    from digitus.files import check_replaceable
    from digitus.threads import workers

    _check_usage(images, labels, not_digits, report, predict, kaggle, models)
    if report is not None:
        check_replaceable(report)
    members, paths = zip(*map(member_of, models or (None,)), strict=True)
    recognizer = members[0] if len(members) == 1 else Committee(members)
    path = ", ".join(paths)
    if data is None:
        data = members[0].recipe.data.partition("+")[0]
        if Path(data).exists() and (images is None or not_digits):
            raise click.UsageError(f"{path} was trained on {data}; say by --data what to score")
    with workers(cores(threads), shards=2) as each:
        if not_digits:
            assert images is not None
            digits = digits_of(
                data,
                "test",
                data_dir,
                prepare=prepare,
                transposed=transposed,
                classes=recognizer.classes,
            )
            digits = _as_typed(digits, data)
            refusals = evaluate_not_digits(
                recognizer,
                _strangers(images, prepare),
                digits,
                min_confidence=min_confidence,
                each=each,
            )
            record: dict[str, object] = {**refusals}
            lines = _refusal_lines(refusals, digits.name)
        else:
            found = _pictures(
                data, images, labels, data_dir, prepare, transposed, recognizer.classes
            )
            record, lines = _read(
                recognizer, found, path, min_confidence, each, report, predict, kaggle
            )
            accuracy = record.get("accuracy")
            if prepare == "none" and not transposed and isinstance(accuracy, float):
                lines += _doubts(recognizer, found, accuracy, each)
    if json:
        print_json({"model": path, **record})
        return
    console = output()
    for line in lines:
        console.print(line)


def _check_usage(
    images: Path | None,
    labels: Path | None,
    not_digits: bool,
    report: Path | None,
    predict: Path | None,
    kaggle: bool,
    models: tuple[str, ...],
) -> None:
    """Refuses options that do not go together."""
    for wrong, words in (
        (not_digits and images is None, "--not-digits needs --images"),
        (
            images is not None and labels is None and not not_digits and predict is None,
            "--images needs --labels (or --not-digits, or --predict)",
        ),
        (
            labels is not None and (images is None or not_digits),
            "--labels needs --images, and no --not-digits",
        ),
        *((True, words) for words in _against_report(report, not_digits, models)),
        (predict is not None and not_digits, "--predict is about digits, not --not-digits"),
        (kaggle and predict is None, "--kaggle is a form of --predict"),
    ):
        if wrong:
            raise click.UsageError(words)
    if predict is not None:
        check_target(predict, kaggle)


def _against_report(report: Path | None, not_digits: bool, models: tuple[str, ...]) -> list[str]:
    """What rules out --report."""
    if report is None:
        return []
    found = {
        "--report is about digits; leave it out with --not-digits": not_digits,
        "--report is about one model": len(models) > 1,
        "--report shows the weights of a model; an exported .onnx has no such file": any(
            model.endswith(".onnx") for model in models
        ),
    }
    return [words for words, wrong in found.items() if wrong]


def _refusal_lines(record: RefusalRecord, against: str) -> list[str | Table]:
    """The score of images in which nothing is a digit, in words."""
    return [
        f"{percent(record['refused'])} of {record['n']:,} images refused; "
        f"AUROC against {against}: {record['auroc']:.4f}"
    ]


def _pictures(
    data: str,
    images: Path | None,
    labels: Path | None,
    data_dir: Path | None,
    prepare: str,
    transposed: bool,
    classes: str,
) -> Pictures:
    """What is to be read: --images and, if there are any, --labels; or --data."""
    from digitus.datasets.digits import Pictures
    from digitus.datasets.idx import read_digits, read_images
    from digitus.datasets.named import pictures_of, prepared, turned

    if images is None:
        found = pictures_of(
            data, "test", data_dir, prepare=prepare, transposed=transposed, classes=classes
        )
        return _as_typed(found, data)
    if labels is None:
        pixels, known = read_images(images), None
    else:
        digits = read_digits(images, labels, images.name, str(images), classes)
        pixels, known = digits.images, digits.labels
    pixels = turned(pixels) if transposed else pixels
    pixels = prepared(pixels) if prepare == "auto" else pixels
    return Pictures(pixels, known, images.name, str(images), classes=classes)


def _as_typed(found: Found, data: str) -> Found:
    """Files of one's own keep in the score the name that they have on the command line."""
    return replace(found, name=data) if Path(data).exists() else found


def _read(
    recognizer: Member | Committee,
    found: Pictures,
    path: str,
    min_confidence: float | None,
    each: Map,
    report: Path | None,
    predict: Path | None,
    kaggle: bool,
) -> tuple[dict[str, object], list[str | Table]]:
    """The score, if there are labels, and what is to be written; as a record and in words."""
    from digitus.errors import ShapeError
    from digitus.evaluation import evaluate as score_digits

    lines: list[str | Table] = []
    try:
        if predict is None or found.labels is not None:
            evaluation = score_digits(
                recognizer, found.labelled(), min_confidence=min_confidence, each=each
            )
            score = evaluation.record()
            lines += [f"{path} on {score['data']}", digit_table(score), *score_lines(score)]
            record: dict[str, object] = {**score}
            probabilities, threshold = evaluation.probabilities, evaluation.threshold
        else:
            record = {"data": found.name}
            probabilities = recognizer.probabilities(found.images, each)
            threshold = recognizer.threshold if min_confidence is None else min_confidence
    except ShapeError as error:
        raise ShapeError(f"{error}; --prepare auto makes pictures of any size fit") from None
    if report is not None:
        from digitus.recognizer import Recognizer
        from digitus.report import write_report

        assert isinstance(recognizer, Recognizer)
        write_report(report, recognizer, evaluation, recognizer.history.get("epochs", []))
        lines.append(f"report  {report}")
    if predict is not None:
        told = write_answers(
            predict, probabilities, threshold, found.files, kaggle, recognizer.classes
        )
        record = {**record, **told}
        lines.append(f"{told['n']:,} answers in {predict}; refused {percent(told['refused'])}")
    return record, lines


def _doubts(
    recognizer: Member | Committee, found: Pictures, accuracy: float, each: Map
) -> list[str | Table]:
    """The options with which these images would be read far better, if there are any."""
    from digitus.evaluation import would_help

    help_ = would_help(recognizer, found.labelled(), accuracy, each)
    return [] if help_ is None else [help_]


def _strangers(images: Path, prepare: str) -> Bytes:
    """Images in which nothing is a digit."""
    from digitus.datasets.idx import read_images
    from digitus.datasets.named import prepared

    strangers = read_images(images)[:]  # into memory, where the file was mapped
    return prepared(strangers) if prepare == "auto" else strangers
