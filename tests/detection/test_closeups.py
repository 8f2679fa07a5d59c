"""Close-ups are cut around a find, whatever its size, and a made page's are of all kinds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from digitus.detection import closeup
from digitus.detection.closeup import AT_ONCE, CLEAR, LEANS, LOOKED_AT, CloseUpNetwork, load
from digitus.detection.closeup_examples import MOST_DIGITS, of_finds, of_page
from digitus.detection.closeups import CLASSES, FLAT, NONE, SIDE, WITHIN, closeups, leaning
from digitus.detection.maps import Peaks
from digitus.detection.matching import truth_of
from digitus.nn import Chain, softmax, stream
from digitus.synthetic.pages.pages import Page, pages
from digitus.types import Matrix
from digitus.vision.colour import as_grey
from nn.compiled import LEVELS, needs_kernels


@pytest.mark.parametrize("size", [6, 20, 33, 150])
def test_a_box_has_the_same_size_in_every_closeup(size: int) -> None:
    grey = np.full((400, 400), 200, np.uint8)
    grey[100 : 100 + size, 120 : 120 + size // 2] = 50
    box = np.array([[120 + size / 4, 100 + size / 2, size / 2, size]])
    (image,) = closeups(grey, box)
    assert image.shape == (SIDE, SIDE)
    dark = image < 128
    assert np.flatnonzero(dark.any(1)).size == pytest.approx(WITHIN, abs=2 + 12 / size)
    assert np.flatnonzero(dark.any(0)).size == pytest.approx(WITHIN / 2, abs=2 + 12 / size)
    middle = np.argwhere(dark).mean(0)
    np.testing.assert_allclose(middle, (SIDE - 1) / 2, atol=1.2 + 6 / size)


def test_contrast_is_stretched_but_not_out_of_nothing() -> None:
    grey = np.full((60, 60), 150, np.uint8)
    grey[20:40, 28:32] = 130
    (image,) = closeups(grey, np.array([[30.0, 30.0, 8.0, 20.0]]))
    assert image.min() == 0
    assert image.max() == 255
    flat = np.full((60, 60), 150, np.uint8)
    flat[30, 30] += FLAT // 6
    (image,) = closeups(flat, np.array([[30.0, 30.0, 8.0, 20.0]]))
    assert np.ptp(image) < 80


@pytest.mark.parametrize("at", [(0, 0), (-30, 10), (39, 500), (1e4, -1e4)])
def test_beyond_the_picture_is_the_grey_of_its_edges(at: tuple[float, float]) -> None:
    grey = np.full((30, 40), 90, np.uint8)
    (image,) = closeups(grey, np.array([[*at, 10.0, 20.0]]))
    assert len(np.unique(image)) == 1
    assert closeups(grey, np.zeros((0, 4))).shape == (0, SIDE, SIDE)


def test_a_page_shows_its_digits_and_what_is_none() -> None:
    counts = np.zeros(CLASSES, int)
    for i, page in enumerate(pages(12, 3)):
        found = list(of_page(page, stream(0, "closeups", i)))
        assert all(image.shape == (SIDE, SIDE) for image, _ in found)
        shown = sorted(k for _, k in found if k != NONE)
        values = sorted(value for value, _, _ in page.digits)
        assert len(shown) == min(len(values), MOST_DIGITS)
        assert not set(shown) - set(values)
        counts += np.bincount([k for _, k in found], minlength=CLASSES)
    assert (counts > 0).all()


def test_finds_are_learnt_as_they_are_found() -> None:
    """A find is what stands there; a second one of a digit is neither that digit nor none."""
    picture = np.full((200, 240), 230, np.uint8)
    picture[40:70, 40:50] = 40  # a digit
    picture[100:130, 150:166] = 40  # print
    page = Page(picture, ("1",), ((1, (40, 40, 10, 30), 0),), frozenset())
    boxes = np.float32([[45, 55, 11, 31], [46, 56, 11, 29], [158, 115, 16, 30]])
    heat = np.float32([0.9, 0.5, 0.3])
    even = np.full((3, 10), 0.1, np.float32)
    found = Peaks(heat, heat, boxes, even, even[:, :3], boxes[:, :2])
    assert truth_of(found, page).tolist() == [1, -1, -1]
    learnt = list(of_finds(page, found, stream(0, "closeups")))
    assert sorted(k for _, k in learnt) == [1, NONE]
    for image, _ in learnt:
        dark = np.argwhere(image < 128)
        np.testing.assert_allclose(dark.mean(0), (SIDE - 1) / 2, atol=3)
        assert 0.6 * WITHIN < np.ptp(dark[:, 0]) < 1.6 * WITHIN
    assert not list(of_finds(page, found.take(np.zeros(0, int)), stream(0, "closeups")))


@pytest.mark.slow
@needs_kernels
@pytest.mark.parametrize("by", LEVELS)
def test_the_network_that_ships_is_computed_by_the_kernels(
    by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To NumPy's answers, for more finds than are looked at together, and for none."""
    rng = stream(1, "finds")
    page = next(page for page in pages(9, 3) if len(page.digits) > 3)
    grey = as_grey(page.picture)
    x, y, w, h = np.array([page.digits[i % 4][1] for i in range(AT_ONCE + 3)], float).T
    boxes = np.column_stack([x + w / 2, y + h / 2, w, h]) + rng.uniform(-6, 6, (AT_ONCE + 3, 4))
    boxes = boxes.astype(np.float32)

    def answers(computing: str) -> tuple[CloseUpNetwork, Matrix]:
        monkeypatch.setattr("digitus.nn.kernels.asked", computing)
        network = load()
        assert network(grey, boxes[:0]).shape == (0, CLASSES)
        return network, network(grey, boxes)

    _, expected = answers("numpy")
    np.testing.assert_allclose(expected.sum(axis=1), 1, rtol=1e-6)
    assert np.ptp(expected, axis=0).max() > 0.1
    network, found = answers(by)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    with monkeypatch.context() as patch:  # the layers take no part in it, but for the last
        patch.setattr(Chain, "forward", None)
        np.testing.assert_array_equal(network(grey, boxes), found)


