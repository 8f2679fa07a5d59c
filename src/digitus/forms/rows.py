"""Rows of a table out of records of pages: one row a sheet, or one for what is none.

Inside: which pages make a sheet, what sums and earlier sheets decide, and the flags of fields. Not
inside: reading pages (`sheets`), writing tables (`output`).

A flag is a word or several: "crossed out", "cut off", "not found", "missing" (required and empty),
"incomplete", "unreadable", "date", "range", "allowed", "sum", "falls", "jumps" or the name of a
check, each for what the value does not fulfil; "no reading" where there is none of a series; and
"doubtful" for a confidence below that which was asked for.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, TypeAlias

from digitus.forms.checks import as_date
from digitus.forms.choose import Answer, decided, plausible
from digitus.forms.form import Form, Rising
from digitus.forms.sheets import FieldRecord, Record
from digitus.forms.table import COLUMNS, ENDINGS

DOUBTFUL = 0.95  # the confidence below which a person should look, where nobody says another
DOUBTFUL_FLAG = "doubtful"
NO_VALUE = "crossed out", "cut off", "not found"

NO_READING = "no reading"  # of a value that rises from sheet to sheet

# By column: a column that people added to a table holds anything.
Row: TypeAlias = dict[str, Any]
# By form, field and whose it is: days as numbers, in their order, each with its value. Where days
# do not count all are 0, and the values are in the order of the sheets.
Last = dict[tuple[str, str, str], list[tuple[int, str]]]


def columns(forms: Sequence[Form]) -> list[str]:
    """The columns of a table of these forms: for each field its value and what belongs to it."""
    names = dict.fromkeys(field.name for form in forms for field in form.fields)
    return [*COLUMNS, *(name + end for name in names for end in ("", *ENDINGS))]


def rows(
    files: Iterable[tuple[str, Sequence[Record]]],
    forms: Sequence[Form],
    doubtful: float = DOUBTFUL,
    earlier: Iterable[Row] = (),
) -> Iterator[Row]:
    """A row for each sheet, in the order of the files and the pages in them.

    `earlier` are rows of a table that was read before, for values that must not fall.
    """
    by_name = {form.name: form for form in forms}
    last: Last = {}
    for row in earlier:
        _remember(row, forms, last)
    if not any(rising.day for form in forms for rising in form.risings):
        for sheet in _sheets(files, by_name):
            row = _row(sheet, by_name, doubtful, last)
            _remember(row, forms, last)
            yield row
        return
    sheets = list(_sheets(files, by_name))
    alone = [_row(sheet, by_name, doubtful, {}) for sheet in sheets]
    made: list[Row] = [{}] * len(sheets)
    for i in sorted(range(len(sheets)), key=lambda i: _first_day(alone[i], by_name)):
        made[i] = _row(sheets[i], by_name, doubtful, last)
        _remember(made[i], forms, last)
    yield from made


def _first_day(row: Row, forms: dict[str, Form]) -> int:
    """The day of a sheet, as a number; -1 where there is none."""
    form = forms.get(row["form"])
    days = [_day(row, form, rising) for rising in form.risings] if form else []
    return next((day for day in days if day is not None), -1)


def _day(row: Row, form: Form, rising: Rising) -> int | None:
    """The day of a value that rises, as a number; None where it is not known for sure."""
    value = row.get(rising.day) if rising.day else None
    if not value or row.get(f"{rising.day}_flag"):
        return None
    found = as_date(value, form.field(rising.day).date)
    return found.toordinal() if found else None


def _sheets(
    files: Iterable[tuple[str, Sequence[Record]]], forms: dict[str, Form]
) -> Iterator[list[tuple[str, Record]]]:
    """The pages of each sheet with their files; a page that is there already begins another."""
    sheet: list[tuple[str, Record]] = []
    for file, records in files:
        for record in records:
            form = forms.get(record["form"])
            there = {(page["form"], page["page"]) for _, page in sheet}
            if sheet and (form is None or form.name not in {name for name, _ in there} or (
                form.name, record["page"]) in there):  # fmt: skip
                yield sheet
                sheet = []
            sheet.append((file, record))
            if form is None or len(sheet) == form.pages:
                yield sheet
                sheet = []
    if sheet:
        yield sheet


def _row(
    sheet: list[tuple[str, Record]],
    forms: dict[str, Form],
    doubtful: float,
    last: Last,
) -> Row:
    file, first = sheet[0]
    form = forms.get(first["form"])
    row: Row = {
        "form": first["form"],
        "file": file,
        "page": first["at"],
        "problem": _problem(form, [record for _, record in sheet]),
    }
    if form is None:
        return row
    found = {name: (f, r, v) for f, r in sheet for name, v in r["fields"].items()}
    answers = _answers({name: v for name, (_, _, v) in found.items()}, form, doubtful, last)
    series = {rising.field for rising in form.risings}
    for field in form.fields:
        if field.name in found:
            where, record, value = found[field.name]
            best = (answers[field.name] or [Answer("", 0.0)])[0]
            nothing = NO_READING if field.name in series else "missing" * field.required
            flag = _flag(best, value["mark"], nothing, doubtful)
            away = "" if record is first else f" page {record['at']} of {where}"
            place = " ".join(map(str, value["box"])) + away
            cells = (best.text, round(best.likely, 4), flag, place)
            row |= dict(zip((field.name + end for end in ("", *ENDINGS)), cells, strict=True))
    return row


def _answers(
    values: dict[str, FieldRecord], form: Form, doubtful: float, last: Last
) -> dict[str, list[Answer]]:
    """What the fields of a sheet may say, led by what checks, sums and earlier sheets choose."""
    answers = {
        name: [] if value["mark"] in NO_VALUE else [Answer(*a) for a in value["answers"]]
        for name, value in values.items()
    }
    answers = decided(form, answers)
    marks = {name: value["mark"] for name, value in values.items()}
    for rising in form.risings:
        answers |= _plausible(answers, marks, form, rising, doubtful, last)
    return answers


def source(row: Row, name: str) -> tuple[str, int]:
    """The file in which a field of a row is, and the page there."""
    _, away, rest = str(row[f"{name}_place"]).partition(" page ")
    at, _, file = rest.partition(" of ")
    return (file, int(at)) if away else (row["file"], int(row["page"]))


def _problem(form: Form | None, pages: Sequence[Record]) -> str:
    """What is wrong with a sheet as a whole."""
    words = [page["problem"] for page in pages if page["problem"]]
    missing = set(range(1, form.pages + 1) if form else ()) - {page["page"] for page in pages}
    if missing:
        words.append(f"page {', '.join(map(str, sorted(missing)))} is missing")
    return "; ".join(dict.fromkeys(words))


def _flag(best: Answer, mark: str, nothing: str, doubtful: float) -> str:
    """The flag of a value; `nothing` is that of none."""
    if mark:
        return mark
    if not best.text and nothing:
        return nothing
    words = (best.wrong, DOUBTFUL_FLAG if best.likely < doubtful else "")
    return ", ".join(filter(None, words))


def _plausible(
    answers: dict[str, list[Answer]],
    marks: dict[str, str],
    form: Form,
    rising: Rising,
    doubtful: float,
    last: Last,
) -> dict[str, list[Answer]]:
    """The answers of a value that rises, beside the latest one before it, if that is known."""
    best = {name: (a or [Answer("", 0.0)])[0] for name, a in answers.items()}
    key = form.name, rising.field, best[rising.of].text if rising.of in best else ""
    known = last.get(key, [])
    if not known or not answers.get(rising.field):
        return {}
    day = 0
    rise: Decimal | None = None
    if rising.day:
        told = best.get(rising.day, Answer("", 0.0))
        row = {
            rising.day: told.text,
            f"{rising.day}_flag": _flag(told, marks.get(rising.day, ""), "", doubtful),
        }
        found = _day(row, form, rising)
        if found is None or found < known[0][0]:
            return {}
        day = found
    before, least = known[bisect_right(known, day, key=itemgetter(0)) - 1]
    if rising.most:
        rise = Decimal(str(rising.most)) * (day - before)
    return {rising.field: plausible(answers[rising.field], least, rise)}


def _remember(row: Row, forms: Sequence[Form], last: Last) -> None:
    """Keeps the values that no later sheet may fall below; one that is wrong is not kept."""
    for form in forms:
        if row.get("form") == form.name:
            for rising in form.risings:
                value, flag = row.get(rising.field), row.get(f"{rising.field}_flag")
                day = _day(row, form, rising)
                if value and not flag and (day is not None or not rising.day):
                    known = last.setdefault((form.name, rising.field, row.get(rising.of) or ""), [])
                    insort(known, (day or 0, value), key=itemgetter(0))
