"""JavaScript: the module in Node, and compared with the network."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.committee import Committee
from digitus.errors import ExportError
from digitus.export import js_module
from digitus.export.card import about
from digitus.export.made import Made
from digitus.export.operations import networks
from digitus.types import Matrix
from exported import LAYERS, answers, model, pictures


def made(members: Any, precision: Any = "float32") -> Made:
    return js_module.make(networks(members), about(members, 0.3, precision), precision, "digits")


def run(node: str, members: Any, precision: Any = "float32") -> Matrix:
    return js_module.answers(node, made(members, precision).files[".js"], pictures())


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(node: str, name: str) -> None:
    np.testing.assert_allclose(run(node, [model(name)]), answers(name), atol=1e-4)


@pytest.mark.parametrize(("precision", "most"), [("float16", 1e-3), ("int8", 0.05)])
def test_fewer_bits(node: str, precision: Any, most: float) -> None:
    found = run(node, [model("convolutions")], precision)
    assert 0 < np.abs(found - answers("convolutions")).max() < most


def test_a_committee(node: str) -> None:
    pair = (model("convolutions"), model("perceptron"))
    expected = Committee(pair).probabilities(pictures())
    np.testing.assert_allclose(run(node, pair), expected, atol=1e-5)


def test_it_depends_on_nothing(tmp_path: Path) -> None:
    done = model("convolutions").export("js", tmp_path / "m.js", check=False)
    text = done.files[0].read_text("utf-8")
    assert not re.findall(r"\bimport\b|\brequire\(|https?:", text)
    assert set(re.findall(r"export (?:const|function) (\[.*?\]|\w+)", text)) == {
        "card", "[height, width]", "threshold", "classes", "probabilities", "read",
    }  # fmt: skip


def test_what_javascript_knows_is_what_may_be_exported() -> None:
    code = (files("digitus.export") / "parts" / "digitus.js").read_text("utf-8")
    table = code.partition("const KINDS = {")[2].partition("\n};")[0]
    assert set(re.findall(r"(?m)^  (\w+)[,:]", table)) == set(js_module.KINDS)


def test_without_node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    done = model("convolutions").export("js", tmp_path / "m.js")
    assert done.parity is None
    assert "Node" in done.unchecked


def test_a_module_that_does_not_run(node: str) -> None:
    with pytest.raises(ExportError, match="Node does not run it"):
        js_module.answers(node, b"nonsense(", pictures())
