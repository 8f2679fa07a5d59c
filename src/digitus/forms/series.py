"""Values that rise from sheet to sheet: which sheet follows which, and what a value may be then.

Without days a sheet follows the one before it; with days, the latest sheet of a day that is not
after its own, wherever that stands. Values with a flag are passed over.

Inside: `Series`, and cells as text. Not inside: choosing among a reader's answers (`choose`), rows
(`rows`).
"""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any, TypeAlias

from digitus.forms.checks import as_date
from digitus.forms.form import Form, Rising

# What a row of a table says by column; a table that people made may hold anything.
Cells: TypeAlias = Mapping[str, Any]
# Form, field, and whose value it is: the number of a meter, or its text where that is no number.
_Key: TypeAlias = tuple[str, str, Decimal | str]


class Series:
    """The values of each series so far: those of an earlier table, and of the sheets since."""

    def __init__(self, forms: Iterable[Form], earlier: Iterable[Cells] = ()) -> None:
        self._forms = {form.name: form for form in forms}
        # Sorted days, as numbers, each with its value. Where days do not count, all are 0, and the
        # values are in the order of the sheets.
        self._values: dict[_Key, list[tuple[int, str]]] = {}
        for row in earlier:
            self.remember(row)

    @property
    def by_days(self) -> bool:
        """Whether sheets follow one another in the order of their days."""
        return any(rising.day for form in self._forms.values() for rising in form.risings)

    def order(self, rows: Sequence[Cells]) -> list[int]:
        """The places of rows, in the order in which their sheets follow one another."""
        places = range(len(rows))
        return sorted(places, key=lambda i: self._first_day(rows[i]) if self.by_days else 0)

    def _first_day(self, row: Cells) -> int:
        """The day of a sheet, as a number; -1 where there is none."""
        form = self._forms.get(row["form"] or "")
        days = [_day(row, form, rising) for rising in form.risings] if form else []
        return next((day for day in days if day is not None), -1)

    def before(self, row: Cells, form: Form, rising: Rising) -> tuple[str, Decimal | None] | None:
        """The value that this row's must not fall below, and by how much it may rise.

        The latter is None where any rise will do; without an earlier value the result is None.
        """
        known = self._values.get(_key(row, form, rising), [])
        day = _day(row, form, rising) if rising.day else 0
        if not known or day is None or day < known[0][0]:
            return None
        before, least = known[bisect_right(known, day, key=itemgetter(0)) - 1]
        rise = Decimal(str(rising.most)) * (day - before) if rising.most else None
        return least, rise

    def remember(self, row: Cells) -> None:
        """Keeps the values that no later sheet may fall below, but none with a flag."""
        form = self._forms.get(row.get("form") or "")
        if form is None:
            return
        for rising in form.risings:
            value, flag = text_of(row, rising.field), text_of(row, f"{rising.field}_flag")
            day = _day(row, form, rising) if rising.day else 0
            if value and not flag and day is not None:
                known = self._values.setdefault(_key(row, form, rising), [])
                insort(known, (day, value), key=itemgetter(0))


def _key(row: Cells, form: Form, rising: Rising) -> _Key:
    """Whose value it is. Numbers are compared as such: other programs make 42.0 of "0042"."""
    whose = text_of(row, rising.of) if rising.of else ""
    try:
        as_number = Decimal(whose.replace(",", "."))
    except InvalidOperation:
        return form.name, rising.field, whose
    return form.name, rising.field, as_number if as_number.is_finite() else whose


def _day(row: Cells, form: Form, rising: Rising) -> int | None:
    """The day of a value, as a number; None where it is not known for sure."""
    value = text_of(row, rising.day) if rising.day else ""
    if not value or text_of(row, f"{rising.day}_flag"):
        return None
    found = as_date(value, form.field(rising.day).date)
    return found.toordinal() if found else None


def text_of(row: Cells, column: str) -> str:
    """A cell as text: other programs make numbers of columns, 42.0 of "42", NaN of empty cells."""
    found = row.get(column)
    if isinstance(found, float):
        if math.isnan(found):
            return ""
        found = int(found) if found.is_integer() else found
    return "" if found is None else str(found)
