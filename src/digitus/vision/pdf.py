"""Pages of a PDF as pictures, with the extra `pdf` (PDFium).

Inside: drawing them, and what of a PDF is refused. Not inside: pictures in files (`decode`).

PDFium keeps what it knows in one place for all threads, so that only one draws at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

import numpy as np

from digitus.errors import DataError
from digitus.limits import PICTURE_PAGES
from digitus.types import Bytes

SIDE = 2000  # pixels of a page's longer side, where nobody asks for another: 170 an inch of A4
DRAWING = Lock()


def is_pdf(content: bytes) -> bool:
    """Whether a file says that it is a PDF."""
    return content.startswith(b"%PDF")


def pdf_pages(content: bytes, name: str, side: int | None = None) -> Iterator[Bytes]:
    """Each page, bytes [h w 3], of so many pixels on its longer side; drawn when it is asked for.

    Raises `DataError` where the extra is missing, for a damaged file, one with a password, and one
    of more pages than a picture may have.
    """
    try:
        from pypdfium2 import PdfDocument, PdfiumError
    except ImportError:
        raise DataError(
            f"{name}: is a PDF; to read it, pip install 'digitus[pdf]', or save its pages as "
            "pictures (pdftoppm -r 200 -png FILE.pdf page)"
        ) from None
    try:
        with DRAWING:
            document: Any = PdfDocument(content)
            count = len(document)
        if count > PICTURE_PAGES:
            raise DataError(f"{name}: has more than {PICTURE_PAGES} pages; split it")
        for number in range(count):
            with DRAWING:
                pixels = _drawn(document[number], side or SIDE)
            yield pixels
    except (PdfiumError, ValueError, OverflowError) as error:
        why = "has a password" if "password" in str(error).lower() else "is damaged"
        raise DataError(f"{name}: {why}; save its pages as pictures") from None


def _drawn(page: Any, side: int) -> Bytes:
    """A page on white."""
    # PDFium rounds up, and gives a page without a size one of its own.
    bitmap = page.render(scale=(side - 0.5) / max(page.get_size()), rev_byteorder=True)
    pixels = np.array(bitmap.to_numpy()[:, :, :3])
    bitmap.close()
    page.close()
    return pixels
