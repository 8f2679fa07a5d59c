"""Scales, tiles and finds of several scales, with a network that is told what to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from digitus.cancellation import GivenUpError, Work, check
from digitus.detection import detector as module
from digitus.detection.detector import ALWAYS, BLOCK, Detector, merged
from digitus.detection.maps import CHANNELS, FINER, STRIDE, Peaks
from digitus.detection.parts import CELL, HALO, MOST
from digitus.limits import FINDS
from digitus.nn import BatchNorm, Chain, Concat, Conv, He, Relu, Upsample, initial, stream
from digitus.types import Array, Bytes, Floats32, Params
from measured import growth


@dataclass(frozen=True)
class Knowing:
    """Answers for black squares on white: hot in their middle if their size is right."""

    seen: list[tuple[int, ...]]

    def forward(self, p: Params, x: Array, rng: Any = None) -> tuple[Floats32, None]:
        import cv2

        self.seen.append(x.shape)
        n, h, w, _ = x.shape
        y = np.zeros((n, h // STRIDE, w // STRIDE, CHANNELS), np.float32)
        y[..., 0] = y[..., FINER.start] = -10
        for i in range(n):
            black = (x[i, :, :, 0] < 128).astype(np.uint8)
            _, _, stats, centres = cv2.connectedComponentsWithStats(black)
            for (left, top, bw, bh, _), (cx, cy) in zip(stats[1:], centres[1:], strict=True):
                cut = left == 0 or top == 0 or left + bw == w or top + bh == h
                j, k = int((cy + 0.5) / STRIDE), int((cx + 0.5) / STRIDE)
                if 13 <= max(bw, bh) <= 60 and not cut:
                    y[i, j, k, 0] = 5
                    y[i, j, k, 1:5] = (
                        (cx + 0.5) / STRIDE - k - 0.5, (cy + 0.5) / STRIDE - j - 0.5,
                        np.log(bw / 16), np.log(bh / 16),
                    )  # fmt: skip
                elif max(bw, bh) < 13:
                    y[i, j, k, FINER.start] = 5
        return y, None


def squares(shape: tuple[int, int], boxes: list[tuple[int, int, int]]) -> Bytes:
    grey = np.full(shape, 255, np.uint8)
    for x, y, side in boxes:
        grey[y : y + side, x : x + side] = 0
    return grey


def places(found: Peaks) -> list[tuple[int, int, int]]:
    left = found.boxes[:, :2] - found.boxes[:, 2:] / 2
    return sorted(
        (round(x), round(y), round(w)) for (x, y), w in zip(left, found.boxes[:, 2], strict=True)
    )


def near(found: Peaks, boxes: list[tuple[int, int, int]]) -> None:
    assert len(found) == len(boxes)
    for a, b in zip(places(found), sorted(boxes), strict=True):
        assert max(abs(p - q) for p, q in zip(a, b, strict=True)) <= 0.1 * b[2] + 2, (a, b)


def test_digits_of_any_size_are_found_once() -> None:
    boxes = [(100, 100, 20), (300, 150, 60), (600, 200, 300), (1200, 900, 12)]
    knowing = Knowing([])
    found = Detector(knowing, {}).find(squares((1000, 1400), boxes))  # type: ignore[arg-type]
    near(found, boxes)
    assert all(h % BLOCK == 0 and w % BLOCK == 0 for _, h, w, _ in knowing.seen)


def test_fine_copies_are_looked_at_only_where_a_coarser_one_calls() -> None:
    knowing = Knowing([])
    Detector(knowing, {}).find(squares((1500, 2000), [(500, 400, 400)]))  # type: ignore[arg-type]
    assert max(max(h, w) for _, h, w, _ in knowing.seen) <= ALWAYS + 3 * BLOCK + 2 * module.MARGIN
    knowing.seen.clear()
    found = Detector(knowing, {}).find(squares((1500, 2000), [(1500, 400, 16)]))  # type: ignore[arg-type]
    near(found, [(1500, 400, 16)])
    fine = knowing.seen[4:]
    assert 1 <= len(fine) <= 2
    assert sum(h * w for _, h, w, _ in fine) <= 2 * (3 * CELL + 2 * HALO) ** 2


def test_copies_that_are_asked_for_are_looked_at_wherever_they_are_not_bare() -> None:
    boxes = [(100, 100, 30), (1200, 900, 40)]
    grey = squares((1000, 1400), boxes)
    knowing = Knowing([])
    near(Detector(knowing, {}).find_in([350, 1400], grey), boxes)  # type: ignore[arg-type]
    seen = [h * w for _, h, w, _ in knowing.seen]
    assert len(seen) == 3  # the small copy, and two parts of the large one
    assert sum(seen[1:]) < 0.1 * grey.size
    assert len(Detector(Knowing([]), {}).find_in([350], grey)) == 0  # type: ignore[arg-type]


def test_small_pictures_are_enlarged() -> None:
    near(Detector(Knowing([]), {}).find(squares((28, 28), [(6, 4, 9)])), [(6, 4, 9)])  # type: ignore[arg-type]


def test_blank_and_strange_pictures_have_nothing() -> None:
    for shape in ((1, 1), (3, 700), (900, 2), (64, 64)):
        assert len(Detector(Knowing([]), {}).find(np.full(shape, 200, np.uint8))) == 0  # type: ignore[arg-type]


def test_of_finds_that_overlap_the_best_seen_stays() -> None:
    boxes = np.array([[50, 50, 20, 30], [52, 50, 22, 30], [75, 50, 20, 30]], np.float32)
    heat = np.array([0.7, 0.9, 0.5], np.float32)
    rest = [np.zeros((3, k), np.float32) for k in (10, 3, 2)]
    kept = merged(Peaks(heat, heat, boxes, *rest))
    assert kept.heat.tolist() == [np.float32(0.9), np.float32(0.5)]


def test_what_two_copies_show_alike_has_the_mean_of_their_answers() -> None:
    """One copy alone took a 4 for a 9, and its box cut the digit's arm off."""
    boxes = np.array(
        [[50, 50, 20, 30], [52, 50, 24, 30], [50, 44, 9, 14], [90, 50, 20, 30]], np.float32
    )
    heat = np.array([0.8, 0.4, 0.3, 0.6], np.float32)
    digits = np.full((4, 10), 0.01, np.float32)
    digits[[0, 1, 2, 3], [9, 4, 0, 1]] = 0.91
    digits[0, [4, 9]] = 0.4, 0.52
    follow = np.array([[0.9, 0.05, 0.05], [0.9, 0.05, 0.05], [0, 0, 1], [1, 0, 0]], np.float32)
    after = np.array([[80, 50], [86, 50], [0, 0], [7, 7]], np.float32)
    kept = merged(Peaks(heat, heat, boxes, digits, follow, after))
    assert kept.heat.tolist() == heat[[0, 3]].tolist()
    assert kept.boxes[0] == pytest.approx(
        [50.667, 50, 21.333, 30], abs=1e-3
    )  # what is within it is less
    assert kept.after[0] == pytest.approx([82, 50], abs=1e-4)
    assert kept.digits.argmax(1).tolist() == [4, 1]
    assert kept.digits.sum(1) == pytest.approx(1)
    assert kept.follow[0] == pytest.approx([0.9, 0.05, 0.05], abs=1e-6)
    alone = merged(Peaks(heat, heat, boxes, digits, follow, after).take(np.array([3])))
    for name in ("boxes", "after", "digits", "follow"):
        assert getattr(alone, name)[0] == pytest.approx(getattr(kept, name)[1], abs=1e-6)


