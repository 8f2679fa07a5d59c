"""What is kept of a drawing, and where it lies."""

import numpy as np
import pytest

from digitus.reading import drawing
from digitus.reading.result import Digit, Sheet

BLANK = np.zeros((28, 28), np.uint8)


def group(text):
    """Digits, of which ? is refused."""
    values = [None if c == "?" else int(c) for c in text]
    return [Digit(v, 0.9, (0, 0, 9, 9), 0, BLANK, np.full(10, 0.1)) for v in values]


@pytest.mark.parametrize(
    ("text", "cuts", "kept"),
    [
        ("1", [0], True),
        ("11", [0, 0], True),
        ("3?5", [0, 0, 0], True),
        ("??5", [0, 0, 0], False),
        ("71", [1, 1], True),
        ("2519", [1, 2, 2, 1], True),
        ("12?1", [1, 2, 2, 1], False),  # a word
        ("1711", [1, 2, 2, 1], False),
        ("1?11", [0, 0, 0, 0], False),  # streaks at the edge of a sheet
        ("1?13", [0, 0, 0, 0], True),
    ],
)
def test_a_group_is_kept_for_what_is_no_mere_stroke(text, cuts, kept):
    assert drawing._reads(group(text), cuts) is kept


@pytest.mark.parametrize("zoom", [0.3, 1.0, 2.6])
def test_boxes_lie_within_their_picture(zoom):
    picture = Sheet(BLANK, 31, 17)
    for x in np.linspace(0, 30.6, 9):
        for y in np.linspace(0, 16.6, 9):
            box = tuple(v / zoom for v in (x, y, 0.4, 0.4))
            left, top, wide, high = drawing._in_picture(box, zoom, picture)
            assert 0 <= left < left + wide <= picture.width
            assert 0 <= top < top + high <= picture.height
