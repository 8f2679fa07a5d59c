"""Drawings as people make them on a screen, with their truth: digits in many ways, and no digits.

One to eight digits of the simulated pen, or of MNIST's training part where that is at hand, in one
or two lines, thin and thick, apart and touching, of several strokes, large and small; blank
canvases and scribbles. Inside: `made`. Not inside: reading them (`drawings`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.datasets.sources import load as dataset
from digitus.errors import DataError
from digitus.nn.arrays import stream
from digitus.synthetic.pen import write
from digitus.types import Bytes

SHAPES = (280, 280), (187, 420), (280, 660), (400, 400), (480, 800), (600, 1200)  # rows, columns
FINE = 2  # pixels in which a digit is drawn for each of the picture
SEVERAL = (
    "5-barred", "5-high-bar", "5-banner", "4-open", "4-closed", "7-crossed", "7-swung",
    "7-continental", "9-stemmed", "0-slashed", "1-based", "8-circles",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A picture [h w], black on white, and the digits in it, line by line."""

    kind: str
    picture: Bytes
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Style:
    """How digits are drawn and placed; shares are of a digit's height.

    `pen` is how much wider than usual strokes are; `gap` is the range of the distances between
    boxes, negative where ink touches; `pulled` moves the later strokes of a digit away.
    """

    pen: tuple[float, float] = (0.8, 1.3)
    gap: tuple[float, float] = (0.08, 0.5)
    size: tuple[float, float] = (0.95, 1.05)
    hands: tuple[str, ...] = ()
    pulled: float = 0.0
    mnist: bool = False
    touching: bool = False


def pen_digit(value: int | None, side: float, style: Style, rng: np.random.Generator) -> Bytes:
    """The ink of a digit of the simulated pen, about `side` pixels high, cut out."""
    hands = style.hands or "all"
    labels = [int(style.hands[rng.integers(len(style.hands))][0])] if value is None else [value]
    writing = write(labels, rng, hands=hands)
    pen = rng.uniform(*style.pen)
    zoom = FINE * side
    canvas = np.zeros((round(2 * zoom),) * 2, np.uint8)
    for k, path in enumerate(writing.paths(0)):
        away = style.pulled * rng.standard_normal(2) if k else np.zeros(2)
        for a, b in pairwise(path):
            ends = [tuple(np.rint(16 * zoom * (p[:2] + away + 0.5)).astype(int)) for p in (a, b)]
            wide = max(1, round(pen * zoom * max(b[3], 0.02)))
            cv2.line(canvas, ends[0], ends[1], 255, wide, cv2.LINE_AA, 4)
    return cut_out(cv2.resize(canvas, None, fx=1 / FINE, fy=1 / FINE, interpolation=cv2.INTER_AREA))


def mnist_digit(image: Bytes, side: float) -> Bytes:
    """The ink of an image [28 28], `side` pixels on its longer side, cut out."""
    ink = cut_out(image)
    zoom = side / max(ink.shape)
    size = [max(2, round(s * zoom)) for s in ink.shape]
    large = cv2.resize(ink, size[::-1], interpolation=cv2.INTER_CUBIC).astype(np.float32)
    sharp = np.clip((large - 127) * max(1.0, zoom / 2) + 127, 0, 255)
    return cut_out(sharp.astype(np.uint8))


def cut_out(ink: Bytes) -> Bytes:
    """The ink without the black around it."""
    x, y, w, h = cv2.boundingRect((ink > 60).view(np.uint8))
    return ink[y : y + h, x : x + w]


def line_of(digits: list[Bytes], style: Style, rng: np.random.Generator) -> Bytes:
    """Digits side by side, their middles about in one row."""
    height = max(d.shape[0] for d in digits)
    rise = rng.normal(0, 0.04 * height, len(digits)).round().astype(int)
    tall = height + 2 * int(np.abs(rise).max())
    line = np.zeros((tall, sum(d.shape[1] for d in digits) * 2 + height * len(digits)), np.uint8)
    right = 0
    for k, digit in enumerate(digits):
        h, w = digit.shape
        top = (tall - h) // 2 + int(rise[k])
        rows = line[top : top + h]
        left = right + round(rng.uniform(*style.gap) * height) if k else 0
        if style.touching and k:
            left = meeting(rows, digit) - round(rng.uniform(0.0, 0.06) * height) - 1
        left = max(left, 0)
        place = rows[:, left : left + w]
        np.maximum(place, digit, out=place)
        right = max(right, left + w)
    return cut_out(line)


