"""Detector: the page network at work, on pictures of any size and digits of any height.

A digit is found at the scale at which it has the size that the network learnt, so a picture is
looked at in copies a factor of 2 apart, the coarse ones first. Where these say that there are
digits too small for them, and only there, a finer copy is looked at. What several copies show
is one find; the answers of those that see it at about the same size are averaged.

Inside: scales, and making one of several finds. Not inside: which parts of a fine copy are looked
at (`parts`), what the network answers (`maps`), lines (`lines`), the recognizer's second look
(`reading`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from digitus.cancellation import check
from digitus.detection.maps import (
    CHANNELS,
    FINER,
    HEAT,
    LARGEST,
    SMALLEST,
    STRIDE,
    Peaks,
    peaks,
    sigmoid,
)
from digitus.detection.parts import CELL, HALO, Cells, Part, cost, parts
from digitus.limits import FINDS
from digitus.nn import Chain, Params, softmax
from digitus.nn.fusion import fused
from digitus.nn.inference import Inference
from digitus.types import Bytes, Floats32, Floats64, Ints
from digitus.vision.paper import edge_grey

COARSEST = 60  # pixels of the longer side of the coarsest copy; each next one has twice as many
ENLARGED = 3.0  # no copy enlarges the picture by more than this
FINEST = 1920  # pixels of the longer side: no copy has more
ALWAYS = 480  # pixels: copies up to this size are looked at whole
MARGIN = 16  # pixels of a copy that are added on each side, in the grey of its edges
BLOCK = 16  # pixels: a copy's sides are filled up to a multiple of it, the coarsest cell
CALLS = 0.1  # the probability of smaller digits from which on a finer copy is looked at
CALLED = 9  # places of the coarser copy: the side of the square around a call that is looked at
LEAST_HEAT = 0.1
SLACK = 1.1  # the factor by which the network may misjudge a digit's size
SAME = 0.6  # of the smaller box: finds that overlap by more are one; slanted digits do by half
AGREE = 0.5  # of both boxes' union: finds that share more are of one size too, and both are right
LEAST_WEIGHT = 1e-9  # keeps quotients and logarithms finite


@dataclass
class PixelBudget:
    """How many pixels of fine copies may yet be looked at, and whether a copy needed more."""

    left: float = math.inf
    too_few: bool = False

    def suffice(self, wanted: int) -> bool:
        """Whether as many are left; takes them."""
        self.left -= wanted
        self.too_few = self.left < 0
        return not self.too_few


@dataclass(frozen=True, eq=False)
class Detector:
    """A page network for use: its batch normalisations fused, its parameters float32."""

    network: Chain
    params: Params

    @classmethod
    def of(cls, network: Chain, params: Params) -> Detector:
        """From the network and parameters as they were trained."""
        return cls(*fused(network, params))

    @cached_property
    def _compiled(self) -> Inference:
        return Inference(self.network, self.params)

    def answers(self, grey: Bytes) -> Floats32:
        """Pictures [n h w], sides a multiple of `BLOCK`, to [n h/STRIDE w/STRIDE CHANNELS]."""
        if (answers := self._compiled(grey)) is not None:
            return answers
        x = grey[..., None].astype(np.float32)
        y: Floats32 = self.network.forward(self.params, x)[0]
        return y

    def find(
        self,
        grey: Bytes,
        least: float = LEAST_HEAT,
        heats: list[Floats32] | None = None,
        pixels: PixelBudget | None = None,
    ) -> Peaks:
        """What may be digits in a picture [h w]: hot at least `least`, best seen first.

        They are `FINDS` at most, with places and sizes in pixels of the picture. For `heats` and
        `pixels` see `copies`.
        """
        return merged(Peaks.joined(list(self.copies(grey, least, heats, pixels))))

    def copies(
        self,
        grey: Bytes,
        least: float = LEAST_HEAT,
        heats: list[Floats32] | None = None,
        pixels: PixelBudget | None = None,
        finest: float = FINEST,
    ) -> Iterator[Peaks]:
        """What each copy of a picture shows, the coarsest first.

        `heats` gets the heat of each, from 0 to 1 and without the margin, for display. `pixels`
        limits what the network sees: a copy that needs more than are left is not looked at, nor
        are finer ones. No copy has a side of more than `finest` pixels.
        """
        calls = np.zeros((1, 1), np.float32)  # where the copy before calls for a finer one
        pixels = pixels or PixelBudget()
        for side in sides(max(grey.shape), finest):
            check()
            copy, zoom = _copy(grey, side)
            if side <= ALWAYS:
                answers = self.answers(copy[None])[0]
            else:
                called = [*parts(_wanted(calls, *copy.shape))]
                if not called or not pixels.suffice(sum(map(cost, called))):
                    break
                answers = self._called(copy, called)
            at = _of_size(peaks(answers, least))
            calls = sigmoid(answers[:, :, FINER.start])
            if heats is not None:
                edge = MARGIN // STRIDE
                h, w = (max(1, round(s * zoom / STRIDE)) for s in grey.shape)
                heats.append(sigmoid(answers[edge : edge + h, edge : edge + w, HEAT.start]))
            yield _in_picture(at, zoom, grey.shape)

    def find_in(self, looked_at: Sequence[int], grey: Bytes, least: float = LEAST_HEAT) -> Peaks:
        """As `find`, only in copies with these longer sides, wherever they are not bare."""
        found = []
        for side in looked_at:
            copy, zoom = _copy(grey, side)
            if side <= ALWAYS:
                answers = self.answers(copy[None])[0]
            else:
                answers = self._called(copy, [*parts(_inked(copy))])
            found.append(_in_picture(_of_size(peaks(answers, least)), zoom, grey.shape))
        return merged(Peaks.joined(found))

    def _called(self, copy: Bytes, called: Sequence[Part]) -> Floats32:
        """Answers of a copy in the parts that are called for; elsewhere they say: no digit."""
        h, w = copy.shape
        answers = np.zeros((h // STRIDE, w // STRIDE, CHANNELS), np.float32)
        answers[:, :, 0] = answers[:, :, FINER.start] = -20
        around = cv2.copyMakeBorder(copy, HALO, HALO, HALO, HALO, cv2.BORDER_REPLICATE)
        inner = slice(HALO // STRIDE, -HALO // STRIDE)
        for rows, columns in called:
            check()
            top, bottom = rows.start * CELL, min(rows.stop * CELL, h)
            left, right = columns.start * CELL, min(columns.stop * CELL, w)
            seen = around[top : bottom + 2 * HALO, left : right + 2 * HALO]
            there = slice(top // STRIDE, bottom // STRIDE), slice(left // STRIDE, right // STRIDE)
            answers[there] = self.answers(seen[None])[0][inner, inner]
        return answers


def _wanted(calls: Floats32, h: int, w: int) -> Cells:
    """The cells of a copy [h w] that have a call of the coarser one near them."""
    near = cv2.dilate(calls, np.ones((CALLED, CALLED), np.uint8))
    near = cv2.resize(near, (w // STRIDE, h // STRIDE), interpolation=cv2.INTER_LINEAR)
    size = CELL // STRIDE
    down, right = (-(-s // size) for s in near.shape)
    wanted = np.zeros((down * size, right * size), bool)
    wanted[: near.shape[0], : near.shape[1]] = near > CALLS
    return np.asarray(wanted.reshape(down, size, right, size).any((1, 3)))


def _inked(copy: Bytes) -> Cells:
    """The cells of a copy [h w] that are not bare."""
    h, w = (-(-s // CELL) * CELL for s in copy.shape)
    inked = np.zeros((h, w), bool)
    inked[: copy.shape[0], : copy.shape[1]] = copy != copy[0, 0]  # its margin is bare
    return np.asarray(inked.reshape(h // CELL, CELL, w // CELL, CELL).any((1, 3)))


def sides(longest: int, finest: float = FINEST) -> Iterator[int]:
    """The longer sides of the copies of a picture with that longer side, coarsest first."""
    side = COARSEST
    yield side  # at least one, however small the picture
    while 2 * side <= min(finest, longest * ENLARGED):
        side *= 2
        yield side


def _copy(grey: Bytes, side: int) -> tuple[Bytes, float]:
    """A copy with that longer side, with margin and filling around it, and its scale."""
    zoom = side / max(grey.shape)
    h, w = (max(1, round(s * zoom)) for s in grey.shape)
    smooth = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    copy = cv2.resize(grey, (w, h), interpolation=smooth)
    down, right = (-(-(s + 2 * MARGIN) // BLOCK) * BLOCK - s - MARGIN for s in (h, w))
    beyond = edge_grey(grey)
    copy = cv2.copyMakeBorder(copy, MARGIN, down, MARGIN, right, cv2.BORDER_CONSTANT, value=beyond)
    return np.asarray(copy, np.uint8), zoom


def _of_size(found: Peaks) -> Peaks:
    """Those of the sizes that are to be found at this scale."""
    size = found.boxes[:, 2:].max(1, initial=0)
    return found.take((size > SMALLEST / SLACK) & (size < LARGEST * SLACK))


def _in_picture(found: Peaks, zoom: float, shape: tuple[int, ...]) -> Peaks:
    """Finds of a copy in pixels of the picture; those in the margin are none."""
    boxes = (found.boxes - np.array([MARGIN, MARGIN, 0, 0], np.float32)) / np.float32(zoom)
    after = (found.after - np.float32(MARGIN)) / np.float32(zoom)
    x, y = boxes[:, 0], boxes[:, 1]
    inside = (x >= 0) & (y >= 0) & (x < shape[1]) & (y < shape[0])
    return replace(found, boxes=boxes, after=after).take(inside)


def merged(found: Peaks) -> Peaks:
    """One find for each place: the best seen of those that overlap; `FINDS` of them at most.

    Most digits are seen in two copies. The box and answers of a find are the mean of those that are
    of about its size, weighted by their heat (`_mean_of`): each copy is wrong by something, rarely
    by the same.
    """
    order = np.argsort(-found.rank, kind="stable")
    boxes = found.boxes[order]
    low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    corners = np.stack([*low.T, *high.T, boxes[:, 2] * boxes[:, 3]])  # of those still to compare
    kept: list[int] = []
    alike = np.full(len(found), -1)  # which of the kept ones each is averaged with
    while len(order) and len(kept) < FINDS:
        left, top, right, bottom, area = corners
        wide = np.minimum(right, right[0]) - np.maximum(left, left[0])
        high = np.minimum(bottom, bottom[0]) - np.maximum(top, top[0])
        overlap = np.maximum(wide, 0) * np.maximum(high, 0)
        alike[order[overlap > AGREE * (area + area[0] - overlap)]] = alike[order[0]] = len(kept)
        kept.append(int(order[0]))
        other = ~(overlap > SAME * np.minimum(area, area[0]))
        other[0] = False
        order, corners = order[other], corners[:, other]
    return _mean_of(found, np.array(kept, np.intp), alike)


def _mean_of(found: Peaks, kept: Ints, alike: Ints) -> Peaks:
    """The `kept` ones of k finds, each with the mean box, links and answers of its `alike` [k].

    Probabilities are averaged by their logarithms. A find keeps the heat of the best seen.
    """
    used = np.flatnonzero(alike >= 0)
    whose = alike[used]
    weights = np.maximum(found.heat[used].astype(np.float64), LEAST_WEIGHT)
    total = np.bincount(whose, weights, len(kept))[:, None]

    def mean(values: Floats32) -> Floats64:
        sums = np.zeros((len(kept), values.shape[1]))
        np.add.at(sums, whose, values[used] * weights[:, None])
        return sums / total

    def agreed(p: Floats32) -> Floats32:
        return softmax(mean(np.log(np.maximum(p, LEAST_WEIGHT)))).astype(np.float32)

    return replace(
        found.take(kept),
        boxes=mean(found.boxes).astype(np.float32),
        after=mean(found.after).astype(np.float32),
        digits=agreed(found.digits),
        follow=agreed(found.follow),
    )
