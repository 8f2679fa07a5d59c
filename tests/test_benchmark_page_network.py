"""The command that makes the page network that ships: on which pages its confidence is fitted."""

from __future__ import annotations

import numpy as np

import page_network as benchmark
from digitus.detection.confidence import Confidence
from digitus.detection.model import shipped
from digitus.synthetic.pages.pages import pages


def test_the_pages_are_some_of_all_kinds_and_some_of_digits_apart() -> None:
    found = list(benchmark.upright(4, 3, None))
    mixed = [page for page in pages(4, 1) if "turned" not in page.kinds]
    for page, same in zip(found, mixed, strict=False):
        assert np.array_equal(page.picture, same.picture)
    apart = found[len(mixed) :]
    assert 0 < len(apart) <= 3
    for page in apart:
        assert "apart" in page.kinds
        assert page.kinds & {"lines", "number"}
        assert "turned" not in page.kinds


def test_a_confidence_is_fitted_on_them() -> None:
    before = shipped()
    after = benchmark.fitted(before, benchmark.upright(1, 1, None))
    assert after.params is before.params
    assert after.confidence not in (before.confidence, Confidence())
