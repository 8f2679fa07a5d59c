"""Pages of a PDF as pictures, with the extra `pdf` (PDFium).

Inside: starting the process that draws them, and what of a PDF is refused. Not inside: drawing
(`pdf_process`), pictures in files (`decode`).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import IO

import numpy as np

from digitus.errors import DataError
from digitus.limits import PDF_MEMORY_BYTES, PDF_PAGE_SECONDS, PICTURE_PAGES
from digitus.types import Bytes
from digitus.vision import pdf_process
from digitus.vision.pdf_process import DAMAGED, HEAD, LOCKED, TOO_MANY

DEFAULT_SIDE_PIXELS = 2000  # of a page's longer side, unless asked for: 170 an inch on A4


def pdf_pages(content: bytes, name: str, side: int | None = None) -> Iterator[Bytes]:
    """Each page, bytes [h w 3], of so many pixels on its longer side; drawn when it is asked for.

    Raises `DataError` where the extra is missing, for a damaged file, one with a password, one of
    more pages than a picture may have, and one that takes more work or memory than a page may.
    """
    if find_spec("pypdfium2") is None:
        raise DataError(
            f"{name}: is a PDF; to read it, pip install 'digitus[pdf]', or save its pages as "
            "pictures (pdftoppm -r 200 -png FILE.pdf page)",
            "pdf",
        )
    numbers = (side or DEFAULT_SIDE_PIXELS, PICTURE_PAGES, PDF_PAGE_SECONDS, PDF_MEMORY_BYTES)
    command = [sys.executable, "-P", pdf_process.__file__, *map(str, numbers)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdin
        assert process.stdout
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(content)
            with suppress(BrokenPipeError):
                process.stdin.close()
            while (pixels := _next(process.stdout)) is not None:
                yield pixels
            code = process.wait()
        finally:
            process.kill()  # where nobody wants the other pages
    if code == TOO_MANY:
        why = f"has more than {PICTURE_PAGES} pages; split it"
        raise DataError(f"{name}: {why}", "pages", n=PICTURE_PAGES)
    if code == DAMAGED:
        raise DataError(f"{name}: is damaged; save its pages as pictures", "damaged")
    if code == LOCKED:
        raise DataError(f"{name}: has a password; save its pages as pictures", "locked")
    if code:
        why = "takes too much work to draw; save its pages as pictures"
        raise DataError(f"{name}: {why}", "heavy")


def _next(pipe: IO[bytes]) -> Bytes | None:
    """The next page from the pipe; None where there is none, or not a whole one."""
    head = pipe.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    h, w, row, pixel = HEAD.unpack(head)
    content = pipe.read(h * row)
    if len(content) < h * row:
        return None
    rows = np.frombuffer(content, np.uint8).reshape(h, row)[:, : w * pixel]
    return np.ascontiguousarray(rows.reshape(h, w, pixel)[:, :, :3])
