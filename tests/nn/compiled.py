"""Which compiled kernels there are to be tested: every level that this processor has.

Where there are none, their tests are skipped, unless `DIGITUS_REQUIRE` names kernels.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from digitus.nn import kernels

BEST = kernels.level()
LEVELS = kernels.LEVELS[kernels.LEVELS.index(BEST) :] if BEST in kernels.LEVELS else ()

NOT_BUILT = "the compiled kernels were not built: no compiler, or DIGITUS_KERNELS says numpy"
needs_kernels = pytest.mark.skipif(
    not LEVELS and "kernels" not in os.environ.get("DIGITUS_REQUIRE", "").split(","),
    reason=NOT_BUILT,
)
# By what products can be made in bfloat16: a processor with tiles has such vectors too.
NARROW = [*range(1, kernels.narrow_kind() + 1)]
# Whether that is so, `test_narrow` asks Linux.
needs_narrow = pytest.mark.skipif(
    not NARROW,
    reason="the processor has no instruction that multiplies in bfloat16, AMX or AVX-512 BF16"
    if LEVELS
    else NOT_BUILT,
)
LEVELS = LEVELS or ("plain",)


@contextmanager
def computing(by: str) -> Iterator[None]:
    """By NumPy, or by the kernels of a level."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digitus.nn.kernels.asked", by)
        assert kernels.level() == by
        yield
