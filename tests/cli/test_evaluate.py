"""`digitus evaluate`: every way to bring digits, and what is said when they do not fit."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.datasets.idx import write_idx
from digitus.evaluation import evaluate
from small import digits, recognizer

MODEL = Path("runs/small/model.safetensors")


@pytest.fixture(autouse=True)
def model(digitus: Any) -> Path:
    recognizer().save(MODEL)
    return MODEL


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Images and labels in IDX files."""
    images, labels = tmp_path / "images.gz", tmp_path / "labels"
    write_idx(images, digits().images)
    write_idx(labels, digits().labels)
    return images, labels


def expected() -> dict[str, Any]:
    return evaluate(recognizer(), digits()).record()


def without_name(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("data", "model")}


def test_idx_files(digitus: Any, pair: tuple[Path, Path]) -> None:
    result = digitus("evaluate", MODEL, "--images", pair[0], "--labels", pair[1], "--json")
    assert result.code == 0
    assert not result.err
    assert result.record["model"] == str(MODEL)
    assert without_name(result.record) == without_name(expected())


def test_csv_npz_and_folder(digitus: Any, own: Path, tmp_path: Path) -> None:
    rows = np.column_stack([digits().labels, digits().images.reshape(300, -1)])
    np.savetxt(tmp_path / "own.csv", rows, "%d", delimiter=",")
    for i, (image, label) in enumerate(zip(digits().images, digits().labels, strict=True)):
        folder = tmp_path / "pictures" / "test" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / f"{i}.png"), image)
    for path in (own, tmp_path / "own.csv", tmp_path / "pictures"):
        record = digitus("evaluate", MODEL, "--data", path, "--json").record
        assert without_name(record) == without_name(expected()), path


def test_for_people(digitus: Any, own: Path) -> None:
    result = digitus("evaluate", MODEL, "--data", own, "--report", "score.html")
    assert result.code == 0
    record, wrong = expected(), sum(row["wrong"] for row in expected()["by_digit"])
    assert f"{300 - wrong} of 300 right: {100 * record['accuracy']:.2f} %" in result.out
    for row in record["by_digit"]:
        assert f" {row['digit']} " in result.out
    assert f"{MODEL} on {own}" in result.out
    assert "report  score.html" in result.out
    assert "small" in Path("score.html").read_text("utf-8")


def test_which_model(digitus: Any, own: Path) -> None:
    for given in ("runs/small", MODEL):
        record = digitus("evaluate", given, "--data", own, "--json").record
        assert record["model"] == str(MODEL)
    assert without_name(record) == without_name(expected())
    for given in ([], ["default"]):  # what ships, whatever lies in runs/
        record = digitus("evaluate", *given, "--data", own, "--json").record
        assert record["model"] == "default"
        assert record["accuracy"] > 0.98


def test_a_name_that_is_not_utf8(digitus: Any, own: Path, tmp_path: Path) -> None:
    """Paths are bytes on many systems; what a program reads must still be JSON."""
    strange = "runs/\udcff/model.safetensors"
    try:
        recognizer().save(strange)
    except Exception:  # a file system that allows UTF-8 only
        return
    record = digitus("evaluate", strange, "--data", own, "--json").record
    assert record["accuracy"] == expected()["accuracy"]


def test_thresholds(digitus: Any, own: Path) -> None:
    record = digitus("evaluate", MODEL, "--data", own, "--min-confidence", 0.99, "--json").record
    assert record["threshold"] == 0.99
    assert record["refused"] > expected()["refused"]
    assert record["accuracy"] == expected()["accuracy"]


def test_what_is_no_digit(digitus: Any, tmp_path: Path, own: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 28, 28), np.uint8)
    write_idx(tmp_path / "noise", noise)
    arguments = ["evaluate", MODEL, "--not-digits", "--images", "noise", "--data", own]
    record = digitus(*arguments, "--json").record
    assert record.keys() == {"model", "n", "refused", "auroc", "threshold"}
    assert record["n"] == 50
    people = digitus(*arguments)
    assert f"of 50 images refused; AUROC against {own}: {record['auroc']:.4f}" in people.out


