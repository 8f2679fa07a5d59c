"""What digitus does with files, as operations that can be tried on a disk that fails (`faults`).

Inside: saving, training and reading, and what must hold after each. Not inside: what needs a server
(`operations_served`), and the disk.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np

from digitus.cli import main
from digitus.errors import DigitusError
from digitus.files import MARKS
from digitus.recognizer import Recognizer, load
from digitus.training.run_folder import Run, load_checkpoint
from faults import Operation, Told
from kept import interrupted
from operations_served import SERVED
from small import digits, recipe, recognizer, same_arrays, trained, write_recipe


def command(*arguments: object) -> Told:
    """The program, run here."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with (
        patch.object(sys, "argv", ["digitus", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as left:
            code = left.code
    return int(str(code or 0)), [x for x in err.getvalue().splitlines() if x[:9] == "digitus: "]


# Saving a model over another.


def prepare_save(folder: Path) -> None:
    old().save(folder / "model.safetensors")


def act_save(folder: Path) -> Told:
    try:
        recognizer().save(folder / "model.safetensors")
    except DigitusError as error:
        return 1, [str(error)]
    return 0, []


def intact_save(folder: Path) -> None:
    assert [path.name for path in folder.iterdir()] == ["model.safetensors"]
    params = load(folder / "model.safetensors").params
    assert any(same_arrays(params, model.params) for model in (old(), recognizer()))


def done_save(folder: Path) -> None:
    assert same_arrays(load(folder / "model.safetensors").params, recognizer().params)


@cache
def old() -> Recognizer:
    """Another model than `small.recognizer`."""
    return trained(recipe(epochs=1), digits())[0]


# Training, from the beginning or a checkpoint.


def prepare_train(folder: Path) -> None:
    write_recipe(folder / "small.toml", epochs=1, batch_size=120)
    np.savez(folder / "own.npz", x=digits().images, y=digits().labels)


def prepare_resume(folder: Path) -> None:
    prepare_train(folder)
    about = recipe(epochs=1, batch_size=120, data=str(folder / "own.npz"))
    interrupted(Run(folder / "run"), about, 1)


def act_train(folder: Path) -> Told:
    run = Run(folder / "run")
    if run.model.exists() and not run.checkpoint.exists():
        return 0, []  # all but the report, at most
    again = ["--resume"] * run.checkpoint.exists()
    return command(
        "train", folder / "small.toml", "--data", folder / "own.npz", "--out", run.folder,
        "--threads", 1, "--checkpoint-seconds", 0, *again,
    )  # fmt: skip


def intact_train(folder: Path) -> None:
    run = Run(folder / "run")
    if run.checkpoint.exists():
        load_checkpoint(run.checkpoint)
    if run.model.exists():
        load(run.model)
    assert not run.report.exists() or run.report.read_text("utf-8").rstrip().endswith("</html>")
    assert not list(folder.rglob("*.part"))
    assert not list(folder.rglob(".lock"))


def intact_resume(folder: Path) -> None:
    intact_train(folder)
    run = Run(folder / "run")
    assert run.checkpoint.exists() or run.model.exists(), "what had been learnt is lost"


def done_train(folder: Path) -> None:
    run = Run(folder / "run")
    assert same_arrays(load(run.model).params, undisturbed().params)
    assert not run.checkpoint.exists()
    events = [json.loads(line)["event"] for line in run.log.read_text("utf-8").splitlines()]
    assert events == ["started", "epoch", "finished"]


@cache
def undisturbed() -> Recognizer:
    """What training makes where nothing fails."""
    return trained(recipe(epochs=1, batch_size=120), digits())[0]


# Reading two pictures, with everything that is shown of them, over older pages.

SHOWN = "shown/one.png", "shown/one.html", "shown/two.png", "shown/two.html", "review.html"


def prepare_read(folder: Path) -> None:
    for name in ("one", "two"):
        cv2.imwrite(str(folder / f"{name}.png"), picture())
    old().save(folder / "model.safetensors")
    (folder / "shown").mkdir()
    for name in SHOWN:
        (folder / name).write_bytes(MARKS[name.endswith("png")] + b"old")


def picture() -> np.ndarray:
    sheet = np.full((40, 40), 255, np.uint8)
    cv2.line(sheet, (20, 6), (19, 34), 0, 3)
    return sheet


def act_read(folder: Path) -> Told:
    return command(
        "read", folder / "one.png", folder / "two.png", "--model", folder / "model.safetensors",
        "--annotate", folder / "shown", "--explain", folder / "shown",
        "--review", folder / "review.html", "--threads", 1, "--min-confidence", 0,
    )  # fmt: skip


def intact_read(folder: Path) -> None:
    for name in ("one", "two"):
        assert np.array_equal(cv2.imread(str(folder / f"{name}.png"), 0), picture())
    assert same_arrays(load(folder / "model.safetensors").params, old().params)
    for name in SHOWN:
        content = (folder / name).read_bytes()
        assert content.endswith(b"old") or is_whole(content), name
    assert len(list(folder.rglob("*"))) == len(SHOWN) + 4


def done_read(folder: Path) -> None:
    for name in SHOWN:
        assert is_whole((folder / name).read_bytes()), name


def is_whole(content: bytes) -> bool:
    """Whether it is a page or a picture of ours to its end."""
    return content.rstrip().endswith((b"</html>", b"IEND\xaeB`\x82"))


OPERATIONS = {
    "save": Operation(prepare_save, act_save, intact_save, done_save),
    "train": Operation(prepare_train, act_train, intact_train, done_train),
    "resume": Operation(prepare_resume, act_train, intact_resume, done_train),
    "read": Operation(prepare_read, act_read, intact_read, done_read),
    **SERVED,
}
