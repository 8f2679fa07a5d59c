"""What has to be known of paper around a picture."""

from __future__ import annotations

import numpy as np

from digitus.vision.paper import _terms, edge_grey


def test_the_grey_beyond_a_picture_is_that_of_its_edges() -> None:
    grey = np.full((20, 30), 200, np.uint8)
    grey[8:12, 10:20] = 0
    assert edge_grey(grey) == 200


def test_the_terms_of_a_surface_are_its_powers_from_edge_to_edge() -> None:
    terms = _terms(3, 2).reshape(3, 2, 6)
    for i, y in enumerate((-1, 0, 1)):
        for j, x in enumerate((-1, 1)):
            assert terms[i, j].tolist() == [1, x, y, x * x, x * y, y * y]
    assert terms.dtype == np.float32
