"""Where training computes: NumPy on the processor, or PyTorch's arrays on a processor or a GPU.

The layers are the same source for both. Inside: the choice, moving parameters there, and the
threads of either. Not inside: what is computed (`nn`), and inference by a saved recognizer, which
is NumPy's.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

from digitus.errors import TrainingError
from digitus.nn import to_numpy
from digitus.nn.kernels import narrow_kind
from digitus.threads import Both, Claims, limited
from digitus.training.distributed import Workers
from digitus.types import Params

LIBRARIES = ("numpy", "torch")
DEVICES = ("cpu", "cuda")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Device:
    """An array library, where its arrays live, in how many bits, and with which other workers.

    In "bfloat16" activations and products have eight significant bits; the parameters keep theirs.
    NumPy's compiled kernels round only the factors of convolutions' products, where the processor
    can multiply such. Raises `TrainingError` where the library or the device is not available.
    """

    array_library: str = "numpy"
    name: str = "cpu"
    precision: str = "float32"
    workers: Workers | None = None

    def __post_init__(self) -> None:
        if self.array_library not in LIBRARIES or self.name not in DEVICES:
            raise ValueError(f"there is no {self.array_library} on {self.name}")
        if self.precision not in PRECISIONS:
            raise ValueError(f"there is no precision {self.precision!r}")
        if self.array_library == "numpy":
            if self.name != "cpu":
                raise TrainingError("NumPy has no GPU; with --device cuda, --array-library torch")
            if self.precision != "float32" and not narrow_kind():
                raise TrainingError(
                    "for bfloat16 the compiled kernels need a processor with AMX or AVX-512 BF16, "
                    "on Linux; without it, --array-library torch"
                )
            return
        try:
            import torch
        except ImportError:
            raise TrainingError(
                "PyTorch is not installed; install it with: pip install 'digitus[torch]'"
            ) from None
        if self.name == "cuda" and not torch.cuda.is_available():
            raise TrainingError("PyTorch finds no GPU here; take --device cpu")

    def put(self, params: Params, *, narrow: bool = False) -> Params:
        """NumPy's arrays, or this device's own, as arrays of this device.

        `narrow` ones have the device's precision: they are for use, not for training.
        """
        if self.array_library == "numpy":
            return {name: to_numpy(a) for name, a in params.items()}
        import torch

        dtype = getattr(torch, self.precision) if narrow else None
        return {
            name: torch.tensor(to_numpy(a), device=self.name, dtype=dtype)
            for name, a in params.items()
        }

    def finish(self) -> None:
        """Waits until all that was asked for is done: a GPU's operations return before that."""
        if self.name == "cuda":
            import torch

            torch.cuda.synchronize()

    def claim(self, threads: int, *, processes: int) -> AbstractContextManager[None]:
        """Threads for the length of a block: all for the products of one process, or one in each.

        OpenCV, which distorts batches meanwhile, gets them too. A claim holds for the whole
        process, so none may outlast a `yield`.
        """
        own = limited(threads if processes == 1 else 1, opencv=threads)
        return own if self.array_library == "numpy" else Both(own, _torch_threads().claim(threads))


def library_for(device: str, chosen: str | None) -> str:
    """The array library for a device: the chosen one, or else one that computes there."""
    return chosen or ("numpy" if device == "cpu" else "torch")


@cache
def _torch_threads() -> Claims[int]:
    import torch

    return Claims(torch.get_num_threads, torch.set_num_threads)


NUMPY = Device()
