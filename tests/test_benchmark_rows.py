"""The rows in which pictures are read: both ways read the same, and the steps are told."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import machine
from digitus.synthetic.strokes import strokes
from rows import QUICK, limits, page, reading, tasks

SLOW = limits.Limits(flops=1e9, bandwidth=1e9)
ROOT = Path(__file__).parent.parent


def test_digits_are_prepared_together_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "digits", lambda count: strokes(count, 0))
    monkeypatch.setattr("rows.clock.PAUSE", 0)
    size = replace(QUICK, prepared=12, long=1)
    ((label, row),) = reading.measure("prepare10k", size, 1, SLOW)
    found = row.record()
    assert (label, list(found["peers"])) == ("prepare10k", ["one at a time"])
    assert list(found["shares"]) == [*reading.PREPARE, "the rest"]
    assert sum(found["shares"].values()) == pytest.approx(1, abs=0.01)
    assert min(found["shares"].values()) > 0
    (line, *_) = [line for line in page.reading_shares({label: found}) if label in line]
    assert all(step in line for step in reading.PREPARE)


def test_the_steps_of_reading_are_found() -> None:
    """Each is a function that a profiler sees: renamed, it would be told as taking no time."""
    picture = io.BytesIO()
    Image.fromarray(reading.page(2, 3, 60)).save(picture, "PNG")
    found = reading.shares(lambda: reading.reading.read(picture.getvalue()), reading.READ)
    assert list(found) == [*reading.READ, "the rest"]
    assert min(found.values()) > 0
    assert sum(found.values()) == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_a_photo_has_twelve_megapixels() -> None:
    with Image.open(io.BytesIO(reading.photo())) as image:
        assert image.format == "JPEG"
        assert image.width * image.height == 12_000_000


def test_what_is_read_differently_is_no_row() -> None:
    with pytest.raises(ArithmeticError, match="another answer"):
        reading._beside(lambda: 1, "the other", lambda: 2, {}, QUICK)


def test_the_extra_installs_every_peer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = " ".join(project["optional-dependencies"]["bench"])
    for library in ("torch>", "jax>", "scikit-learn>"):
        assert library in named


@pytest.mark.slow
def test_no_row_enters_the_rooms_whose_source_does_not_count() -> None:
    code = (
        "import sys, digitus, peers, rows\n"
        "from rows import answering, distorting, learning, mapping, processes, reaching, reading\n"
        "digitus.read(reading.page(2, 3, 90))\n"
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('digitus.')})"
    )
    path = os.pathsep.join([str(ROOT / "benchmarks"), str(ROOT / "src")])
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    entered = set(done.stdout.split())
    assert {"nn", "training", "reading"} <= entered
    assert not entered & machine.UNMEASURED
