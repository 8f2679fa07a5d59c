"""Camera: how a sheet becomes the picture that somebody hands over.

Inside: where the sheet lies in the picture (turned, in perspective, on a desk), light and shadow,
things at the edge, focus, noise, JPEG. Not inside: the sheet itself (`stationery`, `layout`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitus.synthetic.pages.stationery import blurred, grain
from digitus.types import Bytes, Floats32, Floats64, Matrix, Points

MOST = 2400  # pixels: the longer side of a picture
SKIN = np.array([[236, 188, 164], [198, 134, 104], [141, 85, 56], [92, 58, 40]], np.float32)


@dataclass(frozen=True)
class View:
    """From the sheet to the picture: the homography [3 3], and the picture's height and width.

    A curled sheet is first bent, so that its lines rise and fall by `curl`: the height, length and
    start of a wave, in pixels of the sheet.
    """

    matrix: Matrix
    height: int
    width: int
    curl: tuple[float, float, float] = (0.0, 1.0, 0.0)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.height, self.width

    def scaled(self, by: float) -> View:
        """The same view in a picture `by` times as large."""
        height, width = (max(1, round(n * by)) for n in self.shape)
        zoom = np.diag([width / self.width, height / self.height, 1.0])
        return replace(self, matrix=zoom @ self.matrix, height=height, width=width)

    @property
    def is_straight(self) -> bool:
        """Whether the picture is the sheet itself, pixel by pixel."""
        return np.array_equal(self.matrix, np.eye(3)) and not self.curl[0]

    def moved(self, by: int) -> View:
        """The same view of a sheet that has `by` more pixels above and to the left."""
        back = self.matrix @ np.array([[1, 0, -by], [0, 1, -by], [0, 0, 1]])
        high, long, begin = self.curl
        return replace(self, matrix=back, curl=(high, long, begin + by))

    def bent(self, x: Floats64) -> Floats64:
        """How far below its place a curled sheet lies, at these x."""
        high, long, begin = self.curl
        below: Floats64 = high * np.sin(2 * np.pi * (x - begin) / long)
        return below

    def place(self, points: Points) -> Points:
        """Points [n 2] of the sheet, x and y, in the picture."""
        x, y = points.T
        projected = np.column_stack([x, y + self.bent(x), np.ones(len(points))]) @ self.matrix.T
        placed: Points = projected[:, :2] / projected[:, 2:]
        return placed

    def take(self, layer: Bytes) -> Bytes:
        """A layer of the sheet, as the picture shows it."""
        if self.is_straight and layer.shape == self.shape:
            return layer
        if self.curl[0]:
            h, w = layer.shape
            x, y = np.arange(w, dtype=np.float64), np.arange(h, dtype=np.float32)[:, None]
            above = y - self.bent(x + 0.5).astype(np.float32)
            across = np.broadcast_to(x.astype(np.float32), (h, w))
            layer = cv2.remap(layer, across, above, cv2.INTER_LINEAR)
        taken: Bytes = cv2.warpPerspective(layer, self.matrix, (self.width, self.height))
        return taken


def view(
    shape: tuple[int, int],
    ink: Points,
    rng: np.random.Generator,
    *,
    rotated: bool,
    perspective: bool,
    desk: bool,
    straight: bool,
    tight: bool = False,
    curled: bool = False,
) -> View:
    """Where a sheet [h w] lies in the picture, whose frame never cuts the points of its `ink`.

    In a `tight` picture they may touch the frame. A `straight` sheet (a scan, a screen) is not
    moved at all, unless it is to be rotated, in perspective, on a desk or curled.
    """
    h, w = shape
    if straight and not (rotated or perspective or desk or curled):
        return View(np.eye(3), h, w)
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
    angle = np.radians(rng.uniform(4, 14) * rng.choice([-1, 1]) if rotated else rng.normal(0, 1.2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([w, h]) / 2
    moved = (corners - middle) @ turn.T + middle
    depth = rng.uniform(0.05, 0.14) if perspective else 0.008
    moved += depth * min(h, w) * rng.uniform(-1, 1, (4, 2))
    unframed = View(
        cv2.getPerspectiveTransform(corners.astype(np.float32), moved.astype(np.float32)), h, w
    )
    if curled:
        long = w * rng.uniform(0.7, 2.5)
        wave = long * rng.uniform(0.01, 0.035), long, w * rng.uniform(0, 1)
        unframed = replace(unframed, curl=wave)
    low, high = corners.min(0), corners.max(0)
    if desk:  # the frame shows some of what is around the sheet, on some of its sides
        around = rng.uniform(-0.06, 0.22, (2, 2)) * min(h, w)
        low, high = moved.min(0) - around[0], moved.max(0) + around[1]
    if len(ink):
        inked = unframed.place(ink)
        room = 0.0 if tight else 0.02 * (inked.max(0) - inked.min(0)).max() + 3
        low, high = np.minimum(low, inked.min(0) - room), np.maximum(high, inked.max(0) + room)
    low, high = np.floor(low), np.ceil(high)
    zoom = min(1.0, MOST / (high - low).max())
    shift = np.array([[zoom, 0, -zoom * low[0]], [0, zoom, -zoom * low[1]], [0, 0, 1]])
    width, height = np.maximum(np.round((high - low) * zoom), 1).astype(int).tolist()
    return replace(unframed, matrix=shift @ unframed.matrix, height=height, width=width)


def light(shape: tuple[int, int], kinds: frozenset[str], rng: np.random.Generator) -> Floats32:
    """How much light falls on each pixel, [h w], 1 at most: worked out on a coarse grid."""
    h, w = shape
    side = 96
    y, x = np.meshgrid(
        np.linspace(-1, 1, side, dtype=np.float32), np.linspace(-1, 1, side, dtype=np.float32),
        indexing="ij",
    )  # fmt: skip
    lit = np.ones((side, side), np.float32)
    if "gradient" in kinds:
        angle, depth = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.6)
        way = (np.cos(angle) * x + np.sin(angle) * y) / 1.42
        lit *= 1 - np.float32(depth) * (0.5 + 0.5 * way) ** np.float32(rng.uniform(0.7, 2))
    if "vignette" in kinds:
        cx, cy = rng.uniform(-0.25, 0.25, 2)
        away = (x - cx) ** 2 + (y - cy) ** 2
        lit *= 1 / (1 + np.float32(rng.uniform(0.25, 0.9)) * away)
    if "shadow" in kinds:
        for _ in range(int(rng.integers(1, 3))):
            # A hand, a head, a telephone: a soft-edged many-sided thing reaching in from a side.
            angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.0)
            centre = 1.3 * np.array([np.cos(angle), np.sin(angle)])
            turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
            radii = rng.uniform(0.6, 1.2, 9) * (0.5 + reach)
            outline = centre + radii[:, None] * np.column_stack([np.cos(turns), np.sin(turns)])
            mask = np.zeros((side, side), np.float32)
            pixels = np.round((outline + 1) / 2 * side * 16).astype(np.int32)
            cv2.fillPoly(mask, [pixels], 1.0, cv2.LINE_8, 4)
            mask = cv2.GaussianBlur(mask, (0, 0), float(np.exp(rng.uniform(0.3, 2.2))))
            lit *= 1 - np.float32(rng.uniform(0.2, 0.5)) * mask
    larger: Floats32 = cv2.resize(lit, (w, h), interpolation=cv2.INTER_CUBIC)
    return larger


def glare(shape: tuple[int, int], rng: np.random.Generator) -> Floats32:
    """The reflection of one or two lamps, [h w], from 0 to 0.8: ink stays visible in it."""
    side = 64
    spots = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        centre = rng.integers(0, side, 2).tolist()
        axes = rng.integers(2, side // 4, 2).tolist()
        cv2.ellipse(spots, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    spots = cv2.GaussianBlur(spots, (0, 0), float(rng.uniform(2, 6)))
    spots *= np.float32(rng.uniform(0.3, 0.75)) / max(float(spots.max()), 1e-3)
    larger: Floats32 = cv2.resize(spots, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(larger, 0, 0.8)


def screen(channels: list[Floats32], rng: np.random.Generator) -> list[Floats32]:
    """The picture as the photo of a screen: its pixels beat with the camera's, the tint is blue."""
    h, w = channels[0].shape
    y, x = np.arange(h, dtype=np.float32)[:, None], np.arange(w, dtype=np.float32)
    pitch, angle = rng.uniform(1.9, 3.4), rng.normal(0, 0.05)
    turn = np.float32(np.tan(angle))
    depth, wave = np.float32(rng.uniform(0.05, 0.2)), np.float32(2 * np.pi / pitch)
    rows = np.sin(wave * (y + turn * x))
    tint = rng.uniform([0.8, 0.88, 0.95], 1.0) if len(channels) == 3 else np.ones(1)
    seen = []
    for i, channel in enumerate(channels):
        columns = np.sin(wave * (x - turn * y) + np.float32(2.1 * i))
        grid = 1 - depth * (1 + 0.5 * (rows + columns))
        seen.append(channel * grid * np.float32(tint[i]))
    return seen


