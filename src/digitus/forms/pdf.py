"""A blank form as PDF, with the extra `forms` (ReportLab).

Inside: drawing a form's pages to print. Not inside: what is on them (`layout`).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from digitus.errors import FormError
from digitus.files import one_line, open_file, reason
from digitus.forms.font import check_file, check_outlines, check_tables
from digitus.forms.form import Form
from digitus.forms.layout import GREY, LINE_MM, MARK, Text, check_room, lines, marks, texts
from digitus.forms.raster import MARK_MODULES, modules
from digitus.limits import FONT_BYTES

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

POINTS = 72 / 25.4  # points per millimetre
FONT, OWN = "Helvetica", "Own"
CREATOR = "digitus"
MARK_OF_OURS = f"/Creator ({CREATOR})".encode("ascii")
CREATOR_WITHIN = 1 << 20  # bytes at the start of a form's PDF, which name its creator
DARK = 0.35  # of white: captions


def as_pdf(form: Form, font: Path | None = None) -> bytes:
    """The blank form, page for page; the same form gives the same bytes.

    `font` is a TrueType file, for words that are not written in Latin letters. Raises `FormError`
    where the extra is missing, for words that the font lacks, where fields have no room, and for a
    form that others printed: its sheets are found by what is on those, not by marks.
    """
    if form.blank:
        raise FormError(f"form {form.name}: others printed it; print {', '.join(form.blank)}")
    try:
        from reportlab.pdfbase.pdfmetrics import registerFont
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise FormError("to print forms, pip install 'digitus[forms]'") from None
    check_room(form)
    words = [text.words for page in range(1, form.pages + 1) for text in texts(form, page)]
    if font is None:
        _latin(form, words)
        return _drawn(Canvas, form, FONT)
    own = _opened(font, words)
    registerFont(own)
    try:
        return _drawn(Canvas, form, OWN)
    except Exception as error:  # a font's letters are read only when drawn, and may be damaged
        raise _useless(font, error) from None
    finally:
        own.unregister()  # else the next form would have this font, too, whatever it asked for


def _drawn(canvas_of: type[Canvas], form: Form, font: str) -> bytes:
    content = io.BytesIO()
    width, height = (side * POINTS for side in form.paper)
    canvas = canvas_of(content, pagesize=(width, height), invariant=True)
    canvas.setTitle(form.title or form.name)
    canvas.setCreator(CREATOR)
    for page in range(1, form.pages + 1):
        _draw(canvas, form, page, font)
        canvas.showPage()
    canvas.save()
    return content.getvalue()


def _draw(canvas: Canvas, form: Form, page: int, font: str) -> None:
    canvas.translate(0, form.paper[1] * POINTS)
    canvas.scale(POINTS, -POINTS)  # millimetres, from the top left
    canvas.setLineWidth(LINE_MM)
    canvas.setLineCap(2)
    canvas.setStrokeGray(GREY)
    for line in lines(form, page):
        canvas.line(line.x0, line.y0, line.x1, line.y1)
    canvas.setFillGray(0)
    module = MARK / MARK_MODULES
    for mark in marks(form, page):
        path = canvas.beginPath()
        for row, column in zip(*modules(mark.number).nonzero(), strict=True):
            path.rect(mark.x + column * module, mark.y + row * module, module, module)
        canvas.drawPath(path, stroke=0, fill=1)
    for text in texts(form, page):
        _write(canvas, text, font)


def _write(canvas: Canvas, text: Text, font: str) -> None:
    canvas.saveState()
    canvas.translate(text.x, text.y)
    canvas.scale(1, -1)
    canvas.setFont(font, text.size)
    canvas.setFillGray(0 if text.black else DARK)
    draw = canvas.drawCentredString if text.middle else canvas.drawString
    draw(0, 0, text.words)
    canvas.restoreState()


def _latin(form: Form, words: Iterable[str]) -> None:
    for text in words:
        if text.encode("cp1252", "replace").decode("cp1252") != text:
            raise FormError(
                f"form {form.name}: {text!r} is not in Latin letters alone; name a font that has "
                "them, --font FILE.ttf",
                "form-letters",
                text=text,
            )


def _opened(font: Path, words: Iterable[str]) -> TTFont:
    from reportlab.pdfbase.ttfonts import TTFont, TTFontParser

    try:
        with open_file(font) as file:  # ReportLab would look for a name in other places, too
            content = file.read(FONT_BYTES + 1)
        check_file(content)
        parser = TTFontParser(io.BytesIO(content))
        check_tables(content, parser.get_table_pos("cmap")[0], parser.get_table_pos("name")[0])
        own = TTFont(OWN, io.BytesIO(content))
        check_outlines(own.face, set(map(ord, "".join(words))))
        return own
    except OSError as error:
        raise FormError(f"font {font} cannot be used: {reason(error)}") from None
    except Exception as error:  # a damaged font makes its reader raise nearly anything
        raise _useless(font, error) from None


def _useless(font: Path, error: Exception) -> FormError:
    return FormError(f"font {font} cannot be used: {one_line(str(error)) or type(error).__name__}")
