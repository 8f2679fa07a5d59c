"""Where trained networks compute: on the processor, or on a GPU with PyTorch's arrays.

`DIGITUS_DEVICE` in the environment says where, so that processes that are started know it too:
"cpu" (the default) is NumPy with the compiled kernels, "cuda" a GPU, "torch" PyTorch on the
processor, which tests the way to a GPU where there is none. The layers are the same source; sums
are taken in another order, so probabilities differ from NumPy's by 1e-5 at most.

Inside: the choice, and a network on a device. Not inside: where training computes
(`training.device`), NumPy's kernels (`inference`).
"""

from __future__ import annotations

import os
from functools import cache

import numpy as np

from digitus.errors import DigitusError
from digitus.nn.arrays import like, to_numpy
from digitus.nn.fusion import fused
from digitus.nn.layers import Chain
from digitus.types import Array, Numbers, Params

CHOICE = "DIGITUS_DEVICE"  # the variable of the environment
CPU = "cpu"
PLACES = {"torch": "cpu", "cuda": "cuda"}  # PyTorch's names


def name() -> str:
    """What was chosen."""
    return os.environ.get(CHOICE) or CPU


def use(device: str) -> None:
    """Chooses for this process and those that it starts. Raises `DigitusError`."""
    if device != CPU:
        _place(device)
    os.environ[CHOICE] = device


def chosen() -> str | None:
    """PyTorch's name of the device; None for NumPy. Raises `DigitusError` where it is not here."""
    device = name()
    return None if device == CPU else _place(device)


@cache
def _place(device: str) -> str:
    if device not in PLACES:
        raise DigitusError(f"there is no device {device!r}; there are cpu and cuda")
    try:
        import torch
    except ImportError:
        raise DigitusError(
            f"--device {device} needs PyTorch; install it with: pip install 'digitus[torch]'"
        ) from None
    if device == "cuda" and not torch.cuda.is_available():
        raise DigitusError("PyTorch finds no GPU here; take --device cpu")
    torch.backends.cudnn.allow_tf32 = False  # which keeps ten bits of a product's factors
    return PLACES[device]


class OnDevice:
    """A network on a device: NumPy's arrays in and out."""

    def __init__(self, network: Chain, p: Params, place: str) -> None:
        import torch

        self.network, params = fused(network, p)
        self.params = {
            name: torch.tensor(to_numpy(w), dtype=torch.float32, device=place)
            for name, w in params.items()
        }
        self.place: Array = next(iter(self.params.values()))

    def __call__(self, x: Numbers) -> Numbers:
        """What the network gives for bytes or numbers [n h w c]; [n h w] where c is 1."""
        import torch

        x = np.ascontiguousarray(x if x.ndim == 4 else x[..., None])
        with torch.inference_mode():
            y = self.network.forward(self.params, like(x, self.place).to(torch.float32))[0]
            return to_numpy(y)
