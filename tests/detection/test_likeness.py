"""Digits of one page speak for one another by how alike they look; one alone is named as before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.detection.closeup import shipped
from digitus.detection.confidence import Confidence, fit
from digitus.detection.likeness import HABIT, by_likeness, likeness
from digitus.detection.maps import ENDS, Peaks
from digitus.detection.model import shipped as shipped_page
from digitus.synthetic.strokes import draw
from digitus.types import Floats32, Matrix

TOGETHER = replace(Confidence(), together=(0.0, 0.0, 0.0, 2.0))


def finds(digits: Matrix) -> Peaks:
    k = len(digits)
    boxes = np.column_stack([np.arange(k) * 30.0, np.zeros(k), np.full(k, 20.0), np.full(k, 30.0)])
    heat, follow = np.full(k, 0.9), np.tile(np.eye(3)[ENDS], (k, 1))
    tables = heat, heat, boxes, digits, follow, boxes[:, :2]
    return Peaks(*(np.asarray(a, np.float32) for a in tables))


def shares(values: list[dict[int, float]]) -> Matrix:
    """Rows [k 10]: these digits so likely, the rest alike."""
    rows = np.empty((len(values), 10))
    for row, said in zip(rows, values, strict=True):
        row[:] = (1 - sum(said.values())) / (10 - len(said))
        for digit, p in said.items():
            row[digit] = p
    return rows


def named(said: Matrix, alike: Floats32, confidence: Confidence = TOGETHER) -> Matrix:
    close = np.column_stack([said * 0.95, np.full(len(said), 0.05)])
    nothing, likely = np.full((len(said), 10), 0.1), np.full(len(said), 0.95)
    return confidence.among_others(finds(said), close, nothing, alike, likely)


def looks(described: list[list[float]]) -> Floats32:
    return likeness(np.array(described, np.float32))


def test_a_doubtful_digit_is_what_those_that_look_like_it_are() -> None:
    said = shares([{1: 0.5, 7: 0.45}, {7: 0.98}, {7: 0.98}, {1: 0.98}])
    bare, barred = [1.0, 0.0, 0.1], [0.0, 1.0, 0.1]
    assert named(said, looks([barred, barred, barred, bare]))[0].argmax() == 7
    assert named(said, looks([bare, barred, barred, bare]))[0].argmax() == 1


def test_a_page_that_writes_a_digit_otherwise_speaks_against_it() -> None:
    said = shares([{1: 0.5, 7: 0.48}, *[{1: 0.98}] * 20])
    bare, hooked = [1.0, 0.0], [0.5, 0.87]  # a little alike
    alike = looks([hooked, *[bare] * 20])
    assert named(said, alike)[0].argmax() == 7
    assert np.log(1 - HABIT) < by_likeness(alike, said)[0, 1] < -0.1


def test_however_many_are_written_otherwise_one_may_be_that_digit_too() -> None:
    """Among 150 bare strokes a 1 with a flag became a 7, of which the page had none."""
    said = shares([{1: 0.8, 7: 0.19}, *[{1: 0.98}] * 200])
    alike = looks([[1.0, 0.0], *[[0.0, 1.0]] * 200])
    assert named(said, alike, shipped_page().confidence)[0].argmax() == 1
    assert by_likeness(alike, said)[0, 1] == pytest.approx(np.log(1 - HABIT), abs=0.02)


@pytest.mark.parametrize("others", [1, 30, 300])
def test_who_resembles_nothing_is_named_as_before(others: int) -> None:
    said = shares([{7: 0.6, 2: 0.39}, *[{7: 0.98}] * others])
    opposite = looks([[1.0, 0.0], *[[-1.0, 0.0]] * others])
    confidence = shipped_page().confidence
    close = np.column_stack([said * 0.95, np.full(len(said), 0.05)])
    alone = confidence.which(finds(said), close, np.full((len(said), 10), 0.1))
    np.testing.assert_allclose(named(said, opposite, confidence)[0], alone[0], atol=1e-3)


def test_what_the_others_say_is_told_apart() -> None:
    said = shares([{1: 0.5, 7: 0.45}, {7: 0.98}, {1: 0.98}])
    close = np.column_stack([said * 0.95, np.full(3, 0.05)])
    nothing, likely = np.full((3, 10), 0.1), np.full(3, 0.95)
    alike = looks([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    others = TOGETHER.others(finds(said), close, nothing, alike, likely)
    np.testing.assert_allclose(others.sum(1), 1)
    assert others[0].argmax() == 7
    assert others[2].argmax() not in (1, 7)  # none looks like it


def test_sure_digits_stay_what_they_are() -> None:
    said = shares([{4: 0.9999}, {9: 0.99}, {9: 0.99}])
    assert named(said, looks([[1.0, 0.0]] * 3))[0].argmax() == 4


@given(st.integers(0, 9), st.floats(0.2, 0.99), st.floats(-1, 1))
def test_who_is_alone_is_named_as_before(digit: int, p: float, weight: float) -> None:
    said = shares([{digit: p}])
    close = np.column_stack([said * 0.9, [0.1]])
    confidence = replace(Confidence(), together=(weight, weight, weight, weight))
    before = confidence.which(finds(said), close, said)
    after = confidence.among_others(finds(said), close, said, looks([[1.0, 2.0]]), np.ones(1))
    np.testing.assert_allclose(after, before)


@given(st.integers(0, 30), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_likeness_is_mutual_and_at_most_one(k: int, n: int, seed: int) -> None:
    described = np.random.default_rng(seed).normal(0, 1, (k, n)).astype(np.float32)
    alike = likeness(described)
    assert alike.shape == (k, k)
    np.testing.assert_allclose(alike, alike.T, rtol=1e-4, atol=1e-7)
    assert (np.diag(alike) == 0).all()
    assert ((alike >= 0) & (alike <= 1 + 1e-4)).all()
    np.testing.assert_allclose(likeness(described * 3), alike, rtol=1e-3, atol=1e-7)
    said = np.random.default_rng(seed).dirichlet(np.ones(10), k)
    assert np.isfinite(by_likeness(alike, said)).all()


def test_nothing_described_is_like_nothing() -> None:
    assert np.isfinite(likeness(np.zeros((3, 4), np.float32))).all()


def test_the_close_up_network_finds_one_writers_digits_alike() -> None:
    """Two of one digit in one hand look more alike than two digits do."""
    canvas = np.full((60, 400), 255, np.uint8)
    hands = ["7-crossed", "4-open"]
    for i, ink in enumerate(draw([7, 7, 4, 4], np.random.default_rng(5), hands=hands)):
        canvas[15:43, 20 + 90 * i : 48 + 90 * i] = 255 - ink
    boxes = np.array([[34 + 90 * i, 29, 14, 20] for i in range(4)], np.float32)
    answers, alike, _ = shipped().look(canvas, boxes)
    np.testing.assert_allclose(answers, shipped()(canvas, boxes))
    np.testing.assert_allclose(answers.sum(1), 1)
    assert min(alike[0, 1], alike[2, 3]) > 2 * alike[:2, 2:].max()


def test_a_fit_learns_to_believe_those_that_look_alike() -> None:
    """Hands differ from page to page: what looks so is a 1 on one page and a 7 on the next."""
    rng = np.random.default_rng(2)
    pages, truth = [], []
    for _ in range(150):
        values = rng.integers(0, 2, 8) * 6 + 1  # 1 or 7
        styles = rng.normal(0, 1, (10, 6))
        described = (styles[values] + 0.1 * rng.normal(0, 1, (8, 6))).astype(np.float32)
        sure = np.where(rng.random(8) < 0.3, 0.5, 0.95)
        seen = np.where((sure < 0.9) & (rng.random(8) < 0.5), 8 - values, values)
        said = shares([{int(v): p} for v, p in zip(seen, sure, strict=True)])
        close = np.column_stack([said * 0.95, np.full(8, 0.05)])
        pages.append((finds(said), close, np.full((8, 10), 0.1), likeness(described)))
        truth.append(values)
    whole = np.concatenate(truth)
    confidence = fit(pages, whole)
    assert confidence.together[-1] > 0.2
    before = np.concatenate([confidence.which(*page[:3]) for page in pages])
    after = [confidence.among_others(*page, np.full(8, 0.95)) for page in pages]
    right = [(p.argmax(1) == whole).mean() for p in (before, np.concatenate(after))]
    assert right[1] > right[0] + 0.05
    assert right[0] == pytest.approx(0.85, abs=0.03)
