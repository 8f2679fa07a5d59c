"""HTML: one page with everything inside, to write numbers on, from any static host or a file.

The page is `parts/page.html`; in it stand the module of `js_module`, which knows single digits,
after it `parts/drawing.js`, which reads drawings with it, and `parts/page.js`, the sheet. Inside:
putting them together. Not inside: reading photos, for which the server is there.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from digitus.errors import ExportError
from digitus.export.js_module import module, run_node
from digitus.export.made import Made
from digitus.export.operations import Network
from digitus.export.precision import Precision

SIDE = 28  # pixels of the images that `drawing.js` makes


def make(
    members: Sequence[Network], about: dict[str, Any], precision: Precision, name: str
) -> Made:
    """The page, and Node to run what is in it."""
    if tuple(about["size"]) != (SIDE, SIDE):
        height, width = about["size"]
        raise ExportError(
            f"the page shows its network {SIDE} x {SIDE} bytes; this one reads {height} x {width}"
        )
    code = engine(members, about, precision)
    content = {".html": page(code, about).encode("utf-8")}
    node = shutil.which("node")
    if node is None:
        return Made(content, None, "Node is not on this machine")
    return Made(content, lambda images: run_node(node, code.encode("utf-8"), images))


def engine(members: Sequence[Network], about: Mapping[str, Any], precision: Precision) -> str:
    """The module that reads digits, and drawings."""
    return module(members, about, precision) + _part("drawing.js")


def page(code: str, about: Mapping[str, Any]) -> str:
    """The page around it."""
    filled = {"card": escape(about["card"]), "engine": code, "page": _part("page.js")}
    text = _part("page.html")
    for name, content in filled.items():
        before, after = text.split("{{ " + name + " }}")
        text = before + content + after
    return text


def _part(name: str) -> str:
    return (files("digitus.export") / "parts" / name).read_text("utf-8")
