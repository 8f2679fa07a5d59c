"""Writing files: whatever goes wrong on the way, the old file or the new one is there, whole."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError

import digitus
from digitus.errors import OutputError
from digitus.files import (
    LONGEST_WRITE,
    read_arrays,
    reason,
    write_arrays,
    write_atomically,
    write_text,
)
from small import one_line, same_arrays


def test_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "there" / "ä file.safetensors"
    arrays = {
        "W": np.arange(6, dtype=np.float32).reshape(2, 3),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "none": np.zeros((0, 3), np.float32),
    }
    about = {"text": "ä\n", "number": 0.1 + 0.2, "list": [1, None, True]}
    write_arrays(path, arrays, "model", about)
    read, metadata = read_arrays(path, "model")
    assert same_arrays(read, arrays)
    assert metadata == about
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_no_error_of_the_system_is_told_as_none() -> None:
    """One that a library raises may have no `strerror`, or no words at all."""
    assert [reason(OSError(*words)) for words in [(), ("stale",), (5, "broken")]] == [
        "OSError", "stale", "broken"
    ]  # fmt: skip
    for path in Path(digitus.__file__).parent.rglob("*.py"):
        for part in ast.walk(ast.parse(path.read_text("utf-8"))):
            shown = part.value if isinstance(part, ast.FormattedValue) else None
            assert getattr(shown, "attr", "") != "strerror", f"{path}: {ast.unparse(part)}"


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def half(beside: Path) -> None:
        beside.write_text("ne", "utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"cannot write .*x\.txt: No space left on device"):
        write_atomically(path, half)
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_an_interrupted_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def interrupted(beside: Path) -> None:
        beside.write_text("ne", "utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, interrupted)
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


@pytest.mark.parametrize("bug", [KeyError("name"), TypeError("no text"), ZeroDivisionError()])
def test_a_mistake_of_the_program_is_no_failure_to_write(tmp_path: Path, bug: Exception) -> None:
    def mistaken(beside: Path) -> None:
        beside.write_text("ne", "utf-8")
        raise bug

    with pytest.raises(type(bug)):
        write_atomically(tmp_path / "x.txt", mistaken)
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_no_file_can_hold_are_a_mistake_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(SafetensorError, match="dtype"):
        write_arrays(tmp_path / "x", {"a": np.array(["text"])}, "model", {})
    assert list(tmp_path.iterdir()) == []


def test_two_writers_at_the_same_time(tmp_path: Path) -> None:
    """Neither writes to the other's file, nor takes it away; what stands there is whole."""
    path = tmp_path / "x.txt"

    def both(beside: Path) -> None:
        beside.write_text("first, half", "utf-8")
        write_text(path, "second")
        assert path.read_text("utf-8") == "second"
        assert beside.read_text("utf-8") == "first, half"
        beside.write_text("first", "utf-8")

    write_atomically(path, both)
    assert path.read_text("utf-8") == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_many_writers_at_the_same_time(tmp_path: Path) -> None:
    path, texts = tmp_path / "x.txt", [str(i) * 50_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(lambda text: write_text(path, text), texts))
            assert path.read_text("utf-8") in texts
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_what_is_no_character_is_written_as_a_question_mark(tmp_path: Path) -> None:
    """As in the name of a file that is not in UTF-8."""
    write_text(tmp_path / "x.txt", "scan\udce9.png\n")
    assert (tmp_path / "x.txt").read_bytes() == b"scan?.png\n"


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_arrays(path, {"a": np.ones(3, np.float32)}, "model", {"n": 1})
    code = """
import sys, time
from pathlib import Path
from digitus.files import write_atomically
def half(beside):
    beside.write_bytes(b"half")
    print("half", flush=True)
    time.sleep(60)
write_atomically(Path(sys.argv[1]), half)
"""
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "half\n"
        writer.send_signal(signal.SIGKILL)
    assert read_arrays(path, "model")[1] == {"n": 1}
    (left,) = set(tmp_path.iterdir()) - {path}
    for n, seconds, expected in ((2, 0, {path, left}), (3, LONGEST_WRITE + 9, {path})):
        os.utime(left, (time.time() - seconds,) * 2)
        write_arrays(path, {"a": np.ones(3, np.float32)}, "model", {"n": n})
        assert read_arrays(path, "model")[1] == {"n": n}
        assert set(tmp_path.iterdir()) == expected, "what may still be written is left alone"


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    code = """
import sys, numpy as np
from pathlib import Path
from digitus.files import write_arrays
for n in range(10**9):
    write_arrays(Path(sys.argv[1]), {"a": np.full(5000, n, np.float32)}, "model", {"n": n})
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as writer:
        try:
            while not path.exists():
                time.sleep(0.001)
            seen: set[int] = set()
            until = time.monotonic() + 30
            while len(seen) < 5 and time.monotonic() < until:
                arrays, about = read_arrays(path, "model")
                assert (arrays["a"] == about["n"]).all()
                seen.add(about["n"])
            assert len(seen) == 5
        finally:
            writer.kill()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old", "utf-8")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    places = [
        tmp_path / "file" / "x.txt",
        tmp_path / "file" / "deeper" / "x.txt",
        tmp_path / "folder",
        tmp_path / ("n" * 300),
        Path("/proc/nothing/x.txt"),
        Path(),
        Path("/"),
    ]
    for path in places:
        with pytest.raises(OutputError) as caught:
            write_text(path, "new")
        assert str(path) in one_line(caught.value)
    assert (tmp_path / "file").read_text("utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """No file may grow beyond 20 kB, as if the disk were full: the old model stays whole."""
    path = tmp_path / "model.safetensors"
    write_arrays(path, {"a": np.ones(2000, np.float32)}, "model", {"n": 1})
    code = """
import resource, signal, sys, numpy as np
from pathlib import Path
import digitus
from digitus.errors import OutputError
from digitus.files import write_arrays, write_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
path = Path(sys.argv[1])
for write in (
    lambda: write_arrays(path, {"a": np.ones(100_000, np.float32)}, "model", {"n": 2}),
    lambda: write_text(path.with_name("report.html"), "x" * 100_000),
):
    try:
        write()
    except OutputError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"cannot write {path}: ")
    assert all("File too large" in line for line in lines)
    assert read_arrays(path, "model")[1] == {"n": 1}
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