def test_both_looks_have_their_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is the geometric mean of a look from nearer by and one from further away."""
    network, page = load(), next(page for page in pages(9, 3) if len(page.digits) > 3)
    x, y, w, h = np.array([box for _, box, _ in page.digits], np.float32).T
    boxes = np.column_stack([x + w / 2, y + h / 2, w, h])
    grey = as_grey(page.picture)
    near, far = LOOKED_AT
    assert near < 1 < far
    monkeypatch.setattr(closeup, "CLEAR", 0.0)  # the first looks alone
    both = network(grey, boxes)
    looks = []
    for size in LOOKED_AT:
        monkeypatch.setattr(closeup, "LOOKED_AT", (size,))
        looks.append(network(grey, boxes))
    assert np.abs(looks[0] - looks[1]).max() > 1e-3
    mean = np.sqrt(looks[0] * looks[1])
    np.testing.assert_allclose(both, mean / mean.sum(1, keepdims=True), atol=1e-5)


def test_what_stands_beside_the_digits_is_seen_as_a_find_would_see_it() -> None:
    picture = np.full((200, 240), 230, np.uint8)
    picture[40:70, 40:50] = 40  # a digit
    picture[100:130, 150:166] = 40  # print
    page = Page(picture, ("1",), ((1, (40, 40, 10, 30), 0),), frozenset())
    found = list(of_page(page, stream(0, "closeups")))
    assert [k for _, k in found if k != NONE] == [1]
    dark = [np.argwhere(image < 128) for image, k in found if k == NONE]
    whole = [at for at in dark if len(at) and np.ptp(at[:, 1]) > 0.45 * np.ptp(at[:, 0])]
    near = [at for at in whole if np.allclose(at.mean(0), (SIDE - 1) / 2, atol=6)]
    assert any(0.5 * WITHIN < np.ptp(at[:, 0]) < 1.6 * WITHIN for at in near)


def test_a_digit_that_is_crossed_out_is_none() -> None:
    picture = np.full((80, 60), 230, np.uint8)
    picture[20:60, 28:32] = 40
    page = Page(picture, (), (), frozenset(), crossed_out=((1, (28, 20, 4, 40), 0),))
    found = list(of_page(page, stream(0, "closeups")))
    assert {k for _, k in found} == {NONE}
    dark = [np.argwhere(image < 128) for image, _ in found]
    assert any(0.5 * WITHIN < np.ptp(at[:, 0]) < 1.6 * WITHIN for at in dark if len(at))


def test_leaning_undoes_a_lean() -> None:
    """A bar that was turned, or slanted, stands upright in the look that leans its way."""
    bar = np.full((200, 200), 230, np.uint8)
    bar[70:130, 95:105] = 40
    (upright,) = closeups(bar, np.array([[100.0, 100.0, 20.0, 60.0]]))
    for lean in LEANS:
        back = np.linalg.inv(lean)  # from a place in what leans to one on the upright bar
        matrix = np.column_stack([back, 99.5 - back.sum(1) * 99.5])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        leans = cv2.warpAffine(bar, matrix, (200, 200), flags=how, borderValue=230)
        boxes = np.array([[100.0, 100.0, 20.0, 60.0]])
        (plain,), (seen,) = closeups(leans, boxes), leaning(leans, boxes, [lean])[0]
        width = [np.ptp(np.argwhere(image < 128)[:, 1]) for image in (upright, plain, seen)]
        assert width[1] >= width[0] + 2
        assert abs(width[2] - width[0]) <= 1


def test_a_lean_of_nothing_is_the_close_up_itself() -> None:
    noise = stream(3, "grey").integers(0, 255, (90, 90), np.uint8)
    grey = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)
    boxes = np.array([[40.0, 50.0, 30.0, 40.0], [2.0, 3.0, 30.0, 42.0]])
    (seen,) = leaning(grey, boxes, [np.eye(2)])
    assert np.abs(closeups(grey, boxes).astype(int) - seen).mean() < 5


def test_only_what_is_in_doubt_is_looked_at_leaning(monkeypatch: pytest.MonkeyPatch) -> None:
    network, page = load(), next(page for page in pages(9, 3) if len(page.digits) > 3)
    x, y, w, h = np.array([box for _, box, _ in page.digits], np.float32).T
    boxes = np.column_stack([x + w / 2, y + h / 2, w, h])
    boxes = np.concatenate([boxes, boxes + np.float32([0.4, 0.4, 0, 0]) * h.max()])  # half beside
    grey = as_grey(page.picture)
    first, all_ = softmax(network._looked(grey, boxes)[0]), network(grey, boxes)
    doubtful = first.max(1) < CLEAR
    assert doubtful.any()
    assert not doubtful.all()
    np.testing.assert_array_equal(all_[~doubtful], first[~doubtful])
    assert (np.abs(all_ - first).max(1) > 1e-6)[doubtful].all()
    # Of looks that all see the same the mean is the same.
    monkeypatch.setattr(closeup, "leaning", lambda *given: np.stack([closeups(*given[:2])] * 4))
    monkeypatch.setattr(closeup, "LOOKED_AT", (closeup.LEANING,))
    first = softmax(network._looked(grey, boxes)[0])
    np.testing.assert_allclose(network(grey, boxes), first, atol=1e-6)
