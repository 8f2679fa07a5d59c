"""What the system refuses is one line, wherever a command meets it, and stops no other picture."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from digitus import files
from digitus.errors import OutputError
from digitus.forms.table import to_toml
from digitus.locks import locked
from digitus.reading.pictures import named
from digitus.serve import server
from filled_forms import FORM
from small import recognizer

LONG = "a" * 300


@contextmanager
def unprivileged() -> Iterator[None]:
    """For whom permissions count: root may do anything."""
    if os.getuid():
        yield
        return
    os.setresgid(65534, 65534, 0)
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)


def test_names_traceback(digitus: Any, one: Path, tmp_path: Path) -> None:
    """Names that are too long, or links in circles: for every command, in every place."""
    recognizer().save(tmp_path / "model.safetensors")
    (tmp_path / "loop").symlink_to("loop")
    for name in (LONG, "loop", f"loop/{LONG}"):
        for command in (
            ["evaluate", name],
            ["evaluate", "model.safetensors", "--data", f"./{name}"],
            ["evaluate", "model.safetensors", "--images", name, "--labels", name],
            ["evaluate", "model.safetensors", "--report", name],
            ["train", f"{name}.toml"],
            ["train", "shao-2023", "--data", "strokes", "--out", name],
            ["train", "shao-2023", "--data", "strokes", "--out", name, "--resume"],
            ["read", one, "--model", name],
            ["read", one, "--annotate", name],
            ["read", one, "--review", f"{name}/x.html"],
            ["serve", name],
        ):
            assert digitus(*command).complaint, command
        result = digitus("read", "--digits", 1, name, one)
        assert (result.code, result.out) == (1, f"{one}: 1\n")
        assert result.err.startswith(f"digitus: {name}: cannot be read (")
        assert result.err.count("\n") == 1


def test_a_server_without_a_place(
    digitus: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recognizer().save(tmp_path / "model.safetensors")
    for host in (LONG, "..", ""):
        assert "cannot listen on" in digitus("serve", "model.safetensors", "--host", host).complaint
    monkeypatch.setattr(server, "listen", lambda *_: socket.create_server(("127.0.0.1", 0)))
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nowhere").symlink_to("absent")
    told = {
        LONG: "File name too long",
        "loop": "loop: is a symbolic link that leads in a circle",
        f"loop/{LONG}": "Too many levels of symbolic links",
        "nowhere": "nowhere: is a symbolic link to what is not there",
        "nowhere/deeper": "nowhere: is a symbolic link to what is not there",
        "model.safetensors": "model.safetensors: is not a folder",
    }
    for folder, why in told.items():
        complaint = digitus("serve", "model.safetensors", "--folder", folder).complaint
        assert complaint.endswith(why), complaint
    with locked(tmp_path, "another server"):
        result = digitus("serve", "model.safetensors", "--folder", tmp_path)
    assert f"{tmp_path} is in use by another server, process {os.getpid()}" in result.complaint


def test_data_that_are_looked_for_in_a_bad_place(
    digitus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITUS_DATA", LONG)
    assert "File name too long" in digitus("train", "shao-2023", "--data", "mnist").complaint
    assert "File name too long" in digitus("data", "mnist", "--data-dir", LONG).complaint


def test_without_permission(digitus: Any, one: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digitus("read", "--digits", 1, one)  # loads what is loaded when it is needed
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        for name in ("closed/x.png", "closed.png", "open.png"):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(one, folder / name)
        (folder / "closed.png").chmod(0)
        (folder / "closed").chmod(0)
        os.chown(folder, 65534, 65534) if not os.getuid() else None
        monkeypatch.chdir(folder)
        with unprivileged():
            result = digitus("read", "--digits", 1, "closed/x.png", "closed.png", "open.png")
            listed = digitus("read", "--digits", 1, "closed")
            written = digitus("read", "--digits", 1, "open.png", "--annotate", "closed")
        assert (result.code, result.out) == (1, "open.png: 1\n")
        assert result.err == "".join(
            f"digitus: {name}: cannot be read (Permission denied)\n"
            for name in ("closed/x.png", "closed.png")
        )
        assert listed.complaint == "digitus: closed: cannot be read (Permission denied)"
        assert "cannot write" in written.complaint
    finally:
        (folder / "closed").chmod(0o755)
        shutil.rmtree(folder)


def test_a_pipe(digitus: Any, one: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One into which somebody writes is read; for another nobody waits for ever."""
    os.mkfifo(tmp_path / "pipe")
    content = one.read_bytes()
    writing = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(content))
    writing.start()
    result = digitus("read", "--digits", 1, "pipe", "--annotate", "shown")
    writing.join()
    assert (result.code, result.out) == (0, "1\n")
    monkeypatch.setattr(files, "WRITER_SECONDS", 0.05)
    result = digitus("read", "--digits", 1, "pipe", one)
    assert (result.code, result.out) == (1, f"{one}: 1\n")
    assert "pipe: cannot be read (is a pipe into which nobody writes)" in result.err
    for command in (
        ["read", one, "--model", "pipe"],
        ["evaluate", "--images", "pipe", "--labels", "pipe"],
        ["evaluate", "--data", "pipe"],
        ["train", "pipe.toml"],
    ):
        os.path.exists("pipe.toml") or os.mkfifo("pipe.toml")
        assert "not a file" in digitus(*command).complaint


