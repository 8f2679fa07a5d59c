"""Markdown with placeholders becomes blocks, and blocks become HTML and Markdown."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from markupsafe import Markup

from digitus.papers.report import to_html, to_markdown
from digitus.papers.report.blocks import (
    Chart,
    Equations,
    Figures,
    FromAlbum,
    Heading,
    Items,
    Line,
    Pictures,
    Table,
    Text,
)
from digitus.papers.report.document import Document, blocks_of
from digitus.papers.report.formats import over_seeds, points
from digitus.report.formats import percent
from digitus.synthetic.strokes import strokes
from html_page import Page


def test_text_cannot_become_markup() -> None:
    few = Document()
    few.add(Heading("X1", "a <b>"), Table("c & d", ["<i>", "x"], [["<script>", "**1**"]]))
    few.add(Text("`x < y` and **bold** & [there](https://example.org)"))
    text = to_html.html("<title>", Markup(), few, "")
    assert "<script>" not in text.split("<main>")[1].split("</main>")[0]
    assert "a &lt;b&gt;" in text
    assert "<code>x &lt; y</code> and <strong>bold</strong> &amp; <a href=" in text
    markdown, _ = to_markdown.markdown("T", [], few)
    assert "## X1 a <b>" in markdown
    assert "| <script> | **1** |" in markdown


def test_figures_become_files() -> None:
    few = Document()
    images = np.zeros((3, 28, 28), np.uint8)
    images[1] = 255
    lines = [Line("one", [0, 1, 2], [0.1, 0.2, 0.3], [0.01] * 3), Line("two", [0, 2], [0.5, 0.2])]
    few.add(
        Heading("X1", "figures"),
        Pictures("few", "three", images, ["a", "b", "c"]),
        Pictures("weights", "three", images.astype(np.int8), ["a", "b", "c"]),
        Figures([Chart("curve", "a curve", "x", lines, low=0.15)]),
    )
    text, files = to_markdown.markdown("T", [], few)
    assert set(files) == {"papers-few.png", "papers-weights.png", "papers-curve.svg"}
    assert all(f"](pictures/{name})" in text for name in files)
    sheet = cv2.imdecode(np.frombuffer(files["papers-few.png"], np.uint8), cv2.IMREAD_COLOR)
    assert sheet[10, 10].tolist() == [255, 255, 255]
    assert sheet[10, 130].tolist() == [0, 0, 0]
    svg = files["papers-curve.svg"].decode("utf-8")
    assert svg.count('<path class="line') == 2
    assert "a curve" in svg
    Page(to_html.html("T", Markup(), few, ""))


def test_words_for_numbers() -> None:
    assert percent(0.92641) == "92.64\u00a0%"
    assert points(-0.0123) == "−1.23"
    assert over_seeds([0.5]) == "50.00\u00a0% (one run)"
    values = [0.91, 0.93, 0.92]
    assert over_seeds(values) == "92.00 ± 2.48\u00a0%"


TEXT = """
## X1 A section: with a colon

Words over
two lines with `code`.

*a slanted paragraph*

### X1.1 A part

- one item
  goes on
- another

*caption, with commas*

| | words | n |
|---|---|---:|
| a | b  c | 1 |
| **all** |  | **2** |

```
lines

as they are
```

[[chart]]
"""


def test_markdown_becomes_blocks() -> None:
    chart = Figures([])
    assert list(blocks_of(TEXT, {"chart": chart})) == [
        Heading("X1", "A section: with a colon"),
        Text("Words over two lines with `code`."),
        Text("*a slanted paragraph*"),
        Heading("X1.1", "A part", 3),
        Items(["one item goes on", "another"]),
        Table(
            "caption, with commas",
            ["", "words", "n"],
            [["a", "b  c", "1"], ["all", "", "2"]],
            total=True,
            texts=2,
        ),
        Equations("lines\n\nas they are"),
        chart,
    ]


def test_blocks_survive_markdown() -> None:
    """What is written as Markdown reads as the same blocks again."""
    document = Document()
    document.add(*blocks_of(TEXT.replace("[[chart]]", ""), {}))
    text, _ = to_markdown.markdown("T", [], document)
    again = text.partition("## X1 ")
    assert list(blocks_of(again[1] + again[2], {})) == document.blocks


def test_a_name_that_stands_for_nothing_is_an_error() -> None:
    with pytest.raises(KeyError, match="chart"):
        list(blocks_of(TEXT, {}))


def test_digits_are_shown_from_an_album_only() -> None:
    digits = FromAlbum("A digit", lambda album: [Text(str(album("train", [3]).shape))])
    few, none = Document(lambda part, places: strokes(len(places)).images), Document()
    for document in (few, none):
        document.write("gopa_method.md", {"digits": digits}, **GOPA)
    assert Text("(1, 28, 28)") in few.blocks
    assert [
        b for b in none.blocks if isinstance(b, Text) and b.words.startswith("*A digit: in the")
    ]


GOPA: dict[str, Any] = {
    "names": {"W1": "", "b1": "", "W2": "", "b2": ""},
    "setup": {"X": (1,), "Y": (1,), "lowest": 0, "highest": 1, "mean": 0.5}
    | {"development": 1, "test": 1},
    "gradients": None,
    "examples": 0,
}
