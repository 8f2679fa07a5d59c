"""The figures about reading count what they say; strange inputs are made the same way again."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reading as reading_benchmark
import reading_figures as bench
import reading_timed
from benchmarks.docs.reading import ABOUT, FUZZED, section
from conftest import examples
from digitus.reading.result import Digit, Reading
from digitus.synthetic.pages.kinds import KINDS
from digitus.synthetic.pages.pages import Page
from fuzzing import pictures
from reading_kept import Kept

TEXT = st.text("0123?", max_size=6)
READER = {
    "misnamed": {"asked": 20, "as_truth": 6, "as_reading": 9},
    "named": {"asked": 30, "as_truth": 27, "as_reading": 27},
}
ASKED = {
    "seed": 1,
    "pages": 40,
    "named": 500,
    "misnamed": 12,
    "readers": {"1": READER, "2": READER},
}


def reading(*lines, boxes=()):
    marks = "".join(lines).replace(" ", "")
    boxes = boxes or [(0, 0, 5, 5)] * len(marks)
    digits = tuple(
        Digit(None if c == "?" else int(c), 0.9, box, 0, np.zeros((28, 28), np.uint8), np.ones(10))
        for c, box in zip(marks, boxes, strict=True)
    )
    return Reading(100, 100, digits, lines)


@given(TEXT, TEXT, TEXT)
def test_edits_are_a_distance(a, b, c):
    assert bench.edits(a, a) == 0
    assert bench.edits(a, b) == bench.edits(b, a) >= abs(len(a) - len(b))
    assert bench.edits(a, c) <= bench.edits(a, b) + bench.edits(b, c)
    assert (bench.edits(a, b) == 0) == (a == b)


@pytest.mark.parametrize(
    ("truth", "said", "exact", "lines", "groups", "edits", "sure"),
    [
        (("12 3", "4"), ("12 3", "4"), 1, 1, 1, 0, 0),
        (("12 3", "4"), ("123", "4"), 1, 1, 0, 0, 0),
        (("12 3", "4"), ("1234",), 1, 0, 0, 0, 0),
        (("123",), ("12?",), 0, 0, 0, 1, 0),
        (("123",), ("13",), 0, 0, 0, 1, 1),
        ((), (), 1, 1, 1, 0, 0),
        ((), ("1",), 0, 0, 0, 1, 1),
        (("5",), (), 0, 0, 0, 1, 1),
    ],
)
def test_a_page_is_judged(truth, said, exact, lines, groups, edits, sure):
    found = bench.judge(truth, reading(*said))
    assert (found["exact"], found["lines"], found["groups"]) == (exact, lines, groups)
    assert (found["edits"], found["wrong_and_sure"]) == (edits, sure)


@pytest.mark.parametrize(
    ("truth", "said", "right"),
    [
        ("123", "12?4", [1, 1, 0]),
        ("1234", "134", [1, 1, 1]),
        ("", "7", [0]),
        ("77", "1772", [0, 1, 1, 0]),
        ("5", "", []),
    ],
)
def test_the_digits_that_are_said_are_right_where_they_stand_in_the_truth(truth, said, right):
    assert [ok for _, ok in bench.told(truth, reading(said))] == right


def test_calibration_is_that_of_all_digits_that_are_said():
    """Said with 0.9: three of four right, one of three."""
    found = [bench.judge(("1234",), reading("1235")), bench.judge(("1?",), reading("145?"))]
    assert bench.summary(found)["ece"] == pytest.approx(0.9 - 4 / 7, abs=1e-4)
    assert bench.summary([bench.judge(("1",), reading("?"))])["ece"] is None


def test_a_benchmark_goes_on_where_it_was(tmp_path):
    file = tmp_path / "kept.jsonl"
    kept = Kept(file, {"seed": 2})
    assert kept.chunks() == {}
    kept.add(0, [{"page": 0}])
    with file.open("a") as writing:
        writing.write('{"about": {"seed": 2}, "sta')  # and there it was killed
    assert kept.chunks() == {0: [{"page": 0}]}
    kept.add(25, [{"page": 25}])
    assert kept.chunks() == {0: [{"page": 0}], 25: [{"page": 25}]}
    with pytest.raises(SystemExit, match="is of other pages or networks"):
        Kept(file, {"seed": 3}).chunks()
    nowhere = Kept(None, {})
    nowhere.add(0, [])
    assert nowhere.chunks() == {}


def test_pages_that_are_kept_are_not_read_again(tmp_path, monkeypatch):
    asked = []

    def judged(start, *, count, **more):
        asked.append(start)
        return [{"page": i} for i in range(start, min(start + 25, count))]

    monkeypatch.setattr(reading_benchmark, "judged", judged)
    kept = Kept(tmp_path / "kept.jsonl", {})
    for count, fresh in ((30, [0, 25]), (30, []), (60, [25, 50]), (30, [])):
        asked.clear()
        pages = list(reading_benchmark.read_pages(count, 2, (), None, 1, kept))
        assert [page["page"] for page in pages] == list(range(count))
        assert asked == fresh


@pytest.mark.slow
def test_full_pages_are_what_they_are_called():
    boxes, squared = reading_timed.boxes(), reading_timed.squared()
    assert boxes.shape == squared.shape == (1600, 1200)
    walls = boxes[28] == reading_timed.WALL
    assert (walls[1:] & ~walls[:-1]).sum() == 2 * 15  # two for each of a row's boxes
    assert 0.01 < (boxes < 80).mean() < 0.1


def test_what_is_read_where_nothing_is_counts_as_invented():
    page = Page(np.zeros((9, 9), np.uint8), ("1",), ((1, (10, 10, 10, 20), 0),), frozenset())
    boxes = [(12, 8, 8, 20), (50, 10, 10, 20), (70, 10, 10, 20)]
    assert bench.invented(page, reading("14?", boxes=boxes)) == 1


def test_figures_are_shares_of_pages_and_of_digits():
    found = [
        bench.judge(("12",), reading("12")) | {"invented": 0, "kinds": ["number", "thin"]},
        bench.judge(("34",), reading("3?")) | {"invented": 1, "kinds": ["number"]},
    ]
    figures = bench.by_kind(found)
    assert figures["all"]["exact"] == 0.5
    assert figures["all"]["error"] == 0.25
    assert figures["all"]["refused"] == 0.25
    assert figures["all"]["invented"] == 0.5
    assert figures["kinds"]["thin"]["exact"] == 1
    assert list(figures["kinds"]) == ["number", "thin"]


def test_every_kind_of_page_is_explained():
    assert list(ABOUT) == list(KINDS)


def test_the_page_says_what_the_figures_say():
    row = dict.fromkeys(("exact", "lines", "groups", "refused", "wrong_and_sure"), 0.5)
    row |= {"pages": 1200, "digits": 7, "error": None, "invented": 0.25}
    figures = {
        "all": row,
        "kinds": {"blank": row},
        "photos": {"single": row},
        "machine": {"processor": "a processor"},
        "speed": {"photo_seconds": 0.5, "photo_process_megabytes": 300, "digit_seconds": 0.002,
                  "process_seconds": 0.4},
    }  # fmt: skip
    one = {"inputs": 900, "read": 5, "refused": 3, "crashes": ["x"], "slowest_seconds": 1.25,
           "peak_megabytes": 299}  # fmt: skip
    text = section(figures, dict.fromkeys(FUZZED, one), ASKED)
    assert "1,200 made pages" in text
    assert "ECE" not in text
    assert "--min-confidence" not in text
    row["ece"], figures["photos"]["all"] = 0.0123, {**row, "ece": 0.0456}
    figures["photos"]["all"]["at 0.8"] = {"exact": 0.4, "wrong_and_sure": 0.03}
    figures["speed"] |= {
        "hundred_digits_seconds": 0.5,
        "boxes_seconds": 1.5,
        "squared_seconds": 2.5,
    }
    more = section(figures, dict.fromkeys(FUZZED, one), ASKED)
    assert (
        "0.012 apart on average (ECE) over the made pages, over those on the photos below 0.046"
        in more
    )
    assert "| pictures | exact at 0.8 | wrong and sure at 0.8 |" in more
    assert "| photos | 40.0 % | 3.0 % |" in more
    assert "about 100 digits takes 0.50 s" in more
    assert "with a digit each 1.50 s, and squared paper with 100 digits 2.50 s" in more
    assert "| blank | no digit at all | 1,200 | 50.0 % | 50.0 % | 50.0 % | – |" in text
    assert "| one digit | 1200 | 50.0 %" in text
    assert "3,600 damaged files" in text
    assert "12 refused in one line, and 4 did anything else" in text
    assert "below 300 MB" in text
    assert "misnames\n2.4 % of the 500 digits" in text
    assert "saw 40 of these" in text
    assert "mixed with 60 more" in text
    assert "\n30.0 % (18 to 45) as it was meant and 45.0 % (31 to 60)\nas reading does" in text
    assert "names right 90.0 % (80 to 95)\n" in text


@given(st.integers(0, 10**6))
@examples(15)
def test_strange_pixels_can_be_had_again(seed):
    a, b = (pictures.strange(random.Random(seed)) for _ in "ab")
    assert a.dtype == np.uint8
    assert np.array_equal(a, b)


def test_a_png_is_mended_after_it_was_damaged():
    from digitus.vision.decode import decode

    content = next(
        c for k in range(99) if (c := pictures.a_file(random.Random(k)))[:4] == b"\x89PNG"
    )
    wrong = bytearray(content)
    wrong[30] ^= 255  # a byte of the first checksum
    assert pictures.mended(bytes(wrong)) == content
    assert decode(content).size
