"""Digits on paper that once misled the reading: each kind of paper, drawn here."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from digitus.nn import stream
from digitus.reading.read import read
from digitus.synthetic.strokes import draw
from digitus.types import Bytes


def ink(text: str, height: int, step: int, thicker: int = 0) -> Bytes:
    """The digits of a text in a row on black, `step` pixels from one to the next."""
    wide = step * len(text) + height
    canvas = np.zeros((2 * height, wide), np.uint8)
    for i, c in enumerate(text):
        if c == " ":
            continue
        digit = draw(np.array([int(c)]), stream(11, "paper", i, c))[0]
        digit = cv2.resize(digit, (height, height), interpolation=cv2.INTER_CUBIC)
        if thicker:
            digit = cv2.dilate(digit, np.ones((thicker, thicker), np.uint8))
        part = canvas[height // 2 : height // 2 + height, i * step : i * step + height]
        np.maximum(part, digit, out=part)
    return canvas


def paper(canvas: Bytes, light: int = 225) -> Bytes:
    return (light - canvas * ((light - 30) / 255)).astype(np.uint8)


@pytest.mark.parametrize("wall", [1, 3])
@pytest.mark.parametrize("grey", [60, 160])
def test_the_boxes_of_a_form_take_no_digit_away(wall: int, grey: int) -> None:
    text, wide = "03165742", 56
    picture = paper(ink(text, 36, wide))
    for i in range(len(text) + 1):
        cv2.line(picture, (i * wide - 10, 4), (i * wide - 10, 66), grey, wall)
    for y in (4, 66):
        cv2.line(picture, (0, y), (len(text) * wide - 10, y), grey, wall)
    assert read(picture).lines[0].replace(" ", "") == text


def test_slashes_of_a_date_are_no_digits_of_its_pattern() -> None:
    """Each looks like a 1."""
    picture = paper(ink("08 10 2025", 64, 50))
    for at in (2, 5):
        x = at * 50 + 32
        cv2.line(picture, (x + 9, 30), (x - 9, 100), 35, 4, cv2.LINE_AA)
    assert read(picture, pattern="##/##/####").lines == ("08/10/2025",)


def test_a_number_of_eight_digits_has_eight() -> None:
    """One of them cannot be seen."""
    picture = paper(ink("0316 742", 36, 56))
    assert read(picture, pattern="########").lines == ("0316?742",)
    assert read(picture, pattern="####/####").lines == ("0316/?742",)


def test_squared_paper() -> None:
    picture = np.full((260, 420), 240, np.uint8)
    for at in range(0, 420, 24):
        cv2.line(picture, (at, 0), (at, 259), 190, 1)
        cv2.line(picture, (0, at), (419, at), 190, 1)
    for line, text in enumerate(("24680", "7359")):
        row = paper(ink(text, 56, 64), 255)
        part = picture[20 + 110 * line : 132 + 110 * line, 20 : 20 + row.shape[1]]
        np.minimum(part, row, out=part)
    assert [line.replace(" ", "") for line in read(picture).lines] == ["24680", "7359"]


def test_a_thick_pen_on_ruled_paper() -> None:
    picture = np.minimum(paper(ink("90", 120, 110, thicker=7)), 225)
    for y in range(30, 240, 60):
        cv2.line(picture, (0, y), (picture.shape[1] - 1, y), 120, 2)
    assert read(picture).lines == ("90",)


def test_light_ink_on_a_transparent_ground() -> None:
    alpha = ink("7", 120, 120)
    pixels = np.dstack([np.full_like(alpha, 255)] * 3 + [alpha])
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    assert read(content.getvalue()).lines == ("7",)


def test_two_digits_on_a_small_canvas() -> None:
    small = cv2.resize(ink("47", 56, 44), (28, 28), interpolation=cv2.INTER_AREA)
    assert read(255 - small).lines == ("47",)


@pytest.mark.parametrize("sign", [".", ",", "-", ":"])
def test_signs_between_digits_are_no_digits_and_stand_in_the_pattern(sign: str) -> None:
    picture = paper(ink("12 5", 70, 62))
    x = 2 * 62 + 26
    match sign:
        case "." | ",":
            cv2.circle(picture, (x, 100), 4, 30, -1)
            if sign == ",":
                cv2.line(picture, (x + 2, 102), (x - 3, 114), 30, 4)
        case "-":
            cv2.line(picture, (x - 14, 72), (x + 14, 70), 30, 4)
        case ":":
            cv2.circle(picture, (x, 62), 4, 30, -1)
            cv2.circle(picture, (x, 92), 4, 30, -1)
    assert read(picture).lines[0].replace(" ", "") == "125"
    assert read(picture, pattern=f"##{sign}#").lines[0] == f"12{sign}5"
