"""Reading forms leaves no form in memory, and stops when nobody waits for it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import Any

import pytest

from digitus.cancellation import GivenUpError, Work
from digitus.forms import fields
from digitus.forms.pages import PageReader
from digitus.vision.decode import Picture
from filled_forms import FORM, filled


def test_a_form_is_forgotten_with_its_reader() -> None:
    """A server is sent another form each time; none of them may stay in memory."""
    form = replace(FORM, name="once")
    kept = weakref.ref(form)
    reader = PageReader((form,))
    page = filled(form=form)
    assert reader.find(page).form is form
    del form, reader
    gc.collect()
    assert kept() is None


def test_reading_a_sheet_is_given_up_between_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    work, reader = Work(), PageReader((FORM,))
    read, calls = fields._read, []

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        work.cancel()
        return read(*arguments)

    monkeypatch.setattr(fields, "_read", counted)
    page = filled()
    with pytest.raises(GivenUpError):
        work.run(reader.page, Picture(page, page.shape[1], page.shape[0]))
    assert len(calls) == 1
