"""Builds the compiled kernels (`src/digitus/nn/compiled/`): when installed, and by hand.

    python hatch_build.py [FLAG ...]      in place, for example with -fsanitize=undefined -g

It also puts the files of docs/ that the web page shows into a wheel, and prepares README for a
package index. README stands alone there, so its relative links need an address, and so do the
project's links: whoever publishes sets `DIGITUS_ADDRESS` to that of the repository's files, ending
in a slash. Without it there are no such links, and those to files and pictures become plain words.

The kernels are a shared library that Python opens through ctypes, so one wheel serves every
version of Python. They need a compiler with GCC's vectors: GCC 11 or Clang 12, as $CC or cc. Where
there is none, or it fails, the package is pure Python and computes by NumPy alone. With
`DIGITUS_BUILD=require`, for whoever makes wheels, that is an error; `DIGITUS_BUILD=none` builds
nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parent / "src" / "digitus" / "nn" / "compiled"
LIBRARY = SOURCES / "kernels.so"
X86_64 = {
    "avx512": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    "avx2": ["-march=x86-64-v3"],
    "plain": [],
}
OTHERS: dict[str, list[str]] = {"plain": []}
FLAGS = ["-std=gnu11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-fPIC"]


class BuildError(Exception):
    """Why there is no library, in one line."""


def build(*flags: str) -> None:
    """Compiles the library in place. Raises `BuildError`."""
    asked = os.environ.get("CC") or "cc"
    compiler = shutil.which(asked)
    if compiler is None:
        raise BuildError(f"no compiler {asked} is found")
    machine = _output([compiler, "-dumpmachine"])
    levels = X86_64 if machine.startswith(("x86_64", "amd64")) else OTHERS
    sources = b"".join(path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]")))
    common = [compiler, *FLAGS, *flags, "-c", str(SOURCES / "kernels.c")]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        units = {"choice": ["-DCHOICE", f"-DSOURCE={zlib.crc32(sources)}u"]}
        for level, own in levels.items():
            for number in ("float", "double"):
                kind = [f"-DNUMBER={number}", f"-DIS_{number}", f"-DLEVEL={level}"]
                units[f"{level}-{number}"] = [*kind, *own]
        objects = [str(Path(folder) / f"{name}.o") for name in units]
        commands = (
            [*common, *own, "-o", to] for own, to in zip(units.values(), objects, strict=True)
        )
        list(pool.map(_output, commands))
        made = Path(folder) / LIBRARY.name
        _output([compiler, "-shared", *flags, *objects, "-lm", "-o", str(made)])
        beside = LIBRARY.with_suffix(f".{os.getpid()}.so")  # another build may be here too
        shutil.copy(made, beside)
        beside.replace(LIBRARY)  # a process that has the old one open keeps it


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def built() -> bool:
    """Builds as the environment wishes; returns whether there is a library now."""
    wish = os.environ.get("DIGITUS_BUILD", "")
    try:
        if wish == "none":
            raise BuildError("DIGITUS_BUILD says none")
        build()
    except BuildError as error:
        if wish == "require":
            raise
        LIBRARY.unlink(missing_ok=True)  # one from before would not fit
        print(f"digitus without compiled kernels, NumPy alone: {error}", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    build(*sys.argv[1:])
else:
    import re

    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    from hatchling.metadata.plugin.interface import MetadataHookInterface
    from packaging.tags import sys_tags

    class KernelsHook(BuildHookInterface):
        """Makes a wheel with the library one for this kind of machine, and for every Python."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Called before the files of a wheel are collected."""
            if version != "editable":  # where the repository is at hand, its own text is read
                build_data["force_include"].update(texts(Path(self.root)))
            if built():
                # auditwheel, which cibuildwheel calls, says later which Linux it fits.
                platforms = (tag.platform for tag in sys_tags())
                platform = next(p for p in platforms if "many" not in p and "musl" not in p)
                build_data["pure_python"] = False
                build_data["tag"] = f"py3-none-{platform}"
                build_data["artifacts"].append(f"/{LIBRARY.relative_to(Path(__file__).parent)}")

    TEXT = "digitus/serve/handbook/text"

    def texts(root: Path) -> dict[str, str]:
        """The files of docs/ that the web page shows, each with its place in a wheel."""
        docs = root / "docs"
        files = [docs / "mathematics.md", *sorted((docs / "pictures").glob("math-*.svg"))]
        return {str(file): f"{TEXT}/{file.relative_to(docs).as_posix()}" for file in files}

    BY_PATH = r"(!?)\[([^\]]*)\]\((?!\w+:|#)([^)\s]+)\)"  # a link or picture in Markdown

    class IndexHook(MetadataHookInterface):
        """What a package index shows."""

        def update(self, metadata: dict[str, Any]) -> None:
            """Called when a distribution is made, and when it is installed."""
            address = os.environ.get("DIGITUS_ADDRESS", "")
            text = (Path(self.root) / "README.md").read_text("utf-8")
            linked = rf"\1[\2]({address}\3)" if address else r"\2"
            readme = re.sub(BY_PATH, linked, text)
            metadata["readme"] = {"content-type": "text/markdown", "text": readme}
            if address:
                metadata["urls"] = {
                    "Homepage": address,
                    "Documentation": f"{address}docs/index.md",
                    "Changelog": f"{address}CHANGELOG.md",
                    "Security": f"{address}SECURITY.md",
                }
