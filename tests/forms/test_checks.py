"""Check digits, dates, and what they decide between doubtful digits."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.forms.checks import CHECKS, LENGTHS, as_date
from digitus.forms.choose import Answer, answers, combinations, decided, plausible
from digitus.forms.form import Field, Form, Sum, number

PLACE = (10.0, 10.0, 50.0, 8.0)
# Published examples, each right as it stands.
RIGHT = {
    "luhn": ("79927398713", "4539578763621486"),
    "ean": ("4006381333931", "73513537"),
    "isbn": ("9780306406157", "0306406152"),
    "mod11": ("12345678903", "86011117947"),
    "mod97": ("794" + "44", "3214282912345698765432161182"),
}


@pytest.mark.parametrize(("check", "digits"), [(c, d) for c, all_ in RIGHT.items() for d in all_])
def test_a_check_digit_holds_and_no_other(check: str, digits: str) -> None:
    last = 2 if check == "mod97" else 1
    body = digits[:-last]
    fulfilled = [n for n in range(10**last) if CHECKS[check](f"{body}{n:0{last}}")]
    assert fulfilled == [int(digits[-last:])]


@pytest.mark.parametrize("check", CHECKS)
@given(digits=st.text("0123456789", max_size=30))
def test_a_check_answers_whatever_it_is_given(check: str, digits: str) -> None:
    assert CHECKS[check](digits) in (True, False)


@pytest.mark.parametrize("check", ["luhn", "ean", "isbn", "mod97"])
def test_one_wrong_digit_is_always_noticed(check: str) -> None:
    for digits in RIGHT[check]:
        for i, c in product(range(len(digits)), "0123456789"):
            other = digits[:i] + c + digits[i + 1 :]
            assert CHECKS[check](other) == (other == digits)


@pytest.mark.parametrize("check", CHECKS)
def test_how_many_digits_a_check_takes(check: str) -> None:
    rng = np.random.default_rng(2)
    for count in range(1, 19):
        begins = "978" if check == "isbn" and count == 13 else ""
        tried = rng.integers(0, 10, (3000, count - len(begins)))
        found = any(CHECKS[check](begins + "".join(map(str, digits))) for digits in tried.tolist())
        assert found == (count in LENGTHS[check]), count


def test_times_that_exist() -> None:
    good, bad = ("0000", "2359", "1207", "120759"), ("2360", "2400", "7858", "120760", "12075")
    assert all(map(CHECKS["time"], good))
    assert not any(map(CHECKS["time"], bad))


def test_dates_that_exist() -> None:
    assert as_date("29.02.2024", "DD.MM.YYYY")
    assert as_date("02/28/23", "MM/DD/YY")
    assert not as_date("29.02.2023", "DD.MM.YYYY")
    assert not as_date("2023-13-01", "YYYY-MM-DD")


def test_combinations_come_in_order_each_once() -> None:
    choices = [[0.7, 0.2, 0.1], [0.6, 0.4], [0.5, 0.3, 0.2]]
    found = list(combinations(choices))
    assert sorted(at for _, at in found) == sorted(product(range(3), range(2), range(3)))
    assert [p for p, _ in found] == sorted((p for p, _ in found), reverse=True)
    for p, at in found:
        assert p == pytest.approx(math.prod(c[i] for c, i in zip(choices, at, strict=True)))


def _cells(text: str, doubts: dict[int, dict[str, float]]) -> list[list[tuple[str, float]]]:
    """Cells that are surely a text, but for those with likelihoods of their own."""
    return [list(doubts.get(i, {c: 1.0}).items()) for i, c in enumerate(text)]


def test_a_check_decides_between_the_alternatives_of_the_reader() -> None:
    cells = _cells("79927398713", {3: {"7": 0.6, "2": 0.39, "1": 0.01}})
    plain, *_ = answers(Field("n", PLACE, pattern="#" * 11), cells)
    assert (plain.text, plain.likely, plain.wrong) == ("79977398713", pytest.approx(0.6), "")
    best, *_ = answers(Field("n", PLACE, pattern="#" * 11, checks=("luhn",)), cells)
    assert (best.text, best.wrong) == ("79927398713", "")
    assert best.likely > 0.99


def test_what_fulfils_no_check_is_marked_and_stays_as_it_was_read() -> None:
    cells = _cells("79927398714", {3: {"2": 0.9999999, "1": 1e-7}})
    best, *_ = answers(Field("n", PLACE, pattern="#" * 11, checks=("luhn",)), cells)
    assert (best.text, best.wrong) == ("79927398714", "luhn")


def test_what_cannot_be_read_is_not_made_likelier_by_having_no_rules() -> None:
    best, *_ = answers(Field("n", PLACE, pattern="##"), _cells("1x", {1: {"?": 0.6, "3": 0.4}}))
    assert (best.text, best.wrong, best.likely) == ("1?", "unreadable", pytest.approx(0.6))


@pytest.mark.parametrize(
    ("settings", "cells", "text", "wrong"),
    [
        ({"pattern": "####"}, ["", "", "4", "2"], "42", ""),
        ({"pattern": "####"}, ["4", "2", "", ""], "42", ""),
        ({"pattern": "####"}, ["4", "", "2", ""], "4 2", "incomplete"),
        ({"pattern": "####", "full": True}, ["", "", "4", "2"], "  42", "incomplete"),
        ({"pattern": "###,#"}, ["", "4", "2", "5"], "42,5", ""),
        ({"pattern": "###,#"}, ["", "4", "2", ""], "42", ""),
        ({"pattern": "###,#"}, ["", "", "", "5"], ",5", "incomplete"),
        ({"pattern": "##-##"}, ["1", "2", "3", "4"], "12-34", ""),
        ({"pattern": "##-##"}, ["1", "2", "3", ""], "12-3 ", "incomplete"),
        ({"pattern": "##", "range": (0.0, 42.0)}, ["4", "3"], "43", "range"),
        ({"pattern": "##", "allowed": ("10", "20")}, ["1", "2"], "12", "allowed"),
        ({"pattern": "##", "allowed": ("1", "2")}, ["0", "2"], "02", ""),
        ({"pattern": "##", "allowed": ("1", "2")}, ["0", "3"], "03", "allowed"),
        ({"pattern": "##-#", "allowed": ("01-2",)}, ["1", "1", "2"], "11-2", "allowed"),
        ({"pattern": "##", "allowed": ("02",), "full": True}, ["0", "2"], "02", ""),
        ({"date": "DD.MM.YYYY"}, list("31042024"), "31.04.2024", "date"),
        ({"date": "DD.MM.YYYY"}, list("30042024"), "30.04.2024", ""),
        ({"pattern": "##"}, ["", ""], "", ""),
        ({"pattern": "##"}, ["1", "?"], "1?", "unreadable"),
        ({"pattern": "## ##"}, ["1", "2", "3", "4"], "12 34", ""),
        ({"pattern": "## ##"}, ["1", "", "3", "4"], "1  34", "incomplete"),
        ({"pattern": "## ##"}, ["", "", "3", "4"], "   34", "incomplete"),
        ({"pattern": " ##"}, ["1", "2"], " 12", ""),
        ({"pattern": "#### ####", "checks": ("luhn",)}, list("12345674"), "1234 5674", ""),
        ({"pattern": "#### ####", "checks": ("luhn",)}, list("12345678"), "1234 5678", "luhn"),
        ({"pattern": ".##"}, ["1", "2"], ".12", ""),
        ({"pattern": ".##"}, ["1", ""], ".1 ", "incomplete"),
        ({"pattern": "##?"}, ["1", "2"], "12?", ""),
        ({"pattern": "##?"}, ["1", "?"], "1??", "unreadable"),
        ({"pattern": "20##"}, ["2", "6"], "2026", ""),
    ],
)
def test_the_text_of_cells(
    settings: dict[str, object], cells: list[str], text: str, wrong: str
) -> None:
    field = Field("n", PLACE, **settings)  # type: ignore[arg-type]
    assert field.text(cells) == text
    assert field.wrong(text) == wrong


@pytest.mark.parametrize("typed", ["12-345", "1-2345", "12345", "-1234"])
def test_a_typed_value_needs_digits_where_the_pattern_has_them(typed: str) -> None:
    assert Field("n", PLACE, pattern="##-##").wrong(typed) == "incomplete"
    assert Field("n", PLACE, pattern="##-##").wrong("12/34") == ""


def _form() -> Form:
    fields = tuple(Field(name, PLACE, pattern="###") for name in ("a", "b", "total"))
    return Form("f", fields, sums=(Sum("total", ("a", "b")),))


def test_a_sum_decides_over_its_fields() -> None:
    found = {
        "a": [Answer("17", 0.55), Answer("11", 0.44)],
        "b": [Answer("20", 0.99)],
        "total": [Answer("31", 0.9), Answer("37", 0.01)],
    }
    chosen = decided(_form(), found)
    assert [chosen[name][0].text for name in ("a", "b", "total")] == ["11", "20", "31"]
    assert chosen["a"][0].likely > 0.9
    assert not any(chosen[name][0].wrong for name in chosen)


def test_a_sum_that_nothing_fulfils_marks_its_fields() -> None:
    found = {name: [Answer(text, 0.999)] for name, text in [("a", "1"), ("b", "2"), ("total", "9")]}
    chosen = decided(_form(), found)
    assert [chosen[name][0] for name in found] == [
        Answer(text, pytest.approx(0.999), "sum") for text in ("1", "2", "9")
    ]


def test_no_total_is_no_mistake_and_an_empty_part_is_nothing() -> None:
    for a, total in (("", "2"), ("5", "")):
        found = {n: [Answer(t, 0.9)] for n, t in [("a", a), ("b", "2"), ("total", total)]}
        assert not any(answer[0].wrong for answer in decided(_form(), found).values())


def test_a_meter_does_not_fall() -> None:
    read = [Answer("1234", 0.7), Answer("1834", 0.29)]
    best, *_ = plausible(read, "1300")
    assert (best.text, best.wrong) == ("1834", "")
    assert plausible(read, "1200") == read
    best, *_ = plausible(read, "9000")
    assert (best.text, best.wrong) == ("1234", "falls")


def test_numbers() -> None:
    assert number("12,50") == number("12.5")
    assert [number(text) for text in ("", "1-2", "1?", "1.2.3", "١")] == [None] * 5


@pytest.mark.parametrize("sign", ["²", "٣", "①"])
def test_only_0_to_9_are_digits_of_a_value(sign: str) -> None:
    """What other writing has for digits is a sign of the pattern, as m² is."""
    field = Field("area", PLACE, pattern=f"##{sign}", checks=("luhn",))
    assert field.wrong(f"18{sign}") == ""
    assert field.wrong(f"19{sign}") == "luhn"
    assert field.wrong(f"1{sign}{sign}") == "incomplete"
