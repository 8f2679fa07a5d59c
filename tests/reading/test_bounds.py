"""How much is looked at, whatever a picture shows: noise may have a thousand finds any way up."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.detection import detector
from digitus.detection.detector import Detector, PixelBudget
from digitus.detection.maps import Peaks
from digitus.detection.model import shipped
from digitus.reading import drawing, look, photo
from digitus.reading.options import ReadingOptions
from digitus.reading.read import DECODED_PIXELS, Steps, read
from digitus.synthetic.strokes import draw
from digitus.types import Floats32, Grey, Matrix
from written import page


@pytest.mark.slow
def test_a_part_of_a_full_page_tells_which_way_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "MANY", 5)
    monkeypatch.setattr(look, "PART", 6)
    for turns in (0, 2, 3):
        reading = read(np.rot90(page("23745", "74523"), turns).copy(), keep_steps=True)
        assert reading.lines == ("23745", "74523")
        assert isinstance(reading.steps, Steps)
        assert reading.steps.turns == -turns % 4
        assert len(reading.steps.finds) >= 10


@pytest.mark.slow
def test_a_full_page_that_is_turned_is_seen_finely_the_right_way_up_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen as finely the wrong way up too, a page of 961 digits took a third longer."""
    paper = np.rot90(np.tile(page("23745", "74523"), (3, 3)), 2).copy()
    monkeypatch.setattr(look, "MANY", 60)
    seen: list[tuple[int, int]] = []  # of each look its pixels, and how many copies
    copies = Detector.copies

    def counted(self: Detector, grey: Grey, *args: Any, **options: Any) -> Iterator[Peaks]:
        count = 0
        try:
            for peaks in copies(self, grey, *args, **options):
                count += 1
                yield peaks
        finally:
            seen.append((grey.size, count))

    monkeypatch.setattr(Detector, "copies", counted)
    reading = read(paper, keep_steps=True)
    assert isinstance(reading.steps, Steps)
    assert (reading.steps.turns, len(reading.digits)) == (2, 90)
    whole = max(size for size, _ in seen)
    assert sorted(count for size, count in seen if size == whole) == [5, 6]


@pytest.mark.slow
def test_a_part_has_half_of_the_sides_and_finds_of_the_whole() -> None:
    """A part of a quarter of a lying page took as long to be looked at turned as all of it."""
    paper = np.tile(page("23745", "74523"), (3, 3))
    light = np.linspace(0.7, 1, paper.shape[1]) * np.linspace(0.8, 1, paper.shape[0])[:, None]
    picture = (paper * light).astype(np.uint8)  # no part of it is like another
    whole = look._finds(picture, 0, ReadingOptions())
    part = look._part(picture, whole.found)
    h, w = part.shape
    assert max(h, w) <= max(picture.shape) / 2
    places = np.argwhere(picture[: 1 - h or None, : 1 - w or None] == part[0, 0])
    (top, left), *others = [
        (y, x) for y, x in places if np.array_equal(picture[y : y + h, x : x + w], part)
    ]
    assert not others
    x, y = whole.found.boxes.T[:2]
    within = (left < x) & (x < left + w) & (top < y) & (y < top + h)
    assert look.ENOUGH <= within.sum() < len(whole.found)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "across"), [(8, 14), (15, 14), (15, 16)])
