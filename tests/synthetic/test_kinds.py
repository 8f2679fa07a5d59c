"""Kinds: what is drawn makes sense together, comes about as often as said, and can be asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.nn.arrays import stream
from digitus.synthetic.pages.kinds import (
    APART,
    CHANCES,
    EXCLUDED,
    KINDS,
    NEEDS,
    SHARES,
    Mixture,
    kinds_of,
)


@given(st.integers(0, 2**32), st.none() | st.sets(st.sampled_from(KINDS), max_size=5))
@examples(300)
def test_the_kinds_of_a_page_go_together(seed, wanted):
    name, kinds = kinds_of(stream(seed, "kinds"), wanted)
    assert kinds & SHARES.keys() == {name}
    for kind in kinds:
        assert not EXCLUDED.get(kind, frozenset()) & kinds - {kind}
        assert kinds & NEEDS.get(kind, kinds)
    if wanted is not None:
        assert kinds - {name} <= wanted
        assert name in wanted or not wanted & SHARES.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_asked_for_is_had(kind):
    for seed in range(30):
        assert kind in kinds_of(stream(seed, "kinds"), {kind})[1]


def test_the_tables_name_kinds_alone():
    for table in (EXCLUDED, NEEDS):
        assert table.keys() | set().union(*table.values()) <= set(KINDS)


def test_what_is_on_a_page_comes_by_its_share():
    drawn = [kinds_of(stream(seed, "shares"), None) for seed in range(3000)]
    names = [name for name, _ in drawn]
    for name, share in SHARES.items():
        expected = share / sum(SHARES.values())
        assert abs(names.count(name) / 3000 - expected) < 5 * np.sqrt(expected / 3000)
    assert set().union(*(kinds for _, kinds in drawn)) == set(KINDS)
    for kind, chance in CHANCES.items():
        assert sum(kind in kinds for _, kinds in drawn) / 3000 < 1.5 * chance + 0.02


def test_a_mixture_changes_what_it_names_alone():
    """What else makes a page hard is drawn as it is without: no page becomes easier."""
    drawn = [kinds_of(stream(seed, "shares"), None, APART) for seed in range(600)]
    assert {name for name, _ in drawn} == {"lines", "number"}
    assert abs([name for name, _ in drawn].count("lines") - 400) < 5 * np.sqrt(600 * 2 / 9)
    lines = Mixture({"lines": 1}, {})
    for seed, (name, kinds) in enumerate(drawn):
        assert "apart" in kinds
        assert "signs" not in kinds
        if name == "lines":
            usual = kinds_of(stream(seed, "shares"), None, lines)[1]
            assert kinds - usual <= {"apart", "turned"}  # which signs exclude
            assert usual - kinds <= EXCLUDED["apart"] | {"dark lines", "dashed"}  # of squares
