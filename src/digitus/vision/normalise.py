"""From a grey picture of one digit to MNIST's form, and every step on the way."""

from __future__ import annotations

import math
from functools import lru_cache
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]

SIDE, BOX = 28, 20
FINE = 4
WORK = 320
FAINT, CLEAR = 0.25, 0.5
EDGE = 0.3
WIDTHS = (1.8, 3.6)
SPECK = 0.08
UNSCALED = (18, 22)
PAR = dict(sharp=True, rules=True, blur=1.0, unscaled=True, target=None, cubic=True)


@dataclass(frozen=True, eq=False)
class Prepared:
    picture: Bytes
    background: Floats
    dark_ink: bool
    noise: float
    level: float
    rules: Mask
    ink: Floats
    box: tuple[int, int, int, int]
    width: float
    image: Bytes
    blank: bool


def prepare(images):
    return np.array([prepare_one(i).image for i in images], np.uint8).reshape(-1, SIDE, SIDE)


def prepare_one(picture):
    zoom = min(1, WORK / max(picture.shape))
    work = picture.astype(np.float32)
    if zoom < 1:
        size = tuple(max(1, round(s * zoom)) for s in picture.shape[::-1])
        work = cv2.resize(work, size, interpolation=cv2.INTER_AREA)
    (background, ink), dark = _paper(work)
    rules = np.zeros(ink.shape, bool)
    if PAR["rules"]:
        ink, rules = _without_rules(ink)
    level, noise = _level(ink)
    ink = _clean(ink, level, noise)
    blank = not ink.any()
    image, box, width = (
        normalise(ink) if not blank else (np.zeros((28, 28), np.uint8), (0, 0, 0, 0), 0.0)
    )
    box = tuple(round(b / zoom) for b in box)
    return Prepared(picture, background, dark, noise, level, rules, ink, box, width, image, blank)


@lru_cache(maxsize=8)
def _terms(h, w):
    y, x = np.meshgrid(np.linspace(-1, 1, h), np.linspace(-1, 1, w), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).astype(np.float32)


def _paper(work):
    found = []
    for dark in (False, True):
        sign = -1 if dark else 1
        b = _background(work * sign)
        ink = np.maximum(work * sign - b, 0)
        found.append((_score(ink), (b * sign, ink), dark))
    return min(found, key=lambda f: f[0])[1:]


