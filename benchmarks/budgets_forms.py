"""The worst forms, blank pages, sheets and tables of them, as inputs of `budgets`.

Each is given to the function that the server calls in a thread, cancelled when its time is over, as
the server cancels it; its answer is written as JSON, as it is sent. The time is processor time
here: by the clock, a busy machine would get less done before the end.

Inside: the inputs. Not inside: measuring (`budgets`).
"""

from __future__ import annotations

import base64
import io
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from digitus import limits

FORM, PAGES, SHEETS, TABLE = (
    "a form, opened, checked or printed",
    "pages of forms, shown or proposed",
    "sheets of a form, read by the page",
    "a table of sheets, read again",
)
SIDE = 2400  # pixels at which pages are looked at
LARGEST = 7740  # pixels of the largest square picture
PAPER = (420.0, 594.0)  # mm: the largest
ACROSS, APART, DOWN = 20, 18.5, 10.0  # fields beside each other; mm from one to the next


def handled(task: str, *arguments: Any) -> Callable[[], object]:
    """A task of the handlers, for as long as the server lets it go on, and its answer as JSON."""
    import msgspec

    from digitus.cancellation import GivenUpError, Work
    from digitus.serve.paper import handlers

    def done() -> None:
        work = Work()
        signal.signal(signal.SIGPROF, lambda *_: work.cancel())
        signal.setitimer(signal.ITIMER_PROF, limits.WORK_SECONDS)
        with suppress(GivenUpError):
            msgspec.json.encode(work.run(getattr(handlers, task), *arguments))
        signal.setitimer(signal.ITIMER_PROF, 0)

    return done


