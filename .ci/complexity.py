"""Fails where a function's cyclomatic complexity is above 15 (McCabe 1976, as radon counts it).

    python .ci/complexity.py

`ALLOWED` holds the exceptions, each with its reason; one that is no longer needed fails as well.
Tests are left out: each of their assertions would count as a branch.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from radon.complexity import cc_visit

ROOT = Path(__file__).parent.parent
FOLDERS = ("src", "benchmarks", "docs", ".ci")
MOST = 15
ALLOWED: dict[str, str] = {}  # file and function: why it is as it is


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The functions and methods of a file, each with its complexity: the ways through it."""
    for block in cc_visit(path.read_text("utf-8")):
        if block.letter != "C":  # a class is the sum of its methods
            yield block.fullname, block.complexity


def main() -> None:
    """Compares what is there with what is allowed."""
    too_many = {
        f"{path.relative_to(ROOT).as_posix()}:{name}": ways
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name, ways in functions(path)
        if ways > MOST
    }
    new = [f"{where} has {ways}" for where, ways in too_many.items() if where not in ALLOWED]
    settled = [where for where in ALLOWED if where not in too_many]
    if new:
        print(f"more than {MOST} ways through:", *new, sep="\n  ")
    if settled:
        print("no longer need to be allowed:", *settled, sep="\n  ")
    sys.exit(bool(new or settled))


if __name__ == "__main__":
    main()