@dataclass(frozen=True)
class Noisy:
    """Sees digits everywhere, and calls for a finer look everywhere."""

    seen: list[tuple[int, ...]]

    def forward(self, p: Params, x: Array, rng: Any = None) -> tuple[Floats32, None]:
        check()
        self.seen.append(x.shape)
        shape = (len(x), x.shape[1] // STRIDE, x.shape[2] // STRIDE, CHANNELS)
        y = np.zeros(shape, np.float32)
        y[..., 0] = np.random.default_rng(0).random(shape[:3], np.float32)
        y[..., FINER.start] = 5
        return y, None


def test_a_picture_of_nothing_but_strokes_is_looked_at_so_long_and_no_longer() -> None:
    """Rows of random bars in 435 KB once took more than 80 s and 2.5 GB."""
    network = Noisy([])
    grey = np.full((2000, 2000), 255, np.uint8)
    with growth() as grown:
        found = Detector(network, {}).find(grey)  # type: ignore[arg-type]
    assert len(found) == FINDS
    assert (np.diff(found.rank) <= 0).all()
    side = MOST * CELL
    whole, fine = 4, (960 / side + 1) ** 2 + (1920 / side + 1) ** 2
    assert len(network.seen) <= whole + fine
    assert max(h * w for _, h, w, _ in network.seen) <= (side + 2 * HALO) ** 2
    assert grown.bytes < 300 * 10**6


def test_a_look_that_is_given_up_ends_within_it() -> None:
    work, network = Work(), Noisy([])

    def find() -> None:
        network.seen.append((0,))
        work.cancel()
        Detector(network, {}).find(np.full((2000, 2000), 255, np.uint8))  # type: ignore[arg-type]

    with pytest.raises(GivenUpError):
        work.run(find)
    assert len(network.seen) == 1


def test_a_trained_network_is_fused_and_answers_alike() -> None:
    body = Chain([Conv(6, stride=2), BatchNorm(), Relu(), Upsample(2)])
    network = Chain([BatchNorm(), Conv(4, stride=2), BatchNorm(), Relu(), Conv(5, stride=2),
                     Concat(Chain([]), body), Conv(CHANNELS, 1)])  # fmt: skip
    p = initial(network, (32, 32, 1), He(), stream(0, "test"))
    rng = np.random.default_rng(0)
    for name in p:
        if name.endswith(("mean", "beta", "b")):
            p[name] = rng.normal(0, 0.3, p[name].shape).astype(np.float32)
        if name.endswith(("var", "gamma")):
            p[name] = rng.uniform(0.5, 2, p[name].shape).astype(np.float32)
    grey = rng.integers(0, 256, (2, 48, 64), np.uint8)
    plain = network.forward(p, grey[..., None].astype(np.float32))[0]
    detector = Detector.of(network, p)
    np.testing.assert_allclose(detector.answers(grey), plain, atol=1e-5 * abs(plain).max())
    assert sum(name.endswith("gamma") for name in detector.params) == 1  # the input's alone
