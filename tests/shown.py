"""Readings to be shown: digits, sure, unsure and refused, and the steps to them, made up."""

from __future__ import annotations

import numpy as np

from digitus.reading.result import Digit, Find, Reading, Steps


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


def shares(likeliest, share):
    """Probabilities [10] of which one digit has the given share."""
    p = np.full(10, (1 - share) / 9)
    p[likeliest] = share
    return p


def find(
    fate,
    box=(5, 5, 10, 15),
    after=(20, 12),
    follow=(0.1, 0.8, 0.1),
    network=1,
    closeup=1,
    recognizer=1,
    others=1,
    together=1,
):
    """A find that is a digit with probability 0.9; `network`, ... are the likeliest digits."""
    looks = [
        shares(likeliest, 0.7) for likeliest in (network, closeup, recognizer, others, together)
    ]
    looks[1] = np.append(0.9 * looks[1], 0.1)
    looks[4] = 0.9 * looks[4]
    seen = np.full((28, 28), 90, np.uint8)
    return Find(box, 0.93, seen, *looks, fate, after, np.array(follow))


def steps(h=50, w=100):
    """A copy whose left half is hot, with a find of each fate."""
    heat = np.zeros((h // 2, w // 2), np.uint8)
    heat[:, : w // 4] = 255
    finds = (find("digit"), find("refused", (25, 5, 10, 15)), find("unlikely", (60, 5, 3, 3)))
    return Steps(np.full((h, w), 200, np.uint8), heat, finds, zoom=2.0, turns=1)


SURE, UNSURE = digit(3, 0.998), digit(8, 0.6, (60, 10, 20, 30))
REFUSED = digit(None, 0.3, (110, 10, 20, 30))
