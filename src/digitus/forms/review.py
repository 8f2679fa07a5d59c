"""The review: one HTML file in which a person types what doubtful fields say.

Each field is shown with what is beside it on the sheet, straight and upright, most doubtful first.
The file saves two tables as CSV: the corrections, which `digitus form correct` puts into the table
of values, and the digits that were typed, as pictures with their labels, from which `digitus adapt`
learns.

Inside: cutting fields out of the pictures, and the file; its script (`review.js`) takes the keys.
Not inside: what is to be looked at (`doubts`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitus.errors import DataError, DigitusError
from digitus.forms.doubts import Doubt, Plan
from digitus.forms.form import Field
from digitus.forms.pages import PAGE_SIDE_PIXELS, PageReader
from digitus.forms.raster import SCALE
from digitus.forms.rows import Row, source
from digitus.forms.trust import chance_wrong
from digitus.report.formats import percent, quantity
from digitus.report.html import Section, fill, standalone
from digitus.report.pictures import photo_uri
from digitus.types import Bytes, Images
from digitus.vision.decode import decode_pages

TEMPLATE = "forms/review.html"
ABOVE, BESIDE = 14.0, 25.0  # mm of the sheet around a field that are shown
WIDEST = 640  # pixels of what is shown

Key = tuple[int, str]  # the page in a file, and a field


@dataclass(frozen=True, eq=False)
class Cut:
    """A field with what is around it: the picture, its size in pixels, the field's frame in it.

    `digits` [k 28 28] are those in its cells as the recognizer saw them.
    """

    uri: str
    width: int
    height: int
    frame: tuple[float, float, float, float]
    digits: Images


@dataclass(frozen=True)
class Cutter:
    """Cuts fields out of a file of pages, `wanted` by the file's name."""

    reader: PageReader
    wanted: Mapping[str, frozenset[Key]]

    def __call__(self, path: Path) -> dict[Key, Cut]:
        """The fields by page and name. Raises `DataError`."""
        wanted = self.wanted[str(path)]
        last = max(at for at, _ in wanted)
        cuts: dict[Key, Cut] = {}
        for at, picture in enumerate(decode_pages(path, side=PAGE_SIDE_PIXELS), 1):
            names = {name for page, name in wanted if page == at}
            if names and (found := self.reader.straight(picture)):
                form, page, straight = found
                fields = [field for field in form.on_page(page) if field.name in names]
                read = self.reader.found_on(straight, form, page, fields)
                for field in fields:
                    cuts[at, field.name] = _cut(straight, field, read[field.name].images)
            if at == last:
                break
        return cuts


def _cut(straight: Bytes, field: Field, digits: Images | None) -> Cut:
    x, y, w, h = field.place
    rows, columns = straight.shape
    left, top = (max(0, round((v - more) * SCALE)) for v, more in ((x, BESIDE), (y, ABOVE)))
    right = min(columns, round((x + w + BESIDE) * SCALE))
    bottom = min(rows, round((y + h + ABOVE) * SCALE))
    shown = straight[top:bottom, left:right]
    height, width = shown.shape
    frame = x * SCALE - left, y * SCALE - top, w * SCALE, h * SCALE
    if width > WIDEST:
        size = WIDEST, max(1, round(height * WIDEST / width))
        shown = np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)
    none: Images = np.zeros((0, 28, 28), np.uint8)
    uri = photo_uri(np.ascontiguousarray(shown))
    return Cut(uri, width, height, frame, none if digits is None else digits)


def wanted_of(rows: Sequence[Row], doubts: Sequence[Doubt]) -> dict[str, frozenset[Key]]:
    """Which fields are to be cut out of which files."""
    wanted: dict[str, set[Key]] = {}
    for doubt in doubts:
        file, at = source(rows[doubt.row], doubt.name)
        wanted.setdefault(file, set()).add((at, doubt.name))
    return {file: frozenset(keys) for file, keys in wanted.items()}


def cuts_of(
    rows: Sequence[Row],
    doubts: Sequence[Doubt],
    reader: PageReader,
    read: Callable[[Sequence[Path], Cutter], Iterable[tuple[Path, dict[Key, Cut] | DigitusError]]],
) -> dict[tuple[str, int, str], Cut]:
    """The fields to look at, by file, page and name; `read` maps the cutter over files.

    Raises `DigitusError` where a file that was read before can no longer be opened.
    """
    wanted = wanted_of(rows, doubts)
    cuts: dict[tuple[str, int, str], Cut] = {}
    for path, found in read([Path(file) for file in wanted], Cutter(reader, wanted)):
        if isinstance(found, DigitusError):
            raise found
        cuts |= {(str(path), at, name): cut for (at, name), cut in found.items()}
    return cuts


def review(
    rows: Sequence[Row],
    plan: Plan,
    cuts: Mapping[tuple[str, int, str], Cut],
    wanted: float,
    *,
    twice: bool = False,
    part: int = 0,
) -> str:
    """The HTML file, or the one of a `part` where the plan takes several.

    With `twice`, values that were read are not shown, and each is typed two times.
    """
    cards, data = [], []
    for doubt in plan.parts[part]:
        row, field = rows[doubt.row], doubt.form.field(doubt.name)
        file, at = source(row, doubt.name)
        if (cut := cuts.get((file, at, doubt.name))) is None:
            raise DataError(f"{file}: has changed since it was read; read it again")
        where = f"{file}, page {at}"
        cards.append({"cut": cut, "field": field, "doubt": doubt, "where": where})
        data.append(
            {
                "row": [row["form"], row["file"], row["page"], doubt.name],
                "read": row[doubt.name],
                "confidence": doubt.confidence,
                "chance": chance_wrong(doubt.confidence),
                "flag": doubt.flag,
                "signs": field.signs,
                "certain": doubt.certain,
                "digits": [base64.b64encode(image.tobytes()).decode() for image in cut.digits],
            }
        )
    for_script = {"fields": data, "twice": twice, "part": part + 1}
    body = fill(TEMPLATE, "cards", cards=cards, data=for_script, twice=twice)
    share = percent(plan.share, 1)
    return standalone(
        f"{quantity(len(cards), 'field')} to look at · digitus",
        fill(TEMPLATE, "header", part=part + 1, plan=plan, share=share, wanted=wanted),
        [Section("fields", "To be checked", body)],
        "Everything on this page is in this one file, and nothing is sent anywhere.",
        style_sheets=["report/review.css", "forms/review.css"],
        script="forms/review.js",
    )
