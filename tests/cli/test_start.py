"""The program itself: quick to start, honest with its exit codes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import click
import pytest

from digitus import __version__
from digitus.cli import VERBS, app, main
from digitus.nn.kernels import NUMPY, level

HEAVY = {
    "numpy", "cv2", "matplotlib", "rich", "PIL", "safetensors", "platformdirs", "requests",
    "urllib3", "torch", "starlette", "uvicorn", "jinja2", "markupsafe",
}  # fmt: skip
COMPUTING = "NumPy alone" if level() == NUMPY else f"compiled kernels ({level()})"


def test_help_imports_nothing_heavy() -> None:
    code = """
import sys
from digitus.cli import VERBS, main
for arguments in ([], ["--help"], *([verb, "--help"] for verb in VERBS)):
    sys.argv = ["digitus", *arguments]
    try:
        main()
    except SystemExit as left:
        assert left.code in (0, 2) and (left.code == 0 or not arguments), (arguments, left.code)
print("modules", *(name for name in sys.modules if "." not in name))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines()[-1].split()[1:])
    assert "click" in modules
    assert not modules & HEAVY


def test_every_verb_is_told_and_has_help(digitus: Any) -> None:
    told = digitus("--help")
    assert told.code == 0
    for verb, words in VERBS.items():
        assert f"  {verb} " in told.out
        help_ = digitus(verb, "--help")
        assert help_.code == 0
        assert words.split(";")[0].rstrip(".") in " ".join(help_.out.split())


def groups(*names: str) -> Iterator[tuple[str, ...]]:
    """The commands, by their words, that do nothing without one of their own."""
    context = click.Context(app)
    command: click.Command | None = app
    for name in names:
        assert isinstance(command, click.Group)
        command = command.get_command(context, name)
    if isinstance(command, click.Group):
        if not command.invoke_without_command:
            yield names
        for name in command.list_commands(context):
            yield from groups(*names, name)


def test_a_group_without_a_command_shows_its_help(digitus: Any) -> None:
    found = list(groups())
    assert {(), ("form",)} <= set(found)
    for names in found:
        told, help_ = digitus(*names), digitus(*names, "--help")
        assert (told.code, told.out, told.err) == (2, "", help_.out)


def test_version(digitus: Any) -> None:
    assert digitus("--version").out == f"digitus {__version__}, computing by {COMPUTING}\n"


def test_the_version_says_when_numpy_computes_alone(
    digitus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitus.nn.kernels.asked", "numpy")
    assert digitus("--version").out == f"digitus {__version__}, computing by NumPy alone\n"


def test_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digitus", "--version"], capture_output=True, text=True, check=False
    )
    said = f"digitus {__version__}, computing by {COMPUTING}\n"
    assert (done.returncode, done.stdout) == (0, said)


@pytest.mark.parametrize(
    "arguments",
    [
        ["trian"],
        ["train", "--epochs", "0"],
        ["train", "--epochs", "many"],
        ["train", "--nonsense"],
        ["train", "mlp", "cnn"],
        ["train", "--threads", "-1"],
        ["train", "--checkpoint-seconds", "-1"],
        ["evaluate", "--not-digits"],
        ["evaluate", "--images", "x"],
        ["evaluate", "--labels", "x"],
        ["evaluate", "--not-digits", "--images", "x", "--labels", "y"],
        ["evaluate", "--not-digits", "--images", "x", "--report", "y.html"],
        ["evaluate", "--prepare", "perhaps"],
        ["evaluate", "--min-confidence", "2"],
        ["check", "--seed", "-1"],
        ["data", "--sheet", "x.png"],
        ["models", "extra"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(digitus: Any, arguments: list[str]) -> None:
    result = digitus(*arguments)
    assert result.code == 2, result
    assert not result.out
    assert "Error: " in result.err


def test_a_misspelt_command_is_answered_with_the_one_that_is_meant(digitus: Any) -> None:
    for said, meant in (("raed", "read"), ("trian", "train"), ("evalute", "evaluate")):
        assert f"No such command '{said}'; did you mean '{meant}'?" in digitus(said).err
    assert "did you mean" not in digitus("xyz").err


def test_too_little_memory_is_one_line(digitus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 5.70 TiB for an array with shape (784, 1000000000)")

    monkeypatch.setattr(app, "invoke", no_memory)
    assert "not enough memory" in digitus("models").complaint


def test_main_is_the_entry_point() -> None:
    from importlib.metadata import entry_points

    (entry,) = [e for e in entry_points(group="console_scripts") if e.name == "digitus"]
    assert entry.load() is main
