"""Whole pictures, drawn here, read by the recognizer that comes along."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from digitus import recognizer
from digitus.errors import DataError
from digitus.files import read_arrays
from digitus.reading.options import ReadingOptions
from digitus.reading.read import (
    Digit,
    DrawnSteps,
    Reading,
    Steps,
    _fills,
    read,
    read_pages,
)
from written import glyphs, page


def encoded(picture: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, form, **options)
    return content.getvalue()


@pytest.mark.parametrize("lines", [("7",), ("2026",), ("314", "15926", "53"), ("0417  22",)])
def test_what_is_written_is_read(lines: tuple[str, ...]) -> None:
    reading = read(page(*lines))
    assert [line.replace(" ", "") for line in reading.lines] == [x.replace(" ", "") for x in lines]


@pytest.mark.parametrize("lines", [("7",), ("2026",), ("314", "15926", "53")])
def test_what_is_drawn_on_a_screen_is_read_the_same(lines: tuple[str, ...]) -> None:
    picture = page(*lines)
    assert read(picture, drawn=True).lines == read(picture).lines == lines


def test_a_gap_between_groups_is_a_space() -> None:
    assert read(page("041  22", step=66)).lines == ("041 22",)


@pytest.mark.slow
@pytest.mark.parametrize("change", ["inverted", "colour", "shadow", "small", "ruled"])
def test_however_it_looks(change: str) -> None:
    picture = page("2026", "314")
    match change:
        case "inverted":
            picture = 255 - picture
        case "colour":
            picture = np.stack([picture, np.full_like(picture, 225), picture], -1)
        case "shadow":
            picture[:, 150:500] = picture[:, 150:500] * 0.45
        case "small":
            picture = cv2.resize(picture, None, fx=0.3, fy=0.3, interpolation=cv2.INTER_AREA)
        case "ruled":
            for y in range(15, 500, 55):
                cv2.line(picture, (0, y), (899, y + 20), 150, 2)
    assert read(picture).lines == ("2026", "314")


@pytest.mark.slow
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_page_that_lies_on_its_side_or_head(turns: int) -> None:
    upright = page("23745", "74523")
    reading = read(np.rot90(upright, turns).copy(), keep_steps=True)
    assert reading.lines == ("23745", "74523")
    assert isinstance(reading.steps, Steps)
    assert reading.steps.turns == -turns % 4
    h, w = np.rot90(upright, turns).shape
    assert (reading.width, reading.height) == (w, h)
    ink = np.rot90(upright, turns) < 150
    for digit in reading.digits:  # the boxes lie on the picture as it came
        x, y, wide, high = digit.box
        assert ink[y : y + high, x : x + wide].mean() > 0.05


def test_an_image_that_is_one_digit_already() -> None:
    for digit in "0123456789":
        image = cv2.resize(glyphs()[digit][0], (28, 28), interpolation=cv2.INTER_AREA)
        assert read(image).lines == (digit,)
        assert read(255 - image).lines == (digit,)


def test_touching_digits_are_cut() -> None:
    reading = read(page("25", step=52), keep_steps=True)
    assert reading.lines == ("25",)


@pytest.mark.slow
def test_nothing_is_read_into_nothing() -> None:
    rng = np.random.default_rng(0)
    for picture in (
        np.full((300, 400), 200, np.uint8),
        rng.normal(200, 8, (300, 400)).clip(0, 255).astype(np.uint8),
        rng.integers(0, 256, (72, 96), dtype=np.uint8),
        np.tile(np.linspace(80, 240, 400).astype(np.uint8), (300, 1)),
    ):
        reading = read(picture)
        assert (reading.digits, reading.lines) == ((), ())


def test_the_form_of_the_number_is_used() -> None:
    picture = page("2026 31")
    assert read(picture, pattern="####-##").lines == ("2026-31",)
    assert read(picture, pattern="####.##").lines == ("2026.31",)
    assert len(read(picture, pattern="#####").digits) == 5
    with pytest.raises(ValueError, match="no #"):
        read(picture, pattern="abc")


def test_what_cannot_be_read_is_told_at_the_call_not_at_the_first_page(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no #"):
        read_pages(page("26"), ReadingOptions(pattern="abc"))
    with pytest.raises(ValueError, match="a confidence is from 0 to 1, not nan"):
        read_pages(page("26"), ReadingOptions(min_confidence=math.nan))
    for wrong in (tmp_path / "absent.png", b"", np.zeros((2, 2))):
        with pytest.raises(DataError):
            read_pages(wrong)


def test_what_is_doubtful_is_refused() -> None:
    reading = read(page("20"), min_confidence=1.0)
    assert all(digit.value is None for digit in reading.digits)
    assert set("".join(reading.lines)) <= {"?"}


@pytest.mark.parametrize("lines", [("7",), ("2026", "314")])
def test_every_step_is_kept_if_asked_for(lines: tuple[str, ...]) -> None:
    picture = page(*lines)
    assert read(picture).steps is None
    steps = read(picture, keep_steps=True).steps
    assert isinstance(steps, Steps)
    h, w = steps.grey.shape
    assert steps.heat.max() > 127
    kept = [find for find in steps.finds if find.fate != "unlikely"]
    assert len(kept) == len("".join(lines))
    for find in steps.finds:
        x, y, wide, high = find.box
        assert -wide < x < w
        assert -high < y < h
        assert find.image.shape == (28, 28)
        assert find.network.shape == find.recognizer.shape == find.probabilities.shape == (10,)
    drawn = read(picture, keep_steps=True, drawn=True).steps
    assert isinstance(drawn, DrawnSteps)
    assert drawn.ink.max() == 255


def test_paths_bytes_and_arrays(tmp_path: Path) -> None:
    picture = page("26")
    path = tmp_path / "a.png"
    path.write_bytes(encoded(picture))
    same = [read(x).to_json() for x in (path, str(path), path.read_bytes(), picture)]
    assert all(record == same[0] for record in same)
    for wrong in (np.zeros((2, 2)), np.zeros((0, 5), np.uint8), np.zeros((2, 2, 5), np.uint8)):
        with pytest.raises(DataError, match="must be bytes"):
            read(wrong)


def test_the_pages_of_a_tiff() -> None:
    first, second = (Image.fromarray(page(line)) for line in ("26", "315"))
    content = io.BytesIO()
    first.save(content, "TIFF", save_all=True, append_images=[second])
    assert [x.lines for x in read_pages(content.getvalue())] == [("26",), ("315",)]
    assert read(content.getvalue()).lines == ("26",)


def test_boxes_are_in_pixels_of_the_picture_as_it_was_taken() -> None:
    large = cv2.resize(page("26"), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    small = read(page("26"))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.rot90(large).copy()  # as a camera held upright stores it
    reading = read(encoded(turned, "JPEG", exif=exif))
    assert (reading.width, reading.height) == (large.shape[1], large.shape[0])
    assert reading.lines == ("26",)
    for a, b in zip(reading.digits, small.digits, strict=True):
        assert np.abs(np.array(a.box) - 5 * np.array(b.box)).max() < 25


def test_the_json_is_what_is_promised() -> None:
    reading = read(page("26"))
    record = json.loads(json.dumps(reading.to_json("a.png")))
    assert list(record) == ["file", "width", "height", "lines", "digits"]
    assert record["file"] == "a.png"
    assert record["lines"] == ["26"]
    for digit, found in zip(record["digits"], reading.digits, strict=True):
        assert list(digit) == ["value", "confidence", "box", "line"]
        assert digit["value"] == found.value
        assert digit["confidence"] == pytest.approx(found.confidence, abs=1e-4)
    assert Reading(1, 1, (), ()).to_json()["file"] is None


def test_the_recognizer_that_came_along_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def counted(*arguments: object) -> object:
        opened.append(arguments)
        return read_arrays(*arguments)

    monkeypatch.setattr(recognizer, "read_arrays", counted)
    for _ in range(3):
        read(glyphs()["3"][0])
    assert len(opened) <= 1  # none where another test has read before


@pytest.mark.parametrize("small", [True, False])
def test_a_refused_digit_does_not_stand_for_digits_that_are_read(small: bool) -> None:
    """However little is sure of the parts: what is refused says nothing of what fills a picture."""
    seen, row = np.zeros((28, 28), np.uint8), np.full(10, 0.1)
    parts = [
        Digit(value, confidence, (6 + 17 * i, 4, 14, 37), 0, seen, row)
        for i, (value, confidence) in enumerate([(8, 0.98), (None, 0.37), (1, 0.88)])
    ]
    options = ReadingOptions()
    for value, confidence, fills in ((None, 0.3, False), (8, 0.99, True)):
        whole = Digit(value, confidence, (5, 4, 52, 40), 0, seen, row)
        assert _fills(whole, parts, options, small) is fills
