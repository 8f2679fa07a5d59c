"""What the recognizer is shown of the cells of a form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

import forms_sheets
from digitus.forms import fields, pages
from digitus.forms.fields import FieldFound, read_fields
from digitus.forms.pages import PageReader
from digitus.reading.look import Look, recognized
from digitus.reading.options import ReadingOptions
from digitus.types import Bytes, Floats32, Images
from digitus.vision.decode import Picture
from filled_forms import FORM, printed


def as_printed(x: Floats32, y: Floats32) -> tuple[Floats32, Floats32]:
    return x, y


def away(x: Floats32, y: Floats32) -> tuple[Floats32, Floats32]:
    return x - 9, y + 7


def in_waves(x: Floats32, y: Floats32) -> tuple[Floats32, Floats32]:
    return x, y - np.float32(8) * np.sin(x / np.float32(120))


@pytest.mark.parametrize("moved", [as_printed, away, in_waves])
def test_lines_are_taken_away_where_they_are(
    moved: Callable[[Floats32, Floats32], tuple[Floats32, Floats32]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fields are found some pixels off where they were printed, and so are their lines."""
    shown: list[Bytes] = []

    def watched(look: Look, *given: Any) -> Look:
        shown.append(look.grey)
        return recognized(look, *given)

    monkeypatch.setattr(fields, "recognized", watched)
    x, y = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in printed().shape[::-1]))
    pale = (255 - 0.8 * (255.0 - printed())).astype(np.uint8)  # no grey is as dark as ink
    page = cv2.remap(pale, *moved(x, y), cv2.INTER_LINEAR, borderValue=255)
    read = read_fields(page, printed(), FORM.fields, ReadingOptions())
    assert [field.answers[0].text for field in read.values()] == [""] * 4
    assert min(grey.min() for grey in shown) > 230  # nothing but paper


@pytest.mark.slow
@pytest.mark.parametrize("number", range(3))
def test_the_recognizer_is_shown_the_digit_alone(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In photos that kept the cells' lines it took one digit in twelve for none.

    The same images go into the digits that a person's corrections label.
    """
    made = forms_sheets.sheet(number, 1, None)
    shown: list[Images] = []

    def watched(*given: Any) -> dict[str, FieldFound]:
        found = read_fields(*given)
        shown.extend(field.images for field in found.values() if field.images is not None)
        return found

    monkeypatch.setattr(pages, "read_fields", watched)
    height, width = made.picture.shape[:2]
    PageReader((made.form,)).page(Picture(made.picture, width, height))
    images = np.concatenate(shown)
    assert len(images) > 15
    assert images.any(axis=(1, 2)).all()
