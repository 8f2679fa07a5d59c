"""Rows of a table out of records of pages: one row a sheet, or one for what is none.

Inside: which pages make a sheet, what sums and earlier sheets decide, and the flags of fields. Not
inside: reading pages (`sheets`), writing tables (`output`).

A flag is a word or several: "crossed out", "cut off", "missing" (required and empty), "incomplete",
"unreadable", "date", "range", "allowed", "sum", "falls" or the name of a check, each for what the
value does not fulfil, and "doubtful" for a confidence below that which was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from digitus.forms.choose import Answer, decided, not_falling
from digitus.forms.form import Form
from digitus.forms.sheets import Record
from digitus.forms.table import COLUMNS, ENDINGS

DOUBTFUL = 0.95  # the confidence below which a person should look, where nobody says another
NO_VALUE = "crossed out", "cut off"

Row = dict[str, Any]


def columns(forms: Sequence[Form]) -> list[str]:
    """Those of a table of these forms, each field's value with what belongs to it."""
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
    last: dict[tuple[str, str, str], str] = {}
    for row in earlier:
        _remember(row, forms, last)
    for sheet in _sheets(files, by_name):
        row = _row(sheet, by_name, doubtful, last)
        _remember(row, forms, last)
        yield row


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
    last: dict[tuple[str, str, str], str],
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
    answers = {name: [Answer(*a) for a in v["answers"]] for name, (_, _, v) in found.items()}
    for name, (_, _, value) in found.items():
        if value["mark"] in NO_VALUE:
            answers[name] = []
    answers = _not_falling(decided(form, answers), form, last)
    for field in form.fields:
        if field.name in found:
            where, record, value = found[field.name]
            best = (answers[field.name] or [Answer("", 0.0)])[0]
            flag = _flag(best, value["mark"], field.required, doubtful)
            away = "" if record is first else f" page {record['at']} of {where}"
            place = " ".join(map(str, value["box"])) + away
            cells = (best.text, round(best.likely, 4), flag, place)
            row |= dict(zip((field.name + end for end in ("", *ENDINGS)), cells, strict=True))
    return row


def _problem(form: Form | None, pages: Sequence[Record]) -> str:
    """What is not right with a sheet as a whole."""
    words = [page["problem"] for page in pages if page["problem"]]
    missing = set(range(1, form.pages + 1) if form else ()) - {page["page"] for page in pages}
    if missing:
        words.append(f"page {', '.join(map(str, sorted(missing)))} is missing")
    return "; ".join(dict.fromkeys(words))


def _flag(best: Answer, mark: str, required: bool, doubtful: float) -> str:
    if mark:
        return mark
    if not best.text and required:
        return "missing"
    words = (best.wrong, "doubtful" if best.likely < doubtful else "")
    return ", ".join(filter(None, words))


def _not_falling(
    answers: dict[str, list[Answer]], form: Form, last: dict[tuple[str, str, str], str]
) -> dict[str, list[Answer]]:
    for rising in form.risings:
        key = answers.get(rising.of)
        of = key[0].text if key else ""
        least = last.get((form.name, rising.field, of))
        if least is not None and answers.get(rising.field):
            answers |= {rising.field: not_falling(answers[rising.field], least)}
    return answers


def _remember(row: Row, forms: Sequence[Form], last: dict[tuple[str, str, str], str]) -> None:
    """The latest values that no later sheet may fall below; one that is wrong is not kept."""
    for form in forms:
        if row.get("form") == form.name:
            for rising in form.risings:
                value, flag = row.get(rising.field), row.get(f"{rising.field}_flag")
                if value and not flag:
                    last[form.name, rising.field, row.get(rising.of) or ""] = value
