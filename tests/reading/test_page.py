"""What is kept of a page, and which way of looking at it."""

from types import SimpleNamespace

import numpy as np
import pytest

from digitus.reading import page, read
from digitus.reading.options import ReadingOptions
from digitus.reading.page import Sheet, View
from digitus.reading.result import Digit

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
    assert page._reads(group(text), cuts) is kept


def seen(view, share, whole, digits):
    return SimpleNamespace(view=view, share=share, whole=whole, digits=("",) * digits, tried=9)


@pytest.mark.parametrize(
    ("others", "best"),
    [
        ({(True, 2): (0.9, 0.8, 7)}, (True, 2)),
        ({(True, 2): (0.9, 0.8, 7), (True, 1): (0.98, 0.7, 8)}, (True, 2)),
        ({(True, 2): (0.9, 0.5, 9)}, (True, 0)),  # words upside down, cut into digits
        ({(False, 0): (0.9, 0.9, 4)}, (False, 0)),
        ({(False, 0): (1.0, 1.0, 1)}, (True, 0)),  # a speck, wholly explained
    ],
)
def test_another_way_of_looking_must_explain_more(others, best, monkeypatch):
    def look(_picture, _options, view):
        return seen(view, *others.get((view.dark_ink, view.turns), (0.0, 0.0, 0)))

    monkeypatch.setattr(read, "read_page", look)
    sheet, options = Sheet(BLANK, 28, 28), ReadingOptions()
    chosen = read._otherwise(sheet, options, seen(View(True), 0.3, 0.2, 3)).view
    assert (chosen.dark_ink, chosen.turns) == best


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("zoom", [0.3, 1.0, 2.6])
def test_boxes_lie_within_their_picture(turns, zoom):
    picture = Sheet(BLANK, 31, 17)
    w, h = (17, 31) if turns % 2 else (31, 17)  # as the page lies, in pixels of the picture
    for x in np.linspace(0, w - 0.4, 9):
        for y in np.linspace(0, h - 0.4, 9):
            box = tuple(v / zoom for v in (x, y, 0.4, 0.4))
            left, top, wide, high = page._upright(box, turns, zoom, picture)
            assert 0 <= left < left + wide <= picture.width
            assert 0 <= top < top + high <= picture.height
