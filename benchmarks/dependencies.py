"""What each library that digitus depends on weighs, and which of them each use of digitus loads.

    python benchmarks/dependencies.py [--json results/dependencies.json]

Megabytes are those of a library's own files where it is installed, without what it depends on in
turn. Milliseconds are of processor time: the least of several fresh processes, less that of one
that does nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement

from machine import machine

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
RUNS = 7
READ = "docs/pictures/note.jpg"
USES = {
    "import digitus": "import digitus",
    "a model in use": "import digitus, numpy\n"
    "digitus.load().probabilities(numpy.zeros((1, 28, 28), numpy.uint8))",
    "training": "import digitus.training.run_folder, digitus.datasets.augment",  # with distortion
    "reading a picture": f"import digitus\ndigitus.read({READ!r})",
    "the page": "import digitus.serve.app, digitus.serve.server",
}


def modules() -> dict[str, str]:
    """The libraries that are always installed with digitus, with the names of their modules."""
    declared = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["dependencies"]
    homes = packages_distributions()
    names = {key(library): name for name, libraries in homes.items() for library in libraries}
    return {r.name: names[key(r.name)] for r in map(Requirement, declared)}


def key(library: str) -> str:
    """A library's name in one spelling."""
    return library.lower().replace("_", "-")


def megabytes(library: str) -> float:
    """What a library's own files take."""
    found = distribution(library)
    paths = (Path(str(found.locate_file(file))) for file in found.files or [])
    return round(sum(path.stat().st_size for path in paths if path.exists()) / 1e6, 1)


def processor_seconds(code: str) -> float:
    """The least seconds of several fresh processes that run the code."""
    times = []
    for _ in range(RUNS):
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        times.append(sum(after[2:4]) - sum(before[2:4]))
    return min(times)


def loaded(code: str, names: dict[str, str]) -> list[str]:
    """Which of these libraries a process that runs the code has loaded in the end."""
    code += "\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    there = set(done.stdout.splitlines()[-1].split())
    return [library for library, name in names.items() if name in there]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    args = parser.parse_args()
    names = modules()
    libraries = {library: megabytes(library) for library in names}
    nothing = processor_seconds("pass")
    uses = {
        use: {
            "loads": (found := loaded(code, names)),
            "megabytes": round(sum(libraries[library] for library in found)),
            "milliseconds": round(1000 * (processor_seconds(code) - nothing)),
        }
        for use, code in USES.items()
    }
    for library, weight in libraries.items():
        print(f"{library:<24} {weight:6.1f} MB")
    for use, about in uses.items():
        print(
            f"{use}: {about['megabytes']} MB, {about['milliseconds']} ms "
            f"({', '.join(about['loads']) or 'nothing'})"
        )
    if args.json:
        record = {"machine": machine(), "runs": RUNS, "megabytes": libraries, "uses": uses}
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
