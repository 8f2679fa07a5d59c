"""Exports of a network of other classes than digits."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitus.errors import ExportError
from digitus.evaluation import evaluate
from digitus.export import Kind
from lettered import CLASSES, learnt, letters


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize("to", ["onnx", "c", "js", "npz"])
def test_exports_have_as_many_outputs(to: Kind, tmp_path: Path) -> None:
    done = learnt().export(to, tmp_path / f"m.{to}")
    assert done.parity is not None, done.unchecked
    assert done.parity.same == done.parity.count
    if to == "onnx":
        from digitus.export.onnx_run import load_onnx

        assert evaluate(load_onnx(done.files[0]), letters()).record()["classes"] == CLASSES
    if to == "c":
        small = learnt().export("c", tmp_path / "small.c", precision="int8")
        assert small.parity is not None
        assert small.parity.same >= 95
        assert "float probabilities[12];" in (tmp_path / "small.h").read_text("ascii")


def test_the_page_is_for_numbers(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="the web page reads numbers"):
        learnt().export("html", tmp_path / "p.html")