def test_pages_of_some_two_hundred_digits_are_not_read_upside_down(seed: int, across: int) -> None:
    """The part that tells had nine or sixteen digits of them, which may all look right so."""
    rng = np.random.default_rng(seed)
    pitch = 1300 // across
    paper = np.full((1300, 1300), 245, np.uint8)
    for i, image in enumerate(draw(rng.integers(0, 10, across**2), rng)):
        size = int(pitch * 0.75)
        y, x = (place * pitch + pitch // 8 for place in divmod(i, across))
        ink = cv2.resize(image, (size, size), interpolation=cv2.INTER_CUBIC)
        paper[y : y + size, x : x + size] -= (0.9 * ink).astype(np.uint8)
    assert look.best_look(np.rot90(paper, 2).copy(), ReadingOptions()).turns == 2


@pytest.mark.parametrize("longest", [800, 1400, 2000, 7740])
@pytest.mark.parametrize("share", [0.12, 0.17, 0.26, 0.35, 0.5])
def test_a_part_is_seen_at_a_scale_of_the_whole(
    longest: int, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for what lies between two copies: finer is in vain, coarser is worse."""
    asked = []
    monkeypatch.setattr(look, "_part", lambda grey, found: grey[: int(share * longest)])
    nothing = SimpleNamespace(lines=list)
    monkeypatch.setattr(look, "_best_turned", lambda part, *_: (part, nothing))

    def noted(part: Grey, turns: int, options: Any, bounds: Any) -> Any:
        asked.append(max(detector.sides(max(part.shape), bounds.finest)) / max(part.shape))
        return look._Finds(part, 0, None, [], is_whole=True)  # type: ignore[arg-type]

    monkeypatch.setattr(look, "_finds", noted)
    blank = np.zeros((longest, 40), np.uint8)
    look._turns_of_part(blank, None, ReadingOptions())  # type: ignore[arg-type]
    of_whole = max(detector.sides(longest)) / longest
    assert 0.7 < asked[0] / of_whole < 1.42


@pytest.mark.slow
def test_slow_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Random bars are looked at once, and a part of them turned; four times they took a minute."""
    looked: list[int] = []

    network = look.shipped_closeup()

    def counted(grey: Grey, boxes: Floats32) -> tuple[Matrix, Floats32]:
        looked.append(len(boxes))
        return network.look(grey, boxes)

    monkeypatch.setattr(look, "shipped_closeup", lambda: SimpleNamespace(look=counted))
    monkeypatch.setattr(look, "MANY", 100)
    monkeypatch.setattr(look, "PART", 15)
    row = np.random.default_rng(0).integers(0, 2, (10, 200), np.uint8) * 255
    upright = np.repeat(row, 20, axis=0)
    ways = {}
    for picture in (upright, np.rot90(upright).copy()):
        looked.clear()
        read(picture)
        *parts, whole = sorted(looked)
        assert whole > look.MANY
        assert len(parts) == 4
        assert max(parts) == look.PART
        ways[whole] = picture
    looked.clear()
    monkeypatch.setattr(look, "MANY", sum(ways) // 2)
    read(ways[min(ways)])  # of this one there are many only where it is turned
    assert len(looked) == 4
    assert max(looked) == look.MANY


def test_a_picture_full_of_finds_is_looked_at_as_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing on it is worth looking at it five times more; whole, each costs two seconds."""
    looked: list[int] = []
    copies = Detector.copies

    def counted(self: Detector, grey: Grey, *args: Any, **options: Any) -> Iterator[Peaks]:
        looked.append(grey.size)
        return copies(self, grey, *args, **options)

    monkeypatch.setattr(Detector, "copies", counted)
    for module in (look, detector):
        monkeypatch.setattr(module, "FINDS", 20)
    monkeypatch.setattr(look, "MANY", 10)
    row = np.random.default_rng(0).integers(0, 2, (10, 200), np.uint8) * 255
    bars = np.repeat(row, 20, axis=0)
    read(bars)
    assert looked == [bars.size]


@pytest.mark.slow
def test_what_is_seen_to_find_the_way_up_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is turned is seen less finely where it takes much, and at last whole all the same."""
    small = cv2.resize(page("23745", "74523"), None, fx=0.35, fy=0.35, interpolation=cv2.INTER_AREA)
    picture = np.rot90(np.pad(small, 300, mode="edge"), 2).copy()
    whole = read(picture)
    assert whole.lines == ("23745", "74523")
    seen: list[PixelBudget] = []
    suffice = PixelBudget.suffice

    def noted(self: PixelBudget, wanted: int) -> bool:
        seen.append(self)
        return suffice(self, wanted)

    monkeypatch.setattr(PixelBudget, "suffice", noted)
    monkeypatch.setattr(look, "TURNED_PIXELS", 1000)
    assert [(d.value, d.box) for d in read(picture).digits] == [
        (d.value, d.box) for d in whole.digits
    ]
    assert any(pixels.too_few for pixels in seen)
    assert not seen[-1].too_few


def test_strokes_from_edge_to_edge_are_seen_closer_in_small_copies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With all around them at full size 39 of them took nine seconds, 500 would take minutes."""
    cut: list[float] = []  # pixels of each box's longer side
    sized: list[int] = []
    network = drawing.shipped_closeup()

    def noted(grey: Grey, boxes: Floats32) -> Matrix:
        cut.extend(boxes[:, 2:].max(1).tolist())
        sized.append(max(grey.shape))
        return network(grey, boxes)

    monkeypatch.setattr(drawing, "shipped_closeup", lambda: noted)
    canvas = np.full((500, 500), 255, np.uint8)
    for y in range(20, 500, 60):
        cv2.line(canvas, (5, y), (494, y), 0, 2)
    cv2.line(canvas, (5, 5), (60, 8), 0, 2)  # one that is looked at as it is
    assert read(canvas, drawn=True).digits == ()
    assert max(sized) > drawing.LARGE
    assert max(cut) <= drawing.LARGE


def test_a_large_box_looks_in_a_small_copy_as_it_does_in_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paper = cv2.resize(page("23745"), None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
    view = drawing._View(np.asarray(paper, np.uint8), np.float32(0), np.float32(1))
    found = shipped().detector.find(view.grey)
    monkeypatch.setattr(drawing, "LARGE", 300)
    assert (found.boxes[:, 2:].max(1) > drawing.LARGE).all()
    whole = look.shipped_closeup()(view.grey, found.boxes)
    np.testing.assert_allclose(view.close(found.boxes), whole, atol=0.03)


def test_a_picture_is_looked_at_no_finer_than_a_jpeg_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 60 million pixels each copy took 60 ms to make, six of them for each way up."""
    seen: list[tuple[int, ...]] = []
    best_look = photo.best_look

    def noted(grey: Grey, *args: Any) -> look.Look:
        seen.append(grey.shape)
        return best_look(grey, *args)

    monkeypatch.setattr(photo, "best_look", noted)
    small = page("23745", "74523")
    whole = read(small)
    times = 2 * DECODED_PIXELS / max(small.shape)
    picture = cv2.resize(small, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    wide = read(picture)
    assert seen == [small.shape, tuple(-(-side // 2) for side in picture.shape)]
    assert (wide.width, wide.height) == picture.shape[::-1]
    assert wide.lines == whole.lines
    for digit, other in zip(wide.digits, whole.digits, strict=True):
        assert np.allclose(digit.box, np.array(other.box) * times, atol=0.1 * max(digit.box[2:]))
