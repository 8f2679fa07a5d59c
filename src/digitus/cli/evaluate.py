"""`digitus evaluate`: a model and a set of digits in, a score out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitus.cli.common import (
    PATH,
    cores,
    data_dir_option,
    digit_table,
    digits_of,
    json_option,
    output,
    percent,
    prepared,
    print_json,
    recognizer_of,
    score_lines,
    threads_option,
)
from digitus.types import Bytes

if TYPE_CHECKING:
    from digitus.datasets.digits import Digits


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
    type=click.FloatRange(0, 1),
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

    MODEL is a model file or the folder of a run; without it, the recognizer that ships. Several are
    a committee, whose probabilities are their mean.
    """
    from digitus.committee import Committee
    from digitus.evaluation import evaluate as score_digits
    from digitus.evaluation import evaluate_not_digits
    from digitus.threads import workers

    if not_digits and images is None:
        raise click.UsageError("--not-digits needs --images")
    if images is not None and labels is None and not not_digits:
        raise click.UsageError("--images needs --labels (or --not-digits)")
    if labels is not None and (images is None or not_digits):
        raise click.UsageError("--labels needs --images, and no --not-digits")
    if report is not None and not_digits:
        raise click.UsageError("--report is about digits; leave it out with --not-digits")
    if report is not None and len(models) > 1:
        raise click.UsageError("--report is about one model")
    members, paths = zip(*map(recognizer_of, models or (None,)), strict=True)
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
        else:
            digits = _labelled(data, images, labels, data_dir, prepare)
            evaluation = score_digits(recognizer, digits, min_confidence=min_confidence, each=each)
            record = evaluation.record()
    if report is not None:
        from digitus.report import write_report

        write_report(report, members[0], evaluation, members[0].history.get("epochs", []))
    if json:
        print_json({"model": path, **record})
        return
    console = output()
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
