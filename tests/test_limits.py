"""Budgets: each is stated once, shown to people, and kept by the worst inputs there are."""

from __future__ import annotations

import json
from mmap import PAGESIZE, mmap
from typing import Any

import pytest

import budgets as benchmark
from digitus import limits
from digitus.limits import BUDGETS
from measured import growth

RECORD: dict[str, Any] = json.loads(benchmark.RESULTS.read_text("utf-8"))
MEASURED_BY_TESTS = {"a request's head, or its trailers", "a picture at /api/read"}


def test_the_page_is_that_of_the_figures() -> None:
    made = benchmark.page(RECORD)
    assert benchmark.PAGE.read_text("utf-8") == made, "stale: python benchmarks/budgets.py --page"


def test_every_budget_is_measured() -> None:
    assert set(RECORD["cases"]) == set(benchmark.CASES)
    entries = {case.entry for case in benchmark.CASES.values()}
    assert entries | MEASURED_BY_TESTS == set(BUDGETS)


@pytest.mark.parametrize("name", benchmark.CASES)
def test_the_worst_inputs_stay_within_their_budgets(name: str) -> None:
    found = RECORD["cases"][name]
    budget = BUDGETS[found["entry"]]
    assert found["megabytes"] * 1e6 * found["of"] <= budget.memory
    assert found["seconds"] * found["of"] <= budget.seconds


@pytest.mark.parametrize("entry", BUDGETS)
def test_a_budget_names_the_limits_that_keep_it(entry: str) -> None:
    for name in BUDGETS[entry].limits:
        assert getattr(limits, name) > 0


@pytest.mark.slow
def test_memory_is_counted_at_its_peak() -> None:
    # From the system, not from the process's own store, where earlier tests may have left as much.
    with growth() as grown, mmap(-1, 50 * 10**6) as taken:
        for page in range(0, len(taken), PAGESIZE):
            taken[page] = 1  # written, not only asked for
    assert 40 * 10**6 < grown.bytes < 80 * 10**6
