"""Ways in which numbers may lie in memory: each gives a copy of NumPy's array."""

import numpy as np


def in_fortran_order(a):
    """Columns side by side, as MATLAB and many an npz file have them."""
    return a.copy(order="F")


def backwards(a):
    """Every axis from its end: negative strides."""
    everywhere = (slice(None, None, -1),) * a.ndim
    return a[everywhere].copy()[everywhere]


def in_a_larger_array(a):
    """Every second number of the middle of another array, whose others are not numbers."""
    larger = np.full([2 * size + 3 for size in a.shape], 77, a.dtype)
    if a.dtype.kind == "f":
        larger.fill(np.nan)
    view = larger[tuple(slice(2, 2 + 2 * size, 2) for size in a.shape)]
    view[...] = a
    return view


def transposed(a):
    """The last two axes exchanged in memory: images [n w h c] seen as [n h w c]."""
    return np.swapaxes(np.swapaxes(a, -1, -2).copy(), -1, -2) if a.ndim > 1 else a.copy()


def channels_second(a):
    """As PyTorch keeps images: [n c h w] in memory."""
    return np.moveaxis(np.moveaxis(a, -1, 1).copy(), 1, -1) if a.ndim > 2 else a.copy()


def read_only(a):
    """Not to be written to."""
    a = a.copy()
    a.flags.writeable = False
    return a


def under_a_new_axis(a):
    """Where the last axis has a single number, its stride is 0 and says nothing."""
    return a[..., 0].copy(order="F")[..., None] if a.shape[-1:] == (1,) else a.copy()


LAYOUTS = [
    in_fortran_order,
    backwards,
    in_a_larger_array,
    transposed,
    channels_second,
    read_only,
    under_a_new_axis,
]
