"""The page with everything inside: its drawings are read as digitus reads them, offline."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import digitus
from digitus.errors import ExportError
from digitus.export import html_page
from digitus.export.card import about
from digitus.export.operations import networks
from digitus.nn.arrays import stream
from digitus.synthetic.strokes import draw
from digitus.types import Bytes
from small import recognizer

WIDTH, HEIGHT = 420, 240
READ = """
import { readDrawing } from "./engine.mjs";
import { readFileSync } from "node:fs";
const sheets = readFileSync(0);
const size = WIDTH * HEIGHT;
const found = [];
for (let i = 0; i < sheets.length; i += size)
  found.push(readDrawing({ values: sheets.subarray(i, i + size), width: WIDTH, height: HEIGHT }));
process.stdout.write(JSON.stringify(found));
"""


@cache
def glyphs() -> list[Bytes]:
    """Digits 0 to 9 of the simulated pen that are read with ease, 28 x 28."""
    images = draw(np.tile(np.arange(10), 20), stream(5, "reader tests"))
    sure = digitus.load().probabilities(images)
    return [images[d::10][sure[d::10, d].argmax()] for d in range(10)]


def sheet(*lines: str, side: int = 76, pitch: float = 0.8) -> Bytes:
    """Numbers on a sheet, black on white; a space is a digit wide."""
    found = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for row, text in enumerate(lines):
        for column, sign in enumerate(text):
            if sign == " ":
                continue
            ink = cv2.resize(glyphs()[int(sign)], (side, side), interpolation=cv2.INTER_CUBIC)
            x, y = 10 + round(column * pitch * side), 20 + row * (side + 24)
            place = found[y : y + side, x : x + side]
            np.minimum(place, 255 - ink, out=place)
    return found


SHEETS = [
    sheet("7"), sheet("042"), sheet("3186"), sheet("95", "2071"), sheet("12 38"),
    sheet("640", side=100, pitch=0.64), sheet(), sheet("5", side=160),
]  # fmt: skip


@pytest.fixture(scope="module")
def read_by_node(node: str, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """What the page's code reads on these sheets."""
    folder = tmp_path_factory.mktemp("engine")
    shipped = digitus.load()
    told = about([shipped], shipped.threshold, "float32")
    code = html_page.engine(networks([shipped]), told, "float32")
    (folder / "engine.mjs").write_text(code, "utf-8")
    main = READ.replace("WIDTH", str(WIDTH)).replace("HEIGHT", str(HEIGHT))
    (folder / "main.mjs").write_text(main, "utf-8")
    done = subprocess.run(
        [node, folder / "main.mjs"], input=b"".join(s.tobytes() for s in SHEETS),
        capture_output=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_drawings_are_read_as_digitus_reads_them(read_by_node: list[Any]) -> None:
    for picture, found in zip(SHEETS, read_by_node, strict=True):
        reading = digitus.read(picture, drawn=True)
        assert found["lines"] == list(reading.lines)
        assert len(found["digits"]) == len(reading.digits)
        for theirs, ours in zip(found["digits"], reading.digits, strict=True):
            assert (theirs["value"], theirs["line"]) == (ours.value, ours.line)
            assert np.abs(np.subtract(theirs["box"], ours.box)).max() <= 3
            assert theirs["confidence"] == pytest.approx(ours.confidence, abs=0.1)
    first = [found["lines"] for found in read_by_node[:4]]
    assert first == [["7"], ["042"], ["3186"], ["95", "2071"]]


@pytest.mark.usefixtures("node")
def test_the_page_is_one_file_that_asks_for_nothing(tmp_path: Path) -> None:
    done = digitus.load().export("html", tmp_path / "page.html")
    assert done.parity is not None
    assert done.parity.same == done.parity.count
    text = done.files[0].read_text("utf-8")
    assert done.size < 2_000_000
    assert "connect-src" not in text  # so default-src holds: nothing can be sent or fetched
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text)
    assert text.count("</script>") == 2


def test_names_of_strangers_stay_text() -> None:
    hostile = replace(recognizer(), history={"data": {"name": "</pre><script>alert(1)</script>"}})
    text = html_page.page("", about([hostile], 0.3, "float32"))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_network_for_other_images_is_refused() -> None:
    told = about([recognizer()], 0.3, "float32") | {"size": [8, 8]}
    with pytest.raises(ExportError, match="28 x 28 bytes; this one reads 8 x 8"):
        html_page.make(networks([recognizer()]), told, "float32", "page")
