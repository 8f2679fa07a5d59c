"""The page with everything inside: drawings and photos are read as digitus reads them, offline."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import digitus
import digitus.reading.result
from digitus.detection import closeup
from digitus.detection.closeups import NONE
from digitus.detection.detector import PixelBudget
from digitus.detection.model import shipped
from digitus.errors import ExportError
from digitus.export import calibration, html_page
from digitus.export.card import about
from digitus.export.operations import networks
from digitus.nn.arrays import stream
from digitus.synthetic.pages.pages import Page, pages
from digitus.synthetic.strokes import draw
from digitus.types import Bytes
from digitus.vision.colour import as_grey
from small import recognizer

WIDTH, HEIGHT = 420, 240
READ = """
const asked = JSON.parse(readFileSync("asked.json", "utf8"));
const pictures = readFileSync(0);
let at = 0;
const found = asked.map(({ drawn, width, height }) => {
  const count = width * height * (drawn ? 1 : 4);
  const bytes = new Uint8Array(pictures.subarray(at, at + count));
  at += count;
  const sheet = { values: bytes, pixels: bytes, width, height };
  return drawn ? readDrawing(sheet) : readPhoto(sheet);
});
process.stdout.write(JSON.stringify(found));
"""

BOUNDS = 0, 100_000, None  # pixels of fine copies; None is as many as there are
BOUNDED = """
const { asGrey, findsOf } = new Function(
  code.replace(/^export /gm, "") + "; return { asGrey, findsOf }")();
const [width, height] = process.argv.slice(2).map(Number);
const grey = asGrey(width, height, new Uint8Array(readFileSync(0)));
const all = [0, 100_000, Infinity].map((most) => findsOf(grey, 0, most));
process.stdout.write(JSON.stringify(all.map(({ found, whole }) => [found.length, whole])));
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


@cache
def sheets() -> list[Bytes]:
    """Drawings: made by who reads them, and not by every process that collects."""
    return [
        sheet("7"), sheet("042"), sheet("3186"), sheet("95", "2071"), sheet("12 38"),
        sheet("640", side=100, pitch=0.64), sheet(), sheet("5", side=160),
    ]  # fmt: skip


@cache
def notes() -> list[Page]:
    """Two notes of several lines, a number that lies on its side, one digit, none."""
    # Of the one on its side enough is found for it to be turned, also where weights are rounded.
    asked = (7, ["lines"]), (10, ["lines"]), (16, ["number", "turned"]), (14, ["small"])
    return [next(pages(1, seed, kinds=kinds)) for seed, kinds in (*asked, (11, ["blank"]))]


def in_colours(picture: Bytes) -> Bytes:
    """Red, green, blue and how opaque, as a browser has them."""
    colours = picture if picture.ndim == 3 else np.dstack([picture] * 3)
    return np.dstack([colours, np.full(picture.shape[:2], 255, np.uint8)])


