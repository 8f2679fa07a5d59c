"""Winograd's convolution: the kernel as its blocks need it, made once for a network.

Inside: G g Gᵀ. Not inside: the blocks of a picture (`compiled/winograd.h`), when that is worth it
(`inference`), the convolution itself (`spatial.Conv`).
"""

from __future__ import annotations

import numpy as np

from digitus.types import Numbers

KERNEL = 3  # of this size alone
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])


def kernel_of(W: Numbers) -> Numbers:
    """G g Gᵀ of each of the kernels g in W [3 3 c o]: [16 c o]; summed in double precision."""
    c, o = W.shape[2:]
    blocks: Numbers = np.einsum("ai,bj,ijco->abco", G, G, W.astype(np.float64))
    return blocks.reshape(-1, c, o).astype(W.dtype)
