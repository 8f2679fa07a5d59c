"""A form's file: TOML, read strictly, and written.

    name = "meters"                          paper = "A4", or [width, height] in mm
    [[field]]
    name = "reading"                         the name of its column in the table
    place = [20, 60, 60, 9]                  x, y, width and height in mm from the top left
    kind = "boxes"                           boxes, comb, line or free
    pattern = "#####,#"
    [[sum]]
    total = "all"
    of = ["first", "second"]
    [[rising]]
    field = "reading"
    of = "meter"                             for each meter
    day = "day"                              in the order of days,
    most = 40                                and at most so much a day

With `unit = "fraction"` places are fractions of the page's width and height. An error is one line
that says where it is, what stands there, and what may.

Inside: from TOML to a `Form` and back. Not inside: what a form is (`form`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import replace
from pathlib import Path

from digitus.errors import FormError
from digitus.files import open_file, reason
from digitus.forms.demands import check_field, check_number
from digitus.forms.form import PAPERS, Field, Form, Place, Rising, Sum
from digitus.forms.settings import (
    READERS,
    as_amount,
    as_one_of,
    as_paper,
    as_text,
    as_texts,
    known_settings,
)
from digitus.limits import TOML_BYTES
from digitus.recipe import nearest
from digitus.toml import tables

FORM_KEYS = ("name", "title", "paper", "unit", "blank", "field", "sum", "rising")
FIELD_KEYS = tuple(f.name for f in fields_of(Field))
PLACE_DIGITS, RANGE_DIGITS = 1, 15  # decimals: tenths of a millimetre; all that were written
FINEST = 0.1  # mm: what a place is rounded to, and its least width and height
MOST_FIELDS = 1000
ENDINGS = "_confidence", "_flag", "_place"  # of the columns beside a value's
COLUMNS = "form", "file", "page", "problem"  # of every table


def load_form(path: Path) -> Form:
    """The form in a file; its blank pages lie beside that. Raises `FormError`."""
    try:
        with open_file(path) as file:
            content = file.read(TOML_BYTES + 1)
    except OSError as error:
        raise FormError(f"form {path} cannot be read: {reason(error)}") from None
    form = from_toml(content, path.stem, f"form {path}")
    return replace(form, blank=tuple(str(path.parent / name) for name in form.blank))


def from_toml(content: bytes, name: str, where: str = "form") -> Form:
    """The form in a file's bytes, called `name` if it names none itself. Raises `FormError`."""
    try:
        table = tables(content)
    except (ValueError, RecursionError) as error:
        raise FormError(f"{where} is not TOML: {error}") from None
    return from_table({"name": name, **table}, where)


def from_table(raw: object, where: str = "form") -> Form:
    """A form from its table, as TOML gives it. Raises `FormError`."""
    table = known_settings(raw, FORM_KEYS, where)
    name = as_text(table.get("name"), f"{where}: name")
    paper = as_paper(table.get("paper", "A4"), f"{where}: paper")
    unit = as_one_of(table.get("unit", "mm"), ("mm", "fraction"), f"{where}: unit")
    scale = paper if unit == "fraction" else (1.0, 1.0)
    tables = _tables(table, "field", where)
    if not tables:
        raise FormError(f"{where} has no fields: begin one by [[field]]")
    if len(tables) > MOST_FIELDS:
        raise FormError(f"{where} has {len(tables)} fields; {MOST_FIELDS} are the most")
    made = tuple(_field(t, f"{where}: field {i}", scale) for i, t in enumerate(tables, 1))
    for field in made:
        _inside(field, paper, f"{where}: field {field.name!r}")
    _check_columns([field.name for field in made], where)
    named = {field.name: field for field in made}
    blank = table.get("blank", [])
    return Form(
        name,
        made,
        as_text(table.get("title", ""), f"{where}: title", empty=True),
        paper,
        tuple(_sum(t, named, f"{where}: sum {i}") for i, t in _numbered(table, "sum", where)),
        tuple(
            _rising(t, named, f"{where}: rising {i}") for i, t in _numbered(table, "rising", where)
        ),
        as_texts([blank] if isinstance(blank, str) else blank, f"{where}: blank"),
    )


def _check_columns(names: Sequence[str], where: str) -> None:
    """Raises `FormError` where two columns of the table would have the same name."""
    columns = Counter([*COLUMNS, *(name + end for name in names for end in ("", *ENDINGS))])
    for column, count in columns.items():
        if count > 1:
            why = "is there twice" if column not in COLUMNS else "is a column of every table"
            raise FormError(
                f"{where}: the field name {column!r} {why}; choose another",
                "form-taken",
                name=column,
            )


def _field(raw: object, where: str, scale: tuple[float, float]) -> Field:
    if isinstance(raw, dict) and isinstance(raw.get("name"), str):
        where = f"{where}, {raw['name']!r}"
    table = known_settings(raw, FIELD_KEYS, where)
    for key in ("name", "place"):
        if key not in table:
            raise FormError(f"{where} needs the setting {key!r}")
    settings = {key: READERS[key](value, f"{where}: {key}") for key, value in table.items()}
    for key in ("place", "cells"):
        if key in settings:
            places = settings[key] if key == "cells" else (settings[key],)
            scaled = tuple(tuple(v * s for v, s in zip(p, scale * 2, strict=True)) for p in places)
            settings[key] = scaled if key == "cells" else scaled[0]
    field = Field(**settings)
    check_field(field, where)
    return field


