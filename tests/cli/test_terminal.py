"""What is shown to people holds no control characters, wherever its words come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from digitus.cli.common import digit_table, output
from digitus.cli.terminal import printable
from small import recognizer, write_recipe

SETS_A_TITLE = "\x1b]0;owned\x07"


def check_harmless(*texts: str) -> None:
    for text in texts:
        assert not {c for c in text if not c.isprintable()} - {"\n"}, repr(text)


def test_printable() -> None:
    assert printable("3 ünits – ☃") == "3 ünits – ☃"
    assert printable(f"a{SETS_A_TITLE}\u202eb\udcff\n") == r"a\x1b]0;owned\x07\u202eb\udcff\n"


def test_terminal_escapes(digitus: Any, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path / "a.toml", about=f"{SETS_A_TITLE}\rnothing", epochs=1)
    result = digitus("train", recipe)
    assert result.code == 0
    check_harmless(result.err, result.out)
    assert "?]0;owned? nothing" in result.err


def test_names_of_pictures(digitus: Any, tmp_path: Path) -> None:
    names = [f"{SETS_A_TITLE}blank.png", f"{SETS_A_TITLE}text.png"]
    cv2.imwrite("blank.png", np.full((50, 80), 255, np.uint8))
    Path("blank.png").rename(names[0])
    Path(names[1]).write_text("no picture")
    result = digitus("read", *names)
    assert result.code == 1
    check_harmless(result.out, result.err)
    assert result.out == "\\x1b]0;owned\\x07blank.png: \n"
    assert [line.partition(": ")[2].split(":")[0] for line in result.err.splitlines()] == [
        printable(name) for name in names
    ]
    # To a program, the name that it can open.
    rows = digitus("read", names[0], "--format", "csv").out
    assert rows.splitlines()[1].startswith(names[0])


def test_csv_on_a_terminal(digitus: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{SETS_A_TITLE}.png"
    Path(name).write_text("no picture")
    monkeypatch.setattr("digitus.cli.read._to_terminal", lambda: True)
    check_harmless(digitus("read", name, "--format", "csv").out)


def test_names_of_models_and_data(digitus: Any, tmp_path: Path) -> None:
    recognizer().save(f"{SETS_A_TITLE}.safetensors")
    np.savez(f"{SETS_A_TITLE}.npz", x=np.zeros((2, 28, 28), np.uint8), y=[0, 1])
    arguments = (f"{SETS_A_TITLE}.safetensors", "--data", f"{SETS_A_TITLE}.npz")
    for result in (
        digitus("evaluate", *arguments),
        digitus("data", f"{SETS_A_TITLE}.npz"),
        digitus("evaluate", f"{SETS_A_TITLE}.none"),
        digitus(SETS_A_TITLE),
        digitus("read", "--annotate", SETS_A_TITLE, f"{SETS_A_TITLE}/a.png"),
    ):
        assert "owned" in result.out + result.err
        check_harmless(result.out, result.err)


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"digit": SETS_A_TITLE, "count": 1, "wrong": 0, "accuracy": 1.0}
    output().print(digit_table({"by_digit": [row], "n": 1, "accuracy": 1.0}))
    told = capsys.readouterr().out
    assert "owned" in told
    check_harmless(told)


def test_numbers_that_are_none(digitus: Any) -> None:
    for arguments in (
        ["read", "a.png", "--min-confidence"],
        ["evaluate", "--min-confidence"],
        ["train", "--checkpoint-seconds"],
    ):
        result = digitus(*arguments, "nan")
        assert result.code == 2
        assert "'nan' is not a number" in result.err
        assert digitus(*arguments, "-1").code == 2
