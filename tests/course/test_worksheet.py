"""Worksheets: numbers for a pencil, right by whole numbers alone, and both pages of the PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import pytest

from digitus.course import messages
from digitus.course.worksheet import LARGEST, Worksheet, worksheet
from digitus.course.worksheet_pdf import as_pdf

SEEDS = range(1, 17)


@cache
def sheet_of(seed: int) -> Worksheet:
    """The sheet, sought once for all tests: most of their time would be this."""
    return worksheet(seed)


def by_hand(given: Mapping[str, float | Fraction]) -> dict[str, Fraction]:
    """The sheet's numbers by sums of fractions: no arrays, no layers, no rounding."""
    v = {name: Fraction(value) for name, value in given.items()}
    tenth = Fraction(1, 10)
    for o in "12":
        v[f"z{o}"] = v["x1"] * v[f"w1{o}"] + v["x2"] * v[f"w2{o}"] + v[f"b{o}"]
        v[f"h{o}"] = max(v[f"z{o}"], Fraction(0))
    for o in "12":
        v[f"y{o}"] = v["h1"] * v[f"v1{o}"] + v["h2"] * v[f"v2{o}"] + v[f"c{o}"]
        v[f"dy{o}"] = v[f"dc{o}"] = v[f"y{o}"] - v[f"t{o}"]
    v["L"] = (v["dy1"] ** 2 + v["dy2"] ** 2) / 2
    for o in "12":
        v[f"dh{o}"] = v[f"v{o}1"] * v["dy1"] + v[f"v{o}2"] * v["dy2"]
        v[f"dz{o}"] = v[f"db{o}"] = v[f"dh{o}"] if v[f"z{o}"] > 0 else Fraction(0)
    for i in "12":
        for o in "12":
            v[f"dv{i}{o}"], v[f"dw{i}{o}"] = v[f"h{i}"] * v[f"dy{o}"], v[f"x{i}"] * v[f"dz{o}"]
    stepped = {name: v[name] - tenth * v[f"d{name}"] for name in given if name[0] in "wbvc"}
    return v | {f"{name}'": value for name, value in stepped.items()}


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_sheet_by_hand(seed: int) -> None:
    sheet = sheet_of(seed)
    wanted = by_hand(sheet.given)
    for name, value in sheet.values.items():
        assert value == pytest.approx(float(wanted[name])), name
    assert all(abs(value) <= LARGEST for value in sheet.values.values())
    whole = {name: v for name, v in sheet.values.items() if name != "L" and not name.endswith("'")}
    assert all(value == round(value) for value in whole.values())
    after = by_hand({n: wanted.get(f"{n}'", Fraction(v)) for n, v in sheet.given.items()})
    assert sheet.loss_after == pytest.approx(float(after["L"]))
    assert sheet.loss_after < sheet.values["L"]
    assert sorted(sheet.values[f"h{o}"] > 0 for o in "12") == [False, True]


def test_sheets_differ_and_repeat() -> None:
    assert worksheet(1) == worksheet(1)
    assert len({str(sheet_of(seed).given) for seed in SEEDS}) > 13


@pytest.mark.parametrize("seed", SEEDS)
def test_terms_come_to_their_value(seed: int) -> None:
    for part in sheet_of(seed).parts:
        for line in part.lines:
            if line.terms:
                sums = " + ".join(line.terms).replace("·", "*").replace("½", "0.5 *")
                assert re.fullmatch(r"[-+*() \d.²]+", sums)
                assert eval(sums.replace("²", "**2"), {"__builtins__": {}}) == line.value


@pytest.mark.parametrize("language", messages.languages())
def test_the_pdf_has_blanks_and_then_answers(language: str) -> None:
    pdfium = pytest.importorskip("pypdfium2")
    sheets = [sheet_of(1), sheet_of(2)]
    content = as_pdf(sheets, language)
    assert content == as_pdf(sheets, language)
    document = pdfium.PdfDocument(content)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    assert len(pages) == 4
    for blank, answered, sheet in zip(pages[:2], pages[2:], sheets, strict=True):
        say = {
            key: messages.say(f"worksheet.{key}", language) for key in ("title", "closed_answer")
        }
        assert say["title"] in blank
        assert say["closed_answer"] not in blank
        assert say["closed_answer"] in answered
        line = sheet.parts[0].lines[0]
        assert f"{line.formula} = {' + '.join(line.terms)}" in answered
        assert f"{line.formula} = ___" in blank
        assert all(
            f"{name} = {value:g}" in blank for name, value in sheet.given.items() if "x" not in name
        )


def test_everything_is_within_the_paper() -> None:
    pdfium = pytest.importorskip("pypdfium2")
    for language in messages.languages():
        document = pdfium.PdfDocument(as_pdf([sheet_of(seed) for seed in SEEDS], language))
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_rect(i) for i in range(text.count_rects())]
            assert min(box[0] for box in boxes) >= 40
            assert min(box[1] for box in boxes) >= 25
            assert max(box[2] for box in boxes) <= 565
