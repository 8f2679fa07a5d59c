"""What is printed on a page: where its fields really lie, and what it costs to find out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitus.forms.align import Shift
from digitus.forms.form import Field
from digitus.forms.printed import print_on
from digitus.forms.raster import SCALE
from digitus.types import Bytes, Floats64, Points

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
