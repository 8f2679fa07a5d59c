"""/api/forms/...: a form's file opened and written, fields proposed, paper printed, sheets read.

Inside: the handlers with what they take and give. Not inside: forms (`digitus.forms`), and the view
that asks (`static/forms.js`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import cv2
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from digitus.cancellation import check
from digitus.errors import FormError
from digitus.forms.fields import pixels_of
from digitus.forms.form import Form
from digitus.forms.layout import check_room
from digitus.forms.pages import PAGE_SIDE_PIXELS, PageReader
from digitus.forms.pdf import as_pdf
from digitus.forms.problems import codes
from digitus.forms.propose import propose
from digitus.forms.raster import size
from digitus.forms.rows import Row, rows, source
from digitus.forms.straighten import Blank
from digitus.forms.table import from_toml, to_toml
from digitus.limits import FORM_PAGES, FORM_PAPER_PIXELS, FORM_PIXELS
from digitus.reading.options import ReadingOptions
from digitus.recognizer import Recognizer
from digitus.serve.models import ModelQuery, Models
from digitus.serve.operation import Media, operation
from digitus.serve.paper.tables import FormTable, table_of
from digitus.serve.responses import CodeSaid, ValuesSaid, refusal, refused
from digitus.serve.values import Answer, Base64, Share, Whole, packed
from digitus.serve.worker_pool import WorkerPool
from digitus.threads import limited
from digitus.types import Bytes
from digitus.vision.colour import as_grey
from digitus.vision.decode import decode_pages
from digitus.vision.paper import at_most

JPEG_QUALITY = 92
SHEET = "sheet"  # what problems call a picture that has no name here
PDF, PICTURE, TEXT = "application/pdf", "image/*", "text/plain"

Pictures = Annotated[list[bytes], Meta(max_length=FORM_PAGES)]


class NameQuery(Struct, frozen=True):
    """The name of a form whose file has none."""

    name: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            description="The form's name.",
            extra_json_schema={"pattern": "^[ -~]+$"},
        ),
    ] = "form"


class FormFile(Answer, frozen=True):
    """A form's file, and what is wrong with the form, in a line.

    With a problem `toml` is empty, or that of a form whose fields have no room to be printed.
    """

    toml: str
    problem: str = ""
    code: CodeSaid | UnsetType = UNSET
    values: ValuesSaid | UnsetType = UNSET


class PagePicture(Answer, frozen=True):
    """A page as a grey JPEG."""

    width: Whole
    height: Whole
    data: Base64


class Pages(Answer, frozen=True):
    """The pages of a file."""

    pages: list[PagePicture]


class Proposed(Pages, frozen=True, kw_only=True):
    """Blank pages, and the form that was found on them."""

    form: FormTable


class SheetBody(Struct, frozen=True):
    """Pages of sheets as pictures in base64, and the form; `blank` are its own pages, if needed."""

    form: FormTable
    pages: Annotated[list[bytes], Meta(min_length=1, max_length=FORM_PAGES)]
    blank: Pictures = []


class FieldRead(Answer, frozen=True):
    """What a field says; `place` is x, y, width, height in the picture of page `page`, from 0."""

    name: str
    value: str
    confidence: Share
    flag: str
    page: Whole
    place: Annotated[list[int], Meta(min_length=4, max_length=4)]


class ProblemSaid(Answer, frozen=True):
    """What is wrong with a sheet: a code and the numbers in its line; without a code, its text."""

    code: str
    values: dict[str, str]


class SheetRow(Answer, frozen=True):
    """A sheet as a row of the table, or, without fields, why it is none."""

    form: str
    page: Whole
    problem: str
    problems: list[ProblemSaid]
    fields: list[FieldRead]


class SheetRows(Answer, frozen=True):
    """A row for each sheet on the pages."""

    rows: list[SheetRow]


@dataclass(frozen=True)
class FormHandlers:
    """The handlers of forms."""

    models: Models
    pictures: WorkerPool

    @operation()
    async def open(
        self, query: NameQuery, body: Annotated[bytes, Media("text/plain")]
    ) -> FormTable:
        """Open a form's file."""
        return table_of(await self.pictures.run(from_toml, body, query.name))

    @operation()
    async def check(self, body: FormTable) -> FormFile:
        """Write a form's file, as `digitus form read` takes it; or what is wrong with the form."""
        return await self.pictures.run(_checked, body)

    @operation(media=PDF)
    async def print(self, body: FormTable) -> Response:
        """Print a blank form as PDF, with the marks by which its sheets are found."""
        content = await self.pictures.run(_printed, body)
        return Response(content, media_type=PDF)

    @operation(abandon=True)
    async def pages(self, body: Annotated[bytes, Media(PICTURE)]) -> Pages:
        """The pages of a picture, a PDF or a TIFF, as grey pictures that a browser can show."""
        return await self.pictures.run(_pages, body)

    @operation(abandon=True)
    async def propose(self, query: NameQuery, body: Annotated[bytes, Media(PICTURE)]) -> Proposed:
        """Propose the form of blank pages that others printed: boxes, combs, tables, lines."""
        return await self.pictures.run(_proposed, body, query.name)

    @operation(abandon=True, errors=(404, 409))
    async def read(self, query: ModelQuery, body: SheetBody) -> SheetRows:
        """Read sheets of a form, as `digitus form read` does: a row each."""
        form = await self.pictures.run(_readable, body.form)
        if form.blank and len(body.blank) < form.pages:
            why = "others printed this form: send a picture of each blank page"
            raise refusal(400, why, "blank")
        recognizer = await self.models.asked(query, self.pictures)
        return await self.pictures.run(_read, recognizer, form, body.pages, body.blank)


