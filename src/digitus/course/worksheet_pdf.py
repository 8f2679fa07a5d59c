"""Worksheets as PDF, a page with blanks and a page with answers, by ReportLab (extra `forms`).

Inside: the drawing. Not inside: what is on them (`worksheet`, `messages`).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

from digitus.course.messages import FIRST_LANGUAGE, say
from digitus.course.worksheet import Line, Worksheet
from digitus.errors import CourseError

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.0, 842.0  # A4, in points
LEFT, RIGHT, TOP = 50.0, 545.0, 795.0
ROW, BOX_WIDTH, BOX_HEIGHT = 19.0, 46.0, 14.0
NARROW = {"relu", "error", "second", "gate", "first", "step"}  # parts with two lines side by side
UNITS = {"x": 90.0, "h": 270.0, "y": 450.0}  # where the units of the network stand, from the left
RADIUS = 15.0
FONT, BOLD = "Helvetica", "Helvetica-Bold"


def as_pdf(sheets: Iterable[Worksheet], language: str = FIRST_LANGUAGE) -> bytes:
    """All worksheets with blanks, then all of them with answers; the same sheets, the same bytes.

    Raises `CourseError` where the extra is missing.
    """
    try:
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise CourseError("to print worksheets, pip install 'digitus[forms]'") from None
    content, sheets = io.BytesIO(), list(sheets)
    canvas = Canvas(content, pagesize=(WIDTH, HEIGHT), invariant=True)
    canvas.setTitle(say("worksheet.title", language))
    canvas.setCreator("digitus")
    for answered in (False, True):
        for sheet in sheets:
            _Page(canvas, sheet, language, answered).draw()
            canvas.showPage()
    canvas.save()
    return content.getvalue()


class _Page:
    """A page that is drawn from the top down."""

    def __init__(self, canvas: Canvas, sheet: Worksheet, language: str, answered: bool) -> None:
        self.canvas, self.sheet, self.language = canvas, sheet, language
        self.answered, self.y = answered, TOP

    def draw(self) -> None:
        """Draws everything on the page."""
        title = self.say("title") + (f" - {self.say('answers')}" if self.answered else "")
        self.text(LEFT, title, 15, BOLD)
        self.canvas.setFont(FONT, 9)
        number = self.say("number", number=self.sheet.seed)
        self.canvas.drawRightString(RIGHT, self.y, number)
        self.y -= 16
        self.text(LEFT, self.say("about"), 9)
        self.network()
        for part in self.sheet.parts:
            self.y -= 2
            self.text(LEFT, self.say(part.key), 9.5, BOLD)
            self.y -= ROW - 2
            columns = 2 if part.key in NARROW else 1
            for i, line in enumerate(part.lines):
                self.line(LEFT + 255.0 * (i % columns), line)
                if i % columns == columns - 1 or i == len(part.lines) - 1:
                    self.y -= ROW
        self.question("closed")
        self.question("after", loss=self.number(self.sheet.loss_after))

    def say(self, key: str, **values: object) -> str:
        """A message for worksheets, in their language."""
        return say(f"worksheet.{key}", self.language, **values)

    def number(self, value: float) -> str:
        """A number to two decimals, with the language's decimal sign."""
        text = f"{round(value, 2) + 0.0:g}"
        return text.replace(".", self.say("point"))

    def text(self, x: float, words: str, size: float = 10, font: str = FONT) -> None:
        """Words at the present height."""
        self.canvas.setFont(font, size)
        self.canvas.setFillGray(0)
        self.canvas.drawString(x, self.y, words)

    def line(self, x: float, line: Line) -> None:
        """name = formula = terms = value, with blanks for terms and value."""
        point = self.say("point")
        words = f"{line.name} = {line.formula.replace('.', point)} = "
        if line.terms:
            dots = " + ".join("_" * 9 for _ in line.terms)
            words += (" + ".join(line.terms) if self.answered else dots) + " = "
        self.text(x, words)
        self.box(x + self.canvas.stringWidth(words, FONT, 10), line.value)

    def box(self, x: float, value: float) -> None:
        """A box for a number, empty or with the answer."""
        self.canvas.setLineWidth(0.7)
        self.canvas.rect(x, self.y - 3.5, BOX_WIDTH, BOX_HEIGHT)
        if self.answered:
            self.canvas.setFont(BOLD, 10)
            self.canvas.drawCentredString(x + BOX_WIDTH / 2, self.y, self.number(value))

    def question(self, key: str, **values: object) -> None:
        """A question, and a line to write on or the answer."""
        self.y -= 3
        self.text(LEFT, self.say(f"{key}_question"), 9.5)
        self.y -= ROW - 4
        if self.answered:
            self.text(LEFT, self.say(f"{key}_answer", **values), 9.5, BOLD)
        else:
            self.canvas.setLineWidth(0.4)
            self.canvas.line(LEFT, self.y - 2, RIGHT, self.y - 2)
        self.y -= ROW - 5

    def network(self) -> None:
        """The units, their connections, and every number that is given."""
        canvas, given = self.canvas, self.sheet.given
        rows = {1: self.y - 34, 2: self.y - 94}
        canvas.setLineWidth(0.6)
        for before, after, weight in (("x", "h", "w"), ("h", "y", "v")):
            for i, row_i in rows.items():
                for o, row_o in rows.items():
                    x0, x1 = UNITS[before] + RADIUS, UNITS[after] - RADIUS
                    canvas.line(x0, row_i, x1, row_o)
                    share = 0.26  # of the way: there the lines are apart
                    x, y = x0 + share * (x1 - x0), row_i + share * (row_o - row_i)
                    self.label(x, y, f"{weight}{i}{o} = {given[f'{weight}{i}{o}']:g}")
        for name, x in UNITS.items():
            for i, row in rows.items():
                canvas.setFillGray(1)
                canvas.circle(x, row, RADIUS, fill=1)
                canvas.setFillGray(0)
                canvas.setFont(BOLD, 10)
                canvas.drawCentredString(x, row - 3.5, f"{name}{i}")
        canvas.setFont(FONT, 9)
        for i, row in rows.items():
            canvas.drawRightString(UNITS["x"] - RADIUS - 4, row - 3, f"{given[f'x{i}']:g}")
            canvas.drawString(UNITS["y"] + RADIUS + 6, row - 3, f"t{i} = {given[f't{i}']:g}")
            for unit, bias in (("h", "b"), ("y", "c")):
                words = f"{bias}{i} = {given[f'{bias}{i}']:g}"
                canvas.drawCentredString(UNITS[unit], row + (19 if i == 1 else -26), words)
        self.y -= 142

    def label(self, x: float, y: float, words: str) -> None:
        """A small word on white, over a line."""
        canvas = self.canvas
        width = canvas.stringWidth(words, FONT, 8.5) + 4
        canvas.setFillGray(1)
        canvas.rect(x - width / 2, y - 4.5, width, 10, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.setFont(FONT, 8.5)
        canvas.drawCentredString(x, y - 2.5, words)
