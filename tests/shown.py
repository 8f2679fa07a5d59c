"""Readings to be shown: digits, sure, unsure and refused, and the steps to them, made up."""

from __future__ import annotations

import numpy as np

from digitus.reading.result import Candidate, Digit, Reading, Steps


def fetches_nothing(page):
    """Whether all addresses on a page lead into the page itself."""
    found = [a[name] for _, a in page.tags for name in ("src", "href", "action") if name in a]
    return all(address.startswith(("data:", "#")) for address in found)


def digit(value, confidence, box=(10, 10, 20, 30), line=0, likeliest=7):
    p = np.full(10, (1 - confidence) / 9)
    p[likeliest if value is None else value] = confidence
    return Digit(value, confidence, box, line, np.full((28, 28), 90, np.uint8), p)


def reading(*digits, lines=None, size=(200, 100), steps=None):
    lines = lines or tuple("".join("?" if d.value is None else str(d.value) for d in digits))
    return Reading(*size, tuple(digits), lines, steps)


def picture(width=200, height=100, colour=True):
    shape = (height, width, 3) if colour else (height, width)
    return np.full(shape, 230, np.uint8)


def steps(h=50, w=100):
    grey = np.full((h, w), 200, np.uint8)
    tried = np.zeros((28, 28), np.uint8)
    p = np.array([0.05, 0.7] + [0.03125] * 8)
    return Steps(
        grey=grey,
        paper=grey,
        dark_ink=True,
        rules=np.eye(h, w, dtype=bool),
        ink=255 - grey,
        pieces=(((5, 5, 10, 15), "digit"), ((60, 5, 3, 3), "too <small>")),
        lines=(((5, 5, 10, 15),),),
        candidates=(
            Candidate(0, (5, 5, 10, 15), tried, p, -0.25, True),
            Candidate(0, (5, 5, 5, 15), tried, p[::-1], -2.5, False),
        ),
        zoom=2.0,
        turns=1,
    )


SURE, UNSURE = digit(3, 0.998), digit(8, 0.6, (60, 10, 20, 30))
REFUSED = digit(None, 0.3, (110, 10, 20, 30))
