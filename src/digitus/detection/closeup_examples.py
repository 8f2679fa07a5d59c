"""What the close-up network learns from: finds on made pages, and what is there.

Some are finds of the page network that ships: these are what the close-up network is asked about,
and no rule foretells where the page network errs. The others show what is known to be there:
digits, their boxes missed by a little, and as no digits signs, digits that are crossed out, places
half beside a digit, parts of one, other ink and print, edges anywhere, and noise.

Inside: the close-ups of one page, and their variation. Not inside: how they are cut (`closeups`),
which digit a find is (`matching`), and how pages are made (`synthetic.pages`).
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from digitus.detection.closeups import NONE, SIDE, WITHIN, closeup
from digitus.detection.maps import Peaks
from digitus.detection.matching import shared, truth_of
from digitus.synthetic.pages.pages import Page
from digitus.types import Bytes, Floats64, Images
from digitus.vision.colour import as_grey
from digitus.vision.paper import edge_grey

MOST_DIGITS, MOST_OTHERS, MOST_PARTS = 12, 5, 2  # close-ups of a page
SHIFT, RESIZE = 0.07, 0.12  # deviations of a find's middle and size from those of a digit's box
FIND_SHIFT, FIND_SIZE = 0.03, 0.17  # the same for a find, which is looked at in several sizes
DOUBLE = 0.4  # of the union with a digit's box: a further find on the digit is left out
SIZES = 6.0, 400.0  # pixels of what is no digit, where nothing else says its size
NEAR_MISS = 0.45, 0.8  # sizes beside a digit's middle: no digit either
NARROW = 0.25  # of its height: a bare stroke that is narrower may be a 1, and only its page tells
PART = 0.3, 0.55  # of a digit's longer side: a box on part of its ink, which may look like a digit
CONTRAST = 0.3  # of the page's greys: what differs by more from its surroundings is ink or print
GRAINS = 0.5, 5.0  # pixels of a close-up: the size of the grains of noise
SURROUNDINGS = 2.5  # digit sizes (or of 24 pixels): the side of a piece's surroundings
# What other hands and other cameras might have made of a close-up, in its 32 pixels.
VARIED = Augmentation(
    rotate=10, scale=0.15, stretch=0.15, shear=20, shift=1.5, stroke=(-0.4, 0.8),
    elastic=0.8, smoothness=4,
)  # fmt: skip
BENT = 0.5  # the share that is varied; the others are as pages show them
INVERTED = 0.2  # the share that is seen as its negative


def of_page(page: Page, rng: np.random.Generator) -> Iterator[tuple[Bytes, int]]:
    """Close-ups of some of a page's digits, as finds lie on them, and of what is no digit."""
    grey = as_grey(page.picture)
    beyond = edge_grey(grey)
    digits = [(value, _middle(box)) for value, box, _ in page.digits]
    gone = [_middle(box) for _, box, _ in page.crossed_out]
    for i in rng.permutation(len(digits))[:MOST_DIGITS]:
        value, box = digits[i]
        yield closeup(grey, _missed(box, rng), beyond), value
    for i in rng.permutation(len(gone))[:MOST_OTHERS]:
        yield closeup(grey, _missed(gone[i], rng), beyond), NONE
    taken = np.array([box for _, box in digits] + gone).reshape(-1, 4)
    for box in _others(page, grey, taken[: len(digits)], rng):
        if not _covers(taken, box):
            yield closeup(grey, box, beyond), NONE
    yield noise(rng), NONE


def of_finds(page: Page, found: Peaks, rng: np.random.Generator) -> Iterator[tuple[Bytes, int]]:
    """Close-ups of some of the finds of the page network on a page, and what they are."""
    grey = as_grey(page.picture)
    beyond = edge_grey(grey)
    truth = truth_of(found, page)
    for i in rng.permutation(len(found)):
        box = found.boxes[i]
        if truth[i] < 0 and (shared(box, page) > DOUBLE).any():
            continue
        label = NONE if truth[i] < 0 else int(truth[i])
        middle = box[:2] + FIND_SHIFT * box[2:].max() * rng.standard_normal(2)
        size = box[2:] * np.exp(FIND_SIZE * rng.standard_normal())
        yield closeup(grey, np.concatenate([middle, size]), beyond), label


def varied(images: Images, rng: np.random.Generator) -> Images:
    """Close-ups [n SIDE SIDE], half of them bent, turned, bolder or finer; some as negatives."""
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], 1)
    light = np.median(border, axis=1) > 127
    found = np.where(light[:, None, None], 255 - images, images)  # `augment` fills with 0
    found = found.astype(np.uint8)
    bent = rng.random(len(images)) < BENT
    found[bent] = augment(found[bent], VARIED, rng)
    back = light ^ (rng.random(len(images)) < INVERTED)
    return np.where(back[:, None, None], 255 - found, found).astype(np.uint8)


