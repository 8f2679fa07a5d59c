"""Augmentation: each setting does what its unit says, pictures stay apart, seeds mean one thing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.datasets import augment as module
from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation

STRONG = Augmentation(
    rotate=(0, 360), scale=0.3, stretch=0.2, shear=20, shift=4, stroke=1.5, elastic=2, smoothness=3
)


EACH = {
    "rotate": 15,
    "scale": 0.15,
    "stretch": 0.15,
    "shear": 15,
    "shift": 2,
    "stroke": 0.5,
    "elastic": 1.4,
}


def pictures(n=6, h=28, w=28, seed=0):
    """Noise: the hardest content to move without changing it."""
    return np.random.default_rng(seed).integers(0, 256, (n, h, w), dtype=np.uint8)


def bar(h=21, w=21, left=8, right=12):
    image = np.zeros((1, h, w), np.uint8)
    image[:, 4 : h - 4, left : right + 1] = 255
    return image


def apply(images, seed=0, **amounts):
    return augment(images, Augmentation(**amounts), np.random.default_rng(seed))


def centre_of_mass(images):
    """Mean (row, column) of the ink of all pictures together."""
    ink = images.sum(0, dtype=np.float64)
    return np.array([(ink * axis).sum() for axis in np.indices(ink.shape)]) / ink.sum()


def bilinear(image, x, y):
    """The slow witness: one picture in float64, black outside."""
    padded = np.pad(image.astype(float), 2)
    x, y = (np.clip(v, -1.5, size + 0.5) + 2 for v, size in zip((x, y), image.T.shape, strict=True))
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    below, right = y - i, x - j
    top = padded[i, j] * (1 - right) + padded[i, j + 1] * right
    bottom = padded[i + 1, j] * (1 - right) + padded[i + 1, j + 1] * right
    return top * (1 - below) + bottom * below


# What each setting means


def test_off_is_a_copy_and_draws_nothing():
    images, rng = pictures(), np.random.default_rng(5)
    same = augment(images, Augmentation(), rng)
    np.testing.assert_array_equal(same, images)
    assert not np.shares_memory(same, images)
    assert rng.random() == np.random.default_rng(5).random()
    assert Augmentation(smoothness=9).off
    assert not any(Augmentation(**{name: a}).off for name, a in EACH.items())


@pytest.mark.parametrize("turns", [-1, 1, 2, 3, 4])
@pytest.mark.parametrize("size", [27, 28])
def test_rotation_turns_about_the_centre_as_rot90_does(turns, size):
    images = pictures(h=size, w=size)
    turned = apply(images, rotate=(90 * turns, 90 * turns))
    np.testing.assert_array_equal(turned, np.rot90(images, turns, axes=(1, 2)))


def test_a_whole_shift_moves_right_and_down_and_brings_black():
    images = pictures(h=20, w=31)
    start, end = slice(0, -3), slice(3, None)
    for amount, source, target in ((3, start, end), (-3, end, start)):
        expected = np.zeros_like(images)
        expected[:, target, target] = images[:, source, source]
        np.testing.assert_array_equal(apply(images, shift=(amount, amount)), expected)


def test_scale_and_stretch_change_width_and_height_as_said():
    y, x = np.indices((61, 61)) - 30.0
    blob = (255 * np.exp(-((x / 5) ** 2 + (y / 8) ** 2) / 2)).astype(np.uint8)[None]

    def spread(image):  # standard deviations of the ink along x and y
        ink = image[0] / image.sum()
        return math.sqrt((ink * x**2).sum()), math.sqrt((ink * y**2).sum())

    width, height = spread(blob)
    for amounts, wider, higher in (
        ({"scale": (0.2, 0.2)}, 1.2, 1.2),
        ({"scale": (-0.5, -0.5)}, 0.5, 0.5),
        ({"stretch": (0.25, 0.25)}, 1.25, 0.8),
        ({"stretch": (-0.2, -0.2)}, 0.8, 1.25),
    ):
        expected = (width * wider, height * higher)
        assert spread(apply(blob, **amounts)) == pytest.approx(expected, rel=0.02), amounts


def test_shear_leans_to_the_right_and_keeps_the_middle_row():
    image = bar(21, 41, 20, 20)
    leaned = apply(image, shear=(45, 45))
    np.testing.assert_array_equal(leaned[0, 10], image[0, 10])
    for row in range(4, 17):
        assert leaned[0, row].argmax() == 20 + (10 - row)


def test_shear_comes_before_rotation_and_both_before_the_shift():
    images = pictures(h=33, w=33)
    sheared = apply(images, shear=(45, 45), scale=(0.5, 0.5))
    turned = apply(images, shear=(45, 45), scale=(0.5, 0.5), rotate=(90, 90), shift=(2, 2))
    np.testing.assert_array_equal(turned[:, 2:, 2:], np.rot90(sheared, axes=(1, 2))[:, :-2, :-2])


def test_shifts_to_the_right_and_down_are_drawn_separately():
    images = np.zeros((300, 15, 15), np.uint8)
    images[:, 7, 7] = 255
    moved = apply(images, shift=5)
    places = np.array([centre_of_mass(moved[i : i + 1]) for i in range(300)]) - 7
    assert abs(np.corrcoef(places.T)[0, 1]) < 0.2
    assert np.abs(places).max(0) == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("pixels", [-2, -1, -0.5, 0.25, 1, 2.5])
def test_stroke_moves_each_edge_by_its_pixels(pixels):
    width = apply(bar(), stroke=(pixels, pixels))[0, 10].sum() / 255
    assert width == pytest.approx(5 + 2 * pixels, abs=0.02)


def test_stroke_takes_the_outside_for_black():
    full = np.full((2, 9, 9), 255, np.uint8)
    assert (apply(full, stroke=(-1, -1))[:, 1:-1, 1:-1] == 255).all()
    assert apply(full, stroke=(-1, -1)).sum() == 2 * 49 * 255
    np.testing.assert_array_equal(apply(full, stroke=(1, 1)), full)


@pytest.mark.parametrize(("elastic", "smoothness"), [(0.5, 5.0), (1.4, 4.0), (1.0, 1.5)])
def test_elastic_displaces_by_its_rms_without_bias(elastic, smoothness):
    """On a ramp of 6 grey levels a pixel, brightness is position; the margin is never looked at."""
    ramp = np.broadcast_to(np.arange(42, dtype=np.uint8) * 6, (400, 42, 42))
    inner = np.s_[:, 9:-9, 9:-9]
    for axis, images in enumerate((ramp, ramp.swapaxes(1, 2))):
        moved = apply(images, elastic=elastic, smoothness=smoothness, seed=axis)
        pixels = (moved.astype(float) - images)[inner] / 6
        assert pixels.std() == pytest.approx(elastic, rel=0.05)
        independent = 400 * (24 / (4 * smoothness) + 1) ** 2  # patches, a few deviations wide each
        assert abs(pixels.mean()) < 4 * elastic / math.sqrt(independent)


def test_elastic_field_has_the_same_rms_up_to_the_edge_and_is_smooth():
    basis = module._basis(28, Augmentation(elastic=1, smoothness=5))[:, :-2].astype(float)
    np.testing.assert_allclose((basis**2).sum(1), 1, rtol=1e-6)
    lag = np.subtract.outer(np.arange(28), np.arange(28))
    np.testing.assert_allclose(basis @ basis.T, np.exp(-(lag**2) / (4 * 5**2)), atol=0.012)


# All together


def test_a_warp_is_one_bilinear_interpolation():
    """Against a float64 witness that is given the same map."""
    n, (row, column) = 5, np.indices((24, 30))
    waves = [127 + 100 * np.sin(column / 3 + i) * np.cos(row / 4) for i in range(n)]
    images = np.array(waves).astype(np.uint8)
    mild = Augmentation(rotate=(20, 20), shear=(10, 10), scale=(0.1, 0.1), elastic=1.2)
    rng = np.random.default_rng(3)
    ranges = (*module.RANGES, "down")
    rng.random((len(ranges), n))
    amount = {
        name: np.full(n, (mild.bounds(name) if name != "down" else (0,))[0]) for name in ranges
    }
    x, y = (v.reshape(24, n, 30).astype(float) for v in module._sources(24, 30, amount, mild, rng))
    got = augment(images, mild, np.random.default_rng(3))
    for i in range(n):
        expected = bilinear(images[i], x[:, i] - (i * 31 + 1), y[:, i])
        error = np.abs(got[i] - expected)  # OpenCV 5 rounds to bytes, 4 to 1/32 of a pixel as well
        assert error.mean() < 0.6
        assert error.max() < 4


def test_the_mean_picture_stays_where_it_is():
    """No half pixel crept in: an off-centre blot keeps its centre of mass on average."""
    images = np.zeros((3000, 28, 28), np.uint8)
    images[:, 9:13, 10:15] = 200
    images[:, 16:18, 15:19] = 90
    mild = dict.fromkeys(("rotate", "shear"), 10) | {"shift": 1, "stroke": 0.5, "elastic": 1}
    moved = apply(images, **mild, scale=0.1, stretch=0.1)
    np.testing.assert_allclose(centre_of_mass(moved), centre_of_mass(images), atol=0.08)
    for name in ("rotate", "shear", "shift", "elastic"):
        ink = apply(images, **{name: EACH[name]}).sum() / images.sum()
        assert ink == pytest.approx(1, abs=0.02), name


@pytest.mark.parametrize("white", [0, 2, 4])
def test_nothing_leaks_into_a_neighbour(white):
    images = np.zeros((5, 28, 28), np.uint8)
    images[white] = 255
    for seed in range(20):
        lit = augment(images, STRONG, np.random.default_rng(seed)).any(axis=(1, 2))
        assert list(lit) == [i == white for i in range(5)]
    far = Augmentation(shift=999, elastic=999, rotate=45)
    assert not augment(np.full((5, 8, 8), 255, np.uint8), far, np.random.default_rng(1)).any()


def test_a_batch_done_in_pieces_equals_its_pictures_done_alone(monkeypatch):
    images = pictures(11, 12, 17)
    fixed = {"rotate": (33, 33), "scale": (0.2, 0.2), "shift": (1.3, 1.3), "stroke": (0.5, 0.5)}
    whole = apply(images, **fixed)
    alone = [apply(images[i : i + 1], **fixed)[0] for i in range(11)]
    np.testing.assert_array_equal(whole, alone)
    monkeypatch.setattr(module, "WIDEST", 60)  # three pictures at a time
    np.testing.assert_array_equal(apply(images, **fixed), whole)


def test_a_batch_wider_than_opencv_allows():
    images = pictures(1500)
    np.testing.assert_array_equal(
        apply(images, rotate=(180, 180)), np.rot90(images, 2, axes=(1, 2))
    )


@pytest.mark.parametrize("name", EACH)
def test_a_setting_has_its_own_draws(name):
    """Switching another setting on does not change what this one does to the picture."""
    images = pictures(4)
    alone = apply(images, **{name: EACH[name]}, seed=7)
    for other in EACH.keys() - {name, "elastic"}:
        barely = {other: 1e-9}
        np.testing.assert_array_equal(alone, apply(images, **{name: EACH[name]}, **barely, seed=7))


@examples(40)
@given(
    shape=st.tuples(st.integers(0, 5), st.integers(0, 33), st.integers(0, 33)),
    rotate=st.tuples(st.floats(-400, 0), st.floats(0, 400)),
    stretch=st.floats(0, 0.9),
    stroke=st.floats(0, 3),
    elastic=st.floats(0, 30),
    smoothness=st.floats(1, 40),
    seed=st.integers(0, 2**32),
)
def test_any_picture_with_any_setting(shape, seed, **amounts):
    images = pictures(*shape)
    before = images.copy()
    first, second = (apply(images, seed, **amounts) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(images, before)
    assert (first.shape, first.dtype) == (shape, np.uint8)
    assert not apply(np.zeros_like(images), seed, **amounts).any()


def test_pictures_get_different_amounts_and_read_only_input_is_fine():
    images = np.broadcast_to(pictures(1), (8, 28, 28))  # not writeable, not contiguous
    for name, amount in EACH.items():
        changed = apply(images, **{name: amount})
        assert len({picture.tobytes() for picture in changed}) == 8, name
