"""The commands, run as a user runs them: arguments in; exit code, output and progress out."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.cli import main
from digitus.datasets import download, sources
from small import digits, write_recipe


@dataclass(frozen=True)
class Result:
    """What a command left behind: its exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def record(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        assert self.code in (0, 1), self.err
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out, parse_constant=pytest.fail)

    @property
    def complaint(self) -> str:
        """The one line that an error is."""
        assert self.code == 1, (self.code, self.out, self.err)
        assert not self.out
        (*_, line) = self.err.splitlines()
        assert line.startswith("digitus: ")
        assert self.err.endswith("\n")
        assert "Traceback" not in self.err
        return line


Command = Callable[..., Result]


@pytest.fixture
def digitus(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """The program, in an empty folder, with an empty cache, few strokes and no network."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(sources, "STROKES_COUNT", {"train": 300, "test": 100})
    monkeypatch.setattr(download, "RETRIES", 0)

    def no_network(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["digitus", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        told = capsys.readouterr()
        return Result(int(left.value.code or 0), told.out, told.err)

    return run


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    return write_recipe(tmp_path / "tiny.toml")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The user's own digits in a file."""
    path = tmp_path / "own.npz"
    np.savez(path, x=digits().images, y=digits().labels)
    return path


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A picture of a one, small enough to be read at once."""
    sheet = np.full((28, 28), 255, np.uint8)
    cv2.line(sheet, (14, 4), (13, 24), 0, 3)
    cv2.imwrite(str(tmp_path / "one.png"), sheet)
    return tmp_path / "one.png"
