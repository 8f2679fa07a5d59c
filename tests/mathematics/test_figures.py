"""The figures of `docs/mathematics.md` are what `docs/figures.py` draws; the page shows all."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from figures import FIGURES, PICTURES
from mathematics.math_page import PAGE

# Ink of the simulated pen may differ by a grey level between versions of NumPy or OpenCV.
INK = re.compile(r'(<rect [^>]*fill-opacity=")\d\.\d+("/>)')


@pytest.mark.parametrize("file", FIGURES)
def test_a_figure_is_what_its_code_draws(file: str) -> None:
    kept, drawn = (PICTURES / file).read_bytes(), FIGURES[file]().encode()
    if file == "math-digit.svg" and kept != drawn:
        kept, drawn = (INK.sub(r"\1\2", text.decode()) for text in (kept, drawn))
    assert kept == drawn, f"{file} is old: python docs/figures.py"


@pytest.mark.parametrize("file", FIGURES)
def test_a_figure_is_legible_on_its_own(file: str) -> None:
    """It is well-formed, has a title, its own paper for light and dark, and stays on the paper."""
    svg = ElementTree.parse(PICTURES / file).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert svg.findtext(f"{space}title")
    assert "prefers-color-scheme:dark" in (svg.findtext(f"{space}style") or "")
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    for element in svg:
        if "x" in element.attrib:
            x, y = float(element.attrib["x"]), float(element.attrib["y"])
            assert 0 <= x <= width
            assert 0 <= y <= height


def test_the_page_shows_every_figure_and_says_what_is_on_it() -> None:
    shown = re.findall(r"!\[(.+?)\]\(pictures/(math-[\w-]+\.svg)\)", PAGE.read_text("utf-8"))
    assert sorted(file for _, file in shown) == sorted(FIGURES)
    on_disk = {path.name for path in PICTURES.glob("math-*.svg")}
    assert on_disk == set(FIGURES)
    assert all(len(words) > 30 or len(words.split()) > 3 for words, _ in shown)