def test_pictures_of_another_size_and_polarity(digitus: Any, tmp_path: Path) -> None:
    """Dark ink on paper, five times as large: prepared, most are read; unprepared, none fit."""
    images = np.stack([255 - cv2.resize(image, (140, 140)) for image in digits().images[:60]])
    write_idx(tmp_path / "large", images)
    write_idx(tmp_path / "labels", digits().labels[:60])
    arguments = ["evaluate", MODEL, "--images", "large", "--labels", "labels"]
    refused = digitus(*arguments).complaint
    assert "reads bytes [n 28 28], not uint8 [60, 140, 140]; --prepare auto makes" in refused
    assert digitus(*arguments, "--prepare", "auto", "--json").record["accuracy"] > 0.6


def without_labels(path: Path, count: int = 40) -> Path:
    np.savetxt(path, digits().images[:count].reshape(count, -1), "%d", delimiter=",")
    return path


def test_answers_without_labels(digitus: Any, tmp_path: Path) -> None:
    data = without_labels(tmp_path / "test.csv")
    assert "40 images and no labels" in digitus("evaluate", MODEL, "--data", data).complaint
    arguments = ["evaluate", MODEL, "--data", data, "--predict", "out.csv"]
    record = digitus(*arguments, "--json").record
    assert (record["n"], record["predictions"], record["data"]) == (40, "out.csv", str(data))
    rows = list(csv.DictReader(Path("out.csv").read_text().splitlines()))
    expected = recognizer().probabilities(digits().images[:40])
    assert [row["image"] for row in rows] == [str(n) for n in range(1, 41)]
    assert [int(row["digit"]) for row in rows] == expected.argmax(axis=1).tolist()
    assert [row["confidence"] for row in rows] == [f"{p:.4f}" for p in expected.max(axis=1)]
    assert sum(int(row["refused"]) for row in rows) == round(40 * record["refused"])
    people = digitus(*arguments)
    assert f"40 answers in out.csv; refused {100 * record['refused']:.2f} %" in people.out


def test_answers_as_kaggle_wants_them(digitus: Any, tmp_path: Path) -> None:
    data = without_labels(tmp_path / "test.csv", 3)
    arguments = ["evaluate", MODEL, "--data", data, "--predict", "out.csv"]
    assert digitus(*arguments).code == 0
    assert digitus(*arguments, "--kaggle").code == 0  # over a table of our own
    answers = recognizer().probabilities(digits().images[:3]).argmax(axis=1).tolist()
    expected = "ImageId,Label\n" + "".join(f"{n},{a}\n" for n, a in enumerate(answers, 1))
    assert Path("out.csv").read_text() == expected


def test_answers_beside_a_score(digitus: Any, own: Path, tmp_path: Path) -> None:
    record = digitus("evaluate", MODEL, "--data", own, "--predict", "out.csv", "--json").record
    assert record["accuracy"] == expected()["accuracy"]
    assert len(Path("out.csv").read_text().splitlines()) == 301
    write_idx(tmp_path / "images", digits().images[:5])
    record = digitus("evaluate", MODEL, "--images", "images", "--predict", "out.csv", "--json")
    assert record.record["n"] == 5