def meeting(rows: Bytes, digit: Bytes) -> int:
    """Where a digit's left edge has to be, so that its ink just meets what is in these rows."""
    inked, own = rows > 60, digit > 60
    h, w = rows.shape
    ends = np.where(inked.any(1), w - inked[:, ::-1].argmax(1), -(10**6))
    starts = np.where(own.any(1), own.argmax(1), 10**6)
    near = max(1, h // 12)  # what stands a little above or below meets too
    ends = np.array([ends[max(0, y - near) : y + near + 1].max() for y in range(h)])
    return int((ends - starts).max())


KINDS: dict[str, tuple[Style, tuple[int, int], int]] = {
    # style, how many digits, lines at most
    "one": (Style(), (1, 1), 1),
    "apart": (Style(), (2, 8), 1),
    "close": (Style(gap=(0.03, 0.08)), (2, 8), 1),
    "touching": (Style(touching=True), (2, 4), 1),
    "lines": (Style(gap=(0.08, 0.4)), (2, 8), 2),
    "thin": (Style(pen=(0.12, 0.4)), (1, 6), 1),
    "thick": (Style(pen=(1.7, 2.6), gap=(0.1, 0.4)), (1, 6), 1),
    "strokes": (Style(hands=SEVERAL, pulled=0.035), (1, 6), 1),
    "uneven": (Style(size=(0.6, 1.2)), (2, 6), 1),
    "mnist": (Style(mnist=True), (1, 8), 1),
    "mnist touching": (Style(mnist=True, touching=True), (2, 4), 1),
}
NOTHING = ("blank", "scribble")


def made(count: int, seed: int, kinds: tuple[str, ...] = (*KINDS, *NOTHING)) -> Iterator[Drawn]:
    """So many drawings of each kind, the same for the same seed."""
    learnt = mnist() if any(name.startswith("mnist") for name in kinds) else None
    for kind in kinds:
        for i in range(count):
            rng = stream(seed, "drawings", [*KINDS, *NOTHING].index(kind), i)
            if kind in NOTHING:
                yield Drawn(kind, nothing(kind, rng), ())
            elif learnt is not None or not KINDS[kind][0].mnist:
                yield number(kind, learnt, rng)


def mnist() -> Digits | None:
    """MNIST's training part, if it is here."""
    try:
        return dataset("mnist", "train", download=False)
    except DataError:
        return None


def number(kind: str, learnt: Digits | None, rng: np.random.Generator) -> Drawn:
    """A drawing of a number."""
    style, (least, most), lines = KINDS[kind]
    rows, columns = SHAPES[rng.integers(len(SHAPES))]
    many = int(rng.integers(least, most + 1))
    many = min(many, max(least, 2 * columns // rows + 1))
    many_lines = min(int(rng.integers(1, lines + 1)) if lines > 1 else 1, many)
    if kind == "lines" and many >= 2:
        many_lines = 2
    share = rng.uniform(0.35, 0.95)
    parts = np.array_split(np.arange(many), many_lines)
    longest = max(map(len, parts))
    side = min(0.85 * rows / many_lines / 1.3, 0.9 * columns / longest / 1.15) * share
    side = max(side, 20.0)
    texts, drawn = [], []
    for part in parts:
        some = [digit(style, side * rng.uniform(*style.size), learnt, rng) for _ in part]
        texts.append("".join(str(value) for value, _ in some))
        drawn.append(line_of([ink for _, ink in some], style, rng))
    wide = max(line.shape[1] for line in drawn)
    zoom = min(1.0, 0.96 * columns / wide, 0.9 * rows / sum(1.2 * d.shape[0] for d in drawn))
    if zoom < 1:
        drawn = [cv2.resize(d, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) for d in drawn]
    ink = np.zeros((rows, columns), np.uint8)
    room = rows / len(drawn)
    for k, line in enumerate(drawn):
        h, w = line.shape
        top = round(room * k + (room - h) * rng.uniform(0.2, 0.8))
        left = int(rng.integers(0, max(1, columns - w)))
        place = ink[top : top + h, left : left + w]
        np.maximum(place, line[: place.shape[0], : place.shape[1]], out=place)
    return Drawn(kind, 255 - ink, tuple(texts))


def digit(
    style: Style, side: float, learnt: Digits | None, rng: np.random.Generator
) -> tuple[int, Bytes]:
    """A digit and its ink."""
    if style.mnist and learnt is not None:
        i = int(rng.integers(len(learnt.images)))
        return int(learnt.labels[i]), mnist_digit(learnt.images[i], side)
    if style.hands:
        hand = style.hands[rng.integers(len(style.hands))]
        own = Style(style.pen, style.gap, style.size, (hand,), style.pulled)
        return int(hand[0]), pen_digit(int(hand[0]), side, own, rng)
    value = int(rng.integers(10))
    return value, pen_digit(value, side, style, rng)


def nothing(kind: str, rng: np.random.Generator) -> Bytes:
    """A picture in which no digit is to be found: bare, or with something scribbled on it."""
    rows, columns = SHAPES[rng.integers(len(SHAPES))]
    canvas = np.full((rows, columns), 255, np.uint8)
    if kind == "blank":
        if rng.random() < 0.5:  # a dot, as of a finger that touched
            at = rng.integers(10, min(rows, columns) - 10, 2).tolist()
            cv2.circle(canvas, at, int(rng.integers(1, 6)), 0, -1, cv2.LINE_AA)
        return canvas
    for _ in range(int(rng.integers(1, 4))):
        scribble(canvas, rng)
    return canvas


def scribble(canvas: Bytes, rng: np.random.Generator) -> None:
    """Something that is no digit: a zigzag, a knot, a wave, a star, a face, a long line."""
    rows, columns = canvas.shape
    size = rng.uniform(0.2, 0.5) * rows
    middle = np.array([rng.uniform(0.2, 0.8) * columns, rng.uniform(0.3, 0.7) * rows])
    pen = max(1, round(rng.uniform(0.03, 0.1) * size))
    t = np.linspace(0, 1, 60)
    match int(rng.integers(6)):
        case 0:  # to and fro, often
            turns = int(rng.integers(9, 16))
            points = np.column_stack([np.linspace(-1, 1, turns), np.resize([-0.5, 0.5], turns)])
        case 1:  # round and round
            knots = rng.uniform(-0.5, 0.5, (14, 2))
            points = np.column_stack(
                [np.interp(13 * t, np.arange(14), knots[:, k]) for k in (0, 1)]
            )
        case 2:  # a wave
            points = np.column_stack([2.4 * t - 1.2, 0.25 * np.sin(2 * np.pi * 4 * t)])
        case 3:  # a star
            angle = np.arange(6) * 4 * np.pi / 5
            points = 0.5 * np.column_stack([np.sin(angle), -np.cos(angle)])
        case 4:  # a face
            at = tuple(np.rint(middle).astype(int).tolist())
            cv2.circle(canvas, at, round(size / 2), 0, pen, cv2.LINE_AA)
            for x in (-0.18, 0.18):
                eye = np.rint(middle + size * np.array([x, -0.12])).astype(int).tolist()
                cv2.circle(canvas, eye, max(2, pen), 0, -1, cv2.LINE_AA)
            smile = (round(0.25 * size), round(0.2 * size))
            cv2.ellipse(canvas, at, smile, 0, 20, 160, 0, pen, cv2.LINE_AA)
            return
        case _:  # a line across
            points = np.array([[-1.6, rng.uniform(-0.1, 0.1)], [1.6, rng.uniform(-0.1, 0.1)]])
    way = np.rint(middle + size * points).astype(np.int32)
    cv2.polylines(canvas, [way], False, 0, pen, cv2.LINE_AA)
