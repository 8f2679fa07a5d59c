"""Who may write to a folder: one at a time, until it ends, however that is."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from digitus.errors import OutputError
from digitus.locks import NAME, locked


def test_the_second_is_told_who_was_first(tmp_path: Path) -> None:
    with locked(tmp_path, "digitus serve"):
        with pytest.raises(OutputError) as refused, locked(tmp_path, "digitus train"):
            pytest.fail("both are in")
        holder = (tmp_path / NAME).read_text("utf-8")
        assert holder.startswith(f"digitus serve, process {os.getpid()} on ")
        assert f"{tmp_path} is in use by {holder}; " in str(refused.value)
        assert refused.value.code == "in-use"
        with pytest.raises(OutputError), locked(tmp_path, "a third"):
            pytest.fail("the second has let it go")
    assert list(tmp_path.iterdir()) == []
    with locked(tmp_path, "digitus train"):
        assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_who_is_killed_holds_nothing(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from digitus.locks import locked
with locked(Path(sys.argv[1]), "holder"):
    print("in", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "in\n"
        with pytest.raises(OutputError, match=f"holder, process {holder.pid} on"):
            locked(tmp_path, "second").__enter__()
        holder.send_signal(signal.SIGKILL)
    assert (tmp_path / NAME).exists()
    with locked(tmp_path, "next"):
        assert "next" in (tmp_path / NAME).read_text("utf-8")


def test_a_lock_that_its_holder_just_removed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, times = fcntl.flock, []

    def removed_first(number: int, how: int) -> None:
        if not times:
            (tmp_path / NAME).unlink()
        times.append(how)
        real(number, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with locked(tmp_path, "second"):
        assert len(times) == 2
        assert (tmp_path / NAME).exists()


def test_where_locks_are_unknown_nobody_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with locked(tmp_path, "first"), locked(tmp_path, "second"):
        pass


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(OutputError, match="cannot use"):
            locked(folder, "first").__enter__()