def desk_of(shape: tuple[int, int], rng: np.random.Generator) -> list[Floats32]:
    """What the sheet lies on: wood, cloth or something plain, as red, green, blue, each [h w]."""
    kind = rng.choice(["wood", "cloth", "plain", "plain"])
    if kind == "wood":
        base = np.array([150, 105, 65]) * rng.uniform(0.4, 1.2)
        tone = 1 + 0.10 * grain(shape, (rng.uniform(3, 8), rng.uniform(80, 300)), rng)
        tone += 0.06 * grain(shape, (rng.uniform(20, 60), 400.0), rng)
    elif kind == "cloth":
        base = rng.uniform(30, 190, 3)
        tone = 1 + 0.10 * grain(shape, 2.0, rng) + 0.05 * grain(shape, 40.0, rng)
    else:
        base = rng.uniform(20, 215) * rng.uniform(0.85, 1.1, 3)
        tone = 1 + 0.02 * grain(shape, 2.0, rng) + 0.05 * grain(shape, 200.0, rng)
    return [tone * np.float32(c) for c in base]


def things(
    shape: tuple[int, int], ink: Points, rng: np.random.Generator
) -> list[tuple[Floats32, Floats32]]:
    """Fingers, a pen, a telephone reaching in from the edge: masks [h w] with their colours.

    They keep clear of the points of `ink`, or stay away.
    """
    h, w = shape
    found: list[tuple[Floats32, Floats32]] = []
    skin = SKIN[rng.integers(len(SKIN))]
    kind = rng.choice(["fingers", "fingers", "pen", "telephone"])
    side, along = int(rng.integers(4)), float(rng.uniform(0.15, 0.85))
    inward = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]][side], float)
    start = np.array([[0, along * h], [along * w, 0], [w, along * h], [along * w, h]][side])
    short = min(h, w)
    for i in range(int(rng.integers(1, 4)) if kind == "fingers" else 1):
        angle = rng.normal(0, 0.4)
        way = np.array(
            [inward[0] * np.cos(angle) - inward[1] * np.sin(angle),
             inward[0] * np.sin(angle) + inward[1] * np.cos(angle)]
        )  # fmt: skip
        across = np.array([-inward[1], inward[0]])
        thick = short * {"fingers": 0.09, "pen": 0.025, "telephone": 0.3}[str(kind)]
        thick *= rng.uniform(0.7, 1.3)
        begin = start + across * i * 1.15 * thick - 0.5 * thick * inward
        end = begin + way * short * rng.uniform(0.08, 0.28 if kind != "pen" else 0.6)
        away = np.inf
        if len(ink):
            t = np.clip(((ink - begin) @ (end - begin)) / ((end - begin) @ (end - begin)), 0, 1)
            away = np.linalg.norm(ink - begin - t[:, None] * (end - begin), axis=1).min()
        if away < thick / 2 + 0.03 * short + 4:
            continue
        mask = np.zeros(shape, np.uint8)
        ends = np.round(np.array([begin - way * thick, end]) * 16).astype(int).tolist()
        cv2.line(mask, ends[0], ends[1], 255, max(1, int(thick)), cv2.LINE_AA, 4)
        colour = skin if kind == "fingers" else rng.uniform(10, 90) * np.ones(3, np.float32)
        soft: Floats32 = blurred(mask.astype(np.float32) / np.float32(255), 0.01 * short)
        tone: Floats32 = (colour * rng.uniform(0.8, 1.05)).astype(np.float32)
        found.append((soft, tone))
    return found


def motion(picture: Floats32, length: float, rng: np.random.Generator) -> Floats32:
    """A picture taken with an unsteady hand: smeared over `length` pixels in some direction."""
    n = max(3, round(length) | 1)
    kernel = np.zeros((n, n), np.float32)
    angle, middle = rng.uniform(0, np.pi), (n - 1) / 2
    way = middle * np.array([np.cos(angle), np.sin(angle)])
    ends = np.round((np.array([-way, way]) + middle) * 16).astype(int).tolist()
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_8, 4)
    smeared: Floats32 = cv2.filter2D(picture, -1, kernel / kernel.sum())
    return smeared


def smaller(picture: Bytes, shape: tuple[int, int]) -> Bytes:
    """The picture with fewer pixels, [h w] of this shape: each is the mean of those it covers."""
    little: Bytes = cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA)
    return little


def jpeg(picture: Bytes, quality: int) -> Bytes:
    """The picture after it was stored as JPEG; OpenCV may decode here, for the file is our own."""
    colour = picture.ndim == 3
    picture = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if colour else picture
    coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    stored = np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED), np.uint8)
    return cv2.cvtColor(stored, cv2.COLOR_BGR2RGB) if colour else stored
