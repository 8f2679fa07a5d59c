"""Scans and photos as records of the pages in them, file by file.

A record holds what JSON can hold, since records are kept until all files are read (`progress`)::

    {"form": "meters", "page": 1, "at": 3, "problem": "", "fields": {"reading": {
        "answers": [["1234,5", 0.998, ""], ...], "mark": "", "box": [x, y, width, height]}}}

where `at` is the page's number in its file and `box` is in pixels of its picture, turned upright as
the camera noted. What cannot be opened is one record with its problem.

Inside: `PageReader`, which is copied to the processes that read. Not inside: rows (`rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypedDict

import numpy as np

from digitus.errors import DataError, FormError
from digitus.forms.fields import FieldFound, read_fields
from digitus.forms.form import Field, Form
from digitus.forms.problems import line_of
from digitus.forms.raster import SCALE, blank
from digitus.forms.straighten import Blank, Found, Marked, Placing, find, marked
from digitus.forms.unbend import may_be_bent, may_be_elsewhere, unbent
from digitus.reading.options import ReadingOptions
from digitus.threads import limited
from digitus.types import Bytes
from digitus.vision.colour import as_grey
from digitus.vision.decode import Picture, decode_pages
from digitus.vision.paper import at_most

PAGE_SIDE_PIXELS = 2400  # of the longer side of what is looked at: 200 an inch of A4
LEAST = 1e-4  # probability: less likely alternatives are not kept
KEPT = 8  # alternatives of a field
MISPLACED = "misplaced"  # what stands there may be the value of another field


class FieldRecord(TypedDict):
    """What a field says: its likeliest answers, why none is to be trusted ("mark"), where it is."""

    answers: list[tuple[str, float, str]]  # text, how likely it is, what it does not fulfil
    mark: str
    box: list[int]


class Record(TypedDict):
    """What a page says, as it is kept: of which form and page of it, and its place in the file."""

    form: str
    page: int
    at: int
    problem: str
    fields: dict[str, FieldRecord]


@dataclass(frozen=True)
class PageReader:
    """Reads a file's pages as sheets of one of the forms.

    `known` are the blank pages of forms that others printed; without it, the files that the forms
    name are opened.
    """

    forms: tuple[Form, ...]
    options: ReadingOptions = field(default_factory=ReadingOptions)
    known: tuple[Blank, ...] | None = None

    @cached_property
    def _blanks(self) -> tuple[Blank, ...]:
        return tuple(blanks(self.forms)) if self.known is None else self.known

    @cached_property
    def _marked(self) -> Marked:
        # Kept here, not in the module, so that forms sent to a server are freed with their reader.
        return marked(self.forms)

    def __call__(self, path: Path) -> list[Record]:
        """A record for each page. Raises `DataError` where the file cannot be opened."""
        pages: list[Record] = []
        with limited(1, opencv=1):
            try:
                for at, page in enumerate(decode_pages(path, side=PAGE_SIDE_PIXELS), 1):
                    pages.append(self.page(page, at))
            except DataError as error:
                if not pages:
                    raise
                pages.append(problem(str(error), len(pages) + 1))
        return pages

    def page(self, picture: Picture, at: int = 1) -> Record:
        """What a picture, the page `at` of its file, shows of a sheet."""
        grey: Bytes = at_most(PAGE_SIDE_PIXELS, as_grey(picture.pixels))
        found = self.find(grey)
        if found.form is None or found.placing is None:
            return problem(found.problem, at)
        form, page, placing = found.form, found.page, found.placing
        here = form.on_page(page)
        read = self.found_on(placing.straight(grey), form, page, here)
        zoom = picture.width / grey.shape[1]
        fields = {
            one.name: _record(read[one.name], one.place, placing, zoom, picture) for one in here
        }
        if found.misplaced:
            for value in fields.values():
                value["mark"] = value["mark"] or MISPLACED
        return {
            "form": form.name,
            "page": page,
            "at": at,
            "problem": found.problem,
            "fields": fields,
        }

    def find(self, grey: Bytes) -> Found:
        """The page in a picture [h w], and where all of it lies, however it is bent."""
        found = find(grey, self.forms, self._marked, self._blanks)
        if found.form is None or found.placing is None or not may_be_bent(found.placing):
            return found
        blank = self.blank(found.form, found.page)
        placing, problem = unbent(found.placing, grey, blank), found.problem
        misplaced = not found.form.blank and may_be_elsewhere(
            placing, grey, blank, found.form, found.page
        )
        if misplaced:
            problem = "; ".join(filter(None, (problem, line_of("bent"))))
        return replace(found, placing=placing, problem=problem, misplaced=misplaced)

    def straight(self, picture: Picture) -> tuple[Form, int, Bytes] | None:
        """The page in a picture, as its form has it; None where there is none."""
        grey: Bytes = at_most(PAGE_SIDE_PIXELS, as_grey(picture.pixels))
        found = self.find(grey)
        if found.form is None or found.placing is None:
            return None
        return found.form, found.page, found.placing.straight(grey)

    def found_on(
        self, straight: Bytes, form: Form, page: int, fields: Sequence[Field]
    ) -> dict[str, FieldFound]:
        """What some fields of a straight page say."""
        return read_fields(straight, self.blank(form, page), fields, self.options)

    def blank(self, form: Form, page: int) -> Bytes:
        """The page without what was written on it."""
        for known in self._blanks:
            if (known.form, known.page) == (form, page):
                return known.grey
        return blank(form, page)


def blanks(forms: Sequence[Form]) -> list[Blank]:
    """The blank pages of those forms that others printed. Raises `FormError`, `DataError`."""
    found = []
    for form in forms:
        files = (
            decode_pages(Path(name), side=PAGE_SIDE_PIXELS, colours=False) for name in form.blank
        )
        pages = [page.pixels for file in files for page in file]
        if form.blank and len(pages) < form.pages:
            raise FormError(
                f"form {form.name}: blank has {len(pages)} pages, but there are fields on page "
                f"{form.pages}"
            )
        found += [Blank.of(form, i, as_grey(page)) for i, page in enumerate(pages, 1)]
    return found


def problem(words: str, at: int = 1) -> Record:
    """The record of what is no page of a form."""
    return {"form": "", "page": 0, "at": at, "problem": words, "fields": {}}


def _record(
    found: FieldFound,
    place: tuple[float, float, float, float],
    placing: Placing,
    zoom: float,
    picture: Picture,
) -> FieldRecord:
    x, y, w, h = (v * SCALE for v in place)
    corners = np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
    seen = placing.points(corners + found.shift(corners)) * zoom
    sides = np.array([picture.width, picture.height])
    low = np.clip(np.floor(seen.min(0)), 0, sides - 1).astype(int)
    high = np.clip(np.ceil(seen.max(0)), low + 1, sides).astype(int)
    outside = bool(((seen.mean(0) < 0) | (seen.mean(0) > sides)).any())
    return {
        "answers": [
            (a.text, round(a.likely, 6), a.wrong) for a in found.answers[:KEPT] if a.likely >= LEAST
        ]
        or [("", 0.0, "unreadable")],
        "mark": "cut off" if outside else found.mark,
        "box": [*low.tolist(), *(high - low).tolist()],
    }
