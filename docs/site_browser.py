"""Lessons that run where they are read: Python for a browser (Pyodide), and digitus's core.

Inside: a Sphinx extension that puts both beside the pages, if `.ci/pyodide.py` has fetched Pyodide;
without it the site is the same, but has no buttons to run code. Also a name for the state of the
package, by which the lessons' outputs are kept; those of other states are removed. Not inside: what
the core is (`browser_core`), what the buttons do (`site/lesson.js`, `site/lesson-worker.js`).
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import digitus
from browser_core import pyodide, write_core

if TYPE_CHECKING:
    from sphinx.application import Sphinx  # tests have none

CONTENTS = ("*.py", "*.toml", "*.safetensors")  # what the lessons' outputs depend on


def package_digest() -> str:
    """A name for the state of the package, which changes with its code, words and weights."""
    package = Path(digitus.__file__).parent
    files = sorted(path for kind in CONTENTS for path in package.rglob(kind))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def forget_others(kept: Path) -> None:
    """Removes, beside the outputs that are `kept`, those of other states of the package."""
    for folder in kept.parent.iterdir():
        if folder.is_dir() and folder != kept:  # a .DS_Store lies there, too
            shutil.rmtree(folder)


def _forget_others(app: Sphinx, error: Exception | None) -> None:
    """Does so after a build that succeeded; until then the old outputs may be wanted again."""
    kept = Path(app.config.nb_execution_cache_path)  # of the state in which the build began
    if error is None and kept.is_dir():
        forget_others(kept)


def _put_beside(app: Sphinx, error: Exception | None) -> None:
    """Copies Pyodide and the core to where the lessons' pages look for them."""
    source = pyodide()
    if error is not None or app.builder.format != "html" or source is None:
        return
    folder = Path(app.outdir) / "_static" / "pyodide"
    folder.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copyfile(file, folder / file.name)
    write_core(folder / "digitus.zip")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the above to Sphinx."""
    app.connect("build-finished", _put_beside)
    app.connect("build-finished", _forget_others)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
