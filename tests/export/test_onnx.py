"""ONNX: the graph against ONNX's own checker, its runtime, and the network."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.committee import Committee
from digitus.errors import ExportError, ModelError, ShapeError
from digitus.export import onnx_run
from digitus.export.onnx_run import load_onnx
from exported import LAYERS, answers, model, pictures
from later import Later

onnx = Later("onnx")


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer(tmp_path: Path, name: str) -> None:
    done = model(name).export("onnx", tmp_path / "m.onnx")
    assert done.parity is not None
    assert done.parity.same == 100
    found = load_onnx(tmp_path / "m.onnx")
    np.testing.assert_allclose(found.probabilities(pictures()), answers(name), atol=1e-4)


def test_what_stands_in_the_file(tmp_path: Path) -> None:
    model("convolutions").export("onnx", tmp_path / "m.onnx")
    graph = onnx.load(tmp_path / "m.onnx")
    assert graph.ir_version == 8
    assert [(o.domain, o.version) for o in graph.opset_import] == [("", 17)]
    (images,) = graph.graph.input
    batch, height, width = images.type.tensor_type.shape.dim
    assert images.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    assert (batch.dim_param, height.dim_value, width.dim_value) == ("n", 28, 28)
    assert [o.name for o in graph.graph.output] == ["probabilities", "digits"]
    said = {p.key: p.value for p in graph.metadata_props}
    assert json.loads(said["threshold"]) == 0.3
    assert json.loads(said["temperatures"]) == [0.7]
    assert said["card"].startswith("Reads one handwritten digit")


@pytest.mark.parametrize("count", [0, 1, 3, 600])
def test_any_number_of_images_and_refusals(tmp_path: Path, count: int) -> None:
    model("convolutions").export("onnx", tmp_path / "m.onnx", check=False)
    session = onnx_run.opened(tmp_path / "m.onnx")
    images = np.resize(pictures(), (count, 28, 28))
    p, digits = session.run(None, {"images": images})
    expected = model("convolutions").probabilities(images)
    np.testing.assert_allclose(p, expected, atol=1e-5)
    sure = p.max(axis=1, initial=0) >= 0.3
    np.testing.assert_array_equal(digits, np.where(sure, p.argmax(axis=1), -1))


@pytest.mark.parametrize(("precision", "share"), [("float16", 0.65), ("int8", 0.5)])
def test_fewer_bits(tmp_path: Path, precision: Any, share: float) -> None:
    whole = model("perceptron").export("onnx", tmp_path / "m.onnx").size
    less = model("perceptron").export("onnx", tmp_path / "less.onnx", precision=precision)
    assert less.size < share * whole
    assert less.parity is not None
    assert less.parity.difference < 0.02


def test_a_committee_of_networks_and_files(tmp_path: Path) -> None:
    pair = Committee((model("convolutions"), model("branches")))
    pair.export("onnx", tmp_path / "pair.onnx")
    expected = pair.probabilities(pictures())
    found = load_onnx(tmp_path / "pair.onnx")
    np.testing.assert_allclose(found.probabilities(pictures()), expected, atol=1e-5)
    both = Committee((found, pair))
    np.testing.assert_allclose(both.probabilities(pictures()), expected, atol=1e-5)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExportError, match=r"pip install 'digitus\[export\]'"):
        model("convolutions").export("onnx", tmp_path / "m.onnx")


def test_a_layer_that_nothing_knows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from digitus.export.onnx_file import KINDS

    monkeypatch.delitem(KINDS, "max_pool")
    with pytest.raises(ExportError, match=r"^layer 4, MaxPool\(size=2\) cannot be exported to"):
        model("convolutions").export("onnx", tmp_path / "m.onnx")


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be read as ONNX"):
        load_onnx(tmp_path / "bad.onnx")
    path = tmp_path / "m.onnx"
    model("convolutions").export("onnx", path, check=False)
    with pytest.raises(ShapeError, match=r"\[n 28 28\]"):
        load_onnx(path).probabilities(np.zeros((1, 8, 8), np.uint8))
    graph = onnx.load(path)
    del graph.metadata_props[:]
    onnx.save(graph, path)
    with pytest.raises(ModelError, match="not exported by digitus"):
        load_onnx(path)
