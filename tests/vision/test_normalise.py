"""What is in MNIST's form stays; what is lit, inverted, moved or scaled in any way gets there."""

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from conftest import examples
from digitus.datasets.digits import BOX, SIDE
from digitus.errors import DataError
from digitus.synthetic.strokes import strokes
from digitus.vision.normalise import (
    TOGETHER,
    normalise,
    prepare,
    prepare_each,
    prepare_one,
)

DIGITS = strokes(60, seed=3).images


def differences(a, b):
    """Mean differences [n] in grey levels between the images of two sets, over the ink of both.

    A centre of mass between two pixels may be rounded to either: of these, the better counts.
    """
    inked = np.maximum(a, b).astype(float).sum((1, 2)) / 255
    moves = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    moved = [np.abs(np.roll(a, move, (1, 2)).astype(float) - b).sum((1, 2)) for move in moves]
    return np.min(moved, axis=0) / inked


def mass_centre(image):
    weights = image / image.sum()
    return [float(np.arange(SIDE) @ weights.sum(axis)) for axis in (1, 0)]


def enlarged(by, images=DIGITS):
    return np.array(
        [cv2.resize(x, None, fx=by, fy=by, interpolation=cv2.INTER_CUBIC) for x in images]
    )


def on_paper(images, paper):
    """Dark ink on a sheet whose grey may vary."""
    return np.rint(paper * (1 - 0.8 * images / 255)).astype(np.uint8)


def test_what_is_in_mnists_form_stays():
    found = differences(prepare(DIGITS), DIGITS)
    assert found.max() < 5
    assert np.median(found) < 1


def test_mnist_itself_stays(mnist_dir):
    from digitus.datasets.idx import read_images

    images = read_images(mnist_dir / "train-images-idx3-ubyte.gz")[:200]
    found = differences(prepare(images), images)
    assert np.median(found) < 3
    assert np.quantile(found, 0.99) < 20


def test_to_prepare_twice_is_to_prepare_once():
    once = prepare(enlarged(3))
    assert differences(prepare(once), once).max() < 8


def test_polarity_does_not_matter():
    assert differences(prepare(255 - DIGITS), prepare(DIGITS)).max() < 2
    assert all(prepare_one(255 - x).dark_ink and not prepare_one(x).dark_ink for x in DIGITS)


@pytest.mark.parametrize("shift", [(3, -3), (-4, 2), (0, 4)])
def test_place_does_not_matter(shift):
    moved = np.roll(np.pad(DIGITS, ((0, 0), (6, 6), (6, 6))), shift, (1, 2))
    assert differences(prepare(moved), prepare(DIGITS)).max() < 5


@pytest.mark.parametrize("by", [2, 3, 8])
def test_size_does_not_matter(by):
    found = differences(prepare(enlarged(by)), DIGITS)
    assert np.median(found) < 60  # interpolated there and back; other digits differ by 180


def test_contrast_does_not_matter():
    pale = (90 + DIGITS * (50 / 255)).astype(np.uint8)
    assert differences(prepare(pale), prepare(DIGITS)).max() < 10


@pytest.mark.parametrize("turns", range(4))
def test_light_from_one_side_is_taken_out(turns):
    light = np.rot90(np.linspace(110, 250, SIDE)[None].repeat(SIDE, 0), turns)
    found = prepare(on_paper(DIGITS, light))
    assert np.quantile(differences(found, prepare(DIGITS)), 0.9) < 20


def test_dark_corners_are_no_ink():
    y, x = np.mgrid[:84, :84] / 42 - 1
    picture = on_paper(enlarged(3), 220 - 50 * (x * x + y * y))
    assert np.quantile(differences(prepare(picture), prepare(enlarged(3))), 0.9) < 50