@pytest.fixture(scope="module")
def file(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the shipped recognizer, which is compared with it as it is made."""
    done = digitus.load().export("html", tmp_path_factory.mktemp("page") / "page.html")
    assert done.parity is not None
    assert done.parity.same >= 99
    return done.files[0]


@pytest.fixture(scope="module")
def read_by_node(node: str, file: Path) -> list[Any]:
    """What the page's code reads on the sheets, and on made pages."""
    photos = [in_colours(page.picture) for page in notes()]
    asked = [{"drawn": True, "width": WIDTH, "height": HEIGHT} for _ in sheets()]
    asked += [{"drawn": False, "width": p.shape[1], "height": p.shape[0]} for p in photos]
    (file.parent / "asked.json").write_text(json.dumps(asked), "utf-8")
    (file.parent / "main.mjs").write_text(html_page.START + READ, "utf-8")
    done = subprocess.run(
        [node, "main.mjs"], cwd=file.parent, input=b"".join(p.tobytes() for p in sheets() + photos),
        capture_output=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.slow
def test_drawings_are_read_as_digitus_reads_them(read_by_node: list[Any]) -> None:
    for picture, found in zip(sheets(), read_by_node[: len(sheets())], strict=True):
        reading = digitus.read(picture, drawn=True)
        assert found["lines"] == list(reading.lines)
        same_digits(found, reading)
    first = [found["lines"] for found in read_by_node[:4]]
    assert first == [["7"], ["042"], ["3186"], ["95", "2071"]]


def same_digits(found: dict[str, Any], reading: digitus.reading.result.Reading) -> None:
    """The digits that a page of HTML found, as Python finds them."""
    assert len(found["digits"]) == len(reading.digits)
    for theirs, ours in zip(found["digits"], reading.digits, strict=True):
        assert (theirs["value"], theirs["line"]) == (ours.value, ours.line)
        assert np.abs(np.subtract(theirs["box"], ours.box)).max() <= 3 + 0.1 * max(ours.box[2:])
        assert theirs["confidence"] == pytest.approx(ours.confidence, abs=0.2)


@pytest.mark.slow
def test_photos_are_read_as_digitus_reads_them(read_by_node: list[Any]) -> None:
    texts = []
    for page, found in zip(notes(), read_by_node[len(sheets()) :], strict=True):
        reading = digitus.read(page.picture)
        assert found["lines"] == list(reading.lines)
        same_digits(found, reading)
        texts.append(tuple(found["lines"]))
    assert sum(text == page.lines for text, page in zip(texts, notes(), strict=True)) >= 3
    assert len(texts[0]) == 4


@pytest.mark.slow
def test_a_turned_copy_is_seen_within_bounds(node: str, file: Path) -> None:
    picture = in_colours(notes()[0].picture)
    height, width = picture.shape[:2]
    (file.parent / "bounded.mjs").write_text(html_page.START + BOUNDED, "utf-8")
    done = subprocess.run(
        [node, "bounded.mjs", str(width), str(height)], cwd=file.parent, input=picture.tobytes(),
        capture_output=True, check=True,
    )  # fmt: skip
    for most, (count, whole) in zip(BOUNDS, json.loads(done.stdout), strict=True):
        pixels = PixelBudget(math.inf if most is None else most)
        found = shipped().detector.find(as_grey(notes()[0].picture), pixels=pixels)
        assert whole is not pixels.too_few
        assert count == pytest.approx(len(found), rel=0.1), most


@pytest.mark.slow
def test_the_page_is_one_file_that_asks_for_nothing(file: Path) -> None:
    text = file.read_text("utf-8")
    assert file.stat().st_size < 2_000_000
    assert "connect-src" not in text  # so default-src holds: nothing can be sent or fetched
    assert "default-src 'none'" in text
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text)
    assert text.count("</script>") == 4
    assert text.count("<script") == 4


@pytest.mark.slow
def test_half_a_bit_more_for_each_weight_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "BITS", html_page.BITS + 0.5)
    uncached = html_page._for_photos.__wrapped__  # type: ignore[attr-defined]
    monkeypatch.setattr(html_page, "_for_photos", uncached)
    model, told = digitus.load(), about([digitus.load()], 0.3, "int8")
    assert len(html_page.make(networks([model]), told, "int8", "page").files[".html"]) > 2_000_000


def test_what_networks_learn_from_changes_no_export() -> None:
    """The pictures by which bits are shared out are an export's own."""
    code = "import sys, digitus.export.html_page; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "digitus.export.calibration" in loaded
    assert not {m for m in loaded if re.search(r"synthetic\.pages|examples|training", m)}


@pytest.mark.slow
def test_the_pictures_of_an_export_show_digits_of_all_sizes_and_none() -> None:
    """The networks that they measure find on them what is there."""
    pages, close = calibration.pictures()
    again, _ = calibration.pictures()
    assert (pages == again).all()
    sizes = []
    for page in pages:
        found = shipped().detector.find(page)
        sizes.append(float(found.boxes[found.heat > 0.5, 2:].max(1).mean()))
    assert sizes == sorted(sizes)
    assert sizes[0] < 22
    assert sizes[-1] > 40
    # What the close-up network names on them is almost every digit, and none.
    named = set(closeup.shipped()._seen(close[..., None])[1].argmax(1).tolist())
    assert NONE in named
    assert len(named) >= 9


def test_what_the_page_says_is_there_in_every_language() -> None:
    tables = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in html_page._languages()}
    assert set(tables) >= {"en", "de", "es", "fr", "zh"}
    first = tables.pop("en")
    for language, table in tables.items():
        assert table.keys() == first.keys(), language
        for key, text in table.items():
            assert text.count("{name}") == first[key].count("{name}"), (language, key)
            assert text != first[key], (language, key)
    code = (Path(html_page.__file__).parent / "parts" / "page.js").read_text("utf-8")
    markup = (Path(html_page.__file__).parent / "parts" / "page.html").read_text("utf-8")
    asked = {*re.findall(r'say\("(\w+)"', code), *re.findall(r'data-say="(\w+)"', markup), "script"}
    assert asked == first.keys()


def test_names_of_strangers_stay_text() -> None:
    name = "</pre><script>alert(1)</script>{{ engine }}"
    hostile = replace(recognizer(), history={"data": {"name": name}})
    text = html_page.web_page("", b"", about([hostile], 0.3, "float32"))
    assert "<script>alert" not in text
    assert "{{ engine }}" in text
    assert "&lt;script&gt;alert" in text


def test_a_network_for_other_images_is_refused() -> None:
    told = about([recognizer()], 0.3, "float32") | {"size": [8, 8]}
    with pytest.raises(ExportError, match="28 x 28 bytes; this one reads 8 x 8"):
        html_page.make(networks([recognizer()]), told, "float32", "page")
