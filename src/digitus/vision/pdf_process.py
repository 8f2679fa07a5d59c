"""The process in which a PDF is drawn: `python pdf_process.py SIDE PAGES SECONDS BYTES < FILE`.

A PDF is a program. Two thousand bytes of forms within forms draw for hours and take all memory, and
PDFium, which is C++, cannot be told to stop. So it works in a process that the system ends when it
takes too much; and what a stranger may do by a flaw in PDFium is done to that process, not to ours.

Each page is written as four numbers (height, width, bytes of a row, bytes of a pixel) and its rows.
The exit code says what was wrong. Nothing of digitus is imported, nor NumPy: that would take longer
than drawing a page. Not inside: who starts the process, and errors for people (`pdf`).
"""

from __future__ import annotations

import contextlib
import signal
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

HEAD = struct.Struct("<4I")
DAMAGED, LOCKED, TOO_MANY = 3, 4, 5  # exit codes


def main() -> None:
    """Draws, until it is done or ended by the system."""
    side, most, seconds, size = map(int, sys.argv[1:])
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        _limit(seconds)
        document = PdfDocument(content)
        if len(document) > most:
            sys.exit(TOO_MANY)
        for number in range(len(document)):
            _limit(seconds)
            _write(document[number], side)
    except (PdfiumError, ValueError, OverflowError) as error:
        sys.exit(LOCKED if "password" in str(error).lower() else DAMAGED)


def _limit(seconds: int) -> None:
    """Has the system end this process after so many seconds of work, unless called again."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _write(page: PdfPage, side: int) -> None:
    """A page on white."""
    # PDFium rounds up, and gives a page without a size one of its own.
    bitmap = page.render(scale=(side - 0.5) / max(page.get_size()), rev_byteorder=True)
    sys.stdout.buffer.write(
        HEAD.pack(bitmap.height, bitmap.width, bitmap.stride, bitmap.n_channels)
    )
    sys.stdout.buffer.write(bytes(bitmap.buffer)[: bitmap.height * bitmap.stride])
    sys.stdout.buffer.flush()
    bitmap.close()
    page.close()


if __name__ == "__main__":
    main()
