"""Results files that are written in parts: each part keeps the machine that it was measured on.

Inside: two parts written on two machines, what pages then say, and the committed files. Not inside:
files that are written at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import budgets
import failing_disk
import few_units
import fuzz
import server
from docs import limits, load
from docs.results import elsewhere, processors, results

Parts = dict[str, dict[str, Any]]
FUZZED = {"inputs": 5, "crashes": [], "hangs": [], "above_memory": []}


def of_server(file: Path, name: str) -> None:
    server.keep({name: {}}, file)


def of_budgets(file: Path, name: str) -> None:
    if not file.exists():
        file.write_text('{"cases": {}}', "utf-8")
    sys.argv = ["budgets", "--only", name, "--json", str(file)]
    budgets.main()


def of_few_units(file: Path, name: str) -> None:
    sys.argv = ["few_units", "--ways", name]
    few_units.main()


def of_fuzz(file: Path, name: str) -> None:
    fuzz.written(file, {name: FUZZED})


def of_failing_disk(file: Path, name: str) -> None:
    failing_disk.keep(file, name, {"faults": 1, "wrong": []})


WRITERS: dict[Callable[[Path, str], None], tuple[Any, tuple[str, ...], tuple[str, str]]] = {
    of_server: (server, ("parts",), ("burst", "visit")),
    of_budgets: (budgets, ("cases",), ("GIF", "WebP")),
    of_few_units: (few_units, ("ways",), ("alone", "moved")),
    of_fuzz: (fuzz, ("fuzz", "targets"), ("csv", "npy")),
    of_failing_disk: (failing_disk, ("faults", "operations"), ("save", "train")),
}


@pytest.mark.parametrize("write", WRITERS)
def test_a_part_keeps_the_machine_that_it_was_measured_on(
    write: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "results.json"
    monkeypatch.setattr(sys, "argv", [])
    measured = subprocess.CompletedProcess[str]([], 0, '{"megabytes": 1, "seconds": 1}')
    monkeypatch.setattr(budgets.subprocess, "run", lambda *_, **__: measured)
    monkeypatch.setattr(budgets, "PAGE", tmp_path / "limits.md")
    monkeypatch.setattr(few_units, "RESULTS", file)
    monkeypatch.setattr(few_units, "write", lambda: None)
    monkeypatch.setattr(few_units, "READ", 10)  # of which nothing is asked here
    monkeypatch.setattr(few_units, "learnt", lambda *_: 1.0)
    module, where, names = WRITERS[write]
    machines = {name: {"processor": f"of {name}", "cores": 2} for name in names}
    for name in names:
        monkeypatch.setattr(module, "machine", lambda name=name: machines[name])
        write(file, name)
    parts = home = json.loads(file.read_text("utf-8"))
    for key in where:
        home, parts = parts, parts[key]
    assert {name: part["machine"] for name, part in parts.items()} == machines
    assert "machine" not in home


@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("load", ("parts",)),
        ("limits", ("cases",)),
        ("portable", ("models",)),
        ("few_units", ("ways",)),
        ("hardening", ("fuzz", "targets")),
        ("hardening", ("faults", "operations")),
        *(("records", ("runs", recipe)) for recipe in results("records")["runs"]),
    ],
)
def test_no_committed_file_has_one_machine_for_all_parts(file: str, where: tuple[str, ...]) -> None:
    found = results(file)
    for key in where:
        assert "machine" not in found
        found = found[key]
    assert all(part["machine"]["processor"] for part in found.values())


def test_pages_say_which_part_is_of_which_processor() -> None:
    here, there = ({"machine": {"processor": name, "cores": 2}} for name in ("Here", "There"))
    assert (elsewhere(here, here), elsewhere(there, here)) == ("", ", on There")
    assert processors([here, there, here]) == "Here and There"
    found = results("load")
    for name in found["parts"]:
        parts = {one: part | here for one, part in found["parts"].items()}
        assert "There" not in load.section({"parts": parts})
        assert "There" in load.section({"parts": parts | {name: parts[name] | there}})
    cases = results("limits")["cases"]
    cases = {name: case | here for name, case in cases.items()} | {"GIF": cases["GIF"] | there}
    (row,) = (line for line in limits.page({"cases": cases}).splitlines() if "There" in line)
    assert row.startswith("| GIF ")
