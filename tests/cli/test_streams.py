"""The commands with standard streams that are closed, full, or of a narrow encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def shell(
    command: str, folder: Path, **environment: str
) -> tuple[subprocess.CompletedProcess[bytes], str]:
    """A line of shell, in which `digitus` is the program; and its standard error."""
    program = f'digitus() {{ "{sys.executable}" -m digitus "$@"; }}\n'
    done = subprocess.run(
        ["/bin/sh", "-c", program + command],
        capture_output=True,
        timeout=300,
        check=False,
        cwd=folder,
        env={**os.environ, **environment},
    )
    told = done.stderr.decode()
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    return done, told


@pytest.mark.parametrize(
    ("where", "reason"),
    [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")],
)
@pytest.mark.parametrize("command", ["--help", "models", "data --json"])
def test_streams(tmp_path: Path, command: str, where: str, reason: str) -> None:
    """An answer that cannot be written is an error, in one line."""
    done, told = shell(f"digitus {command} {where}", tmp_path)
    assert (done.returncode, told) == (1, f"digitus: standard output: {reason}\n")


@pytest.mark.parametrize(
    ("where", "reason"),
    [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")],
)
def test_an_answer_is_not_lost_in_silence_beside_another_failure(
    tmp_path: Path, where: str, reason: str
) -> None:
    (tmp_path / "bad.png").write_bytes(b"none")
    done, told = shell(f"digitus bulk bad.png --to out.csv --json {where}", tmp_path)
    assert done.returncode == 1
    assert told.splitlines()[-1] == f"digitus: standard output: {reason}"
    assert told.count("standard output") == 1


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("digitus.errors.DataError('a.csv: is damaged')", "a.csv: is damaged"),
        ("MemoryError()", "not enough memory (try smaller batches)"),
        ("OSError(28, 'No space left on device', 'b.csv')", "b.csv: No space left on device"),
    ],
)
def test_an_answer_is_not_lost_in_silence_where_a_command_ends_in_a_failure(
    tmp_path: Path, failure: str, told: str
) -> None:
    program = f"""
import digitus.cli, digitus.errors
def app(prog_name):
    print("an answer")
    raise {failure}
digitus.cli.app = app
digitus.cli.main()
"""
    (tmp_path / "program.py").write_text(program)
    lost = "digitus: standard output: No space left on device\n"
    done, words = shell(f'"{sys.executable}" program.py >/dev/full', tmp_path, PYTHONUNBUFFERED="")
    assert (done.returncode, words) == (1, f"digitus: {told}\n{lost}")


@pytest.mark.slow
def test_streams_of_a_reader(tmp_path: Path, one: Path) -> None:
    read = "digitus read --digits 1 --threads 1"
    done, told = shell(f"{read} one.png >/dev/full", tmp_path)
    assert (done.returncode, told) == (1, "digitus: standard output: No space left on device\n")
    for nowhere in ("2>&-", "2>/dev/full"):
        done, _ = shell(f"{read} absent one.png {nowhere}", tmp_path)
        assert (done.returncode, done.stdout) == (1, b"one.png: 1\n")
    done, told = shell(f"{read} - one.png <&-", tmp_path)
    assert (done.returncode, done.stdout) == (1, b"one.png: 1\n")
    assert told == "digitus: standard input: cannot be read (Bad file descriptor)\n"


def test_names_that_are_not_utf_8(tmp_path: Path, one: Path) -> None:
    one.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    command = "digitus read --digits 1 *.png $(printf '\\377')"
    done, told = shell(command, tmp_path, PYTHONIOENCODING="utf-8:strict")
    assert (done.returncode, done.stdout) == (1, b"\\udcff.png: 1\n")
    assert told == "digitus: \\udcff: cannot be read (No such file or directory)\n"


def test_a_reader_who_goes_away(tmp_path: Path) -> None:
    done, told = shell("{ digitus models; echo $? >&2; } | true", tmp_path)
    assert told in ("0\n", "1\n")  # 0 where it was done before the reader went
    assert done.returncode == 0
