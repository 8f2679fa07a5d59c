"""`digitus export`, and `digitus evaluate` of what it wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exported import model

MINE = '#include "digitus.h"\n/* what uses an export is none */\n'


def test_evaluate_takes_it_alone_and_in_a_committee(digitus: Any, tmp_path: Path) -> None:
    model("convolutions").save("m.safetensors")
    assert digitus("export", "m.safetensors", "--to", "onnx").code == 0
    scores = [
        digitus("evaluate", *paths, "--data", "strokes", "--json").record
        for paths in (["m.safetensors"], ["digitus.onnx"], ["m.safetensors", "digitus.onnx"])
    ]
    assert len({score["accuracy"] for score in scores}) == 1
    assert scores[1]["model"] == "digitus.onnx"
    refused = digitus("evaluate", "digitus.onnx", "--data", "strokes", "--report", "r.html")
    assert refused.code == 2
    assert "exported .onnx" in refused.err


def test_the_command(digitus: Any, tmp_path: Path) -> None:
    model("convolutions").save("runs/a/model.safetensors")
    told = digitus("export", "runs/a", "--to", "onnx", "--out", "there/a.onnx")
    assert told.code == 0
    assert told.out.startswith("there/a.onnx  ")
    assert "100 of 100 answers as in Python" in told.out
    record = digitus("export", "runs/a", "runs/a", "--to", "npz", "--no-check", "--json").record
    assert record["files"] == ["digitus.npz"]
    assert record["checked"] == 0
    assert record["bytes"] == Path("digitus.npz").stat().st_size
    assert "not checked: as asked" in digitus("export", "runs/a", "--to", "npz", "--no-check").out


@pytest.mark.parametrize(("kind", "name"), [("c", "main.h"), ("npz", "main.npz")])
def test_nothing_of_others_is_replaced(digitus: Any, kind: str, name: str) -> None:
    model("convolutions").save("m.safetensors")
    export = ("export", "m.safetensors", "--to", kind, "--no-check", "--out")
    Path(name).write_text(MINE, "ascii")
    assert f"{name}: it is there already" in digitus(*export, Path(name).stem + ".c").complaint
    assert Path(name).read_text("ascii") == MINE
    for _ in range(2):  # an older one of ours is
        assert digitus(*export, f"ours.{kind}").code == 0
    for folder in (".", "..", "m/.."):
        assert "is a folder" in digitus(*export, folder).complaint


def test_what_is_not_there(digitus: Any) -> None:
    assert "no such file" in digitus("evaluate", "gone.onnx", "--data", "strokes").complaint
    assert "gone" in digitus("export", "gone", "--to", "npz").complaint
    assert digitus("export", "--to", "tflite").code == 2


def test_what_is_missing_is_told_on_lines(digitus: Any) -> None:
    done = digitus("export")
    assert done.code == 2
    assert "Choose from:\n\tonnx,\n\tc," in done.err


def test_an_export_is_no_model(digitus: Any) -> None:
    Path("digitus.onnx").write_bytes(b"")
    for command in (
        ("export", "digitus.onnx", "--to", "c"),
        ("read", "a.png", "--model", "digitus.onnx"),
    ):
        assert "which digitus evaluate scores" in digitus(*command).complaint
