"""Storage: how parameters are kept in the files that ship, in a quarter of their bytes.

Weights [... o] are whole numbers from -127 to 127, with one scale for each output o; they are off
by half a scale at most. All others are float16.
"""

from __future__ import annotations

import numpy as np

from digitus.types import Params

WEIGHT, SCALE = "W", ".scale"
LARGEST = 127  # the largest whole number of a weight, as int8


def packed(params: Params) -> Params:
    """The arrays of a file for these parameters."""
    arrays: Params = {}
    for name, a in params.items():
        if name.rsplit(".", 1)[-1] != WEIGHT:
            arrays[name] = np.asarray(a, np.float16)
            continue
        scale = np.abs(a).max(tuple(range(a.ndim - 1)), initial=0) / LARGEST
        scale = np.where(scale > 0, scale, 1).astype(np.float32)
        whole = np.rint(a / scale).clip(-LARGEST, LARGEST)
        arrays[name], arrays[name + SCALE] = whole.astype(np.int8), scale
    return arrays


def unpacked(arrays: Params) -> Params:
    """The parameters, float32, of a file's arrays; those of older files have no scales."""
    params: Params = {}
    for name, a in arrays.items():
        if not name.endswith(SCALE):
            scale = arrays.get(name + SCALE)
            wide = a.astype(np.float32)
            params[name] = wide if scale is None else wide * scale
    return params