def _checked(table: FormTable) -> FormFile:
    toml = ""
    try:
        form = table.form()
        toml = to_toml(form)
        if not form.blank:
            check_room(form)
    except FormError as error:
        told = refused(error).error
        return FormFile(toml, told.error, told.code, told.values)
    return FormFile(toml)


def _printed(table: FormTable) -> bytes:
    return as_pdf(table.form())


def _readable(table: FormTable) -> Form:
    """The form, if its paper and its fields are no more than can be read here."""
    form = table.form()
    rows, columns = size(form)
    if rows * columns > FORM_PAPER_PIXELS:
        width, height = form.paper
        why = f"paper of {width:g} x {height:g} mm is too large to be read here; A2 is not"
        raise refusal(413, why, "paper", width=width, height=height)
    if max(map(pixels_of, map(form.on_page, range(1, form.pages + 1)))) > FORM_PIXELS:
        raise refusal(413, "the fields of this form are too large to be read here", "fields")
    return form


def _opened(content: bytes) -> list[Bytes]:
    """The pages of a file, grey [h w]."""
    found: list[Bytes] = []
    for page in decode_pages(content, side=PAGE_SIDE_PIXELS):
        check()
        if len(found) == FORM_PAGES:
            why = f"more than {FORM_PAGES} pages at a time; take some of them"
            raise refusal(413, why, "form-pages", n=FORM_PAGES)
        found.append(at_most(PAGE_SIDE_PIXELS, as_grey(page.pixels)))
    return found


def _pages(content: bytes) -> Pages:
    return Pages([_picture(page) for page in _opened(content)])


def _proposed(content: bytes, name: str) -> Proposed:
    pages = _opened(content)
    form = propose(name, pages, [name])
    rows, columns = size(form)
    blank = [cv2.resize(page, (columns, rows), interpolation=cv2.INTER_AREA) for page in pages]
    return Proposed([_picture(page) for page in blank], form=table_of(form))


def _picture(page: Bytes) -> PagePicture:
    height, width = page.shape
    _, content = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return PagePicture(width, height, packed(content))


def _read(
    recognizer: Recognizer, form: Form, pages: Sequence[bytes], blank: Sequence[bytes]
) -> SheetRows:
    records = []
    with limited(1, opencv=1):
        # `form.blank` names files. Here it says only that others printed the form.
        known = _blanks(form, blank[: form.pages] if form.blank else ())
        reader = PageReader((form,), ReadingOptions(recognizer), known)
        for at, content in enumerate(pages, 1):
            check()
            picture = next(decode_pages(content, f"page {at}", side=PAGE_SIDE_PIXELS))
            records.append(reader.page(picture, at))
    return SheetRows([_row(row, form) for row in rows([(SHEET, records)], (form,))])


def _blanks(form: Form, pages: Sequence[bytes]) -> tuple[Blank, ...]:
    found = []
    for number, content in enumerate(pages, 1):
        check()
        picture = next(
            decode_pages(content, f"blank page {number}", side=PAGE_SIDE_PIXELS, colours=False)
        )
        found.append(Blank.of(form, number, picture.pixels))
    return tuple(found)


def _row(row: Row, form: Form) -> SheetRow:
    found = [
        FieldRead(
            field.name,
            row[field.name],
            row[f"{field.name}_confidence"],
            row[f"{field.name}_flag"],
            source(row, field.name)[1] - 1,
            list(map(int, row[f"{field.name}_place"].split()[:4])),
        )
        for field in form.fields
        if field.name in row
    ]
    problems = [ProblemSaid(code, values) for code, values in codes(row["problem"])]
    return SheetRow(row["form"], row["page"], row["problem"], problems, found)
