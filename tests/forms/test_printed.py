"""What is printed on a page: where its fields really lie, and what it costs to find out."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from digitus.forms.align import Shift
from digitus.forms.fields import read_fields
from digitus.forms.form import PAPERS, Field, Form
from digitus.forms.pages import PageReader
from digitus.forms.pdf import as_pdf
from digitus.forms.printed import print_on
from digitus.forms.raster import SCALE
from digitus.reading.options import ReadingOptions
from digitus.types import Bytes, Floats64, Points
from digitus.vision.decode import decode_pages
from filled_forms import write

BEND = np.array([[3, -7.5], [2, 1], [-1, 2], [1.5, -2], [1, 1], [2, -1], [-1, 2.5]])
FIELDS = Field("wide", (20, 20, 90, 9), pattern="##"), Field("large", (20, 40, 100, 60))


@pytest.fixture
def page() -> Bytes:
    """Fields' boxes, and a grid in them."""
    page = np.full((650, 750), 255, np.uint8)
    for x, y, w, h in (field.place for field in FIELDS):
        for share in np.linspace(0, 1, 7):
            for line in (((x + share * w, y), (x + share * w, y + h)),
                         ((x, y + share * h), (x + w, y + share * h))):  # fmt: skip
                cv2.line(page, *(np.round(np.array(line) * SCALE).astype(int).tolist()), 180, 2)
    return page


def bent(field: Field, bend: Floats64) -> Shift:
    x, y, w, h = (v * SCALE for v in field.place)
    return Shift(np.array([x + w / 2, y + h / 2]), w / 2, bend)


def test_print_is_where_each_field_lies(page: Bytes) -> None:
    moved = {field.name: bent(field, BEND) for field in FIELDS}
    found = print_on(page, FIELDS, moved)
    still = cv2.dilate((page < 250).view(np.uint8), np.ones((5, 5), np.uint8))
    for field in FIELDS:
        left, top, w, h = (round(v * SCALE) for v in field.place)
        y, x = np.mgrid[top + 2 : top + h - 2, left + 2 : left + w - 2]
        there = np.stack([x, y], -1)
        lies = there - moved[field.name](there.reshape(-1, 2)).reshape(there.shape)
        whole = cv2.remap(still, lies.astype(np.float32), None, cv2.INTER_NEAREST) > 0
        assert (found[y, x] != whole).mean() < 0.01


def test_movements_are_computed_at_few_pixels(page: Bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Computed at every pixel, a thousand fields took a second."""
    asked, of = [], Shift.__call__

    def counted(self: Shift, points: Points) -> Points:
        asked.append(len(points))
        return of(self, points)

    monkeypatch.setattr(Shift, "__call__", counted)
    print_on(page, FIELDS, {field.name: bent(field, BEND) for field in FIELDS})
    assert sum(asked) < page.size / 20


KINDS = ("line", "free", "boxes", "comb")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("written", ["", "48"])
def test_what_is_printed_where_people_write_is_no_value(kind: str, written: str) -> None:
    """The number of a row, a unit with a digit, a caption above a line: 2 and 48 were 248."""
    field = Field("row", (20.0, 20.0, 45.0, 9.0), kind=kind, pattern="#####")
    blank, rng = np.full((400, 600), 255, np.uint8), np.random.default_rng(4)
    cv2.line(blank, (110, 172), (390, 172), 0, 2)
    cells = replace(field, kind="boxes").digit_places
    left, top, _, _ = (round(v * SCALE) for v in cells[0])
    cv2.putText(blank, "2", (left + 14, top + 42), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 3, cv2.LINE_AA)
    sheet = blank.copy()
    for place, digit in zip(cells[2:], written, strict=False):
        write(sheet, place, int(digit), rng)
    read = read_fields(sheet, blank, [field], ReadingOptions())["row"]
    assert read.answers[0].text == written


def test_a_caption_is_no_value() -> None:
    """On a sheet of our own the words are not on the blank page that it is compared with."""
    fields = tuple(
        Field(f"row{i}", (20.0, 30.0 + 14 * i, 40.0, high), kind="line", label=str(digit))
        for i, (digit, high) in enumerate(((3, 6.0), (8, 9.0), (5, 5.0), (2, 7.0)))
    )
    form = Form("rows", fields, "Rows", PAPERS["A5"])
    (page,) = decode_pages(as_pdf(form), side=1240, colours=False)
    read = PageReader((form,)).page(page)["fields"]
    assert [read[field.name]["answers"][0][0] for field in fields] == [""] * 4
