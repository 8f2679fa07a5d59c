"""The figures of `docs/mathematics.md` are what `docs/figures.py` draws; the page shows all."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from figures import FIGURES, PICTURES, drawn
from figures_translated import TRANSLATED, WORDS
from mathematics.math_page import PAGE

# Ink of the simulated pen may differ by a grey level between versions of NumPy or OpenCV.
INK = re.compile(r'(<rect [^>]*fill-opacity=")\d\.\d+("/>)')


FILES = pytest.mark.parametrize(
    "path", drawn(), ids=lambda path: path.relative_to(PICTURES).as_posix()
)
SAME = {"ReLU", "Relu", "Scale", "Dense", "sigmoid", "tanh"}  # names, in any language


@FILES
def test_a_figure_is_what_its_code_draws(path: Path) -> None:
    kept, made = path.read_bytes(), drawn()[path]().encode()
    if path.name == "math-digit.svg" and kept != made:
        kept, made = (INK.sub(r"\1\2", text.decode()) for text in (kept, made))
    assert kept == made, f"{path.name} is old: python docs/figures.py"


@FILES
def test_a_figure_is_legible_on_its_own(path: Path) -> None:
    """It is well-formed, has a title, its own paper for light and dark, and stays on the paper."""
    svg = ElementTree.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert svg.findtext(f"{space}title")
    assert "prefers-color-scheme:dark" in (svg.findtext(f"{space}style") or "")
    width, height = float(svg.attrib["width"]), float(svg.attrib["height"])
    for element in svg:
        if "x" in element.attrib:
            x, y = float(element.attrib["x"]), float(element.attrib["y"])
            assert 0 <= x <= width
            assert 0 <= y <= height


@pytest.mark.parametrize("language", TRANSLATED)
def test_pages_of_a_language_show_figures_in_it(language: str) -> None:
    table = tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))["figures"]
    files = set(TRANSLATED[language])
    said = {
        element.text or ""
        for file in files
        for element in ElementTree.fromstring(FIGURES[file]()).iter()
        if element.tag.rpartition("}")[2] in ("title", "text")
    }
    words = {text for text in said if re.search(r"[A-Za-z]{3,}", text)}
    assert words - SAME == set(table)
    pages = "".join(page.read_text("utf-8") for page in (PICTURES.parent / language).glob("*.md"))
    assert set(re.findall(r"pictures/([\w/]*math-[\w-]+\.svg)", pages)) == {
        f"{language}/{file}" for file in files
    }


def test_the_page_shows_every_figure_and_says_what_is_on_it() -> None:
    shown = re.findall(r"!\[(.+?)\]\(pictures/(math-[\w-]+\.svg)\)", PAGE.read_text("utf-8"))
    assert sorted(file for _, file in shown) == sorted(FIGURES)
    on_disk = {path.name for path in PICTURES.glob("math-*.svg")}
    assert on_disk == set(FIGURES)
    assert all(len(words) > 30 or len(words.split()) > 3 for words, _ in shown)
