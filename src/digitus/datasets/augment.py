"""Augmentation: new training pictures from old ones, as another hand might have written them.

Inside: the one function that applies the settings (`augmentation.Augmentation`) to a whole batch of
bytes: affine changes, elastic distortion, stroke width. Not inside: noise, light and other faults
of a camera. It is never a layer of a network, so inference cannot meet it.

A batch is laid out as one wide picture, its images side by side, and warped by one call of OpenCV;
all the geometry is composed into one map first, so a picture is blurred by one interpolation only.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from digitus.datasets.augmentation import RANGES, Augmentation
from digitus.types import Bytes, Floats, Floats32, Images

WIDEST = 32_000  # pixels: cv2.remap counts in 16 bits, so a wider batch is done piece by piece
WEIGHT_BITS = 7  # a byte times a 7-bit weight still fits into int16


def augment(images: Images, settings: Augmentation, rng: np.random.Generator) -> Bytes:
    """Changed copies of the pictures, of the same shape: bytes [n h w] on a black (0) ground.

    What leaves a picture is lost and what enters is black. The order is: stroke width; scale and
    stretch, shear, rotation, shift; elastic distortion.

    Random numbers are drawn from `rng` in a fixed order, the noise of `elastic` last, and their
    number does not depend on the pixels: changing one setting leaves what the others draw as it is.

    Raises `ValueError` for anything but bytes [n h w] with sides below 32,000 pixels.
    """
    if images.ndim != 3 or images.dtype != np.uint8 or max(images.shape[1:]) >= WIDEST:
        raise ValueError(
            f"images must be bytes [n h w] with sides below {WIDEST} pixels, "
            f"not {images.dtype} {list(images.shape)}"
        )
    if settings.off or not images.size:
        return images.copy()
    n, h, w = images.shape
    ranges = [settings.bounds(name) for name in (*RANGES, "shift")]  # the last one is downwards
    low, high = np.array(ranges).T[:, :, None]
    amounts = low + (high - low) * rng.random((len(ranges), n))
    changed = np.empty(images.shape, np.uint8)
    step = max(1, WIDEST // (w + 1))
    for part in (slice(i, i + step) for i in range(0, n, step)):
        amount = dict(zip((*RANGES, "down"), amounts[:, part], strict=True))
        # A column of black to the left of each picture: sampling up to one pixel outside a picture,
        # which is as far as `_sources` goes, meets black and never the neighbour. One remap of 256
        # pictures of 28 x 28 takes 0.46 ms; 256 remaps take 0.88 ms, and each needs its own map.
        tiles = np.zeros((h, len(amount["down"]), w + 1), np.uint8)
        tiles[:, :, 1:] = images[part].transpose(1, 0, 2)
        _restroke(tiles, amount["stroke"])
        x, y = _sources(h, w, amount, settings, rng)
        warped = cv2.remap(tiles.reshape(h, -1), x, y, cv2.INTER_LINEAR)  # outside is black
        changed[part] = warped.reshape(h, -1, w).transpose(1, 0, 2)
    return changed


def _restroke(tiles: Bytes, pixels: Floats) -> None:
    """Grow (> 0) or shrink (< 0) the ink of each tile [h n w+1] in place by its number of pixels.

    Whole pixels are dilations or erosions by a cross, a fraction is a blend with the next one.
    """
    h, n, wide = tiles.shape
    flat = tiles.reshape(h, n * wide)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for done in range(math.ceil(np.abs(pixels).max())):
        for change, sign in ((cv2.dilate, 1), (cv2.erode, -1)):
            part = np.clip(sign * pixels - done, 0, 1)
            if not part.any():
                continue
            weight = np.zeros((n, wide), np.int16)  # 0 in the columns between the pictures
            weight[:, 1:] = np.rint(part * (1 << WEIGHT_BITS))[:, None]
            target = change(flat, cross, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
            delta = np.subtract(target, flat, dtype=np.int16)
            delta *= weight.ravel()
            delta += 1 << (WEIGHT_BITS - 1)
            delta >>= WEIGHT_BITS
            np.add(flat, delta, out=flat, casting="unsafe")


def _sources(
    h: int, w: int, amount: dict[str, Floats], settings: Augmentation, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Where each pixel of the result comes from, as columns and rows of the tiles: two [h n*w].

    Both are bilinear forms B_y C B_xᵀ of the rows and columns: the last two columns of a B are
    (position from the centre, 1), which carry the affine map, those before it are the bumps of the
    elastic field, whose coefficients are the noise. Two matrix products make the map of a batch:
    0.6 ms for 256 pictures of 28 x 28, where smoothing noise with cv2.GaussianBlur takes 7 ms.
    """
    n = len(amount["down"])
    to_row = _basis(h, settings)  # [h k]
    to_column = _basis(w, settings)  # [w k]
    ky, kx = to_row.shape[1], to_column.shape[1]
    form = np.zeros((ky, 2, n, kx), np.float32)
    if settings.elastic:
        # Uniform noise of variance 1, as in the paper; it is bounded and cheaper than normal noise.
        noise = rng.random((ky - 2, 2, n, kx - 2), dtype=np.float32)
        form[:-2, :, :, :-2] = (noise - 0.5) * np.float32(math.sqrt(12) * settings.elastic)

    # Forwards a picture is scaled, sheared, turned, shifted; its pixels are looked up backwards.
    turn, lean = np.deg2rad(amount["rotate"]), np.tan(np.deg2rad(amount["shear"]))
    cos, sin = np.cos(turn), np.sin(turn)
    wider = (1 + amount["scale"]) * (1 + amount["stretch"])
    higher = (1 + amount["scale"]) / (1 + amount["stretch"])
    right, down = amount["shift"], amount["down"]
    for axis, across, along, centre in (
        (0, (cos + lean * sin) / wider, (lean * cos - sin) / wider, (w - 1) / 2),
        (1, sin / higher, cos / higher, (h - 1) / 2),
    ):
        form[-1, axis, :, -2] = across
        form[-2, axis, :, -1] = along
        form[-1, axis, :, -1] = centre - across * right - along * down

    half = form.reshape(-1, kx) @ to_column.T  # [k*2*n w]
    x, y = (to_row @ half.reshape(ky, -1)).reshape(h, 2, n, w).swapaxes(0, 1)
    np.clip(x, -1, w, out=x)
    x += np.arange(1, n * (w + 1), w + 1, dtype=np.float32)[:, None]
    return x.reshape(h, -1), y.reshape(h, -1)


def _basis(size: int, settings: Augmentation) -> Floats32:
    """Columns of functions of a position along one axis, [size k]: bumps, then (position, 1).

    Noise on a coarse grid times Gaussian bumps is the smoothed noise of the paper: with bumps 1.25
    deviations apart its correlations differ by at most 0.012, and rows of length 1 make its rms
    exact everywhere.
    """
    position = np.arange(size, dtype=np.float64)[:, None]
    columns = [position - (size - 1) / 2, np.ones((size, 1))]
    if settings.elastic:
        sigma = settings.smoothness
        count = math.ceil((size + 4 * sigma) / (1.25 * sigma))
        grid = np.linspace(-2 * sigma, size - 1 + 2 * sigma, count)
        bumps = np.exp(-(((position - grid) / sigma) ** 2) / 2)
        columns.insert(0, bumps / np.sqrt((bumps**2).sum(1, keepdims=True)))
    return np.hstack(columns).astype(np.float32)