def _score(ink):
    h, w = ink.shape
    top = max(float(ink.max()), 1)
    kh, kw = max(1, h // 8), max(1, w // 8)
    corners = np.mean(
        [ink[:kh, :kw].mean(), ink[:kh, -kw:].mean(), ink[-kh:, :kw].mean(), ink[-kh:, -kw:].mean()]
    )
    border = np.mean([ink[0].mean(), ink[-1].mean(), ink[:, 0].mean(), ink[:, -1].mean()])
    return (corners + border + PAR.get("all", 4) * ink.mean()) / top


def _background(work):
    h, w = work.shape
    every = (
        slice(None, None, max(1, round(h / PAR.get("grid", 16)))),
        slice(None, None, max(1, round(w / PAR.get("grid", 16)))),
    )
    values = work[every].ravel()
    everywhere = _terms(h, w)
    terms = everywhere[every].reshape(-1, 6)
    base = np.quantile(values, 0.2)
    values = values - base
    residual = values
    scale = max(2.0, float(residual.std()))
    ridge = np.diag(np.float32([1e-6, 1, 1, 1, 1, 1])) * np.float32(PAR.get("ridge", 0.02))
    for k in range(PAR.get("iters", 6)):
        over = np.maximum(residual, 0) / scale
        weight = 1 / (1 + over * over) ** 2
        weighted = terms.T * weight
        coefficients = np.linalg.solve(weighted @ terms + ridge * weight.sum(), weighted @ values)
        residual = values - terms @ coefficients
        below = residual[residual < 0]
        scale = max(
            2.0, scale * PAR.get("cool", 0.55), float(np.sqrt(below @ below / max(1, below.size)))
        )
    return everywhere @ coefficients + base


def _without_rules(ink):
    none = np.zeros(ink.shape, bool)
    if min(ink.shape) < 20:
        return ink, none
    ink, across = _without_rows(ink)
    ink, down = _without_rows(np.ascontiguousarray(ink.T))
    return np.ascontiguousarray(ink.T), across | down.T


def _without_rows(ink):
    h, w = ink.shape
    rules = np.zeros(ink.shape, bool)
    level = np.quantile(ink, PAR.get("rq", 0.1), axis=1).astype(np.float32)[:, None]
    k = max(3, h // 10) | 1
    around = cv2.morphologyEx(
        level,
        cv2.MORPH_OPEN,
        np.ones((k, 1), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    pen = (ink**3).sum() / max(1e-6, (ink**2).sum())
    rows = (level - around)[:, 0] > 0.15 * pen
    if not rows.any() or rows.mean() > 0.34:
        return ink, rules
    good = np.flatnonzero(~rows)
    out = ink.copy()
    for y in np.flatnonzero(rows):
        i = np.searchsorted(good, y)
        up, low = good[max(i - 1, 0)], good[min(i, len(good) - 1)]
        typical = np.median(ink[y])
        line = ink[y] < typical + 0.2 * pen
        between = (ink[up] + ink[low]) / 2
        out[y] = np.where(line, np.minimum(ink[y], between), ink[y])
        rules[y] = line
    return out, rules


def _level(ink):
    typical = float((ink**3).sum() / max(1e-6, (ink**2).sum()))
    heavy = ink[ink >= typical / 2]
    level = float(np.quantile(heavy, 0.9))
    noise = (
        1.4826 * float(np.median(ink[ink <= typical / 2])) if (ink <= typical / 2).any() else 0.0
    )
    return level, min(noise, level / 5)


def _clean(ink, level, noise):
    if level < 10:
        return np.zeros_like(ink)
    seen = (
        cv2.GaussianBlur(ink, (0, 0), PAR["blur"] * min(1, 3 * noise / level) + 0.01)
        if PAR["blur"] and noise > 0.02 * level
        else ink
    )
    faint = seen > max(FAINT * level, 2.5 * noise if not PAR["blur"] else 1.5 * noise)
    n, labels, stats, centres = cv2.connectedComponentsWithStats(
        faint.astype(np.uint8), connectivity=8
    )
    flat = labels.ravel()
    mass = np.bincount(flat, ink.ravel(), n)
    mass[0] = 0
    clear = np.bincount(flat, (seen > CLEAR * level).ravel(), n) > 0
    keep = clear & (mass >= SPECK * mass.max())
    keep[0] = False
    mask = keep[labels].astype(np.uint8)
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    return np.minimum(ink / level, 1) * mask


def extent(profile):
    at = np.flatnonzero(profile > EDGE)
    if not at.size:
        at = np.flatnonzero(profile)
    return int(at[0]), int(at[-1]) + 1


def normalise(ink):
    top, bottom = extent(ink.max(1))
    left, right = extent(ink.max(0))
    box = (left, top, right - left, bottom - top)
    side = max(box[2:])
    width = _width(ink) * BOX / side
    if (
        PAR["unscaled"]
        and UNSCALED[0] <= side <= UNSCALED[1]
        and WIDTHS[0] - 0.6 <= width <= WIDTHS[1] + 1
    ):
        fine, f = ink[max(top - 1, 0) : bottom + 1, max(left - 1, 0) : right + 1], 1
    else:
        crop = ink[top:bottom, left:right]
        fine, f = _resized(crop, BOX * FINE / side), FINE
        width = _width(fine) / FINE
        target = min(max(width, WIDTHS[0]), WIDTHS[1])
        grow = (target - width) / (1 - width / BOX)
        grow = math.copysign(math.floor(abs(grow) * FINE + 0.5), grow)
        if grow:
            grow = int(min(grow, 4 * FINE))
            fine = _resized(crop, (BOX * FINE - grow) / side)
            disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (abs(grow) + 1,) * 2)
            fine = cv2.copyMakeBorder(fine, *[max(grow, 0) // 2 + 2] * 4, cv2.BORDER_CONSTANT)
            fine = cv2.dilate(fine, disc) if grow > 0 else cv2.erode(fine, disc)
    return _centred(fine, f), box, width


def _resized(crop, s):
    h, w = crop.shape
    size = max(1, round(w * s)), max(1, round(h * s))
    how = cv2.INTER_AREA if s < 1 else cv2.INTER_CUBIC if PAR["cubic"] else cv2.INTER_LINEAR
    out = np.clip(cv2.resize(crop, size, interpolation=how), 0, 1)
    return out


def _width(ink):
    ink = np.pad(ink, 1)
    dx, dy = np.diff(ink, axis=1)[:-1], np.diff(ink, axis=0)[:, :-1]
    edge = float(np.sqrt(dx * dx + dy * dy).sum())
    return 2 * float(ink.sum()) / max(edge, 1e-6)


def _centred(fine, f):
    h, w = fine.shape
    side = SIDE * f
    total = fine.sum()
    if not total:
        return np.zeros((SIDE, SIDE), np.uint8)
    y = (np.arange(h) + (0.5 if f > 1 else 0)) @ fine.sum(1) / total
    x = (np.arange(w) + (0.5 if f > 1 else 0)) @ fine.sum(0) / total
    c = side / 2 + (0.5 * f if f > 1 else 0)
    canvas = np.zeros((side + 2 * h, side + 2 * w), np.float32)
    oy, ox = round(c - y), round(c - x)
    oy, ox = (min(max(o, 0), max(side - n, 0)) for o, n in ((oy, h), (ox, w)))
    canvas[h + oy : 2 * h + oy, w + ox : 2 * w + ox] = fine
    canvas = canvas[h : h + side, w : w + side]
    if f > 1:
        canvas = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        some = canvas[canvas > 0.3 * canvas.max()]
        canvas = canvas / np.quantile(some, 0.8)
    return np.rint(np.clip(canvas, 0, 1) * 255).astype(np.uint8)
