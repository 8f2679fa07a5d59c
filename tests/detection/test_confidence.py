"""Three answers become one probability, and a fit finds the weights that made the truth."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.detection.confidence import Confidence, fit
from digitus.detection.maps import ENDS, JOINS, Peaks
from digitus.detection.model import shipped
from digitus.types import Floats32, Matrix


def answers(right: np.ndarray, sure: np.ndarray) -> Matrix:
    """Rows [k 10] that give the digit `right` so much, and the others the rest."""
    rows = np.repeat((1 - sure)[:, None] / 9, 10, axis=1)
    rows[np.arange(len(right)), right] = sure
    return rows


def finds(heat: np.ndarray, digits: Matrix) -> Peaks:
    k = len(heat)
    boxes = np.column_stack([np.arange(k) * 200.0, np.zeros(k), np.full(k, 20.0), np.full(k, 30.0)])
    follow = np.tile(np.eye(3)[ENDS], (k, 1))
    after = boxes[:, :2]
    return Peaks(*(np.asarray(a, np.float32) for a in (heat, heat, boxes, digits, follow, after)))


def unlike(k: int) -> Floats32:
    """Finds of which none looks like another."""
    return np.zeros((k, k), np.float32)


def test_probabilities_of_all_digits_and_of_none_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    digits, looked = (rng.dirichlet(np.ones(10), 50) for _ in range(2))
    close = rng.dirichlet(np.ones(11), 50)
    found = finds(rng.uniform(0, 1, 50), digits)
    joint = Confidence()(found, close)
    np.testing.assert_allclose(Confidence().which(found, close, looked).sum(1), 1)
    assert joint.shape == (50, 10)
    assert (joint >= 0).all()
    assert (joint.sum(1) <= 1).all()
    none, nothing = finds(np.zeros(0), np.zeros((0, 10))), np.zeros((0, 11))
    assert Confidence()(none, nothing).shape == (0, 10)
    assert Confidence().which(none, nothing, np.zeros((0, 10))).shape == (0, 10)


def closely(rows: Matrix, there: float | np.ndarray = 0.9) -> Matrix:
    """The close-up network's answers [k 11]: these, where there is a digit."""
    there = np.broadcast_to(there, len(rows))
    return np.column_stack([rows * there[:, None], 1 - there])


def test_two_that_agree_are_surer_than_one_that_says_nothing() -> None:
    both = answers(np.array([3, 3]), np.array([0.8, 0.8]))
    looked = answers(np.array([3, 0]), np.array([0.8, 0.1]))
    found, same = finds(np.array([0.9, 0.9]), both), closely(looked)
    for close, by_ink in ((same, looked), (closely(both), looked), (same, both)):
        named = Confidence().which(found, close, by_ink)
        assert named[0].argmax() == named[1].argmax() == 3
        assert named[0, 3] > named[1, 3]


def test_what_is_no_digit_from_close_by_is_none() -> None:
    rows = answers(np.array([3, 3]), np.array([0.8, 0.8]))
    joint = Confidence()(finds(np.array([0.9, 0.9]), rows), closely(rows, np.array([0.9, 0.1])))
    assert joint[0].sum() > joint[1].sum()
    assert joint[0, 3] / joint[0].sum() == pytest.approx(joint[1, 3] / joint[1].sum())


