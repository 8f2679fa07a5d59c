"""`digitus read` with what it shows besides the numbers, and with nothing but its own words."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitus.nn import Chain, Dense, Flatten, He, Scale, initial, stream
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.synthetic.pages.pages import pages
from digitus.synthetic.strokes import strokes


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A network that knows nothing, but is sure enough to answer."""
    network = Chain([Scale(), Flatten(), Dense(10)])
    params = initial(network, (28, 28, 1), He(), stream(1))
    path = tmp_path / "model.safetensors"
    Recognizer(Recipe("random", network), params, temperature=0.02, threshold=0.2).save(path)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A page, a digit, and what is no picture."""
    page, one, bad = tmp_path / "page.png", tmp_path / "one.png", tmp_path / "bad.png"
    Image.fromarray(next(pages(1, 3, kinds={"number", "screen"})).picture).save(page)
    Image.fromarray(255 - strokes(1).images[0]).save(one)
    bad.write_text("nonsense")
    return [page, one, bad]


def test_everything_that_can_be_shown(digitus, model, pictures, tmp_path) -> None:
    result = digitus(
        "read", *pictures, "--model", model, "--format", "csv", "--threads", 1,
        "--annotate", "drawn", "--explain", "why", "--review", "review/doubts.html",
    )  # fmt: skip
    assert result.code == 1  # of the one that is no picture
    assert result.err.count("\n") == 1
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert str(pictures[1]) in {row["file"] for row in rows}
    assert {p.name for p in (tmp_path / "drawn").iterdir()} == {"page.png", "one.png"}
    assert {p.name for p in (tmp_path / "why").iterdir()} == {"page.html", "one.html"}
    review = (tmp_path / "review" / "doubts.html").read_text("utf-8")
    assert all(row["file"] in review for row in rows if not row["error"])
    assert "bad.png" not in review


def test_where_it_cannot_be_written(digitus, model, pictures) -> None:
    result = digitus("read", pictures[1], "--model", model, "--annotate", pictures[2])
    assert "cannot write" in result.complaint


def test_pictures_are_not_written_over(digitus, model, pictures, tmp_path) -> None:
    before = pictures[1].read_bytes()
    result = digitus("read", pictures[1], "--model", model, "--annotate", tmp_path / "x" / "..")
    assert result.code == 2
    assert "write over the pictures" in result.err
    assert pictures[1].read_bytes() == before


@pytest.mark.slow
def test_damage_is_told_in_one_line_by_us_alone(model, tmp_path) -> None:
    """libtiff and Pillow would tell of it too, the one past Python's standard error."""
    path = tmp_path / "damaged.tif"
    noise = stream(3).integers(0, 2, (200, 200), np.uint8) * 255
    Image.fromarray(noise).convert("1").save(path, compression="group4")
    content = bytearray(path.read_bytes())
    content[500:520] = stream(4).bytes(20)
    path.write_bytes(content)
    command = [sys.executable, "-m", "digitus", "read", "--model", model, path]
    told = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert all(line.startswith("digitus: ") for line in told.stderr.splitlines())
    assert len(told.stderr.splitlines()) <= 1


def test_review_overwrites_picture(digitus, model, pictures, tmp_path) -> None:
    """Nor does any other page or picture take the place of what is none of ours."""
    one, before = pictures[1], pictures[1].read_bytes()
    result = digitus("read", "--review", one, pictures[0], "--model", model)
    assert f"cannot write {one}: it is there already" in result.complaint
    (tmp_path / "shown").mkdir()
    notes = [tmp_path / "shown" / "one.png", tmp_path / "shown" / "one.html"]
    for note, option in zip(notes, ("--annotate", "--explain"), strict=True):
        note.write_text("mine", "utf-8")
        result = digitus("read", one, "--model", model, option, "shown")
        assert "it is there already" in result.complaint
        assert note.read_text("utf-8") == "mine"
    weights = model.read_bytes()
    assert "it is there already" in digitus("evaluate", "--report", model, model).complaint
    assert one.read_bytes() == before
    assert model.read_bytes() == weights
    for device in (os.devnull, tmp_path):
        assert "cannot write" in digitus("read", one, "--review", device).complaint


def test_our_own_pages_are_replaced(digitus, model, pictures, tmp_path) -> None:
    (tmp_path / "page.html").touch()  # as mktemp leaves it
    for _ in range(2):
        result = digitus(
            "read", pictures[1], "--model", model, "--review", "page.html",
            "--annotate", "shown", "--explain", "shown",
        )  # fmt: skip
        assert (result.code, result.err) == (0, "")
