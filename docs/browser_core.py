"""The part of digitus that runs in a browser, and where Python for browsers (Pyodide) lies.

Inside: the rooms of the core, packed as a zip file for the site's lessons and for the tests. Not
inside: fetching Pyodide (`.ci/pyodide.py`), the site (`site_browser.py`).
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import array_api_compat

import digitus

HERE = Path(__file__).parent
VARIABLE = "DIGITUS_PYODIDE"
# The rooms that learn from drawn digits, and the lessons. No made pages, no OpenCV.
ROOMS = ("nn", "datasets", "recipe", "recipes", "training", "synthetic", "course")
LEFT_OUT = ("nn/compiled", "synthetic/pages")
KINDS = {".py", ".toml", ".md"}


def pyodide() -> Path | None:
    """The folder with Pyodide, if there is one."""
    folder = Path(os.environ.get(VARIABLE) or HERE / "_build" / "pyodide")
    return folder if (folder / "pyodide.mjs").is_file() else None


def write_core(path: Path) -> None:
    """Writes digitus's core as a zip file of its sources, with the one library that it needs."""
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
