"""A form's file out of a picture of its blank page, and sheets found by what is printed on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from digitus.errors import DataError, FormError
from digitus.forms.form import Field, Form
from digitus.forms.layout import MARK, marks
from digitus.forms.pages import PageReader
from digitus.forms.propose import propose
from digitus.forms.raster import SCALE
from digitus.forms.table import load_form, to_toml
from digitus.types import Bytes
from digitus.vision.decode import Picture
from filled_forms import ASLANT, FORM, VALUES, filled, photographed, printed


@pytest.fixture(scope="module")
def proposed() -> Form:
    # Marks are rectangles too, but none that can be written in.
    return propose("found", [printed()], ["blank.png"])


def test_boxes_and_combs_become_fields(proposed: Form) -> None:
    assert [(f.kind, f.pattern) for f in proposed.fields] == [
        ("boxes", "####"), ("boxes", "###"), ("comb", "###"), ("boxes", "###"),
    ]  # fmt: skip
    larger = proposed.paper[0] / FORM.paper[0]  # a sheet of A6 looks like one of A4
    assert larger == pytest.approx(2, abs=0.01)
    for found, small in zip(proposed.fields, FORM.fields, strict=True):
        true = replace(small, place=tuple(larger * v for v in small.place))
        assert np.abs(np.subtract(found.place, true.place)).max() < 1.5
        places = zip(found.digit_places, true.digit_places, strict=True)
        assert max(abs(a[0] + a[2] / 2 - b[0] - b[2] / 2) for a, b in places) < 1


def test_lines_to_write_on_and_cells_of_tables() -> None:
    page = np.full((877, 620), 255, np.uint8)  # A4, at 75 dots an inch
    cv2.line(page, (60, 100), (300, 100), 60, 2)
    for x in (60, 200, 340):
        cv2.line(page, (x, 200), (x, 260), 60, 2)
    for y in (200, 230, 260):
        cv2.line(page, (60, y), (340, y), 60, 2)
    found = propose("f", [page], [])
    assert found.paper == (210.0, 297.0)
    assert [field.kind for field in found.fields] == ["line"] * 5
    x, y, w, h = found.fields[0].place
    assert np.array([x, y + h, w]) * 75 / 25.4 == pytest.approx([60, 100, 240], abs=4)


def test_nothing_to_write_in() -> None:
    with pytest.raises(DataError, match="no boxes, combs, tables or lines"):
        propose("f", [np.full((300, 200), 255, np.uint8)], [])


def test_a_sheet_is_found_by_what_is_printed(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "blank.png"), printed())
    form = replace(FORM, name="theirs", blank=("blank.png",))
    path = tmp_path / "theirs.toml"
    path.write_text(to_toml(form))
    reader = PageReader((load_form(path),))
    photo = np.ascontiguousarray(np.rot90(photographed(filled(), ASLANT), 2))
    record = reader.page(Picture(photo, photo.shape[1], photo.shape[0]))
    found = {name: value["answers"][0][0] for name, value in record["fields"].items()}
    assert (record["form"], found) == ("theirs", VALUES)


@pytest.fixture
def theirs(tmp_path: Path) -> PageReader:
    """A form that others printed, with words on it."""
    cv2.imwrite(str(tmp_path / "blank.png"), worded())
    return PageReader((replace(FORM, name="theirs", blank=(str(tmp_path / "blank.png"),)),))


def worded(sheet: Bytes | None = None) -> Bytes:
    """A sheet, or a blank one, with words by which it is found and no marks."""
    page, rng = (printed() if sheet is None else sheet).copy(), np.random.default_rng(0)
    for mark in marks(FORM, 1):
        left, top = (round(v * SCALE) for v in (mark.x, mark.y))
        page[top : top + round(MARK * SCALE) + 1, left : left + round(MARK * SCALE) + 1] = 255
    for line in range(8):
        for word in range(5):
            text = "".join(rng.choice(list("abcdefghklmnoprstuv"), 6))
            at = (400 + 95 * word, 380 + 28 * line)
            cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 0, 1, cv2.LINE_AA)
    return page


@pytest.mark.slow
@pytest.mark.parametrize("turns", range(4))
def test_a_sheet_of_others_is_read_however_it_lies(theirs: PageReader, turns: int) -> None:
    photo = np.ascontiguousarray(np.rot90(photographed(worded(filled()), ASLANT), turns))
    record = theirs.page(Picture(photo, *photo.shape[::-1]))
    found = {name: value["answers"][0][0] for name, value in record["fields"].items()}
    assert (record["form"], found, record["problem"]) == ("theirs", VALUES, "")


def bent(sheet: Bytes) -> Bytes:
    """A sheet whose left side lies flat and whose right side rises."""
    h, w = sheet.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    rise = 26 * np.clip(2 * x / w - 1, 0, 1) ** 2
    return cv2.remap(sheet, x, y + rise, cv2.INTER_LINEAR, borderValue=255)


def test_a_bent_sheet_of_others_is_read(theirs: PageReader) -> None:
    photo = bent(worded(filled()))
    record = theirs.page(Picture(photo, *photo.shape[::-1]))
    found = {name: value["answers"][0][0] for name, value in record["fields"].items()}
    marks_of = {name: value["mark"] for name, value in record["fields"].items()}
    assert (found, marks_of, record["problem"]) == (VALUES, dict.fromkeys(VALUES, ""), "")


OTHER = Form("other", (Field("n", (40.0, 50.0, 70.0, 9.0), pattern="##-###"),), "", FORM.paper)
WRONG = {
    "nothing": (lambda: np.full((620, 874), 200, np.uint8), "what is printed on it is not found"),
    "another form": (lambda: printed(OTHER), "what is printed on it is not found"),
    "two sheets": (lambda: np.hstack([worded(filled()), worded(filled(seed=5))]), "more than one"),
    "half a sheet": (lambda: worded(filled())[:, 437:], "is not whole in the picture"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_picture_of_no_such_sheet_says_why(theirs: PageReader, name: str) -> None:
    make, words = WRONG[name]
    photo = np.ascontiguousarray(make())
    assert words in theirs.page(Picture(photo, *photo.shape[::-1]))["problem"]


def test_a_blank_of_too_few_pages(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "blank.png"), printed())
    first, *_ = FORM.fields
    fields = (replace(first, page=2),)
    form = replace(FORM, fields=fields, sums=(), blank=(str(tmp_path / "blank.png"),))
    with pytest.raises(FormError, match="blank has 1 pages, but there are fields on page 2"):
        PageReader((form,)).page(Picture(printed(), 874, 620))


@pytest.mark.parametrize("shape", [(3000, 2), (2, 3000), (150, 2000), (2000, 300)])
def test_a_picture_too_long_for_a_page_is_refused_before_it_is_enlarged(
    shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cv2, "resize", lambda *_args, **_options: pytest.fail("was enlarged"))
    with pytest.raises(DataError, match=r"pixels are no page: .* 20 to 1200 mm high"):
        propose("f", [np.full(shape, 255, np.uint8)], [])
