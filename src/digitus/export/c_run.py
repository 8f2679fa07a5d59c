"""Exported C compiled by the machine's own compiler and run, to be compared with the network.

Inside: `compiled`, `run_c`, `runner`. Not inside: the C (`c_source`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from digitus.errors import ExportError
from digitus.types import Bytes, Images, Matrix

COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-std=c99", "-O2")
LONGEST_SECONDS = 600
# Reads pictures from standard input, writes OUTPUTS floats and the digit of each.
MAIN = """#include "HEADER.h"
#include <stdio.h>
int main(void)
{
    static PREFIX_memory memory;
    static uint8_t image[UPPER_HEIGHT * UPPER_WIDTH];
    float p[OUTPUTS + 1];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {
        p[OUTPUTS] = (float)PREFIX_read(image, p, &memory);
        fwrite(p, sizeof p[0], OUTPUTS + 1, stdout);
    }
    return 0;
}
"""


def identifier(name: str) -> str:
    """A file's name as the beginning of names in C."""
    prefix = re.sub(r"\W", "_", name, flags=re.ASCII)
    return prefix if prefix[:1].isalpha() else f"digitus_{prefix}"


def runner(
    made: Mapping[str, bytes], name: str, outputs: int
) -> tuple[Callable[[Images], Matrix] | None, str]:
    """A function that runs the files, or None with the reason."""
    compiler = found_compiler()
    if compiler is None:
        return None, "there is no C compiler on this machine (cc, gcc or clang)"

    def run(images: Images) -> Matrix:
        with TemporaryDirectory() as folder:
            program = compiled(compiler, made, name, Path(folder), outputs=outputs)
            return run_c([str(program)], images, outputs)[0]

    return run, ""


def found_compiler() -> str | None:
    """$CC, or the first of the usual compilers that is installed."""
    wanted = os.environ.get("CC")
    return next(filter(None, map(shutil.which, [wanted] if wanted else COMPILERS)), None)


def compiled(
    compiler: str, made: Mapping[str, bytes], name: str, folder: Path,
    flags: Sequence[str] = FLAGS, outputs: int = 10,
) -> Path:  # fmt: skip
    """The files compiled to a program. Raises `ExportError` with the compiler's first words."""
    for ending, content in made.items():
        (folder / f"{name}{ending}").write_bytes(content)
    prefix = identifier(name)
    words = {"HEADER": name, "PREFIX": prefix, "UPPER": prefix.upper(), "OUTPUTS": str(outputs)}
    text = re.sub("|".join(words), lambda word: words[word[0]], MAIN)
    main, program = folder / "main_of_the_check.c", folder / "program_of_the_check"
    main.write_bytes(os.fsencode(text))
    sources = [str(folder / f"{name}.c"), str(main)]
    command = [compiler, *flags, *sources, "-o", str(program), "-lm"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    if done.returncode:
        raise ExportError(f"{compiler} does not compile it: {done.stderr.strip()[:300]}")
    return program


def run_c(command: Sequence[str], images: Images, outputs: int = 10) -> tuple[Matrix, Bytes]:
    """Probabilities [n outputs] and digits [n] of a program, -1 for what is refused."""
    done = subprocess.run(
        command, input=images.tobytes(), capture_output=True, timeout=LONGEST_SECONDS, check=False
    )
    if done.returncode:
        raise ExportError(f"the compiled program stopped: {done.stderr.decode()[:300]}")
    rows = np.frombuffer(done.stdout, np.float32).reshape(-1, outputs + 1)
    return rows[:, :outputs], rows[:, outputs].astype(np.int64)
