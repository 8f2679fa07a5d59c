"""Sheets of other forms: alone, and in one picture with the one to be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from digitus.forms import raster
from digitus.forms.form import Form
from digitus.forms.layout import MARK, marks, numbers
from digitus.forms.pages import PageReader
from digitus.forms.rows import rows
from digitus.types import Bytes
from digitus.vision.decode import Picture
from filled_forms import FORM, VALUES, filled, printed

READER = PageReader((FORM,))


def read(pixels: Bytes) -> dict[str, Any]:
    """The row of one picture."""
    page = READER.page(Picture(pixels, pixels.shape[1], pixels.shape[0]))
    (row,) = rows([("a.png", [page])], READER.forms)
    return row


def sharing(count: int) -> Form:
    """Another form, with `count` marks in common with `FORM`."""
    own = set(numbers(FORM, 1))
    others = (replace(FORM, name=f"other {i}") for i in range(100_000))
    return next(form for form in others if len(own & set(numbers(form, 1))) == count)


def test_a_form_with_a_mark_in_common_is_another() -> None:
    for count in (1, 2):
        assert read(printed(sharing(count)))["problem"] == "is a sheet of another form"


def test_a_sheet_beside_one_of_another_form_is_reported() -> None:
    sheet = filled()
    for other in (replace(FORM, name="other"), sharing(1)):
        assert "more than one sheet" in read(np.hstack([sheet, printed(other)]))["problem"]


def test_a_mark_of_a_sheet_beside_does_not_move_the_page() -> None:
    """All that the picture shows of the other sheet is that mark, which both have."""
    sheet = filled()
    edge = np.full((sheet.shape[0], sheet.shape[1] // 2), 255, np.uint8)
    mark = marks(FORM, 1)[1]
    x, y, side = (round(v * raster.SCALE) for v in (mark.x, mark.y, MARK))
    part = slice(y - 8, y + side + 8)
    edge[part, 100 : 116 + side] = sheet[part, x - 8 : x + side + 8]
    for picture in ([sheet, edge], [edge, sheet]):
        row = read(np.hstack(picture))
        assert (row["problem"], {name: row[name] for name in VALUES}) == ("", VALUES)
