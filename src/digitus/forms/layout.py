"""What is printed on a blank sheet: marks, boxes, signs, names.

A sheet has eight marks of ArUco's 5 x 5 kind (Garrido-Jurado et al. 2014), one at each corner and
one at the middle of each side. The number of a mark says where it belongs and, spread over all
eight, which page of which form this is. So a page, and which way up it lies, is known even where
some of its marks are covered. Boxes are grey, lighter than ink, so that what is written on them
stays whole.

Inside: what lies where, in mm. Not inside: drawing it (`pdf`, `raster`), finding it (`straighten`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from digitus.errors import FormError
from digitus.forms.form import Field, Form, Place
from digitus.forms.table import to_toml

MARK, MARGIN = 9.0, 6.0  # mm: the side of a mark, and the paper beyond it
QUIET = 2.0  # mm around a mark that stay free
PLACES = 8  # of marks
NUMBERS = 125  # for each place: 1,000 marks in all
LINE_MM = 0.35  # thickness of printed lines
GREY = 0.72  # of white
COMB = 0.45  # of a comb's height: its inner walls
CAPTION, SIGN, TITLE = 2.6, 4.2, 6.0  # mm: type sizes
GAP = 0.8  # mm between a caption and its field


@dataclass(frozen=True)
class Line:
    """A grey line from one place to another."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True)
class Text:
    """Words, with a point of their baseline: its start or, with `middle`, its middle."""

    x: float
    y: float
    words: str
    size: float
    middle: bool = False
    black: bool = False


@dataclass(frozen=True)
class Mark:
    """A mark: its number, and its top left corner."""

    number: int
    x: float
    y: float


def numbers(form: Form, page: int) -> tuple[int, ...]:
    """The numbers of a page's marks, place by place, clockwise from the top left corner."""
    own = hashlib.sha256(f"{page}\n{to_toml(form)}".encode()).digest()
    rest, found = int.from_bytes(own, "big"), []
    for place in range(PLACES):
        rest, own_part = divmod(rest, NUMBERS)
        found.append(PLACES * own_part + place)
    return tuple(found)


def marks(form: Form, page: int) -> tuple[Mark, ...]:
    """The marks of a page, clockwise from the top left corner."""
    width, height = form.paper
    left, right = MARGIN, width - MARGIN - MARK
    top, bottom = MARGIN, height - MARGIN - MARK
    across, down = (width - MARK) / 2, (height - MARK) / 2
    at = [(left, top), (across, top), (right, top), (right, down), (right, bottom),
          (across, bottom), (left, bottom), (left, down)]  # fmt: skip
    own = numbers(form, page)
    return tuple(Mark(n, x, y) for n, (x, y) in zip(own, at, strict=True))


def lines(form: Form, page: int) -> Iterator[Line]:
    """The grey lines of a page."""
    for field in form.on_page(page):
        yield from _lines(field)


def _lines(field: Field) -> Iterator[Line]:
    x, y, width, height = field.place
    if field.kind == "line":
        yield Line(x, y + height, x + width, y + height)
    elif field.kind == "boxes":
        for place in field.digit_places:
            yield from _box(place)
    elif field.kind == "comb":
        yield from _box(field.place)
        for left, top, _, high in field.digit_places[1:]:
            yield Line(left, top + high * (1 - COMB), left, top + high)
    else:
        yield from _box(field.place)


def _box(place: Place) -> Iterator[Line]:
    x, y, width, height = place
    right, low = x + width, y + height
    yield Line(x, y, right, y)
    yield Line(right, y, right, low)
    yield Line(right, low, x, low)
    yield Line(x, low, x, y)


def texts(form: Form, page: int) -> Iterator[Text]:
    """The words of a page: its title, the names of its fields, the signs between boxes."""
    title = form.title or form.name
    pages = f"  ({page}/{form.pages})" if form.pages > 1 else ""
    yield Text(MARGIN + MARK + 2 * QUIET, MARGIN + TITLE, title + pages, TITLE, black=True)
    for field in form.on_page(page):
        x, y, _, _ = field.place
        yield Text(x, y - GAP, field.label or field.name, CAPTION)
        for sign, (left, top, wide, high) in field.sign_places:
            if sign.strip() and sign != "#":
                low = top + high / 2 + 0.35 * SIGN
                yield Text(left + wide / 2, low, sign, SIGN, middle=True, black=True)


def check_room(form: Form) -> None:
    """Raises `FormError` where a field would cover a mark, or another field."""
    for page in range(1, form.pages + 1):
        here = form.on_page(page)
        quiet = [
            (m.x - QUIET, m.y - QUIET, MARK + 2 * QUIET, MARK + 2 * QUIET)
            for m in marks(form, page)
        ]
        for i, field in enumerate(here):
            if any(_overlap(field.place, place) for place in quiet):
                away = MARGIN + MARK + QUIET
                why = f"keep {away:g} mm away from the edges of the paper"
                raise FormError(
                    f"form {form.name}: field {field.name!r} would cover a mark; {why}",
                    "form-mark",
                    field=field.name,
                    away=away,
                )
            for other in here[:i]:
                if _overlap(field.place, other.place):
                    names = f"{other.name!r} and {field.name!r}"
                    raise FormError(
                        f"form {form.name}: fields {names} lie on one another",
                        "form-overlap",
                        one=other.name,
                        other=field.name,
                    )


def _overlap(one: Place, other: Place) -> bool:
    (x, y, w, h), (left, top, wide, high) = one, other
    return x < left + wide and left < x + w and y < top + high and top < y + h
