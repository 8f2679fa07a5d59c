"""Ctrl-C while a network learns: what is kept, and from where it goes on.

Not inside: resuming what was begun otherwise (`test_train`).
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from digitus.recognizer import load
from digitus.training.run_folder import Run, load_checkpoint
from small import EVERYTHING, same_arrays, write_recipe


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Python code that is the program, in a process of its own."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


# The program, which says when it is in its sixth step, and waits there for the end of its input.
WAITING = """
import sys
from digitus.cli import main
from digitus.training.session import Session

step, count = Session._step, iter(range(100))

def waiting(*given):
    if next(count) == 5:
        print("at work", flush=True)
        sys.stdin.read()
    return step(*given)

Session._step = waiting
main()
"""


def test_ctrl_c_keeps_a_checkpoint_from_which_it_goes_on(
    digitus: Any, tmp_path: Path, own: Path
) -> None:
    # Pictures of no digit are drawn in other blocks by a process of its own than here.
    table = {**EVERYTHING, "epochs": 3, "not_digits": 0}
    recipe_file = write_recipe(tmp_path / "tiny.toml", **table)
    common = ["train", recipe_file, "--data", own, "--threads", 1]
    run = Run(Path("runs/tiny"))
    process = start(WAITING, *common)
    assert process.stdout
    assert process.stdout.readline() == "at work\n", process.communicate()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert not out
    told = f"stopped; go on with: digitus train {recipe_file} --out runs/tiny --resume"
    assert told in err.splitlines()
    state = load_checkpoint(run.checkpoint)[1]
    assert state.step == 6  # of 3 epochs, 4 batches each
    assert not run.model.exists()

    resumed = digitus(*common, "--resume", "--json")
    assert f"resuming runs/tiny after {state.step} steps" in resumed.err
    assert run.model.exists()
    assert not run.checkpoint.exists()
    whole = digitus(*common, "--out", "whole", "--json")
    assert same_arrays(load(run.model).params, load("whole/model.safetensors").params)
    assert resumed.record["development"] == whole.record["development"]
    assert [json.loads(line).get("epoch") for line in run.log.read_text().splitlines()] == [
        None,
        *range(1, 4),
        None,
    ]


def test_pressing_ctrl_c_twice_ends_at_once(digitus: Any, recipe_file: Path) -> None:
    from digitus.cli.train_display import interruptions

    before = signal.getsignal(signal.SIGINT)
    with interruptions() as pressed:
        signal.raise_signal(signal.SIGINT)
        assert pressed
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