@pytest.mark.parametrize("upright", [False, True])
def test_ruled_lines_go(upright):
    lines = np.zeros((SIDE, SIDE), np.uint8)
    lines[2::7] = 120
    ruled = np.maximum(DIGITS, lines.T if upright else lines)
    found = prepare(ruled)
    assert np.quantile(differences(found, prepare(DIGITS)), 0.9) < 20
    assert prepare_one(ruled[0]).rules.sum() > 3 * SIDE // 2


def test_a_digit_as_tall_as_its_picture_is_no_ruled_line():
    picture = np.full((40, 30), 255, np.uint8)
    picture[:, 13:17] = 0
    found = prepare_one(picture)
    assert not found.rules.any()
    assert found.box == (13, 0, 4, 40)
    assert mass_centre(found.image) == pytest.approx([14, 14], abs=0.6)


def test_specks_and_a_neighbour_cut_by_the_edge_go_but_a_broken_stroke_stays():
    picture = np.zeros((200, 200), np.uint8)
    cv2.line(picture, (100, 40), (100, 95), 255, 8)
    cv2.line(picture, (100, 106), (100, 160), 255, 8)  # after a gap
    clean = prepare_one(picture)
    picture[20:23, 20:23] = 255
    picture[60:120, :6] = 255
    found = prepare_one(picture)
    assert found.box == clean.box
    assert found.box[3] == pytest.approx(129, abs=3)
    assert np.array_equal(found.image, clean.image)


def test_noise_goes():
    rng = np.random.default_rng(0)
    noisy = np.clip(DIGITS + rng.normal(0, 30, DIGITS.shape), 0, 255).astype(np.uint8)
    found = prepare(noisy)
    assert (np.median(found[:, :2], axis=(1, 2)) == 0).all()
    assert np.median(differences(found, DIGITS)) < 50


@pytest.mark.parametrize("thickness", [2, 10, 60])
def test_any_pen_becomes_mnists_pen(thickness):
    picture = np.full((500, 500), 230, np.uint8)
    cv2.ellipse(picture, (250, 250), (120, 170), 0, 0, 300, 40, thickness)
    found = prepare_one(picture)
    _, _, pen = normalise(found.image.astype(np.float32) / 255)
    assert found.image.max() == 255
    assert pen == pytest.approx(2.7, abs=1.1)


def test_a_large_picture_is_measured_in_its_own_pixels():
    picture = np.full((1000, 2000), 255, np.uint8)
    picture[300:700, 900:1000] = 0
    x, y, w, h = prepare_one(picture).box
    assert (x, y, w, h) == pytest.approx((900, 300, 100, 400), abs=8)


def test_a_digit_from_edge_to_edge_ends_at_the_edge():
    picture = np.full((1775, 405), 255, np.uint8)  # made smaller by 73 / 405, which is not exact
    picture[800:900] = 0
    x, _, w, _ = prepare_one(picture).box
    assert (x, w) == (0, 405)


@pytest.mark.parametrize("side", [1, 2, 8, 28, 300, 2000])
@pytest.mark.parametrize("grey", [0, 128, 255])
def test_one_grey_is_blank(side, grey):
    found = prepare_one(np.full((side, side), grey, np.uint8))
    assert found.blank
    assert not found.image.any()
    assert not found.ink.any()


@pytest.mark.parametrize("side", [28, 100, 300])
@pytest.mark.parametrize("deviation", [3, 20])
def test_the_grain_of_empty_paper_is_blank(side, deviation):
    rng = np.random.default_rng(side)
    picture = np.clip(rng.normal(180, deviation, (side, side)), 0, 255).astype(np.uint8)
    assert prepare_one(picture).blank


def test_a_blank_among_digits():
    images = np.stack([DIGITS[0], np.zeros_like(DIGITS[0])])
    found = prepare(images)
    assert found[0].any()
    assert not found[1].any()
    assert prepare(images[:0]).shape == (0, SIDE, SIDE)


