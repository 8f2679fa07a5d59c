"""The name by which the lessons' outputs are kept: another one after whatever can change them."""

from __future__ import annotations

from pathlib import Path

import pytest

import digitus
from site_browser import package_digest


@pytest.mark.parametrize(
    "name", ["nn/convolution.py", "recipes/cnn.toml", "weights/page.safetensors"]
)
def test_outputs_are_not_kept_when_what_made_them_changes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (Path(digitus.__file__).parent / name).exists()
    monkeypatch.setattr(digitus, "__file__", str(tmp_path / "__init__.py"))
    file = tmp_path / name
    file.parent.mkdir()
    file.write_bytes(b"before")
    before = package_digest()
    assert package_digest() == before
    file.write_bytes(b"after")
    assert package_digest() != before
