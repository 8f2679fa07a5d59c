"""What strangers may send, tried at every parser and address: what fuzzing has found, and seeds.

A find lies in `corpus/TARGET`, as small as it was found; what can be said in code is in `hostile`
and beside the tests of its parser.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

import fuzz
import small
from conftest import missing
from digitus.errors import DataError
from digitus.serve import mistakes
from docs.results import results
from fuzzing import child, routes
from fuzzing.target import Target, outcome
from fuzzing.targets import names, target

NAMES = names()


@pytest.fixture(scope="module", autouse=True)
def _server() -> Iterator[None]:
    """The server that the targets start ends with them, and has no data but the simulated pen's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mistakes, "test_digits", lambda: small.digits(400, seed=9))
        yield
    routes.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_read_and_what_was_found_is_read_or_refused(name: str) -> None:
    chosen = target(name)
    found = {outcome(chosen, seed) for seed in islice(chosen.seeds(), 3)}
    assert "read" in found
    for find in sorted(fuzz.corpus(name).glob("*")):
        outcome(chosen, find.read_bytes())


def test_every_folder_of_the_corpus_is_a_targets() -> None:
    assert {path.name for path in fuzz.CORPUS.glob("*")} <= {fuzz.corpus(n).name for n in NAMES}


def test_every_target_has_been_tried() -> None:
    tried = results("hardening")["fuzz"]["targets"]
    assert tried.keys() == set(NAMES)
    assert all(one["inputs"] > 0 for one in tried.values())


def refuse(data: bytes) -> None:
    raise DataError("no\nlines" if b"\n" in data else "no")


def watched(read: Callable[[bytes], object], folder: Path, **named: int) -> child.Watch:
    np.zeros(len(child.FIGURES)).tofile(folder / "figures")
    return child.Watch(Target(read, lambda: [], **named), folder, folder / "figures")


def test_everything_wrong_is_found_once_and_in_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watched(refuse, tmp_path)
    for data in (b"fine", b"a\nb", b"\n", b"a\nbc"):
        watch(data)
    assert watch.figures[:3].tolist() == [4, 0, 1]
    told = fuzz.record(dict(zip(child.FIGURES, watch.figures, strict=True)), tmp_path, watch.target)
    assert told["hangs"] == told["above_memory"] == []
    (crash,) = told["crashes"]
    assert "not an error of one line" in crash
    (find,) = fuzz.found(tmp_path, "crashes")
    assert find.read_bytes() == b"\n"

    watch.target = Target(lambda data: np.ones(10**7), lambda: [], most_megabytes=40)
    monkeypatch.setattr("fuzzing.target.SLOW", 0.0)
    watch(b"large")
    (tmp_path / "oom-1").write_bytes(b"dead")
    told = fuzz.record(dict(zip(child.FIGURES, watch.figures, strict=True)), tmp_path, watch.target)
    assert len(told["hangs"]) == 1
    assert [what.split()[-1] for what in told["above_memory"]] == ["MB", "bytes"]
    assert told["read"] == 1


def test_finds_go_into_the_corpus_and_figures_into_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "CORPUS", tmp_path / "corpus")
    (tmp_path / "crash-1").write_bytes(b"x")
    assert [place.read_bytes() for place in fuzz.keep_finds("POST /api/read", tmp_path)] == [b"x"]
    assert (tmp_path / "corpus" / "POST-api-read" / "crash-1").exists()
    one = {"inputs": 5, "crashes": ["x"], "hangs": [], "above_memory": []}
    path = tmp_path / "results.json"
    path.write_text('{"other": 1}')
    fuzz.written(path, {"csv": one})
    fuzz.written(path, {"npy": one | {"crashes": []}})
    told = json.loads(path.read_text())
    assert told["other"] == 1
    assert (told["fuzz"]["inputs"], told["fuzz"]["crashes"]) == (10, 1)
    assert list(told["fuzz"]["targets"]) == ["csv", "npy"]


def test_a_target_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("nothing", "POST /nowhere"):
        with pytest.raises(SystemExit):
            fuzz.main([name])
        assert f"there is no target '{name}'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_command(tmp_path: Path) -> None:
    """A few inputs more than there are seeds: some are made by it."""
    if find_spec("atheris") is None:
        missing("atheris", "atheris is not installed")
    told = tmp_path / "told.json"
    command = [sys.executable, fuzz.__file__, "idx", "--inputs", 50, "--json", told]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(told.read_text())["fuzz"]["targets"]["idx"]
    assert found["inputs"] >= 50
    assert found["read"] > 1
    assert found["read"] + found["refused"] == found["inputs"]
