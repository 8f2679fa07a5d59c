"""Sheets that are bent: found, straightened, and flagged where their marks cannot say how."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitus.forms import raster
from digitus.forms.align import shifts
from digitus.forms.layout import MARGIN, MARK
from digitus.forms.pages import PageReader
from digitus.forms.problems import line_of
from digitus.forms.rows import rows
from digitus.forms.straighten import find, marked
from digitus.types import Bytes
from digitus.vision.decode import Picture
from filled_forms import FORM, VALUES, filled, printed

READER = PageReader((FORM,))


@pytest.fixture(scope="module")
def sheet() -> Bytes:
    return filled()


def test_a_sheet_that_is_bent_is_straightened(sheet: Bytes) -> None:
    h, w = sheet.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    wave = 12 * (2 * x / w - 1) ** 2
    bent = cv2.remap(sheet, x, y - wave.astype(np.float32), cv2.INTER_LINEAR, borderValue=255)
    found = find(bent, [FORM], marked([FORM]))
    assert found.placing
    points = np.array([[x, y] for x in (200.0, 437.0, 700.0) for y in (150.0, 300.0, 450.0)])
    true = points + np.column_stack([np.zeros(9), 12 * (2 * points[:, 0] / w - 1) ** 2])
    assert np.abs(found.placing.points(points) - true).max() < 1.5


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("curled", [False, True])
def test_a_bent_sheet_may_be_elsewhere_where_its_marks_are_not_seen(
    sheet: Bytes, curled: bool, hidden: bool
) -> None:
    h, w = sheet.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    curl = 160 * (y / h) ** 3 * curled
    page = sheet.copy()
    if hidden:
        page[-round((MARGIN + MARK + 1) * raster.SCALE) :] = 255  # as behind fingers
    photo = cv2.remap(page, x, y + curl.astype(np.float32), cv2.INTER_LINEAR, borderValue=255)
    (row,) = rows([("a.png", [READER.page(Picture(photo, w, h)) | {"at": 1}])], [FORM])
    misplaced = curled and hidden
    assert row["problem"] == (line_of("bent") if misplaced else "")
    assert all((row[f"{name}_flag"] == "misplaced") == misplaced for name in VALUES)


def test_the_fields_of_a_sheet_in_waves_are_found(sheet: Bytes) -> None:
    h, w = sheet.shape
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    wave = 9 * np.sin(2 * np.pi * x / (0.9 * w))
    bent = cv2.remap(sheet, x, y - wave.astype(np.float32), cv2.INTER_LINEAR, borderValue=255)
    found = find(bent, [FORM], marked([FORM]))
    assert found.placing
    moved = shifts(found.placing.straight(bent), printed(), FORM.fields)
    for name, shift in moved.items():
        left, top, wide, high = (v * raster.SCALE for v in FORM.field(name).place)
        points = np.array([[left + t * wide, top + high / 2] for t in np.linspace(0, 1, 9)])
        true = points[:, 1] + 9 * np.sin(2 * np.pi * points[:, 0] / (0.9 * w))
        off = found.placing.points(points + shift(points))[:, 1] - true
        assert np.abs(off).max() < 2, name
    (row,) = rows([("a.png", [READER.page(Picture(bent, w, h)) | {"at": 1}])], [FORM])
    assert {name: row[name] for name in VALUES} == VALUES
