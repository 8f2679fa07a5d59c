"""What has to be known of paper around a picture."""

from __future__ import annotations

import numpy as np

from digitus.vision.paper import edge_grey


def test_the_grey_beyond_a_picture_is_that_of_its_edges() -> None:
    grey = np.full((20, 30), 200, np.uint8)
    grey[8:12, 10:20] = 0
    assert edge_grey(grey) == 200
