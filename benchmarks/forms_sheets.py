"""Sheets of five forms, filled in and photographed by code, with their exact truth.

Inside: `FORMS`, and `sheet`: one of them printed blank, written by the simulated pen or with images
of digits, and seen by the camera of the made pages. Not inside: reading them (`forms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import cv2
import numpy as np

from digitus.datasets.digits import Digits
from digitus.forms import raster
from digitus.forms.checks import CHECKS
from digitus.forms.form import Field, Form, Sum
from digitus.forms.pdf import as_pdf
from digitus.nn import stream
from digitus.synthetic.glyphs import Style, glyphs
from digitus.synthetic.pages import camera
from digitus.synthetic.pages.camera import View
from digitus.types import Bytes
from digitus.vision.colour import as_grey
from digitus.vision.decode import decode_pages

LEFT, SECOND, HIGH = 22.0, 115.0, 8.0  # mm: columns, and the height of a field
EMPTY, CROSSED_OUT = 0.06, 0.01  # chances of a field
CURLED = 0.15  # the chance that a sheet does not lie flat
PEN = 0.05, 0.11  # of a digit's height


def _field(name: str, row: int, pattern: str, second: bool = False, **settings: object) -> Field:
    wide = 7.0 * sum(1 if sign == "#" else 0.5 for sign in pattern)
    place = (SECOND if second else LEFT, 36.0 + 16 * row, wide, HIGH)
    return Field(name, place, pattern=pattern, **settings)  # type: ignore[arg-type]


def _date(name: str, row: int) -> Field:
    return Field(name, (LEFT, 36.0 + 16 * row, 63.0, HIGH), date="DD.MM.YYYY")


MARKS = tuple(_field(f"task{i + 1}", i // 2, "##", bool(i % 2)) for i in range(10))
FORMS = (
    Form(
        "meters",
        (
            _field("meter", 0, "########", checks=("luhn",)),
            _date("day", 1),
            _field("water", 2, "#####,#", kind="comb", range=(0.0, 60000.0)),
            _field("power", 3, "######", range=(0.0, 500000.0)),
        ),
        paper=(210.0, 148.0),
    ),
    Form(
        "marks",
        (*MARKS, _field("total", 5, "###")),
        sums=(Sum("total", tuple(field.name for field in MARKS)),),
    ),
    Form(
        "survey",
        (
            _field("age", 0, "###", range=(0.0, 110.0)),
            _field("postcode", 0, "#####", True, full=True),
            _field("people", 1, "##", kind="comb", range=(1.0, 20.0)),
            _field("answer", 1, "#", True, allowed=tuple("12345")),
            _field("income", 2, "######", kind="comb"),
            _date("born", 3),
        ),
        paper=(210.0, 148.0),
    ),
    Form(
        "order",
        tuple(
            field
            for i in range(5)
            for field in (
                _field(f"article{i + 1}", i, "#############", checks=("ean",)),
                _field(f"pieces{i + 1}", i, "###", True),
            )
        ),
    ),
    Form(
        "times",
        tuple(
            field
            for i in range(7)
            for field in (
                _field(f"begin{i + 1}", i, "##:##", checks=("time",)),
                _field(f"end{i + 1}", i, "##:##", True, checks=("time",)),
            )
        ),
    ),
)


@dataclass(frozen=True, eq=False)
class Made:
    """A sheet as somebody photographed it: its form, what it says, where it lies in the picture.

    The value of a field that was crossed out is None.
    """

    form: Form
    values: dict[str, str | None]
    picture: Bytes
    lies: View


def sheet(number: int, seed: int, digits: Digits | None) -> Made:
    """The sheet of a number; half of all are written with the images of digits, if given."""
    rng = stream(seed, "forms", number)
    form = FORMS[number % len(FORMS)]
    values = {field.name: _value(field, rng) for field in form.fields}
    for one in form.sums:
        total = sum(int(values[name] or 0) for name in one.of)
        values[one.total] = str(total)
    page, ink = raster.blank(form, 1), np.zeros(raster.size(form), np.uint8)
    style = Style(float(np.exp(rng.uniform(*np.log(PEN)))))
    source = digits if number // len(FORMS) % 2 else None
    told: dict[str, str | None] = dict(values)
    for field in form.fields:
        _write(ink, field, values[field.name], style, source, rng)
        if values[field.name] and not form.sums and rng.random() < CROSSED_OUT:
            _cross_out(ink, field, rng)
            told[field.name] = None
    picture, lies = _photographed(page, ink, rng)
    return Made(form, told, picture, lies)


def photo(form: Form, values: Mapping[str, str], seed: int) -> Bytes:
    """A sheet of any form with these values, written by the simulated pen and photographed."""
    rng, ink = stream(seed, "photo"), np.zeros(raster.size(form), np.uint8)
    for field in form.fields:
        _write(ink, field, values[field.name], Style(PEN[0]), None, rng)
    (page,) = decode_pages(as_pdf(form), side=max(ink.shape), colours=False)
    size = ink.shape[::-1]
    printed = cv2.resize(as_grey(page.pixels), size, interpolation=cv2.INTER_AREA)
    return _photographed(printed, ink, rng)[0]


def _value(field: Field, rng: np.random.Generator) -> str:
    if rng.random() < EMPTY:
        return ""
    if field.date:
        return (date(1950, 1, 1) + timedelta(int(rng.integers(28000)))).strftime("%d.%m.%Y")
    if field.allowed:
        return str(rng.choice(field.allowed))
    if ":" in field.pattern:
        return f"{rng.integers(24):02}:{rng.integers(60):02}"
    count = field.signs.count("#")
    if field.whole:
        while True:
            text = "".join(map(str, rng.integers(0, 10, count)))
            if all(CHECKS[check](text) for check in field.checks):
                return text
    most = min(
        field.range[1] if field.range else 10.0**count,
        10.0 ** field.signs.find(",") if "," in field.signs else 10.0**count,
    )
    whole = str(int(most ** rng.uniform(0.3, 0.999)))
    return f"{whole},{rng.integers(10)}" if "," in field.signs else whole


def _write(
    ink: Bytes,
    field: Field,
    text: str,
    style: Style,
    digits: Digits | None,
    rng: np.random.Generator,
) -> None:
    """Writes a value into a field's cells, flush right."""
    values = [int(c) for c in text if c.isdigit()]
    places = field.digit_places[len(field.digit_places) - len(values) :]
    heights = [h * raster.SCALE * rng.uniform(0.55, 0.78) for _, _, _, h in places]
    if not values:
        return
    drawn = glyphs(np.array(values), heights, style, digits, rng)
    for glyph, (x, y, w, h) in zip(drawn, places, strict=True):
        middle = np.array([x + w / 2, y + h / 2]) + rng.normal(0, 0.04, 2) * [w, h]
        left, top = (middle * raster.SCALE - np.array(glyph.shape[::-1]) / 2).astype(int).tolist()
        part = ink[top : top + glyph.shape[0], left : left + glyph.shape[1]]
        np.maximum(part, glyph, out=part)