def test_a_pipe_in_the_place_of_any_file(
    digitus: Any, one: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "WRITER_SECONDS", 0.05)
    Path("f.toml").write_text(to_toml(FORM), "utf-8")
    Path("t.csv").write_text("form,file,page,problem\n", "utf-8")
    read = "form", "read", "f.toml", one, "--to", "o.csv", "--earlier"
    for *command, pipe in (
        ["bulk", one, "--to", "o.csv", "--model", "pipe"],
        ["bulk", "--to", "o.csv", "pipe.txt"],
        ["form", "print", "pipe.toml"],
        ["form", "print", "f.toml", "--font", "pipe.ttf"],
        *([*read, f"pipe{kind}"] for kind in (".csv", ".sqlite", ".parquet")),
        ["form", "correct", "f.toml", "t.csv", "pipe.csv"],
        ["adapt", "default", "--to", "o.safetensors", "pipe.csv"],
        ["export", "--to", "npz", "pipe"],
        ["sweep", "pipe.toml"],
    ):
        os.path.exists(pipe) or os.mkfifo(pipe)
        complaint = digitus(*command, pipe).complaint
        assert "is not a file" in complaint or "into which nobody writes" in complaint, command
    corrected = digitus("form", "correct", "f.toml", "pipe.csv", "t.csv")
    assert "is a pipe or a device" in corrected.complaint


def test_nothing_takes_the_place_of_a_pipe_or_a_device(digitus: Any, own: Path, one: Path) -> None:
    """Whoever may do anything would have a table for a null device from then on."""
    recognizer().save(Path("m.safetensors"))
    Path("f.toml").write_text(to_toml(FORM), "utf-8")
    os.mkfifo("o.csv")
    Path("device").symlink_to(os.devnull)
    for command in (
        ["evaluate", "m.safetensors", "--data", own, "--predict", "device"],
        ["adapt", "m.safetensors", own, "--replace", "--to", "device"],
        ["form", "read", "f.toml", one, "--replace", "--to", "o.csv"],
        ["bulk", one, "--to", "o.csv"],
    ):
        assert digitus(*command).complaint, command
    with pytest.raises(OutputError, match="cannot write device: is a pipe or a device"):
        files.write_text(Path("device"), "")
    assert stat.S_ISFIFO(os.stat("o.csv").st_mode)
    assert stat.S_ISCHR(os.stat("device").st_mode)


def test_folders_are_read(digitus: Any, one: Path, tmp_path: Path) -> None:
    names = ["scan 10.PNG", "scan 9.png", "deeper/a.png", ".hidden/b.png", ".c.png", "notes.txt"]
    for name in names:
        (tmp_path / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(one, tmp_path / "scans" / name)
    result = digitus("read", "--digits", 1, "scans")
    assert result.out == "scans/scan 9.png: 1\nscans/scan 10.PNG: 1\n"
    found = [path for path, error in named([tmp_path / "scans", one], recursive=True) if not error]
    told = [str(path.relative_to(tmp_path)) for path in found]
    assert told == ["scans/deeper/a.png", "scans/scan 9.png", "scans/scan 10.PNG", "one.png"]
    (tmp_path / "only").mkdir()
    shutil.copy(one, tmp_path / "only")
    assert digitus("read", "--digits", 1, "only").out == "only/one.png: 1\n"
