"""The polarity of a page is told by its writing, whatever lies around it; ink has its strength."""

import cv2
import numpy as np
import pytest

from digitus.vision.ink import has_dark_ink, strengths

GREYS = [(230, 60, 120), (230, 140, 160), (40, 200, 110), (40, 120, 100), (230, 60, 40)]


@pytest.mark.parametrize("tilt", [0, 3, 12, 30])
@pytest.mark.parametrize(("paper", "desk", "ink"), GREYS)
def test_a_sheet_on_a_desk_does_not_tell_the_polarity(paper, desk, ink, tilt):
    picture = np.full((600, 800), desk, np.uint8)
    corners = cv2.boxPoints(((400, 300), (500, 350), tilt)).astype(np.int32)
    cv2.fillPoly(picture, [corners], paper)
    cv2.ellipse(picture, (380, 300), (14, 22), 0, 0, 360, ink, 6)
    assert has_dark_ink(picture) == (ink < paper)


def test_strength_is_that_of_the_upper_tenth_of_each_piece():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 30, (40, 50)).astype(np.int32)
    labels[labels == 7] = 0
    values = rng.normal(0, 1, labels.shape).astype(np.float32)  # some below 0
    found = strengths(labels, values, 30)
    for i in range(1, 30):
        own = np.sort(values[labels == i])
        assert found[i] == (own[9 * len(own) // 10] if len(own) else 0)
    assert found[0] == 0
