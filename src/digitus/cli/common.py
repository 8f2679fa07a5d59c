"""What the commands share: options, where digits and models come from, tables, progress."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from digitus.datasets.digits import Digits, Pictures
    from digitus.detection.closeup import CloseUpNetwork
    from digitus.detection.model import PageNetwork
    from digitus.export.onnx_run import OnnxModel
    from digitus.recognizer import Recognizer
    from digitus.types import Bytes, Images

# Whether it can be read is found out by reading, and told as anything else that fails.
PATH = click.Path(path_type=Path, readable=False)


class Number(click.FloatRange):
    """A number within limits. "nan" passes click's own, since no comparison with it holds."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """What was typed as a number; fails where it is none."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


CONFIDENCE = Number(0, 1)
json_option = click.option(
    "--json", is_flag=True, help="Print one JSON object on standard output, nothing else."
)
data_dir_option = click.option(
    "--data-dir",
    type=PATH,
    help="Folder with data files; looked at before $DIGITUS_DATA and the cache.",
)
prepare_option = click.option(
    "--prepare",
    type=click.Choice(["auto", "none"]),
    default="none",
    show_default=True,
    help="auto: pictures of any size, polarity and position are made like MNIST's.",
)
transposed_option = click.option(
    "--transposed", is_flag=True, help="Images are stored by columns, as in EMNIST's CSV files."
)
threads_option = click.option(
    "--threads",
    type=click.IntRange(min=0),
    default=0,
    help="Processor cores to use; beside other work, the idle ones.  [default: all there are]",
)


def output() -> Console:
    """Where answers for people go: standard output."""
    from digitus.cli.console import PrintableConsole

    return PrintableConsole()


def progress() -> Console:
    """Where people are told what is going on: standard error, so that answers can be piped."""
    from digitus.cli.console import PrintableConsole

    return PrintableConsole(stderr=True)


def print_json(record: dict[str, Any]) -> None:
    """The whole answer for programs."""
    json.dump(record, sys.stdout)  # in ASCII, which every terminal and every path survives
    sys.stdout.write("\n")


QUOTA = Path("/sys/fs/cgroup/cpu.max")  # a container's share: "200000 100000" is two cores


