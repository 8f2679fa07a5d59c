"""Records of pages as rows of a table: one row for each sheet, one for a page of no form.

Inside: which pages make a sheet, what sums and earlier sheets decide, and the flags of fields. Not
inside: reading pages (`pages`), writing tables (`output`).

A flag is a word or several: "crossed out", "cut off", "not found", "misplaced" (on a bent sheet,
perhaps another field's), "missing" (required and empty), "incomplete", "unreadable", "date",
"range", "allowed", "sum", "falls", "jumps" or the name of a check, each for what the value does not
fulfil; "no reading" where there is none of a series; and "doubtful" for a confidence below that
which was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from digitus.forms.choose import Answer, decided, plausible
from digitus.forms.form import Field, Form, Rising
from digitus.forms.pages import FieldRecord, Record
from digitus.forms.problems import line_of
from digitus.forms.series import Series
from digitus.forms.table import COLUMNS, ENDINGS

DOUBTFUL = 0.95  # the confidence below which a person should look, by default
DOUBTFUL_FLAG = "doubtful"
NO_VALUE = "crossed out", "cut off", "not found"
NO_READING = "no reading"  # of a value that rises from sheet to sheet

# A row's cells by column; a column that people added to a table holds anything.
Row: TypeAlias = dict[str, Any]


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
    series = Series(forms, earlier)
    if not series.by_days:
        for sheet in _sheets(files, by_name):
            row = _row(sheet, by_name, doubtful, series)
            series.remember(row)
            yield row
        return
    sheets = list(_sheets(files, by_name))
    alone = [_row(sheet, by_name, doubtful, Series(())) for sheet in sheets]
    made: list[Row] = [{}] * len(sheets)
    for i in series.order(alone):
        made[i] = _row(sheets[i], by_name, doubtful, series)
        series.remember(made[i])
    yield from made


def _sheets(
    files: Iterable[tuple[str, Sequence[Record]]], forms: dict[str, Form]
) -> Iterator[list[tuple[str, Record]]]:
    """The pages of each sheet with their files; a page that a sheet has already begins another."""
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
    series: Series,
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
    answers = _answers({name: v for name, (_, _, v) in found.items()}, form, doubtful, series)
    for field in form.fields:
        if field.name in found:
            where, record, value = found[field.name]
            best = (answers[field.name] or [Answer("", 0.0)])[0]
            flag = _flag(best, value["mark"], flag_of_empty(form, field), doubtful)
            away = "" if record is first else f" page {record['at']} of {where}"
            place = " ".join(map(str, value["box"])) + away
            cells = (best.text, round(best.likely, 6), flag, place)
            row |= dict(zip((field.name + end for end in ("", *ENDINGS)), cells, strict=True))
    return row


def _answers(
    values: dict[str, FieldRecord], form: Form, doubtful: float, series: Series
) -> dict[str, list[Answer]]:
    """What the fields of a sheet may say, led by what checks, sums and earlier sheets choose."""
    answers = {
        name: [] if value["mark"] in NO_VALUE else [Answer(*a) for a in value["answers"]]
        for name, value in values.items()
    }
    answers = decided(form, answers)
    marks = {name: value["mark"] for name, value in values.items()}
    for rising in form.risings:
        answers |= _plausible(answers, marks, form, rising, doubtful, series)
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
        code = "pages" if len(missing) > 1 else "page"
        words.append(line_of(code, pages=", ".join(map(str, sorted(missing)))))
    return "; ".join(dict.fromkeys(words))


def flag_of_empty(form: Form, field: Field) -> str:
    """The flag of an empty field."""
    if any(rising.field == field.name for rising in form.risings):
        return NO_READING
    return "missing" * field.required


def _flag(best: Answer, mark: str, nothing: str, doubtful: float) -> str:
    """The flag of a value; `nothing` is that of an empty field."""
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
    series: Series,
) -> dict[str, list[Answer]]:
    """The answers of a value that rises, led by one that fits the value before it, if known."""
    best = {name: (a or [Answer("", 0.0)])[0] for name, a in answers.items()}
    row = {name: answer.text for name, answer in best.items()}
    if rising.day in best:
        row[f"{rising.day}_flag"] = _flag(best[rising.day], marks.get(rising.day, ""), "", doubtful)
    known = series.before(row, form, rising)
    if known is None or not answers.get(rising.field):
        return {}
    return {rising.field: plausible(answers[rising.field], *known)}
