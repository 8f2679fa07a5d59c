"""Ink is cut where little of it is, and every cut separates some ink from the rest."""

import cv2
import numpy as np
import pytest

from digitus.vision.find import find_lines
from digitus.vision.ink import drawn_ink
from digitus.vision.split import PARTS, atoms_of, stretches


def candidates(draw):
    """All stretches of what is drawn on a sheet, which is one piece."""
    sheet = np.full((200, 300), 220, np.uint8)
    draw(sheet)
    ink = drawn_ink(sheet)
    (line,) = find_lines(ink).lines
    assert len(line.pieces) == 1
    return stretches(atoms_of(ink, line, 0, {0}))


def overlap(a, b):
    """The common part of two boxes, of both together."""
    x0, y0 = max(a[0], b[0]), max(a[1], b[1])
    x1, y1 = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    common = max(0, x1 - x0) * max(0, y1 - y0)
    return common / (a[2] * a[3] + b[2] * b[3] - common)


@pytest.mark.parametrize("lean", [-25, 0, 25])
def test_a_cut_follows_the_gap_between_two_digits(lean):
    def draw(sheet):
        for x in (100, 146):
            cv2.ellipse(sheet, (x, 100), (22, 44), lean, 0, 360, 40, 6)
        cv2.line(sheet, (118, 100), (128, 100), 40, 6)

    left = np.full((200, 300), 220, np.uint8)
    cv2.ellipse(left, (100, 100), (22, 44), lean, 0, 360, 40, 6)
    x, y, w, h = cv2.boundingRect((left < 200).view(np.uint8))
    found = candidates(draw)
    for box in ((x, y, w, h), (x + 46, y, w, h)):
        assert max(overlap(stretch.box, box) for stretch in found) > 0.85


def test_cuts_have_ink_on_both_sides_and_between_them():
    def draw(sheet):
        cv2.line(sheet, (60, 60), (240, 60), 40, 8)
        for x in (60, 120, 180, 240):
            cv2.line(sheet, (x, 60), (x, 140), 40, 8)

    found = candidates(draw)
    atoms = [stretch for stretch in found if stretch.last == stretch.first + 1]
    assert 4 <= len(atoms) <= 20
    assert all((stretch.image > 0).sum() > 20 for stretch in atoms)


def test_a_piece_may_be_one_digit_however_often_it_is_cut():
    found = candidates(lambda sheet: cv2.ellipse(sheet, (150, 100), (62, 60), 0, 0, 360, 40, 6))
    atoms = max(stretch.last for stretch in found)
    assert atoms > PARTS
    assert [s for s in found if (s.first, s.last) == (0, atoms)]
    assert all(s.last - s.first in (*range(1, PARTS + 1), atoms) for s in found)
