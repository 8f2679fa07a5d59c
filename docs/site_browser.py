"""Lessons that run where they are read: Python for a browser (Pyodide), and digitus's core.

Inside: a Sphinx extension that puts both beside the pages, if `.ci/pyodide.py` has fetched Pyodide,
and what the core is. Without it the site is the same, without buttons to run code. Not inside: what
the buttons do (`site/lesson.js`, `site/lesson-worker.js`).
"""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import array_api_compat
from sphinx.application import Sphinx

import digitus

HERE = Path(__file__).parent
VARIABLE = "DIGITUS_PYODIDE"
# The rooms that learn from drawn digits, and the lessons. No made pages, no OpenCV.
ROOMS = ("nn", "datasets", "recipe", "recipes", "training", "synthetic", "course")
LEFT_OUT = ("nn/compiled", "synthetic/pages")
KINDS = {".py", ".toml", ".md"}
SCRIPTS = ("lesson.js", "lesson-worker.js")


def pyodide() -> Path | None:
    """The folder with Pyodide, if there is one."""
    folder = Path(os.environ.get(VARIABLE) or HERE / "_build" / "pyodide")
    return folder if (folder / "pyodide.mjs").is_file() else None


def write_core(path: Path) -> None:
    """digitus's core as a zip file of its sources, with the one library that it needs."""
    home = Path(digitus.__file__).parent
    own = [*home.glob("*.py"), *(file for room in ROOMS for file in (home / room).rglob("*"))]
    library = Path(array_api_compat.__file__).parent
    theirs = [library / "__init__.py", library / "_internal.py"]
    theirs += [*(library / "common").glob("*.py"), *(library / "numpy").glob("*.py")]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(own) + sorted(theirs):
            name = file.relative_to((home if file in own else library).parent).as_posix()
            below = name.partition("/")[2]
            if file.suffix in KINDS and not below.startswith(LEFT_OUT):
                packed.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)


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
    return {"parallel_read_safe": True, "parallel_write_safe": True}
