"""`digitus train --workers`: torchrun's processes, one of which is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from conftest import missing
from digitus.cli.train_workers import goes_on, is_worker, own_cores
from digitus.errors import TrainingError

LATEST = 240.0  # seconds, on a machine that is busy


def second_worker(started: int) -> int | None:
    """Its process, among those that a process has started."""
    tasks = Path("/proc", str(started), "task")
    for children in tasks.glob("*/children"):
        for child in children.read_text().split():
            try:
                if b"\0RANK=1\0" in Path("/proc", child, "environ").read_bytes():
                    return int(child)
            except OSError:  # it has ended
                continue
            if (found := second_worker(int(child))) is not None:
                return found
    return None


@pytest.mark.slow
def test_a_lost_worker_costs_what_was_after_the_checkpoint(recipe_file: Path, own: Path) -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        missing("torch", str(error))
    folder = recipe_file.parent
    command = [
        *(sys.executable, "-m", "digitus", "train", str(recipe_file), "--data", str(own)),
        *("--epochs", "2000", "--workers", "2", "--out", "run", "--checkpoint-seconds", "0"),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with (folder / "told").open("wb") as told:
        running = subprocess.Popen(command, cwd=folder, env=environment, stdout=told, stderr=told)
        try:
            log, late = folder / "run" / "events.jsonl", time.monotonic() + LATEST

            def epochs() -> list[str]:
                lines = log.read_text().splitlines() if log.exists() else []
                return [line for line in lines if '"event": "epoch"' in line]

            def wait(for_what: Any) -> Any:
                while not (there := for_what()):
                    assert running.poll() is None, (folder / "told").read_text()
                    assert time.monotonic() < late, (folder / "told").read_text()
                    time.sleep(0.05)
                return there

            wait(lambda: len(epochs()) > 2)
            worker = wait(lambda: second_worker(running.pid))
            os.kill(worker, signal.SIGKILL)
            begun = wait(lambda: b"resuming run after" in (folder / "told").read_bytes())
            known = len(epochs())
            wait(lambda: len(epochs()) > known)
        finally:
            running.send_signal(signal.SIGINT)  # as Ctrl-C: torchrun ends its workers
            running.wait(60)
    assert begun


def test_what_a_worker_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not is_worker()
    assert goes_on(1, "name", None, resume=True)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert is_worker()
    assert (own_cores(4), own_cores(1)) == (2, 1)
    with pytest.raises(TrainingError, match="needs --out"):
        goes_on(4, "name", None, resume=False)
    assert not goes_on(4, "name", tmp_path, resume=True)
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    assert goes_on(4, "name", tmp_path, resume=False)


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch, digitus: Any, recipe_file: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    told = digitus("train", recipe_file, "--workers", "2").complaint
    assert "pip install 'digitus[torch]'" in told