@pytest.mark.parametrize("side", [9, 28, 100])
def test_pictures_together_are_prepared_as_each_alone(side):
    """To the bit, whatever lies beside them, with more of them than are looked at together."""
    pictures = np.stack([cv2.resize(digit, (side, side + 1)) for digit in enlarged(2)[:12]])
    pictures[1::3] = 255 - pictures[1::3]
    pictures[2] = 7
    several = np.concatenate([pictures] * (TOGETHER // len(pictures) + 2))
    alone = [prepare_one(picture).image for picture in pictures]
    assert np.array_equal(prepare(several), np.concatenate([alone] * (len(several) // len(alone))))


def test_pictures_of_several_sizes_are_prepared_as_each_alone():
    """Also those that are of one size only when they are made smaller to be worked on."""
    sizes = [(28, 28), (40, 31), (900, 640), (450, 320), (28, 28), (9, 50), (3000, 2133)]
    pictures = [cv2.resize(DIGITS[i], size) for i, size in enumerate(sizes)]
    found = dict(prepare_each(pictures))
    assert sorted(found) == [*range(len(pictures))]
    for i, picture in enumerate(pictures):
        alone = prepare_one(picture)
        assert np.array_equal(found[i].image, alone.image)
        assert np.array_equal(found[i].ink, alone.ink)
        assert (found[i].box, found[i].pen, found[i].dark_ink) == (
            alone.box, alone.pen, alone.dark_ink,
        )  # fmt: skip
        assert found[i].picture is picture
    assert [*prepare_each([])] == []


def test_what_comes_in_is_not_changed():
    picture = DIGITS[0].copy()
    picture.flags.writeable = False
    assert np.array_equal(prepare_one(picture).picture, DIGITS[0])


@pytest.mark.parametrize(
    "wrong", [np.zeros((0, 5), np.uint8), np.zeros((5, 5)), np.zeros((2, 5, 5), np.uint8)]
)
def test_other_arrays_are_refused(wrong):
    with pytest.raises(DataError, match="bytes"):
        prepare_one(wrong)
    with pytest.raises(DataError, match="bytes"):
        prepare(wrong[0] if wrong.ndim == 3 else wrong)


@examples(100)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
@example(np.array([[0, 255]], np.uint8))
@example(np.array([[3, 4, *[0] * 10], [11, *[0] * 11]], np.uint8))
@example(np.array([[10, 6], [11, 0], *[[0, 0]] * 4], np.uint8))
@example(np.eye(25, dtype=np.uint8) * 255)
@example(np.tile(np.array([[0, 255]], np.uint8), (40, 20)))
def test_any_picture_gives_an_image(picture):
    found = prepare_one(picture)
    assert found.image.shape == (SIDE, SIDE)
    assert found.image.dtype == np.uint8
    assert found.blank != bool(found.image.any())
    assert found.ink.min() >= 0
    assert found.ink.max() <= 1
    if not found.blank:
        x, y, w, h = found.box
        assert 0 <= x < x + w <= picture.shape[1]
        assert 0 <= y < y + h <= picture.shape[0]
        inked = [np.flatnonzero(found.image.any(axis)) for axis in (1, 0)]
        for centre, at in zip(mass_centre(found.image), inked, strict=True):
            # Central, but where a long tail would leave the picture. This holds for any smear of
            # greys, whose centre moves when white is cut off; digits are held to a pixel above.
            assert abs(centre - SIDE / 2) < 4 or at[0] <= 1 or at[-1] >= SIDE - 2


@examples(25)
@given(st.integers(0, 59), st.integers(8, 16))
def test_small_pictures_that_the_digit_fills(index, side):
    y, x = (np.flatnonzero(DIGITS[index].any(axis)) for axis in (1, 0))
    tight = DIGITS[index][y[0] : y[-1] + 1, x[0] : x[-1] + 1]
    found = prepare_one(cv2.resize(tight, (side, side), interpolation=cv2.INTER_AREA))
    assert not found.dark_ink
    assert max(np.ptp(np.nonzero(found.image > 80), axis=1) + 1) == pytest.approx(BOX, abs=2)
