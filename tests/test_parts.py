"""The tests are two parts: README's command leaves out what is marked slow, and `.ci/run` runs it.

Inside: that no test is in neither. Not inside: which are slow, for each says so by its own mark.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_what_one_part_leaves_out_the_other_runs(pytestconfig: pytest.Config) -> None:
    options = pytestconfig.getini("addopts")
    assert options[options.index("-m") + 1] == "not slow"
    assert "--strict-markers" in options  # a misspelt mark is an error, not a third part
    lines = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    (required,) = [line for line in lines if line.startswith("everything=")]
    assert {"torch", "mnist", "browser"} <= {*required.partition("=")[2].split(",")}
    both = "DIGITUS_REQUIRE=$everything"
    assert f'{both} bash -euo pipefail -c "$command"' in lines  # README's own
    assert f"{both} .venv/bin/python -m pytest -n auto -m slow" in lines


def test_what_is_slow_runs_everywhere_but_on_one_version_of_python() -> None:
    lines = [line.strip() for line in (ROOT / ".ci/run").read_text("utf-8").splitlines()]
    assert [line for line in lines if "'not slow'" in line] == [
        """test "$1" != 3.12 || marks='not slow'"""
    ]
    runs = [line for line in lines if "-m pytest" in line]
    assert len(runs) >= 7
    for run in runs:
        assert run.partition("-m pytest")[2].partition(" -m ")[2].split()[0] in (
            "''",
            '"$marks"',
            "hypothesis",
            "slow",
        ), run
