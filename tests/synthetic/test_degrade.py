"""Wear: every fault does what its unit says, nothing is lost, and a seed means one thing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.synthetic import degrade as module
from digitus.synthetic.degrade import worn
from digitus.synthetic.photograph import ink_box, photograph
from digitus.synthetic.strokes import strokes
from digitus.synthetic.wear import BOUNDS, CHANCES, FAULTS, Wear

NEW = Wear(  # a digit in the middle of a clean sheet
    size=(56, 56),
    fill=(0.7, 0.7),
    rotate=(0, 0),
    stroke=(0, 0),
    contrast=(1, 1),
    **dict.fromkeys(FAULTS, (0, 0)),
    **dict.fromkeys(CHANCES, 0),
)


DIGITS = strokes(60, seed=5)


def rng(seed=0):
    return np.random.default_rng(seed)


def pictures(wear, images=DIGITS.images, seed=0):
    """The photographs that `worn` prepares, one a digit."""
    taken = []

    def camera(*arguments):
        taken.append(photograph(*arguments))
        return taken[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "photograph", camera)
        worn(images, wear, rng(seed))
    return taken


def alike(a, b):
    """The mean correlation of images [n 28 28] with others."""
    pairs = zip(a.reshape(len(a), -1), b.reshape(len(b), -1), strict=True)
    return np.mean([np.corrcoef(x, y)[0, 1] for x, y in pairs])


def inked(picture):
    """How much of a dark-on-white picture is ink, from 0 to 1 [h w]."""
    return 1 - picture / 255


def grain(picture):
    """The deviation of neighbouring pixels' noise, whatever is drawn: robust against edges."""
    return np.median(np.abs(np.diff(picture.astype(float), axis=1))) / 0.954


# The whole


