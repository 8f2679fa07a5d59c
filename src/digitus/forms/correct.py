"""A person's corrections, put into the table that they belong to.

Inside: the file of corrections, as the review saves it, and the table with them. Not inside: the
review (`review`), and tables as files (`output`).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from digitus.errors import DataError
from digitus.files import open_text
from digitus.forms.choose import Answer, adds_up, plausible
from digitus.forms.form import Form, Rising, number
from digitus.forms.rows import DOUBTFUL_FLAG, Row, flag_of_empty
from digitus.forms.series import Series, text_of

RISING_FLAGS = "falls", "jumps"
NEEDED = ("form", "file", "page", "field", "read", "value", "confidence", "certain")


@dataclass(frozen=True)
class Correction:
    """What a field says according to a person, beside what was read."""

    key: tuple[str, str, str]  # form, file and page of the row
    field: str
    read: str
    value: str
    confidence: float
    certain: bool


def load_corrections(path: Path) -> list[Correction]:
    """The corrections in a file. Raises `DataError`."""
    try:
        with open_text(path) as file:
            reader = csv.DictReader(file)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{path} holds no corrections: it has no column {missing[0]!r}")
            return [_correction(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "it is no CSV in UTF-8"
        raise DataError(f"{path} cannot be read: {why}") from None
    except (ValueError, TypeError):
        raise DataError(f"{path} holds a correction that is not whole") from None


def _correction(row: Mapping[str, str]) -> Correction:
    key = row["form"], row["file"], row["page"]
    sure = float(row["confidence"])
    if not 0 <= sure <= 1:  # refuses NaN, too
        raise ValueError
    return Correction(key, row["field"], row["read"], row["value"], sure, row["certain"] == "1")


def corrected(
    rows: Sequence[Row],
    forms: Sequence[Form],
    corrections: Sequence[Correction],
    earlier: Iterable[Row] = (),
) -> tuple[list[Row], list[tuple[Correction, str]]]:
    """The corrected rows, and each correction with the flag that its value had.

    `earlier` are rows of a table that was read before, for values that must not fall. Raises
    `DataError` for corrections of another table.
    """
    by_name = {form.name: form for form in forms}
    made = _in_words(rows, forms)
    places: dict[tuple[str, str, str], list[Row]] = {}
    for row in made:
        places.setdefault((row["form"], row["file"], text_of(row, "page")), []).append(row)
    checked = []
    for one in corrections:
        form, there = by_name.get(one.key[0]), places.get(one.key, [])
        if form is None or not there or one.field not in {field.name for field in form.fields}:
            name, file, page = one.key
            raise DataError(f"the table has no {one.field} of {name} in {file}, page {page}")
        checked.append((one, text_of(there[0], f"{one.field}_flag")))
        for row in there:
            _put(row, form, one)
    _forget_rises(made, by_name)  # before sums, which pass over what a flag calls wrong
    for row in (row for key in {one.key for one in corrections} for row in places[key]):
        _check_sums(row, by_name[row["form"]])
    _check_series(made, by_name, earlier)
    return made, checked


def _in_words(rows: Sequence[Row], forms: Sequence[Form]) -> list[Row]:
    """Copies of the rows, values and flags as text: Parquet has no columns of numbers and words."""
    names = {field.name + end for form in forms for field in form.fields for end in ("", "_flag")}
    return [
        row | {name: text_of(row, name) for name in names if row.get(name) is not None}
        for row in rows
    ]


def _put(row: Row, form: Form, one: Correction) -> None:
    now = text_of(row, one.field)
    if not (_same_value(now, one.read) or _same_value(now, one.value)):
        raise DataError(
            f"the corrections are of another table: {one.field} in {one.key[1]}, page "
            f"{one.key[2]}, is {now!r} and was {one.read!r}"
        )
    field = form.field(one.field)
    row[one.field] = one.value
    row[f"{one.field}_confidence"] = 1.0
    row[f"{one.field}_flag"] = field.wrong(one.value) if one.value else flag_of_empty(form, field)


def _same_value(now: str, other: str) -> bool:
    """Whether two texts are one value: other programs make 42 of "0042", and 1.5 of "1,5"."""
    return now == other or (number(now) is not None and number(now) == number(other))


def _forget_rises(rows: Sequence[Row], forms: Mapping[str, Form]) -> None:
    """Removes "falls" and "jumps": corrections may change a series, or which one a sheet is of."""
    for row in rows:
        form = forms.get(row["form"])
        for rising in form.risings if form else ():
            if words := _words(row, rising.field):
                row[f"{rising.field}_flag"] = ", ".join(w for w in words if w not in RISING_FLAGS)


def _check_sums(row: Row, form: Form) -> None:
    """Flags what does not add up, even where a person says that it stands there."""
    for total in form.sums:
        good = adds_up(total, partial(text_of, row))
        for name in (total.total, *total.of):
            words = [word for word in _words(row, name) if word != "sum"]
            row[f"{name}_flag"] = ", ".join([*words, *(["sum"] * (not good and _is_right(words)))])


def _check_series(rows: Sequence[Row], forms: Mapping[str, Form], earlier: Iterable[Row]) -> None:
    """Flags what falls or jumps, even on sheets that nobody looked at."""
    series = Series(forms.values(), earlier)
    for row in (rows[i] for i in series.order(rows)):
        if form := forms.get(row["form"]):
            for rising in form.risings:
                _check_rise(row, rising, series.before(row, form, rising))
        series.remember(row)


def _check_rise(row: Row, rising: Rising, known: tuple[str, Decimal | None] | None) -> None:
    value, words = text_of(row, rising.field), _words(row, rising.field)
    if value and known and _is_right(words):
        wrong = plausible([Answer(value, 1.0)], *known)[0].wrong
        row[f"{rising.field}_flag"] = ", ".join(filter(None, (wrong, *words)))


def _words(row: Row, name: str) -> list[str]:
    """The words of a field's flag."""
    return [word for word in text_of(row, f"{name}_flag").split(", ") if word]


def _is_right(words: Sequence[str]) -> bool:
    """Whether no flag says that a value is wrong; "doubtful" does not."""
    return all(word == DOUBTFUL_FLAG for word in words)
