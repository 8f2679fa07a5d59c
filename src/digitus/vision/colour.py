"""One grey out of three colours: the one in which ink stands out from paper.

Inside: the choice between luminance and the single colours. Not inside: opening files (`decode`).
"""

from __future__ import annotations

import cv2
import numpy as np

from digitus.types import Bytes, Grey
from digitus.vision.paper import at_most

COARSE_PIXELS = 300  # pixels of the longer side of the copy on which the choice is made
WINDOW_PIXELS = 61  # pixels of that copy: what is wider is no stroke
BETTER_CONTRAST = 1.5  # times the contrast of luminance: what another grey must have


def as_grey(pixels: Bytes) -> Bytes:
    """Pixels [h w 3] (red, green, blue) or already grey [h w], as grey [h w].

    It is luminance, unless ink has far more contrast with paper, measured in deviations of the
    paper's grain, in one of the colours: a yellow pen on white in blue, for example.
    """
    if pixels.ndim == 2:
        return pixels
    coarse = at_most(COARSE_PIXELS, pixels)
    grey = cv2.cvtColor(coarse, cv2.COLOR_RGB2GRAY)
    plain = _contrast(grey)
    contrasts = [_contrast(np.ascontiguousarray(coarse[:, :, i])) for i in range(3)]
    best = int(np.argmax(contrasts))
    if contrasts[best] > BETTER_CONTRAST * plain:
        return np.ascontiguousarray(pixels[:, :, best])
    luminance: Bytes = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return luminance


def _contrast(grey: Grey) -> float:
    """How far strokes are from what is around them, in deviations of what is none."""
    window = min(WINDOW_PIXELS, *grey.shape) | 1
    off = np.abs(grey.astype(np.float32) - cv2.medianBlur(grey, max(window, 3)))
    grain = float(np.median(off)) + 1
    clear = off > max(6 * grain, 8)
    return float(off[clear].mean()) / grain if clear.mean() > 1e-4 else 0.0