def largest_form(kind: str, pages: int = 1, blank: bool = False) -> Any:
    """A form of as many fields as there may be, on paper as large as it may be."""
    from digitus.forms.form import Field, Form
    from digitus.forms.table import MOST_FIELDS

    fields = []
    for i in range(MOST_FIELDS):
        page, at = divmod(i, MOST_FIELDS // pages)
        row, column = divmod(at, ACROSS)
        place = (25 + column * APART, 20 + row * DOWN, APART - 3, DOWN - 3)
        fields.append(Field(f"f{i}", place, page + 1, kind=kind, pattern="##"))
    names = ("blank.png",) * (pages if blank else 0)
    return Form("largest", tuple(fields), "", PAPER, blank=names)


def file_of_a_form(folder: Path) -> Callable[[], object]:
    """A form's file of the greatest length, whose keys have as many parts as they may have."""
    from digitus.errors import FormError
    from digitus.forms.table import from_toml

    key = b".".join([b"a"] * limits.TOML_KEY_PARTS)
    content = b"".join(b"[b%d]\n%b=1\n" % (i, key) for i in range(limits.TOML_BYTES))
    content = content[: limits.TOML_BYTES].rpartition(b"\n")[0]

    def opened() -> None:
        with suppress(FormError):
            from_toml(content, "form")

    return opened


def checked(folder: Path) -> Callable[[], object]:
    """The largest form as JSON, to be written as a file."""
    from digitus.serve.paper.tables import table_of

    return handled("_written", table_of(largest_form("boxes")))


def printed(folder: Path) -> Callable[[], object]:
    """The largest form, to be printed."""
    from digitus.serve.paper import handlers
    from digitus.serve.paper.tables import table_of

    table = table_of(largest_form("boxes"))
    return lambda: handlers._printed(table)


def tiff(pages: Sequence[Any], compression: str) -> bytes:
    """A TIFF of these pictures, no larger than a request may be."""
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    assert content.tell() <= limits.BODY_BYTES
    return content.getvalue()


def noise(folder: Path) -> Callable[[], object]:
    """Pages of noise, which no JPEG makes small."""
    from PIL import Image

    rng = np.random.default_rng(0)
    pages = [rng.integers(0, 2, (SIDE, SIDE), np.uint8) * 255 for _ in range(limits.FORM_PAGES)]
    return handled("_pages", tiff([Image.fromarray(page).convert("1") for page in pages], "raw"))


def large(folder: Path) -> Callable[[], object]:
    """Pages of as many pixels in colour as a picture may have."""
    from PIL import Image

    page = Image.fromarray(np.full((LARGEST, LARGEST, 3), 250, np.uint8))
    return handled("_pages", tiff([page] * limits.FORM_PAGES, "tiff_adobe_deflate"))


def boxed(folder: Path) -> Callable[[], object]:
    """Long pages with about as many boxes as a form may have, all of them together."""
    from PIL import Image

    page = np.full((SIDE, 424), 255, np.uint8)
    for line in range(2):
        page[line::50] = page[:, line::400] = 0
    pages = [Image.fromarray(page)] * limits.FORM_PAGES
    return handled("_proposed", tiff(pages, "tiff_lzw"), "boxes")


def png(page: Any) -> bytes:
    """A picture's file."""
    import cv2

    return bytes(cv2.imencode(".png", page, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1])


def sheets(form: Any, pages: Sequence[bytes], blank: Sequence[bytes]) -> Callable[[], object]:
    """Pages of sheets, read by the recognizer that ships, which has read one already."""
    from digitus.recognizer import load
    from digitus.serve.paper import handlers

    sent = sum(len(base64.b64encode(one)) for one in (*pages, *blank))
    assert sent <= limits.JSON_BYTES
    recognizer = load()
    small = png(np.full((60, 60), 255, np.uint8))
    handlers._read(recognizer, largest_form("line"), [small], [])
    return handled("_read", recognizer, form, pages, blank)


def full_sheets(folder: Path) -> Callable[[], object]:
    """Sheets of the largest form of our printing, all its fields filled in."""
    import cv2

    from digitus.forms import raster
    from digitus.synthetic.strokes import draw

    form = largest_form("boxes")
    rng = np.random.default_rng(0)
    page = raster.blank(form, 1)
    for field in form.fields:
        for place, image in zip(field.digit_places, draw(rng.integers(0, 10, 2), rng), strict=True):
            x, y, w, h = (round(v * raster.SCALE) for v in place)
            ink = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
            page[y : y + h, x : x + w] = np.minimum(page[y : y + h, x : x + w], 255 - ink)
    content = png(page)
    return sheets(form, [content] * min(limits.FORM_PAGES, 2_900_000 // len(content)), [])


def large_blanks(folder: Path) -> Callable[[], object]:
    """Blank pages of as many pixels as a picture may have, with many features to compare."""
    import cv2

    form = largest_form("boxes", limits.FORM_PAGES, blank=True)
    rng = np.random.default_rng(0)
    page = np.full((LARGEST, LARGEST), 255, np.uint8)
    small = rng.integers(0, 2, (129, 129), np.uint8) * 255
    page = cv2.resize(small, (LARGEST, LARGEST), interpolation=cv2.INTER_NEAREST)
    blank = [png(page)] * limits.FORM_PAGES
    return sheets(form, [png(cv2.resize(small, (SIDE, SIDE)))], blank)


def cells(folder: Path) -> Callable[[], object]:
    """A tenth of the cells that a table may have, no two alike."""
    import pyarrow
    from pyarrow import parquet

    from digitus.forms.output import read_table
    from digitus.forms.table import COLUMNS

    names = [*COLUMNS, *(f"f{i}" for i in range(96))]
    rows = limits.TABLE_CELLS // 10 // len(names)
    columns = {
        name: [f"{at * rows + row:08d}" for row in range(rows)] for at, name in enumerate(names)
    }
    path = folder / "sheets.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    return lambda: read_table(path)


CASES: dict[str, tuple[str, Callable[[Path], Callable[[], object]], int]] = {
    "a form's file of long keys": (FORM, file_of_a_form, 1),
    "1,000 fields, checked": (FORM, checked, 1),
    "1,000 fields, printed": (FORM, printed, 1),
    "20 pages of noise, shown": (PAGES, noise, 1),
    "20 pages as large as can be, shown": (PAGES, large, 1),
    "20 pages of boxes, proposed": (PAGES, boxed, 1),
    "sheets of 1,000 fields": (SHEETS, full_sheets, 1),
    "20 blank pages as large as can be": (SHEETS, large_blanks, 1),
    "3 million cells of Parquet": (TABLE, cells, 10),
}
