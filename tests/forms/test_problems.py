"""What is wrong with a sheet: from a line its code and values are found again."""

from __future__ import annotations

import pytest

from digitus.forms.problems import LINES, codes, line_of

VALUES = {"few-marks": {"n": "2"}, "page": {"pages": "2"}, "pages": {"pages": "2, 13"}}


@pytest.mark.parametrize("code", LINES)
def test_a_line_gives_back_its_code_and_values(code: str) -> None:
    values = VALUES.get(code, {})
    line = line_of(code, **values)
    assert codes(line) == [(code, values)]
    assert codes(f"{line}; {line_of('pages', pages='7, 8')}")[0] == (code, values)


def test_all_problems_of_a_sheet_are_found() -> None:
    both = f"{line_of('cut-off')}; {line_of('page', pages='2')}"
    assert codes(both) == [("cut-off", {}), ("page", {"pages": "2"})]
    assert codes("") == []


def test_text_without_a_code_is_kept_beside_lines_that_have_one() -> None:
    assert codes("is empty") == [("", {"text": "is empty"})]
    both = f"is empty; {line_of('several')}; only so"
    assert codes(both) == [("several", {}), ("", {"text": "is empty; only so"})]
