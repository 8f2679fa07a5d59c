"""A blank form as PDF: what is printed is what is looked for."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import reportlab

from digitus.errors import FormError
from digitus.forms import raster
from digitus.forms.form import Form, Rising
from digitus.forms.pages import PageReader
from digitus.forms.pdf import as_pdf
from digitus.forms.rows import rows
from digitus.forms.straighten import find, marked
from digitus.forms.table import from_table
from digitus.types import Bytes
from digitus.vision.decode import decode_pages
from filled_forms import FORM
from small import one_line


def drawn(content: bytes) -> list[Bytes]:
    """The pages of a PDF, grey, at about `raster.DPI`."""
    height = raster.size(FORM)[0]
    side = round(height * max(FORM.paper) / FORM.paper[1])
    return [
        cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY) for page in decode_pages(content, side=side)
    ]


def test_the_printed_page_is_the_one_looked_for() -> None:
    content = as_pdf(FORM)
    (page,) = drawn(content)
    wanted = raster.blank(FORM, 1)
    seen = cv2.resize(page, wanted.shape[::-1], interpolation=cv2.INTER_AREA)
    for field in FORM.fields:
        x, y, w, h = (round(v * raster.SCALE) for v in field.place)
        part = slice(y - 4, y + h + 5), slice(x - 4, x + w + 5)
        printed = wanted[part] < 200
        assert np.median(seen[part][printed]) < 220, field.name
        assert np.median(seen[part][~printed]) == 255, field.name
    found = find(page, [FORM], marked([FORM]))
    assert found.placing
    corners = np.array([[0.0, 0.0], [wanted.shape[1], wanted.shape[0]]])
    assert np.abs(found.placing.points(corners) - corners).max() < 1.5
    assert as_pdf(FORM) == content


def test_each_page_has_its_own_marks() -> None:
    first, *rest = FORM.fields
    form = replace(FORM, fields=(first, *(replace(field, page=2) for field in rest)))
    assert [find(page, [form], marked([form])).page for page in drawn(as_pdf(form))] == [1, 2]


def test_names_in_other_letters_need_a_font(tmp_path: Path) -> None:
    first, *rest = FORM.fields
    form = replace(FORM, fields=(replace(first, label="Игрок"), *rest))
    with pytest.raises(FormError, match="is not in Latin letters alone; name a font"):
        as_pdf(form)
    (tmp_path / "no.ttf").write_bytes(b"nothing")
    with pytest.raises(FormError, match=r"no\.ttf cannot be used"):
        as_pdf(form, tmp_path / "no.ttf")
    with pytest.raises(FormError, match=r"none\.ttf cannot be used"):
        as_pdf(form, tmp_path / "none.ttf")


def test_a_damaged_font_is_one_line(tmp_path: Path) -> None:
    good = Path(reportlab.__file__).with_name("fonts").joinpath("Vera.ttf").read_bytes()
    path, rng = tmp_path / "font.ttf", np.random.default_rng(0)
    errors = []
    for _ in range(80):
        font = np.frombuffer(good, np.uint8)[: rng.integers(len(good))].copy()
        font[rng.integers(min(len(font), 2000), size=5)] = rng.integers(256, size=5)
        path.write_bytes(font.tobytes())
        try:
            as_pdf(FORM, path)
        except FormError as error:
            errors.append(one_line(error))
    assert len(errors) > 40
    assert all(error.startswith(f"font {path} cannot be used: ") for error in errors)


def test_fields_keep_clear_of_marks_and_of_each_other() -> None:
    first, second, *_ = FORM.fields
    form = replace(FORM, sums=(), fields=(replace(first, place=(5.0, 5.0, 50.0, 9.0)),))
    with pytest.raises(FormError, match="'player' would cover a mark"):
        as_pdf(form)
    form = replace(FORM, sums=(), fields=(first, replace(second, place=first.place)))
    with pytest.raises(FormError, match="'player' and 'first' lie on one another"):
        as_pdf(form)


def test_a_form_that_others_printed_is_not_printed_again() -> None:
    """Its sheets are found by what others printed: one with our marks would be of no form."""
    with pytest.raises(FormError, match=r"form scores: others printed it; print blank.png"):
        as_pdf(replace(FORM, blank=("blank.png",)))


DOCS = Path(__file__).parents[2] / "docs"


def of_tutorial() -> Form:
    """The form that docs/forms.md begins with."""
    (text,) = re.findall(r"```toml\n(.*?)```", (DOCS / "forms.md").read_text("utf-8"), re.DOTALL)
    return from_table(tomllib.loads(text))


def test_the_photo_of_the_tutorial_is_read() -> None:
    reader = PageReader((of_tutorial(),))
    (row,) = rows([("photo", reader(DOCS / "pictures/form-photo.jpg"))], reader.forms)
    found = [row[name] for name in ("meter", "day", "reading")]
    assert found == ["4091-2735", "14.03.2026", "1807,5"]


def test_the_form_of_the_tutorial_is_printed() -> None:
    form = of_tutorial()
    assert as_pdf(form).startswith(b"%PDF")
    assert form.risings == (Rising("reading", "meter", "day", 40.0),)
