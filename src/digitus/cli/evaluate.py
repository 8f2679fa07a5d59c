"""`digitus evaluate`: a model and a set of digits in, a score out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digitus.cli.common import (
    CONFIDENCE,
    PATH,
    cores,
    data_dir_option,
    digit_table,
    digits_of,
    json_option,
    member_of,
    output,
    percent,
    prepared,
    print_json,
    score_lines,
    threads_option,
)

if TYPE_CHECKING:
    from rich.table import Table

    from digitus.datasets.digits import Digits
    from digitus.types import Bytes


@click.command
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@click.option(
    "--data",
    help="Data set by name, or a path: folder, .csv, .npz.  [default: the first of what the model "
    "was trained on]",
)
@click.option("--images", type=PATH, help="Images in an IDX file, instead of --data.")
@click.option("--labels", type=PATH, help="Their labels in an IDX file.")
@data_dir_option
@click.option(
    "--prepare",
    type=click.Choice(["auto", "none"]),
    default="none",
    show_default=True,
    help="auto: pictures of any size, polarity and position are made like MNIST's.",
)
@click.option("--not-digits", is_flag=True, help="Nothing in --images is a digit: count refusals.")
@click.option(
    "--min-confidence",
    type=CONFIDENCE,
    help="Refuse below this.  [default: the model's own threshold]",
)
@click.option("--report", type=PATH, help="Write a report for a browser to this file.")
@threads_option
@json_option
def evaluate(
    models: tuple[str, ...],
    data: str | None,
    images: Path | None,
    labels: Path | None,
    data_dir: Path | None,
    prepare: str,
    not_digits: bool,
    min_confidence: float | None,
    report: Path | None,
    threads: int,
    json: bool,
) -> None:
    """Score a model on the test part of a set, digit by digit.

    MODEL is a model file, the folder of a run or an exported .onnx; without it, the recognizer that
    ships. Several are a committee, whose probabilities are their mean.
    """
    from digitus.committee import Committee
    from digitus.evaluation import evaluate as score_digits
    from digitus.evaluation import evaluate_not_digits
    from digitus.threads import workers

    _check_usage(images, labels, not_digits, report, models)
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
            digits = digits_of(data, "test", data_dir, prepare=prepare)
            record = evaluate_not_digits(
                recognizer,
                _strangers(images, prepare),
                digits,
                min_confidence=min_confidence,
                each=each,
            )
            lines = _refusal_lines(record, digits.name)
        else:
            digits = _labelled(data, images, labels, data_dir, prepare)
            evaluation = score_digits(recognizer, digits, min_confidence=min_confidence, each=each)
            record = evaluation.record()
            lines = [f"{path} on {record['data']}", digit_table(record), *score_lines(record)]
            if report is not None:
                from digitus.recognizer import Recognizer
                from digitus.report import write_report

                assert isinstance(members[0], Recognizer)  # `_check_usage`
                write_report(report, members[0], evaluation, members[0].history.get("epochs", []))
                lines.append(f"report  {report}")
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
    models: tuple[str, ...],
) -> None:
    """Refuses options that do not go together."""
    for wrong, words in (
        (not_digits and images is None, "--not-digits needs --images"),
        (
            images is not None and labels is None and not not_digits,
            "--images needs --labels (or --not-digits)",
        ),
        (
            labels is not None and (images is None or not_digits),
            "--labels needs --images, and no --not-digits",
        ),
        (
            report is not None and not_digits,
            "--report is about digits; leave it out with --not-digits",
        ),
        (report is not None and len(models) > 1, "--report is about one model"),
        (
            report is not None and any(model.endswith(".onnx") for model in models),
            "--report shows the weights of a model; an exported .onnx has no such file",
        ),
    ):
        if wrong:
            raise click.UsageError(words)


def _refusal_lines(record: dict[str, Any], against: str) -> list[str | Table]:
    """The score of images in which nothing is a digit, in words."""
    return [
        f"{percent(record['refused'])} of {record['n']:,} images refused; "
        f"AUROC against {against}: {record['auroc']:.4f}"
    ]


def _labelled(
    data: str, images: Path | None, labels: Path | None, data_dir: Path | None, prepare: str
) -> Digits:
    """The digits to score: --images and --labels, or --data."""
    from dataclasses import replace

    from digitus.datasets.idx import read_digits

    if images is None or labels is None:
        return digits_of(data, "test", data_dir, prepare=prepare)
    digits = read_digits(images, labels, images.name, str(images))
    return replace(digits, images=prepared(digits.images)) if prepare == "auto" else digits


def _strangers(images: Path, prepare: str) -> Bytes:
    """Images in which nothing is a digit."""
    from digitus.datasets.idx import read_images

    strangers = read_images(images)[:]  # in memory, if the file was mapped
    return prepared(strangers) if prepare == "auto" else strangers
