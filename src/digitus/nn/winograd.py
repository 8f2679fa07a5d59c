"""Winograd's convolution: when its blocks are worth it, and the kernel as they need it.

Inside: G g Gᵀ, also of kernels with a stride, made once for a network at inference. Not inside: the
blocks of a picture (`compiled/winograd.h`) and of a batch in training (`compiled/blocks.h`), the
convolution (`spatial.Conv`).
"""

from __future__ import annotations

import numpy as np

from digitus.types import Numbers

KERNELS = ((3, 1), (5, 2))  # the sizes of kernels with their strides
# With less, making the blocks takes longer than they save.
LEAST_CHANNELS, LEAST_PRODUCTS = 16, 512
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])


def worth(h: int, w: int, c: int, o: int, *, stride: int = 1) -> bool:
    """Whether y [h w o] of a picture with c channels is made sooner by blocks."""
    wide = min(c, o) >= LEAST_CHANNELS and c * o >= LEAST_PRODUCTS
    return wide and min(h, w) > 2 * stride


def kernel_of(W: Numbers) -> Numbers:
    """G g Gᵀ of each of the kernels g in W [k k c o]: [16 phases·c o]; summed in double precision.

    A kernel of 3 x 3 is g itself, the one phase. One of 5 x 5, whose stride is 2, has four: its
    even rows and columns, its even rows and odd columns, and so on, filled up with zeros.
    """
    k, _, c, o = W.shape
    stride = 1 if k == 3 else 2
    phases = np.zeros((stride, stride, 3, 3, c, o))
    for i, j in np.ndindex(stride, stride):
        part = W[i::stride, j::stride]
        phases[i, j, : part.shape[0], : part.shape[1]] = part
    blocks: Numbers = np.einsum("ai,bj,pqijco->abpqco", G, G, phases)
    return blocks.reshape(16, -1, o).astype(W.dtype)
