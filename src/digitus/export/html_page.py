"""HTML: one web page with everything inside, to write numbers on and to drop photos into.

It works from any static host and from a file. Its code is the module of `js_module`, which knows
single digits, and after it `parts/ink.js`, `paper.js`, `preparing.js`, `colour.js`, `finding.js`,
`lines.js`, `likeness.js`, `photo.js` and `drawing.js`, which read photos and drawings with the page
network and the close-up network (`network.js`) by a kernel of WebAssembly (`kernel.js`,
`tiles.js`). Code, without its comments, and weights are compressed and stand in the web page as
text, which `parts/unpack.js` unpacks; `parts/page.js` is what one writes on, `parts/page.html` what
is around it. What it says in each language is a file in `words/`.

Inside: putting them together, and Node to try it. Not inside: what the code does.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import tomllib
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from html import escape
from pathlib import Path

from digitus.datasets.digits import DIGITS, SIDE, named
from digitus.detection import closeup, model
from digitus.detection.closeups import SIDE as CLOSEUP_SIDE
from digitus.detection.detector import BLOCK
from digitus.detection.storage import SCALE, packed
from digitus.errors import ExportError
from digitus.export import calibration, js_module
from digitus.export.card import About
from digitus.export.html_numbers import numbers
from digitus.export.js_module import Store, constant, part, run_node
from digitus.export.made import Made
from digitus.export.operations import Network, Operation, listed
from digitus.export.precision import Precision
from digitus.export.steps import shared_out
from digitus.reading import way_up
from digitus.reading.result import DOUBTFUL_BELOW
from digitus.types import Images, Matrix

WORDS = Path(__file__).with_name("words")
FIRST_LANGUAGE = "en"
# For a weight of the page network and of the close-up network, on average: with half a bit more a
# web page would not stay below 2 MB.
BITS = 5.5
ENGINE = (
    *("digitus.js", "ink.js", "paper.js", "preparing.js", "colour.js", "kernel.js", "tiles.js"),
    *("network.js", "finding.js", "lines.js", "likeness.js", "photo.js", "drawing.js"),
)
COMMENT = ("//", "/**", "* ")  # lines that begin so are left out
# Node reads the web page itself: its text is unpacked as in a browser, and the digits are read.
START = """import { readFileSync } from "node:fs";
const page = readFileSync("page.html", "utf8");
const script = (id) => page.split(`id="${id}"`)[1].split("</script")[0].replace(/^[^>]*>/, "");
const size = JSON.parse(page.split("data-size='")[1].split("'")[0]);
const unpack = new Function(script("unpack") + "; return unpack")();
const { code, weights } = await unpack(script("engine").trim(), size);
globalThis.WEIGHTS = weights;
const { probabilities, readDrawing, readPhoto } = new Function(
  code.replace(/^export /gm, "") + "; return { probabilities, readDrawing, readPhoto }")();
"""
READ_DIGITS = """const bytes = readFileSync(0);
const side = 784;
const found = new Float32Array((bytes.length / side) * 10);
for (let i = 0; i < bytes.length / side; i++)
  found.set(probabilities(bytes.subarray(i * side, (i + 1) * side)), 10 * i);
process.stdout.write(Buffer.from(found.buffer));
"""


def make(members: Sequence[Network], about: About, precision: Precision, name: str) -> Made:
    """The web page, and Node to run what is in it."""
    if about["classes"] != DIGITS:
        raise ExportError(
            f"the web page reads numbers; this network tells {named(about['classes'])}"
        )
    if tuple(about["size"]) != (SIDE, SIDE):
        height, width = about["size"]
        raise ExportError(
            f"the web page shows its network {SIDE} x {SIDE} bytes; "
            f"this one reads {height} x {width}"
        )
    content = web_page(*engine(members, about, precision), about).encode("utf-8")
    node = shutil.which("node")
    if node is None:
        return Made({".html": content}, None, "Node is not on this machine")
    return Made({".html": content}, lambda images: _digits(node, content, images))


def _digits(node: str, content: bytes, images: Images) -> Matrix:
    return run_node(node, {"page.html": content}, START + READ_DIGITS, images)


def engine(members: Sequence[Network], about: About, precision: Precision) -> tuple[str, bytes]:
    """The code that reads digits, drawings and photos, and the bytes of its networks' weights."""
    beside = bytearray()
    store, small = Store(precision, beside), Store("int8", beside)
    weights = model.shipped().confidence
    photo = {
        **{
            name: {"size": (side, side), "operations": js_module.as_json(done, small, most)}
            for name, (side, done, most) in _for_photos().items()
        },
        "confidence": asdict(weights),
        "wayUp": way_up_numbers(),
    }
    known = constant("MODEL", js_module.model(members, about, store)) + constant("PHOTO", photo)
    return known + numbers() + "".join(map(part, ENGINE)), bytes(beside)


def way_up_numbers() -> dict[str, object]:
    """What tells which way up a picture lies; the layer's weights are whole numbers and a scale."""
    layer = packed(closeup.shipped().upright)
    (scale,), (b,) = layer["W" + SCALE].tolist(), layer["b"].tolist()
    return {
        "upright": way_up.UPRIGHT,
        "weights": way_up.WEIGHTS,
        "layer": {"W": layer["W"].ravel().tolist(), "scale": scale, "b": b},
    }


@cache
def _for_photos() -> dict[str, tuple[int, tuple[Operation, ...], list[int]]]:
    """Of the page network and the close-up network: side of a picture, operations, steps of each.

    Steps are the largest whole number of an operation's weights (`steps`).
    """
    found, close = model.shipped(), closeup.shipped()
    done = [
        listed(network.recipe.network, network.params, (side, side))
        for network, side in ((found, BLOCK), (close, CLOSEUP_SIDE))
    ]
    most = shared_out(list(zip(done, calibration.pictures(), strict=True)), BITS)
    return {
        "page": (BLOCK, done[0], most[0]),
        "closeup": (CLOSEUP_SIDE, done[1], most[1]),
    }


def web_page(code: str, weights: bytes, about: About) -> str:
    """The web page around code and weights."""
    lines = map(str.strip, code.splitlines())
    bare = "\n".join(line for line in lines if not line.startswith(COMMENT))
    # Weights repeat nothing: by Huffman's code alone they are 8 % smaller than with matches.
    packer = zlib.compressobj(9, strategy=zlib.Z_HUFFMAN_ONLY)
    parts = zlib.compress(bare.encode("utf-8"), 9), packer.compress(weights) + packer.flush()
    size = {"code": len(parts[0]), "weights": len(parts[1])}
    packed = b"".join(parts)
    text = base64.b85encode(packed + bytes(-len(packed) % 4)).decode("ascii")
    words = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in _languages()}
    filled = {
        **{key: escape(text) for key, text in words[FIRST_LANGUAGE].items()},
        "words": json.dumps(words, ensure_ascii=False).replace("<", r"\u003c"),
        "about": escape(about["card"]),
        "doubtful": str(DOUBTFUL_BELOW),
        "size": json.dumps(size),
        "engine": text.replace("<", ","),  # which HTML would take for the beginning of a tag
        "unpack": part("unpack.js"),
        "page": part("page.js"),
    }
    return re.sub(r"{{ (\w+) }}", lambda place: filled[place[1]], part("page.html"))


def _languages() -> list[Path]:
    """The files of what the web page says, a language each; a browser takes its own."""
    return sorted(WORDS.glob("*.toml"))