@pytest.mark.slow
def test_a_fit_is_calibrated() -> None:
    rng = np.random.default_rng(1)
    k = 8000
    truth = rng.integers(0, 10, k)
    there = rng.random(k) < 0.6
    heat = np.where(there, rng.beta(5, 2, k), rng.beta(1, 4, k))
    said = np.where(rng.random(k) < 0.9, truth, rng.integers(0, 10, k))
    seen = np.where(rng.random(k) < 0.8, truth, rng.integers(0, 10, k))
    found = finds(heat, answers(said, rng.uniform(0.5, 0.99, k)))
    looked = answers(seen, rng.uniform(0.4, 0.95, k))
    closer = np.where(rng.random(k) < 0.95, truth, rng.integers(0, 10, k))
    close = closely(
        answers(closer, rng.uniform(0.5, 0.99, k)),
        np.where(there, rng.beta(5, 2, k), rng.beta(1, 4, k)),
    )
    parts = np.array_split(np.arange(k), 80)
    pages = [(found.take(part), close[part], looked[part], unlike(len(part))) for part in parts]
    confidence = fit(pages, np.where(there, truth, -1))
    joint = np.concatenate(
        [confidence(*p[:2]).sum(1, keepdims=True) * confidence.which(*p[:3]) for p in pages]
    )
    assert joint.sum(1).mean() == pytest.approx(there.mean(), abs=0.01)
    best, right = joint.max(1), (joint.argmax(1) == truth) & there
    for low in (0.2, 0.5, 0.8):
        part = (best >= low) & (best < low + 0.2)
        assert best[part].mean() == pytest.approx(right[part].mean(), abs=0.06)


def test_a_fit_ends_where_networks_are_sure_of_themselves() -> None:
    """Few of them wrong, but all as sure: whole steps of Newton led further and further up."""
    rng = np.random.default_rng(3)
    k = 1500
    truth = rng.integers(0, 10, k)
    said = np.where(rng.random(k) < 0.97, truth, rng.integers(0, 10, k))
    found = finds(np.full(k, 0.9), answers(said, np.full(k, 0.9999)))
    close, looked = closely(answers(said, np.full(k, 0.9999)), 0.99), np.full((k, 10), 0.1)
    parts = np.array_split(np.arange(k), 15)  # pages: what all say of each other grows as k²
    pages = [(found.take(part), close[part], looked[part], unlike(len(part))) for part in parts]
    named = fit(pages, truth).which(found, close, looked)
    assert (named.argmax(1) == truth).mean() == pytest.approx((said == truth).mean())
    assert named.max(1).mean() == pytest.approx((said == truth).mean(), abs=0.01)


def test_links_speak_for_what_they_join() -> None:
    found = finds(np.array([0.8, 0.4, 0.4]), answers(np.array([1, 2, 3]), np.full(3, 0.9)))
    found.follow[0] = np.eye(3)[JOINS]
    found.after[0] = found.boxes[1, :2]
    looked = answers(np.array([1, 2, 3]), np.full(3, 0.9))
    weights = (0.0, 1.0, 0.0, 0.0, 0.0, 3.0, 3.0, *[0.0] * 5)
    likely = Confidence(presence=weights)(found, closely(looked)).sum(1)
    assert likely[1] > likely[2]
    heat_alone = Confidence(presence=(0.0, 1.0, *[0.0] * 10))
    plain = heat_alone(found, closely(looked)).sum(1)
    assert likely[0] > plain[0]
    assert likely[2] == pytest.approx(plain[2])


def test_what_shares_its_place_with_a_hotter_find_may_be_the_same_digit() -> None:
    """A wide 4 was read as two: the heat of its other half had a find of its own."""
    found = finds(np.array([0.8, 0.4, 0.4]), answers(np.array([4, 4, 4]), np.full(3, 0.9)))
    found.boxes[1, :2] = found.boxes[0, :2] + np.float32([10, 0])  # half of the width apart
    looked = answers(np.array([4, 4, 4]), np.full(3, 0.9))
    apart = Confidence(presence=(0.0, 1.0, *[0.0] * 6, -4.0, *[0.0] * 3))
    likely = apart(found, closely(looked)).sum(1)
    alone = Confidence(presence=(0.0, 1.0, *[0.0] * 10))(found, closely(looked)).sum(1)
    np.testing.assert_allclose(likely[[0, 2]], alone[[0, 2]])
    np.testing.assert_allclose(np.log(likely / alone / (1 - likely) * (1 - alone))[1], -4.0 / 2)