def noise(rng: np.random.Generator) -> Bytes:
    """A close-up of nothing but grains, of any size."""
    side = max(4, round(SIDE / rng.uniform(*GRAINS)))
    grains = rng.integers(0, 256, (side, side), np.uint8)
    if rng.random() < 0.5:  # black and white, as on a screen
        grains = (grains > rng.integers(40, 216)).astype(np.uint8) * 255
    box = np.array([side / 2, side / 2, side * WITHIN / SIDE, side * WITHIN / SIDE])
    return closeup(np.asarray(grains, np.uint8), box, 128.0)


def _middle(box: tuple[int, int, int, int]) -> Floats64:
    x, y, w, h = box
    return np.array([x + w / 2, y + h / 2, w, h])


def _missed(box: Floats64, rng: np.random.Generator) -> Floats64:
    """A box as a find has it: a little beside the digit's, and of another size."""
    size = max(box[2:])
    middle = box[:2] + SHIFT * size * rng.standard_normal(2)
    return np.concatenate([middle, box[2:] * np.exp(RESIZE * rng.standard_normal())])


def _others(
    page: Page, grey: Bytes, digits: Floats64, rng: np.random.Generator
) -> Iterator[Floats64]:
    """Boxes of what may be taken for a digit: signs, near misses, print, edges anywhere."""
    signs = [_missed(_middle(box), rng) for _, box, _ in page.signs]
    yield from (signs[i] for i in rng.permutation(len(signs))[:MOST_OTHERS])
    if len(digits):
        for _ in range(2):
            box = digits[rng.integers(len(digits))]
            way = rng.uniform(0, 2 * np.pi)
            away = rng.uniform(*NEAR_MISS) * max(box[2:])
            yield _missed(np.array([*(box[:2] + away * np.array([np.cos(way), np.sin(way)])),
                                    *box[2:]]), rng)  # fmt: skip
        for box in digits[rng.integers(len(digits), size=MOST_PARTS)]:
            size = rng.uniform(*PART) * max(box[2:])
            middle = box[:2] + rng.uniform(-0.5, 0.5, 2) * box[2:]
            yield np.array([*middle, size, size])
    pieces = _pieces(grey, digits)
    yield from (_missed(pieces[i], rng) for i in rng.permutation(len(pieces))[:MOST_OTHERS])
    height, width = grey.shape
    for _ in range(MOST_OTHERS - 2):
        size = float(np.exp(rng.uniform(*np.log(SIZES))))
        if len(digits) and rng.random() < 0.6:
            size = float(max(digits[rng.integers(len(digits)), 2:]))
        places = np.column_stack([rng.uniform(0, width, 8), rng.uniform(0, height, 8)]).astype(int)
        contrast = [float(np.ptp(_around(grey, x, y, size))) for x, y in places]
        yield np.array([*places[int(np.argmax(contrast))], size, size], float)


def _pieces(grey: Bytes, digits: Floats64) -> Floats64:
    """Boxes [n 4] of what is darker or lighter than its surroundings: letters, lines, ink."""
    side = SURROUNDINGS * (float(np.median(digits[:, 2:].max(1))) if len(digits) else 24.0)
    around = cv2.blur(grey, (max(3, int(side)),) * 2)
    dark, light = np.percentile(grey, (1, 99))
    mark = (cv2.absdiff(grey, around) > CONTRAST * (light - dark)).astype(np.uint8)
    x, y, w, h = cv2.connectedComponentsWithStats(mark)[2][1:, :4].T.astype(float)
    found = np.column_stack([x + w / 2, y + h / 2, w, h])
    sized = (np.maximum(w, h) >= SIZES[0]) & (np.maximum(w, h) <= SIZES[1]) & (w > NARROW * h)
    away = np.abs(found[:, None, :2] - digits[:, :2]) > digits[:, 2:] / 2
    # A piece of a digit may well look like another.
    return found[sized & np.all(np.any(away, axis=2), axis=1)]


def _around(grey: Bytes, x: int, y: int, size: float) -> Bytes:
    reach = max(1, int(size / 3))
    return grey[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]


def _covers(digits: Floats64, box: Floats64) -> bool:
    """Whether a box lies on a digit: near its middle, and of about its size."""
    size = digits[:, 2:].max(1, initial=0)
    near = np.hypot(*(digits[:, :2] - box[:2]).T) < 0.35 * size
    alike = np.abs(np.log(max(box[2:]) / np.maximum(size, 1))) < 0.8
    return bool((near & alike).any())