def _inside(field: Field, paper: tuple[float, float], where: str) -> None:
    for x, y, width, height in (field.place, *field.cells):
        low, high = min(x, y, width, height), (x + width - paper[0], y + height - paper[1])
        if low < 0 or min(width, height) <= 0 or max(high) > 1e-6:
            raise FormError(
                f"{where}: place [{x:g}, {y:g}, {width:g}, {height:g}] is not on the paper, "
                f"{paper[0]:g} x {paper[1]:g} mm"
            )


def _sum(raw: object, named: Mapping[str, Field], where: str) -> Sum:
    table = known_settings(raw, ("total", "of"), where)
    found = Sum(
        as_text(table.get("total"), f"{where}: total"), as_texts(table.get("of"), f"{where}: of")
    )
    if not found.of or found.total in found.of:
        why = "of is a list of other fields than the total"
        raise FormError(f"{where}: {why}", "form-sum", field=found.total)
    for name in (found.total, *found.of):
        _known(name, named, where)
        check_number(named[name], "sum", where, name)
    return found


def _rising(raw: object, named: Mapping[str, Field], where: str) -> Rising:
    table = known_settings(raw, ("field", "of", "day", "most"), where)
    found = Rising(
        as_text(table.get("field"), f"{where}: field"),
        as_text(table.get("of", ""), f"{where}: of", empty=True),
        as_text(table.get("day", ""), f"{where}: day", empty=True),
        as_amount(table.get("most", 0), f"{where}: most"),
    )
    for name in filter(None, (found.field, found.of, found.day)):
        _known(name, named, where)
    check_number(named[found.field], "series", where, found.field)
    if found.day and not named[found.day].date:
        raise FormError(f"{where}: {found.day} is no date; give the field its date")
    if found.most and not found.day:
        raise FormError(f"{where}: most is so much a day, so name the field of the day")
    return found


def _known(name: str, named: Mapping[str, Field], where: str) -> None:
    if name not in named:
        why = f"there is no field {name!r}{nearest(name, named)}"
        raise FormError(f"{where}: {why}", "form-field", name=name)


def _tables(table: Mapping[str, object], key: str, where: str) -> list[object]:
    found = table.get(key, [])
    if not isinstance(found, list):
        raise FormError(f"{where}: {key} is written with two brackets, [[{key}]]")
    return found


def _numbered(table: Mapping[str, object], key: str, where: str) -> Iterable[tuple[int, object]]:
    return enumerate(_tables(table, key, where), 1)


def to_toml(form: Form) -> str:
    """The file of a form, places to a tenth of a millimetre; `load_form` reads it."""
    paper = next((name for name, sides in PAPERS.items() if sides == form.paper), None)
    lines = [f"name = {_toml(form.name)}", f"title = {_toml(form.title)}"]
    lines.append(f"paper = {_toml(paper or [round(side, 1) for side in form.paper])}")
    if form.blank:
        lines.append(f"blank = {_toml(form.blank)}")
    for field in form.fields:
        lines += ["", "[[field]]"]
        on_paper = replace(
            field,
            place=_rounded(field.place, form.paper),
            cells=tuple(_rounded(cell, form.paper) for cell in field.cells),
        )
        for setting in fields_of(Field):
            value = getattr(on_paper, setting.name)
            if value != setting.default:
                digits = RANGE_DIGITS if setting.name == "range" else PLACE_DIGITS
                lines.append(f"{setting.name} = {_toml(value, digits)}")
    for total in form.sums:
        lines += ["", "[[sum]]", f"total = {_toml(total.total)}", f"of = {_toml(total.of)}"]
    for rising in form.risings:
        lines += ["", "[[rising]]", f"field = {_toml(rising.field)}", f"of = {_toml(rising.of)}"]
        if rising.day:
            lines += [f"day = {_toml(rising.day)}", f"most = {rising.most!r}"]
    return "\n".join(lines) + "\n"


def _rounded(place: Place, paper: tuple[float, float]) -> Place:
    """A place to a tenth of a millimetre, still on the paper: one that reaches its edge ends there.

    What lies on the paper anyway has its numbers rounded one by one, since the marks of forms that
    were printed depend on what is written here (`layout.numbers`).
    """
    x, y, w, h = place
    (x, w), (y, h) = (
        _on_side(*part, round(side, PLACE_DIGITS))
        for part, side in zip(((x, w), (y, h)), paper, strict=True)
    )
    return x, y, w, h


def _on_side(start: float, length: float, side: float) -> tuple[float, float]:
    start = round(min(round(start, PLACE_DIGITS), side - FINEST), PLACE_DIGITS)
    length = round(min(round(length, PLACE_DIGITS), side - start), PLACE_DIGITS)
    return start, max(length, FINEST)


def _toml(value: object, digits: int = PLACE_DIGITS) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(v, digits) for v in value)}]"
    if isinstance(value, float):
        return f"{round(value, digits):.15g}" if abs(value) < 1e5 else repr(value)
    # A JSON string is a TOML one as long as it escapes no surrogate pairs.
    return json.dumps(value, ensure_ascii=False)
