"""Nothing that is handed to the reader breaks it: strange pixels, damaged files.

`python benchmarks/fuzz.py reading` does the same a hundred thousand times.
"""

from __future__ import annotations

import io
from contextlib import suppress
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from conftest import examples
from digitus.errors import DataError
from digitus.nn import Chain, Dense, Flatten, He, Scale, initial, stream
from digitus.reading.options import ReadingOptions
from digitus.reading.read import read, read_pages
from digitus.recipe import Recipe
from digitus.recognizer import Recognizer
from digitus.synthetic.pages.pages import pages

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")


@cache
def random_recognizer() -> Recognizer:
    """Knows nothing, and so asks for every cut."""
    network = Chain([Scale(), Flatten(), Dense(10)])
    return Recognizer(Recipe("random", network), initial(network, (28, 28, 1), He(), stream(1)))


@cache
def saved(kind: str, mode: str) -> bytes:
    """A small page: most of its bytes say what it is, and noise is read in little time."""
    page = next(pages(1, 2, kinds={"number", "screen"}))
    image = Image.fromarray(page.picture).convert("RGB").reduce(12).convert(mode)
    packed = io.BytesIO()
    image.save(packed, kind)
    return packed.getvalue()


def assert_sound(reading):
    """A reading that contradicts itself would be worse than an error."""
    marks = "".join(reading.lines).replace(" ", "")
    assert len(marks) == len(reading.digits)
    assert all(line == " ".join(line.split()) and line for line in reading.lines)
    for mark, digit in zip(marks, reading.digits, strict=True):
        x, y, w, h = digit.box
        assert 0 <= x < x + w <= reading.width
        assert 0 <= y < y + h <= reading.height
        assert 0 <= digit.line < len(reading.lines)
        assert 0 <= digit.confidence <= 1
        assert mark == ("?" if digit.value is None else str(digit.value))


@given(
    st.one_of(
        arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20)),
        arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))),
    )
)
@examples(40)
def test_any_pixels_are_read(picture):
    assert_sound(read(picture, recognizer=random_recognizer(), keep_steps=True))


@pytest.mark.parametrize("shape", [(1, 9000), (9000, 2), (3, 4000, 3)])
def test_strips_are_read(shape):
    strip = stream(2).integers(0, 256, shape, np.uint8)
    assert_sound(read(strip, recognizer=random_recognizer(), keep_steps=True))


@pytest.mark.slow
@given(st.integers(0, 2**32))
@examples(4)
def test_any_page_is_read(seed):
    picture = next(pages(1, seed)).picture[::2, ::2]
    reading = read(picture, recognizer=random_recognizer(), keep_steps=True)
    assert_sound(reading)
    assert (reading.height, reading.width) == picture.shape[:2]


@pytest.mark.parametrize("kind", FORMATS)
@given(data=st.data())
@examples(20)
@pytest.mark.filterwarnings("ignore")  # Pillow's, of what is damaged: the command silences them
def test_a_damaged_file_is_read_or_refused(kind, data):
    mode = data.draw(st.sampled_from(["L", "P"] if kind == "GIF" else ["L", "RGB"]))
    content = bytearray(saved(kind, mode))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert", "end"])):
            case "change":
                content[at] = data.draw(st.integers(0, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 40))]
            case "insert":
                content[at:at] = data.draw(st.binary(min_size=1, max_size=8))
            case "end":
                del content[at + 1 :]
        if not content:
            break
    with suppress(DataError):
        for reading in read_pages(bytes(content), ReadingOptions(random_recognizer())):
            assert_sound(reading)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(content):
    with pytest.raises(DataError):
        read(content, recognizer=random_recognizer())
