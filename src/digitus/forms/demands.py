"""Which settings of a field make sense together, and whether a value can fulfil them.

A check that takes another number of digits than the pattern has, a range of what is no number, an
allowed value that the pattern has no room for: each would flag every value. Inside: that. Not
inside: what a single setting may hold (`settings`), what a form's parts say of one another
(`table`).
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from digitus.errors import FormError
from digitus.forms.checks import LENGTHS
from digitus.forms.form import IN_CELLS, Field, is_digit

MOST_DIGITS = 100


def check_field(field: Field, where: str) -> None:
    """Raises `FormError` for settings that make no sense together."""
    if field.pattern and field.date:
        raise FormError(f"{where}: a date is a pattern already; leave out one of them")
    if field.kind in IN_CELLS and not field.signs:
        why = f'a field of {field.kind} needs a pattern, as "####"'
        raise FormError(f"{where}: {why}", "form-needs", field=field.name)
    if field.signs and not 1 <= field.signs.count("#") <= MOST_DIGITS:
        raise FormError(
            f"{where}: pattern has 1 to {MOST_DIGITS} # for digits, not {field.signs!r}",
            "form-pattern",
            field=field.name,
            most=MOST_DIGITS,
        )
    if field.cells and len(field.cells) != field.signs.count("#"):
        count = field.signs.count("#")
        raise FormError(
            f"{where}: cells are {len(field.cells)}, but the pattern has {count} digits"
        )
    if field.range and not (len(field.range) == 2 and field.range[0] <= field.range[1]):
        why = f"range is [least, most], not {list(field.range)}"
        raise FormError(f"{where}: {why}", "form-range", field=field.name)
    _check_demands(field, where)


def _check_demands(field: Field, where: str) -> None:
    """Raises `FormError` for a demand that no value of the pattern fulfils."""
    digits = sum(c == "#" or is_digit(c) for c in field.signs)
    for check in field.checks:
        if digits and digits not in LENGTHS[check]:
            why = f"checks: {check}: no number of {digits} digits fulfils it"
            raise FormError(f"{where}: {why}", "form-check", field=field.name, check=check)
    if field.range:
        check_number(field, "range", where)
        least, most = field.range
        if _next_number(field, least) > min(Decimal(str(most)), field.most):
            why = f"range: no number of the pattern is from {least:g} to {most:g}"
            raise FormError(f"{where}: {why}", "form-reach", field=field.name)
    for value in field.allowed:
        if not field.has_room_for(value):
            why = f"allowed: {value!r} is not as {field.date or field.signs!r}"
            raise FormError(f"{where}: {why}", "form-allowed", field=field.name, value=value)
        if wrong := field.wrong(value):
            why = f"allowed: {value!r} is refused by: {wrong}"
            raise FormError(f"{where}: {why}", "form-refused", field=field.name, value=value)


def _next_number(field: Field, least: float) -> Decimal:
    """The smallest number of the pattern, with its decimals, that is not less than `least`."""
    low = max(Decimal(str(least)), Decimal(0))
    if not field.signs:
        return low
    _, _, decimals = field.signs.replace(",", ".").partition(".")
    return (low.scaleb(len(decimals)).to_integral_value(ROUND_CEILING)).scaleb(-len(decimals))


def check_number(field: Field, what: str, where: str, name: str = "") -> None:
    """Raises `FormError` where what is of numbers is asked of a field that holds none."""
    if not field.is_number:
        of = f" of {name}" if name else ""
        why = f"a {what} is of numbers, and {field.signs!r}{of} is none"
        raise FormError(f"{where}: {why}", "form-number", field=field.name)