def test_same_generator_same_bytes_and_the_input_is_left_alone():
    before = DIGITS.images.copy()
    first, second = (worn(DIGITS.images, Wear(), rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(DIGITS.images, before)
    assert not np.shares_memory(first, DIGITS.images)
    other = worn(DIGITS.images, Wear(), rng(8))
    assert (other != first).any((1, 2)).mean() > 0.95


def test_a_clean_sheet_gives_the_digit_back():
    same = worn(DIGITS.images, NEW, rng())
    assert alike(same, DIGITS.images) > 0.95


def test_worn_digits_are_still_those_digits_but_changed():
    digits = strokes(300, seed=6).images
    changed = worn(digits, Wear(), rng())
    assert (changed == digits).all((1, 2)).mean() < 0.1
    assert 0.7 < alike(changed, digits) < 0.95


@examples(25)
@given(st.data())
def test_no_settings_lose_a_digit(data):
    amounts = {}
    for name, (least, most) in BOUNDS.items():
        if name in CHANCES:
            amounts[name] = data.draw(st.floats(0, 1), name)
        elif name in FAULTS:
            amounts[name] = (data.draw(st.floats(0, 1)), data.draw(st.floats(least, most), name))
        else:
            amounts[name] = tuple(sorted(data.draw(st.floats(least, most), name) for _ in "ab"))
    wear = Wear(**amounts)
    result = worn(DIGITS.images[:5], wear, rng(data.draw(st.integers(0, 99))))
    assert result.shape == (5, 28, 28)
    assert result.dtype == np.uint8
    assert (result.max((1, 2)) >= 100).all()


def test_what_has_no_ink_stays_blank_and_none_is_none():
    digits = DIGITS.images[:3].copy()
    digits[1] = 0
    result = worn(digits, Wear(), rng())
    assert not result[1].any()
    assert result[0].any()
    assert worn(digits[:0], Wear(), rng()).shape == (0, 28, 28)
    assert not worn(digits[1:2], Wear(), rng()).any()


def test_a_digit_that_is_lost_comes_back_unworn():
    noisy = replace(NEW, noise=(1, 1), contrast=(0.06, 0.06), coarse=(1, 4))
    images = DIGITS.images
    result = worn(images, noisy, rng())
    unworn = (result == images).all((1, 2))
    assert unworn.any()
    assert not unworn.all()


# What each setting means


def test_size_and_fill_are_those_of_the_sheet_and_the_digit():
    for size in (30, 80):
        wear = replace(NEW, size=(size, size), fill=(0.5, 0.5))
        for picture in pictures(wear, DIGITS.images[:10]):
            assert picture.shape == (size, size)
            *_, w, h = ink_box((inked(picture) > 0.5).astype(np.uint8))
            assert max(w, h) == pytest.approx(size / 2, abs=2.5)


def test_contrast_and_polarity():
    for inverted in (0, 1):
        for picture in pictures(replace(NEW, contrast=(0.5, 0.5), inverted=inverted)):
            paper, ink = (picture.max(), picture.min())[:: -1 if inverted else 1]
            assert abs(int(ink) - int(paper)) == pytest.approx(128, abs=3)
            assert np.median(picture) == pytest.approx(paper, abs=2)


def test_stroke_makes_ink_broader():
    ink = [
        np.mean([inked(p).sum() for p in pictures(replace(NEW, stroke=(s, s), fill=(0.6, 0.6)))])
        for s in (-0.4, 0, 0.8)
    ]
    assert ink[0] < 0.9 * ink[1]
    assert ink[2] > 1.2 * ink[1]


def test_rotate_turns_by_degrees():
    bar = np.zeros((40, 28, 28), np.uint8)
    bar[:, 5:23, 13:15] = 255
    for degrees in (-30, 20):
        for picture in pictures(replace(NEW, rotate=(degrees, degrees)), bar)[:5]:
            y, x = np.nonzero(inked(picture) > 0.5)
            angle = np.rad2deg(np.arctan2(*np.linalg.svd(np.cov(x, y))[0][:, 0]))
            assert (angle - degrees + 90) % 180 - 90 == pytest.approx(0, abs=4)


def faulty(name, strength, **others):
    """Photographs in which one fault has up to this strength, beside the same without it."""
    wear = replace(NEW, **others)
    return pictures(replace(wear, **{name: (1, strength)})), pictures(wear)


def test_light_differs_across_the_sheet():
    lit, plain = faulty("light", 0.8, contrast=(0.5, 0.5))
    spread = [np.ptp([np.median(p[:8, :8]), np.median(p[-8:, -8:]), np.median(p[:8, -8:])])
              for p in lit]  # fmt: skip
    assert np.mean(spread) > 20
    assert all(np.ptp(p[0]) == 0 for p in plain if (p[0] == p[0, 0]).all())


def test_blur_softens_edges():
    soft, sharp = faulty("blur", 3, size=(80, 80))
    steep = [np.mean([np.abs(np.diff(p.astype(int))).mean() for p in s]) for s in (soft, sharp)]
    assert steep[0] < 0.85 * steep[1]


def test_coarse_pixels_lose_detail_and_nothing_else():
    wear = replace(NEW, size=(80, 80))
    coarse, sharp = (
        [pictures(w, DIGITS.images[i : i + 1], seed=i)[0] for i in range(40)]
        for w in (replace(wear, coarse=(1, 4)), wear)
    )
    assert 3 < sum(p.shape != (80, 80) for p in coarse) < 20  # the others were enlarged again
    lost, moved = [], []
    for a, b in zip(coarse, sharp, strict=True):
        change = cv2.resize(a, (80, 80)).astype(float) - b
        lost.append(np.abs(change).max())
        moved.append(np.abs(cv2.GaussianBlur(change, (0, 0), 8)).max())
    assert np.mean(lost) > 60
    assert np.mean(moved) < 0.15 * np.mean(lost)


def test_noise_has_its_deviation():
    noisy, _ = faulty("noise", 0.4, contrast=(0.3, 0.3))
    deviations = np.array([grain(p) / (0.3 * 255) for p in noisy])
    assert 0.15 < np.median(deviations) < 0.25
    assert deviations.max() < 0.45


def test_compression_leaves_traces_on_empty_paper():
    pressed, plain = faulty("jpeg", 99)
    dirt = [np.mean([np.count_nonzero(p != np.median(p)) for p in s]) for s in (pressed, plain)]
    assert dirt[0] > 1.1 * dirt[1]


def test_binary_pictures_have_two_greys():
    for picture in pictures(replace(NEW, binary=1, noise=(1, 0.2), blur=(1, 1))):
        assert len(np.unique(picture)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rules", "specks", "neighbours"])
def test_these_add_ink(name):
    more, less = faulty(name, BOUNDS[name][1], fill=(0.5, 0.5))
    ink = [np.mean([inked(p).sum() for p in s]) for s in (more, less)]
    assert ink[0] > 1.05 * ink[1]


@pytest.mark.parametrize("name", ["broken", "cut"])
def test_these_take_ink(name):
    less, more = faulty(name, 0.5)
    ink = [np.mean([inked(p).sum() for p in s]) for s in (less, more)]
    assert ink[0] < 0.95 * ink[1]


def test_neighbours_reach_in_from_the_edge_only():
    wear = replace(NEW, neighbours=(1, 0.2), size=(90, 90), fill=(0.3, 0.3))
    ends = []
    for picture in pictures(wear):
        ink = (inked(picture) > 0.5).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
        low, size = stats[1:, :2], stats[1:, 2:4]
        at_edge = ((low == 0) | (low + size == 90)).any(1)
        assert not at_edge.all()  # the digit is whole
        ends += [np.minimum(low + size, 90 - low).min(1)[at_edge].max(initial=0)]
    assert 0 < max(ends) <= 20


def test_a_cut_digit_touches_the_edge_and_others_do_not():
    def touching(wear):
        return np.mean([
            (inked(np.concatenate([p[0], p[-1], p[:, 0], p[:, -1]])) > 0.5).any()
            for p in pictures(wear)
        ])  # fmt: skip

    assert touching(replace(NEW, cut=(1, 0.5))) > 0.8
    assert touching(NEW) < 0.2


def test_mild_is_less_of_everything():
    harsh = replace(NEW, noise=(1, 0.4), contrast=(0.5, 0.5))
    dirt = [np.mean([grain(p) for p in pictures(replace(harsh, mild=m))]) for m in (0, 1)]
    assert dirt[1] == pytest.approx(module.MILD * dirt[0], rel=0.25)


def test_a_fault_is_met_as_often_as_its_probability_says():
    amounts = module._amounts(replace(Wear(), noise=(0.25, 0.4), mild=0), 4000, rng())
    assert (amounts["noise"] > 0).mean() == pytest.approx(0.25, abs=0.03)
    assert amounts["noise"].max() == pytest.approx(0.4, abs=0.01)
    assert amounts["height"].min() >= 24
    assert amounts["width"].max() <= 90
