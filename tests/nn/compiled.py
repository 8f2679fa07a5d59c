"""Which compiled kernels there are to be tested: every level that this processor has.

Where there are none, their tests are skipped, unless `DIGITUS_REQUIRE` names kernels.
"""

import os

import pytest

from digitus.nn import kernels

BEST = kernels.level()
LEVELS = kernels.LEVELS[kernels.LEVELS.index(BEST) :] if BEST in kernels.LEVELS else ()

needs_kernels = pytest.mark.skipif(
    not LEVELS and "kernels" not in os.environ.get("DIGITUS_REQUIRE", "").split(","),
    reason="the compiled kernels were not built: no compiler, or DIGITUS_KERNELS says numpy",
)
needs_tiles = pytest.mark.skipif(
    not kernels.tiles(),
    reason="no products by tiles (AMX): the processor has none, or the kernels are not built",
)
LEVELS = LEVELS or ("plain",)
