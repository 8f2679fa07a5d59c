"""The process in which atheris tries one target: `python -m fuzzing.child TARGET ...`.

atheris (libFuzzer for Python) keeps the inputs that reach lines which no other has reached, and
makes new ones of them. An exception, a slow input or one that takes much memory does not end the
process: the smallest of each kind is kept, and trying goes on. What ends the process (a signal in
native code, an input that takes longer than `HANGING`) libFuzzer keeps itself, in the same folder.

Not inside: who starts it, and again when it has died (`fuzz`).
"""

from __future__ import annotations

import hashlib
import os
import random
import resource
import sys
import time
import warnings
from itertools import islice
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

HANGING = 300  # seconds by the clock after which an input counts as endless
FIGURES = ("inputs", "read", "refused", "slowest_seconds", "seconds", "peak_megabytes")
REBASE = 256  # inputs after which the count of memory is restarted
FOLLOWED = ["digitus", "PIL", "csv", "tomllib", "zipfile"]  # where new lines count as progress


class Watch:
    """Tries inputs, counts them, and keeps those that do what they must not."""

    def __init__(self, target: Any, finds: Path, figures: Path) -> None:
        self.target, self.finds = target, finds
        self.figures = np.memmap(figures, "f8", "r+", shape=(len(FIGURES),))
        self.smallest: dict[str, int] = {}  # bytes, by what was found
        self.base = 0.0

    def __call__(self, data: bytes) -> None:
        """One input."""
        from fuzzing.target import SLOW, outcome, place

        if self.figures[0] % REBASE == 0:
            self.base = forget_peak()
        began = time.process_time()
        try:
            found = outcome(self.target, data)
            self.figures[FIGURES.index(found)] += 1
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            where = place(error.__cause__ or error)
            self.note("crash", where, data, f"{where}: {ascii(str(error))[:200]}")
        took = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        self.figures[0] += 1
        self.figures[3] = max(self.figures[3], took)
        self.figures[4] += took
        self.figures[5] = max(self.figures[5], peak)
        if took > SLOW:
            self.note("slow", "slow", data, f"{took:.1f} s")
        if peak - self.base > self.target.most_megabytes:
            self.note("memory", "memory", data, f"{peak - self.base:.0f} MB")
            self.base = forget_peak()

    def note(self, kind: str, what: str, data: bytes, about: str = "") -> None:
        """Keeps the smallest of all inputs that do the same."""
        if len(data) >= self.smallest.get(what, sys.maxsize):
            return
        self.smallest[what] = len(data)
        path = self.finds / f"{kind}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(about or what, "utf-8")


def forget_peak() -> float:
    """Restarts the kernel's count of peak memory; returns the memory in use now, in MB."""
    clear = Path("/proc/self/clear_refs")
    if not clear.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    clear.write_text("5", "ascii")
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Arguments: the target, the folder of finds, the file of figures, and those of libFuzzer."""
    import atheris

    name, finds, figures, *rest = sys.argv[1:]
    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=FOLLOWED):
        import cv2

        from fuzzing.target import outcome
        from fuzzing.targets import target

        cv2.setNumThreads(1)
        chosen = target(name)
        mutate = chosen.mutate

        def mutated(data: bytes, most: int, seed: int) -> bytes:
            rng = random.Random(seed)
            if mutate is None or rng.random() < 0.3:
                return bytes(atheris.Mutate(data, most))
            return mutate(data, rng)[:most]

        for seed in islice(chosen.seeds(), 1):  # loads what is loaded at first use, untimed
            outcome(chosen, seed)
        watch = Watch(chosen, Path(finds), Path(figures))
        own = {"custom_mutator": mutated} if mutate else {}
        atheris.Setup([sys.argv[0], *rest], watch, **own)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
