"""Operations on a disk that fails once: a few of the faults of `benchmarks/failing_disk.py`."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from digitus.datasets import idx, sources
from digitus.errors import DigitusError
from failing_disk import keep
from faults import KINDS, REASONS, Fault, failing, faults, ordeal
from operations import OPERATIONS

# Faults of each kind that are tried here, spread over all calls of the kind: after each change the
# first alone.
TRIES = {"save": 9, "train": 2, "resume": 2, "read": 2, "download": 3, "serve": 1}
MORE = [pytest.param(*each, marks=pytest.mark.slow) for each in TRIES.items() if each[1] > 1]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize(("name", "most"), [*((name, 1) for name in TRIES), *MORE])
def test_nothing_is_lost_and_the_next_try_goes_on(name: str, most: int, tmp_path: Path) -> None:
    operation = OPERATIONS[name]
    first = tmp_path / "first"
    first.mkdir()
    operation.prepare(first)
    with failing(first) as disk:
        assert operation.act(first) == (0, [])
    operation.done(first)
    for kind in KINDS:
        calls = disk.calls[kind]
        numbers = sorted({1 + round(i * (calls - 1) / max(1, most - 1)) for i in range(most)})
        for number in numbers[:calls]:
            folder = tmp_path / f"{kind}-{number}"
            folder.mkdir()
            fault = Fault(kind, number, REASONS[number % len(REASONS)])
            assert ordeal(operation, folder, fault), fault


def test_the_disk_fails_where_it_shall_and_nowhere_else(tmp_path: Path) -> None:
    path, other = tmp_path / "in" / "x", tmp_path / "out"
    path.parent.mkdir()

    def act() -> None:
        other.write_bytes(b"elsewhere")
        with path.open("wb") as file:
            file.write(b"x" * 10)
            file.flush()
            os.fsync(file.fileno())
        path.replace(path.with_name("y"))
        np.memmap(path.with_name("y"), mode="r")

    with failing(path.parent) as disk:
        act()
    assert disk.calls == {"open": 2, "write": 1, "fsync": 1, "rename": 1, "mmap": 1}
    tried = list(faults(disk.calls, (errno.EIO,)))
    assert len(tried) == 6
    for fault in tried:
        with failing(path.parent, fault) as disk, pytest.raises(OSError, match="Input/output"):
            act()
        assert disk.failed
    assert other.read_bytes() == b"elsewhere"


def test_a_file_that_cannot_be_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idx, "SET_UNMAPPED_BYTES", 0)
    idx.write_idx(tmp_path / "images", np.zeros((3, 28, 28), np.uint8))
    with failing(tmp_path) as disk:
        idx.read_images(tmp_path / "images")
    assert disk.calls["mmap"] == 1
    for fault in faults(disk.calls):
        with failing(tmp_path, fault) as disk, pytest.raises((DigitusError, OSError)) as failed:
            idx.read_images(tmp_path / "images")
        assert disk.failed
        assert os.strerror(fault.reason) in str(failed.value)


def test_the_results_file_keeps_what_others_wrote(tmp_path: Path) -> None:
    path = tmp_path / "hardening.json"
    path.write_text('{"fuzz": {"inputs": 7}}', "utf-8")
    for name, wrong in (("save", []), ("train", ["open 1: EIO"]), ("save", ["write 1: EIO"])):
        keep(path, name, {"faults": 20, "wrong": wrong})
    results = json.loads(path.read_text("utf-8"))
    assert results["fuzz"] == {"inputs": 7}
    assert (results["faults"]["faults"], results["faults"]["wrong"]) == (40, 2)
    assert results["faults"]["operations"].keys() == {"save", "train"}
