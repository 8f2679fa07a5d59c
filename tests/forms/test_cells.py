"""What the recognizer is shown of the cells of a form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import forms_sheets
from digitus.forms import sheets
from digitus.forms.fields import FieldFound, read_fields
from digitus.forms.sheets import PageReader
from digitus.types import Images
from digitus.vision.decode import Picture


@pytest.mark.parametrize("number", range(3))
def test_it_is_the_digit_alone(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of photos: with the lines of the cells, one of twelve digits was no digit to it.

    What it is shown is what a person's corrections teach, too.
    """
    made = forms_sheets.sheet(number, 1, None)
    shown: list[Images] = []

    def watched(*given: Any) -> dict[str, FieldFound]:
        found = read_fields(*given)
        shown.extend(field.images for field in found.values() if field.images is not None)
        return found

    monkeypatch.setattr(sheets, "read_fields", watched)
    height, width = made.picture.shape[:2]
    PageReader((made.form,)).page(Picture(made.picture, width, height))
    images = np.concatenate(shown)
    assert len(images) > 15
    assert images.any(axis=(1, 2)).all()