def cores(threads: int) -> int:
    """How many threads to use: as asked, or one for each core this process may run on.

    A container's quota counts: more threads than cores make a product of matrices wait for threads
    that are not running, and training many times slower.
    """
    import os

    if threads:
        return threads
    allowed = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    try:
        quota, period = QUOTA.read_text("ascii").split()
        return max(1, min(len(allowed), int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return len(allowed)


def digits_of(
    data: str,
    part: Literal["train", "test"],
    data_dir: Path | None,
    *,
    prepare: str = "none",
    transposed: bool = False,
) -> Digits:
    """Digits by a name of the catalogue or by a path to the user's own, which must have labels."""
    return pictures_of(data, part, data_dir, prepare=prepare, transposed=transposed).labelled()


def pictures_of(
    data: str,
    part: Literal["train", "test"],
    data_dir: Path | None,
    *,
    prepare: str = "none",
    transposed: bool = False,
) -> Pictures:
    """As `digits_of`, where the user's own may lack labels.

    `prepare` "auto" makes pictures of any size, polarity and position like MNIST's; `transposed`
    turns images upright that are stored by columns.
    """
    import os
    from dataclasses import replace

    from digitus.datasets import own, sources
    from digitus.datasets.catalogue import SOURCES
    from digitus.datasets.digits import Pictures
    from digitus.errors import DataError

    auto = prepare == "auto"
    if {os.sep, os.altsep or os.sep, "."} & set(data) and not Path(data).exists():
        raise DataError(f"{data}: there is no such folder or file")
    if data in (*SOURCES, sources.STROKES) or not Path(data).exists():
        digits = sources.load(data, part, data_dir=data_dir)
        found = Pictures(digits.images, digits.labels, digits.name, digits.origin)
    elif auto and not transposed and own.holds_pictures(Path(data)):
        from digitus.vision.normalise import prepare_one

        # From the full picture: shrunk to 28 x 28 first, a small digit would be lost.
        return own.load_pictures(Path(data), part, fit=lambda picture: prepare_one(picture).image)
    else:
        found = own.load_pictures(Path(data), part)
    if transposed:
        found = replace(found, images=turned(found.images))
    return replace(found, images=prepared(found.images)) if auto else found


def turned(images: Images) -> Images:
    """Images [n h w] with rows and columns exchanged."""
    import numpy as np

    upright: Images = np.ascontiguousarray(images[:].transpose(0, 2, 1))  # in memory, if mapped
    return upright


def prepared(images: Images) -> Bytes:
    """Images [n h w] made like MNIST's [n 28 28], whatever their size, polarity and position."""
    from digitus.vision.normalise import prepare

    return prepare(images)


def recognizer_of(model: str | None) -> tuple[Recognizer, str]:
    """A model by its path or the folder of its run, or the shipped one; with its name."""
    from digitus.recognizer import DEFAULT, load

    path = Path(model or DEFAULT)
    if path.is_dir():
        path = path / "model.safetensors"
    return load(path if model and model != DEFAULT else DEFAULT), str(path)


def member_of(model: str | None) -> tuple[Recognizer | OnnxModel, str]:
    """As `recognizer_of`, or an exported ONNX file, to compare it or as one of a committee."""
    if model and Path(model).suffix == ".onnx":
        from digitus.export.onnx_run import load_onnx

        return load_onnx(Path(model)), model
    return recognizer_of(model)


def any_model(path: Path) -> Recognizer | PageNetwork | CloseUpNetwork:
    """A file with any kind of network. Raises `ModelError`."""
    from digitus.detection import closeup, model
    from digitus.errors import ModelError
    from digitus.recognizer import load

    first: ModelError | None = None
    for loaded in (load, model.load, closeup.load):
        try:
            return loaded(path)
        except ModelError as error:
            first = first or error
    assert first
    raise first


def percent(share: float | None, places: int = 2) -> str:
    """0.98765 as "98.77 %"."""
    return "–" if share is None else f"{100 * share:.{places}f} %"


def digit_table(record: dict[str, Any]) -> Table:
    """The table by digit that the papers print."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_footer=True)
    wrong = sum(row["wrong"] for row in record["by_digit"])
    n, accuracy = record["n"], record["accuracy"]
    footers = ["all", f"{n:,}", f"{wrong:,}", percent(1 - accuracy), percent(accuracy)]
    for name, footer in zip(
        ("digit", "count", "wrong", "% wrong", "% correct"), footers, strict=True
    ):
        table.add_column(name, footer, justify="right")
    for row in record["by_digit"]:
        share = row["accuracy"]
        table.add_row(
            str(row["digit"]),
            f"{row['count']:,}",
            f"{row['wrong']:,}",
            percent(None if share is None else 1 - share),
            percent(share),
        )
    return table


def score_lines(record: dict[str, Any]) -> list[str]:
    """The rest of a score, in words."""
    low, high = record["interval95"]
    right = record["n"] - sum(row["wrong"] for row in record["by_digit"])
    lines = [
        f"{right:,} of {record['n']:,} right: {percent(record['accuracy'])} "
        f"(95 % interval {100 * low:.2f} to {percent(high)})"
    ]
    if record["frequent_confusions"]:
        pairs = (
            f"{c['digit']} read as {c['read_as']}: {c['times']} time{'s' * (c['times'] > 1)}"
            for c in record["frequent_confusions"][:5]
        )
        lines.append("most frequent: " + ", ".join(pairs))
    lines.append(
        f"calibration error (ECE) {record['ece']:.4f}; refused below a confidence of "
        f"{record['threshold']:.2f}: {percent(record['refused'])}, "
        f"of the rest {percent(record['accuracy_accepted'])} right"
    )
    return lines