def test_a_stroke_beside_digits_as_tall_is_likelier_one() -> None:
    """Rows of digits that stand apart lost their 1s: by itself a bare stroke may be anything."""
    found = finds(np.array([0.9, 0.5, 0.5, 0.5]), answers(np.array([2, 1, 1, 1]), np.full(4, 0.9)))
    found.boxes[:] = [[0, 0, 20, 30], [60, 2, 4, 31], [60, 200, 4, 31], [60, -2, 4, 6]]
    looked = closely(answers(np.array([2, 1, 1, 1]), np.full(4, 0.9)))
    heat_alone, none = (0.0, 1.0, *[0.0] * 7), [0.0] * 3
    plain = Confidence(alone=heat_alone, presence=(*heat_alone, *none))(found, looked).sum(1)
    np.testing.assert_allclose(plain[1:], plain[1])
    row = Confidence(alone=heat_alone, presence=(*heat_alone, 4.0, 0.0, 0.0))
    beside, below, small = row(found, looked).sum(1)[1:]
    assert beside > 2 / 3 > plain[1]  # as tall, and level with the 2
    np.testing.assert_allclose([below, small], plain[1], atol=0.01)
    page = Confidence(alone=heat_alone, presence=(*heat_alone, 0.0, 4.0, 0.0))
    assert page(found, looked).sum(1)[2] == pytest.approx(page(found, looked).sum(1)[1], abs=0.05)
    assert page(found, looked).sum(1)[3] < page(found, looked).sum(1)[2] - 0.2


def test_alone_and_beside_nothing_are_the_same() -> None:
    found = finds(np.array([0.7]), answers(np.array([1]), np.array([0.9])))
    looked = closely(answers(np.array([1]), np.array([0.9])))
    weights = (0.3, 1.0, *[0.2] * 7)
    said = Confidence(alone=weights, presence=(*weights, 3.0, 2.0, 1.0))(found, looked)
    plain = Confidence(alone=weights, presence=(*weights, *[0.0] * 3))(found, looked)
    np.testing.assert_allclose(said, plain)


def test_a_heading_is_larger_than_the_rows_below_it() -> None:
    """Two hundred digits half as tall made clear digits of a heading unlikely, with what ships."""
    sizes = np.array([30.0] * 200 + [66.0] * 3)
    k = len(sizes)
    said = answers(np.full(k, 7), np.full(k, 0.99))
    found = finds(np.full(k, 0.95), said)
    found.boxes[:, 2:] = sizes[:, None] * [0.7, 1]
    found.boxes[:200, 0], found.boxes[:200, 1] = np.arange(200) % 20 * 45, np.arange(200) // 20 * 60
    found.boxes[200:, :2] = [[0, -150], [150, -150], [300, -150]]
    close = closely(said, 0.995)
    confidence = shipped().confidence
    likely = confidence(found, close).sum(1)
    by_itself = confidence(found.take(np.array([200])), close[:1]).sum()
    assert likely.min() > 0.95
    assert (likely[200:] >= by_itself - 0.01).all()


def test_a_fit_finds_what_company_says() -> None:
    """Strokes that tell nothing by themselves: where others are as tall they are digits."""
    rng = np.random.default_rng(5)
    pages, truth = [], []
    for _ in range(150):
        in_rows = bool(rng.integers(2))
        said = answers(np.ones(6, int), np.full(6, 0.9))
        found = finds(np.array([*[0.95] * 4, 0.5, 0.5]), said)
        found.boxes[4:, :2] = [[40, 0], [80, 0]] if in_rows else [[40, 500], [80, 700]]
        pages.append((found, closely(said, np.array([*[0.95] * 4, 0.5, 0.5])), said, unlike(6)))
        truth += [1, 1, 1, 1, *([1, 1] if in_rows else [-1, -1])]
    confidence = fit(pages, np.array(truth))
    likely = np.concatenate([confidence(found, close).sum(1) for found, close, *_ in pages])
    assert ((likely > 0.5) == (np.array(truth) >= 0)).all()


@pytest.mark.parametrize(
    "wrong", [{"choice": (1.0,)}, {"alone": (0.0,) * 8}, {"presence": (np.nan,) * 12}]
)
def test_weights_that_are_none(wrong: dict[str, tuple[float, ...]]) -> None:
    with pytest.raises(ValueError, match="weights of"):
        Confidence(**wrong)
