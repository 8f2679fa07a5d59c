"""A form as JSON has it: the same tables, names and meanings as in its file.

Inside: those, and the way to `digitus.forms` and back. Not inside: what may stand in a form, which
is checked as in its file (`digitus.forms.table`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from digitus.errors import FormError
from digitus.forms.form import Field, Form
from digitus.forms.table import MOST_FIELDS, from_table
from digitus.serve.values import FourNumbers

MOST_TEXTS = 1000  # in a list of allowed values, checks, cells or blank pages


class FieldTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A field: `place` is x, y, width and height in mm; `cells` the places of single digits."""

    name: str
    place: FourNumbers
    page: int = 1
    label: str = ""
    kind: Literal["boxes", "comb", "line", "free"] = "boxes"
    pattern: str = ""
    date: str = ""
    range: Annotated[list[float], Meta(max_length=2)] = []
    allowed: Annotated[list[str], Meta(max_length=MOST_TEXTS)] = []
    checks: Annotated[list[str], Meta(max_length=MOST_TEXTS)] = []
    required: bool = False
    full: bool = False
    cells: Annotated[list[FourNumbers], Meta(max_length=MOST_TEXTS)] = []


class SumTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The field `total` is the sum of the fields `of`."""

    total: str
    of: Annotated[list[str], Meta(max_length=MOST_TEXTS)]


class RisingTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A value that never falls from sheet to sheet, as in a form's file."""

    field: str
    of: str = ""
    day: str = ""
    most: float = 0.0


class FormTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A form, as its file has it; `paper` is width and height in mm."""

    name: str
    field: Annotated[list[FieldTable], Meta(min_length=1, max_length=MOST_FIELDS)]
    paper: Annotated[list[float], Meta(min_length=2, max_length=2)]
    title: str = ""
    blank: Annotated[list[str], Meta(max_length=MOST_TEXTS)] = []
    sum: Annotated[list[SumTable], Meta(max_length=MOST_FIELDS)] = []
    rising: Annotated[list[RisingTable], Meta(max_length=MOST_FIELDS)] = []

    def form(self) -> Form:
        """The form. Raises `FormError` where something is wrong with it, in a line."""
        return from_table(msgspec.to_builtins(self))


def table_of(form: Form) -> FormTable:
    """A form as it is sent. Raises `FormError` for one that only the command takes."""
    told = {
        "name": form.name,
        "title": form.title,
        "paper": form.paper,
        "blank": form.blank,
        "field": [{name: getattr(f, name) for name in FieldTable.__struct_fields__}
                  for f in form.fields],
        "sum": [{"total": one.total, "of": one.of} for one in form.sums],
        "rising": [{name: getattr(r, name) for name in RisingTable.__struct_fields__}
                   for r in form.risings],
    }  # fmt: skip
    try:
        return msgspec.convert(told, FormTable)
    except msgspec.ValidationError as error:
        raise FormError(
            f"form {form.name} is too long to be opened here: a list of more than {MOST_TEXTS} "
            f"({error})"
        ) from None


assert set(FieldTable.__struct_fields__) == set(Field.__dataclass_fields__)