def test_answers_about_pictures_have_their_names(digitus: Any, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for name, image in zip(("b.png", "a.png"), digits().images, strict=False):
        cv2.imwrite(str(tmp_path / "scans" / name), image)
    digitus("evaluate", MODEL, "--data", "scans/", "--predict", "out.csv")
    assert [row["image"] for row in csv.DictReader(Path("out.csv").read_text().splitlines())] == [
        "a.png",
        "b.png",
    ]


def test_answers_replace_no_other_file(digitus: Any, tmp_path: Path) -> None:
    data = without_labels(tmp_path / "test.csv", 3)
    before = data.read_bytes()
    result = digitus("evaluate", MODEL, "--data", data, "--predict", data)
    assert result.code == 2
    assert "which is no table of answers" in result.err
    assert data.read_bytes() == before
    for wrong in (["--kaggle"], ["--predict", "a", "--not-digits", "--images", data]):
        assert digitus("evaluate", MODEL, *wrong).code == 2


@pytest.mark.slow
def test_images_on_their_side_are_told(digitus: Any, tmp_path: Path) -> None:
    turned = digits().images.transpose(0, 2, 1).reshape(300, -1)
    np.savetxt("emnist.csv", np.column_stack([digits().labels, turned]), "%d", delimiter=",")
    told = digitus("evaluate", "--data", "emnist.csv")
    assert "with rows and columns exchanged: try --transposed" in told.out
    assert digitus("evaluate", "--data", "emnist.csv", "--json").record["accuracy"] < 0.5
    for way in (["--data", "emnist.csv"], ["--images", "images", "--labels", "labels"]):
        write_idx(tmp_path / "images", digits().images.transpose(0, 2, 1))
        write_idx(tmp_path / "labels", digits().labels)
        upright = digitus("evaluate", *way, "--transposed", "--json").record
        assert upright["accuracy"] > 0.98


def test_pictures_that_are_not_prepared_are_told(digitus: Any, tmp_path: Path) -> None:
    """Digits of half the size, in a corner."""
    small = np.zeros((60, 28, 28), np.uint8)
    for image, digit in zip(small, digits().images, strict=False):
        image[:12, :12] = cv2.resize(digit[4:24, 4:24], (12, 12), interpolation=cv2.INTER_AREA)
    np.savez("small.npz", x=small, y=digits().labels[:60])
    told = digitus("evaluate", "--data", "small.npz")
    assert "prepared: try --prepare auto" in told.out
    well = digitus("evaluate", "--data", "small.npz", "--prepare", "auto")
    assert " try " not in well.out


def test_failures_are_one_line(
    digitus: Any, pair: tuple[Path, Path], own: Path, tmp_path: Path
) -> None:
    images, labels = pair
    write_idx(tmp_path / "few", digits().labels[:7])
    write_idx(tmp_path / "tens", digits().labels + 10)
    write_idx(tmp_path / "none", digits().images[:0])
    write_idx(tmp_path / "no-labels", digits().labels[:0])
    np.savez(tmp_path / "wide.npz", x=np.zeros((3, 28, 30), np.uint8), y=np.zeros(3, np.uint8))
    (tmp_path / "noise.safetensors").write_bytes(b"noise")
    (tmp_path / "nothing").mkdir()
    cases: list[tuple[list[object], str]] = [
        (["--images", images, "--labels", "few"], "300 images but 7 labels"),
        (["--images", images, "--labels", "tens"], "labels must be the digits 0 to 9"),
        (["--images", labels, "--labels", images], "were the two files swapped?"),
        (["--images", "nowhere", "--labels", labels], "nowhere: cannot be read"),
        (["--images", "none", "--labels", "no-labels"], "is empty; there is nothing to score"),
        (["--not-digits", "--images", "none", "--data", own], "no images to refuse"),
        (["--data", "wide.npz"], "reads bytes [n 28 28], not uint8 [3, 28, 30]"),
        (["--data", "nowhere.csv"], "nowhere.csv: there is no such folder or file"),
        (["--data", "nothing"], "holds no pictures"),
        (["--data", "mnist"], "cannot download"),
        (["noise.safetensors", "--data", own], "noise.safetensors is truncated, or not a safet"),
        (["nowhere", "--data", own], "nowhere cannot be read: No such file"),
        (["nothing", "--data", own], "nothing/model.safetensors cannot be read: No such file"),
        (["--data", own, "--report", f"{own}/x.html"], "cannot write"),
    ]
    for arguments, said in cases:
        for json_ in ([], ["--json"]):
            assert said in digitus("evaluate", *arguments, *json_).complaint


def test_json_is_ascii_and_has_no_nan(digitus: Any, own: Path, tmp_path: Path) -> None:
    path = tmp_path / "ziffern-ä.npz"
    own.rename(path)
    result = digitus("evaluate", MODEL, "--data", path, "--json")
    assert result.out.isascii()
    assert result.record["data"] == str(path)
    assert json.loads(result.out) == result.record
