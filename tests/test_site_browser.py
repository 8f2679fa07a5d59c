"""What lessons put out is kept by a name: another one after whatever can change it, and alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import digitus
from site_browser import forget_others, package_digest


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


def test_outputs_of_other_states_are_not_kept_for_ever(tmp_path: Path) -> None:
    """Each change of the package left a folder behind."""
    for name in ("0123456789abcdef", "of-today", "fedcba9876543210"):
        (tmp_path / name / "executed").mkdir(parents=True)
        (tmp_path / name / "global.db").write_bytes(b"kept")
    (tmp_path / ".DS_Store").write_bytes(b"of the file manager")
    forget_others(tmp_path / "of-today")
    assert {path.name for path in tmp_path.iterdir()} == {"of-today", ".DS_Store"}
    assert (tmp_path / "of-today" / "global.db").read_bytes() == b"kept"
