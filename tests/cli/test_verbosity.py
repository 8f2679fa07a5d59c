"""`-v` and `-q`: what the commands say beside their answers."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from digitus.cli import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_both(digitus: Any, verb: str) -> None:
    told = digitus(verb, "--help").out
    assert "-v, --verbose" in told
    assert "-q, --quiet" in told


@pytest.mark.parametrize("before", [True, False])
def test_what_happens_is_told_where_it_is_asked_for(
    digitus: Any, recipe_file: Any, own: Any, before: bool
) -> None:
    verb = ["train", recipe_file, "--data", own, "--out", "a"]
    quiet = digitus(*verb)
    more = digitus(*(["-v", *verb[:-1]] if before else [*verb[:-1], "b", "-v"]), *["b"] * before)
    assert quiet.code == more.code == 0
    assert "digitus.training: epoch" in more.err
    assert "digitus.training: epoch" not in quiet.err
    assert not logging.getLogger("digitus").handlers  # whoever calls `main` again starts anew


def test_progress_can_be_left_out(digitus: Any, recipe_file: Any, own: Any) -> None:
    verb = ["train", recipe_file, "--data", own]
    assert digitus(*verb, "--out", "a").err
    done = digitus(*verb, "--out", "b", "-q")
    assert (done.code, done.err) == (0, "")
    assert "held back" in done.out


def test_errors_are_told_in_any_case(digitus: Any) -> None:
    assert "no such folder" in digitus("evaluate", "--data", "./none", "-q").complaint
