"""Lines of paper and forms are found, however they are tilted, and strokes are left."""

import time

import cv2
import numpy as np
import pytest

from digitus.vision.rules import find_rules

SHAPE = (400, 600)


def sheet(tilt):
    """Lines across, falling by `tilt` rows a column."""
    lines = np.zeros(SHAPE, np.uint8)
    for y in range(-200, 600, 60):
        cv2.line(lines, (0, y), (599, round(y + 599 * tilt)), 1, 2)
    return lines


def digit():
    """A stroke that crosses lines: a slanted bow."""
    ink = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(ink, (300, 190), (30, 45), 20, 0, 300, 1, 6)
    return ink


@pytest.mark.parametrize("tilt", [0.0, 0.03, -0.1, 0.2])
@pytest.mark.parametrize("upright", [False, True])
def test_ruled_paper(tilt, upright):
    lines, ink = sheet(tilt), digit()
    if upright:
        lines, ink = lines.T.copy(), ink.T.copy()
    found = find_rules((lines | ink) > 0)
    only_lines = (lines > 0) & (ink == 0)
    assert found[only_lines].mean() > 0.9
    assert found[ink > 0].mean() < 0.3


def test_writing_is_no_rule():
    ink = np.zeros(SHAPE, np.uint8)
    for x in range(40, 560, 90):  # a row of fours: their bars lie in one line
        cv2.line(ink, (x, 200), (x + 50, 200), 1, 5)
        cv2.line(ink, (x + 30, 160), (x + 30, 240), 1, 5)
        cv2.line(ink, (x, 200), (x + 25, 150), 1, 5)
    assert not find_rules(ink > 0).any()


@pytest.mark.parametrize("drawn", ["0", "8"])
def test_loops_are_no_boxes(drawn):
    ink = np.zeros(SHAPE, np.uint8)
    for x in range(60, 560, 100):
        cv2.ellipse(ink, (x, 150), (30, 40), 0, 0, 360, 1, 6)
        if drawn == "8":
            cv2.ellipse(ink, (x, 230), (32, 40), 0, 0, 360, 1, 6)
    assert not find_rules(ink > 0).any()


def test_boxes_go_with_their_walls():
    boxes, ink = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    for x in range(60, 360, 50):
        cv2.rectangle(boxes, (x, 100), (x + 50, 170), 1, 2)
        cv2.line(ink, (x + 28, 115), (x + 22, 155), 1, 5)
    found = find_rules((boxes | ink) > 0)
    assert found[boxes > 0].mean() > 0.95
    assert not found[ink > 0].any()


def test_the_teeth_of_a_comb_go():
    comb, ink = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    cv2.line(comb, (60, 250), (460, 250), 1, 2)
    for x in range(60, 461, 50):
        cv2.line(comb, (x, 235), (x, 250), 1, 1)
        cv2.line(ink, (x + 28, 175), (x + 22, 240), 1, 5)
    found = find_rules((comb | ink) > 0)
    assert found[comb > 0].mean() > 0.95
    assert not found[ink > 0].any()


def test_nothing_in_nothing():
    assert not find_rules(np.zeros((1, 1), bool)).any()
    assert not find_rules(np.zeros((5, 900), bool)).any()


def test_fine_squared_paper_goes_in_time():
    paper = np.zeros((600, 800), bool)
    paper[::6] = paper[:, ::6] = True
    start = time.process_time()
    assert find_rules(paper)[paper].all()
    assert time.process_time() - start < 2  # 0.3; when each wall was sought on the whole page, 4