def _cross_out(ink: Bytes, field: Field, rng: np.random.Generator) -> None:
    x, y, w, h = (v * raster.SCALE for v in field.place)
    ends = [(x + 3, y + h * rng.uniform(0.3, 0.7)), (x + w - 3, y + h * rng.uniform(0.3, 0.7))]
    a, b = (tuple(map(round, end)) for end in ends)
    cv2.line(ink, a, b, 255, 3, cv2.LINE_AA)


def _photographed(page: Bytes, ink: Bytes, rng: np.random.Generator) -> tuple[Bytes, View]:
    """A sheet with what is written on it, as a phone sees it on a desk."""
    h, w = page.shape
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
    lies = camera.view(
        (h, w), corners, rng, rotated=bool(rng.random() < 0.3), perspective=True, desk=True,
        straight=False, curled=bool(rng.random() < CURLED),
    )  # fmt: skip
    printed, written, inside = (
        lies.take(layer).astype(np.float32) / 255
        for layer in (255 - page, ink, np.full_like(ink, 255))
    )
    shade = rng.choice(["gradient", "shadow", "vignette"])
    lit = camera.light(lies.shape, frozenset({str(shade)}), rng)
    paper, pen = rng.uniform(190, 250) * rng.uniform(0.95, 1, 3), rng.uniform(0, 80, 3)
    noise, focus = rng.uniform(1, 6), float(rng.uniform(0.4, 1.1))
    channels = []
    for light, dark, desk in zip(paper, pen, camera.desk_of(lies.shape, rng), strict=True):
        seen = light * (1 - printed) * (1 - 0.9 * written) + dark * 0.9 * written
        seen = (inside * seen + (1 - inside) * desk) * lit
        seen = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), focus)
        seen += rng.normal(0, noise, lies.shape).astype(np.float32)
        channels.append(np.clip(seen, 0, 255).astype(np.uint8))
    return camera.jpeg(cv2.merge(channels), int(rng.integers(60, 92))), lies
