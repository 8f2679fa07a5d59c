"""All runs together: how many, which is the oldest, which are left alone, and removing one."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from digitus.evaluation import evaluate
from digitus.serve.live import run as live_run
from digitus.serve.live import runs, telling
from serving import LESSON, Serving, events, metric, serving, wait_for


def test_folders_that_are_damaged_are_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tmp_path) as ours:
        run = ours.begin(epochs=1)
        ours.until(run, "finished")
    good = (tmp_path / run / "settings.json").read_text("utf-8")
    for i, text in enumerate(["", "[]", "{}", good.replace("784-8-10", "784"), "\0", good]):
        folder = tmp_path / f"{i:08x}"
        folder.mkdir()
        (folder / "settings.json").write_text(text, "utf-8")
    (tmp_path / "notes").mkdir()
    with serving(tmp_path) as ours:
        assert [found["id"] for found in ours.client.get("/api/runs").json()["runs"]] == [run]
    assert caplog.text.count("is left alone") == 6


def test_there_are_so_many_at_most(alone: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "ALONE", replace(runs.ALONE, kept=6))
    first = [alone.begin(epochs=1) for _ in range(3)]
    for run in first:
        alone.until(run, "finished")
    held = [alone.begin(paused=True) for _ in range(4)]
    kept = [run["id"] for run in alone.client.get("/api/runs").json()["runs"]]
    assert kept == [*first[1:], *held]  # the oldest that had ended made room, and no other
    answer = alone.client.post("/api/runs", json=LESSON)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "stop one first" in answer.json()["error"]


def test_the_next_server_knows_which_run_is_the_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ALONE", replace(runs.ALONE, kept=4))
    with serving(tmp_path) as ours:
        begun = [ours.begin(paused=True) for _ in range(4)]
        for run in begun:
            ours.until(run, "paused")
        for run in reversed(begun):  # so that the oldest is the last that was written to
            ours.ask(run, "stop")
            ours.until(run, "stopped")
            wait_for(lambda run=run: "stopped" in (tmp_path / run / "settings.json").read_text())
    with serving(tmp_path) as ours:
        assert [run["id"] for run in ours.client.get("/api/runs").json()["runs"]] == begun
        ours.begin(paused=True)
        assert begun[0] not in [run["id"] for run in ours.client.get("/api/runs").json()["runs"]]


def test_a_run_of_a_version_that_noted_no_beginning_is_taken_up(tmp_path: Path) -> None:
    with serving(tmp_path) as ours:
        run = ours.begin(epochs=1)
        ours.until(run, "finished")
    settings = tmp_path / run / "settings.json"
    about = json.loads(settings.read_text("utf-8"))
    assert about.pop("begun") > 0
    settings.write_text(json.dumps(about), "utf-8")
    with serving(tmp_path) as ours:
        assert ours.run(run)["status"] == "finished"


def test_removing_a_run(alone: Serving, tmp_path: Path) -> None:
    run = alone.begin(epochs=1000, pace=10)
    alone.until(run, "running")
    told: list[Any] = []
    watching = threading.Thread(target=lambda: told.extend(events(alone, run)))
    watching.start()
    wait_for(lambda: metric(alone, "digitus_requests_going_on") >= 2)
    assert alone.client.delete(f"/api/runs/{run}").status_code == 204
    watching.join(60)
    assert not watching.is_alive()
    assert told[0][1] == "state"
    assert not (tmp_path / "runs" / run).exists()
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/pause")):
        answer = alone.client.request(method, f"/api/runs/{run}{path}", json={})
        assert answer.status_code == 404


def test_deleted_run_returns(
    alone: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not: also while its thread is in something long, nobody waits, and it stays away."""
    let_go, held = threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        held.set()
        assert let_go.wait(120)
        return evaluate(*arguments)

    monkeypatch.setattr(telling, "evaluate", slow)
    run = alone.begin(epochs=1)
    assert held.wait(60)
    assert alone.client.delete(f"/api/runs/{run}").status_code == 204
    assert alone.client.get("/api/health").elapsed.total_seconds() < runs.CLOSE_SECONDS / 2
    assert list((tmp_path / "runs").iterdir()) == []
    monkeypatch.setattr(runs, "MOST_RUNS_ENDING", 1)
    assert "still ending" in alone.client.post("/api/runs", json=LESSON).json()["error"]
    let_go.set()
    other = wait_for(lambda: alone.client.post("/api/runs", json=LESSON).json().get("id"))
    assert alone.client.delete(f"/api/runs/{other}").status_code == 204
    assert list((tmp_path / "runs").iterdir()) == []
    assert alone.client.get("/api/runs").json()["runs"] == []


def test_what_a_killed_server_was_about_to_remove_goes(tmp_path: Path) -> None:
    left = tmp_path / f"{runs.REMOVED}01234567"
    left.mkdir()
    (left / "settings.json").write_text("{}", "utf-8")
    with serving(tmp_path) as ours:
        assert ours.client.get("/api/runs").json()["runs"] == []
    assert list(tmp_path.iterdir()) == []


def test_ghost_runs(alone: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full disk there are none: a run that cannot start is gone, one that ends may go on."""
    going = alone.begin(epochs=1000)
    wait_for(lambda: alone.run(going)["records"])

    def full(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        for _ in range(runs.ALONE.going + 1):
            answer = alone.client.post("/api/runs", json=LESSON)
            assert answer.status_code == 507
            assert "No space left on device" in answer.json()["error"]
            assert answer.json()["code"] == "disk-full"
        failed = alone.until(going, "failed")
        assert "No space left on device" in failed["error"]
        assert failed["code"] == "disk-full"
        assert [run["id"] for run in alone.client.get("/api/runs").json()["runs"]] == [going]
        assert [path.name for path in (tmp_path / "runs").iterdir()] == [going]
        assert alone.ask(going, "resume").status_code == 507
        assert alone.run(going)["status"] == "failed"
    step = alone.run(going)["step"]
    assert alone.ask(going, "resume").status_code == 200
    wait_for(lambda: alone.run(going)["step"] > step)
    assert alone.ask(going, "stop").status_code == 200
    alone.until(going, "stopped")


@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, os.strerror(errno.EMFILE)), OSError("stale handle"), OSError()]
)
def test_what_the_system_refuses_a_run_is_said_in_every_language(
    alone: Serving,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: OSError,
) -> None:
    def refusing(*_: object) -> None:
        raise error

    monkeypatch.setattr(live_run, "first_state", refusing)
    failed = alone.until(alone.begin(epochs=1), "failed")
    why = error.strerror or str(error) or "OSError"
    assert failed["code"] == "system"
    assert failed["error"] == f"the system refused what this needs: {why}"
    assert "first_state" in caplog.text


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("settings.json", '"pace":0.0', '"pace":NaN'),
        ("settings.json", '"pace":0.0', '"pace":1e999'),
        ("shown.json", '"loss":', '"loss":NaN,"was":'),
        ("shown.json", '"loss":', '"loss":1e999,"was":'),
        ("shown.json", '"accuracy":', '"accuracy":7.5,"was":'),
        ("shown.json", '"development_accuracy":', '"development_accuracy":"s","was":'),
        ("shown.json", '"records":[', '"records":["s",'),
        ("shown.json", '"curve":[', '"curve":[[1,2],'),
    ],
)
def test_tampered_runs(
    ended: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, file: str, old: str, new: str
) -> None:
    """What is no number in one run's files hides that run, with a word, and no other."""
    good, bad = "01234567", "89abcdef"
    for run in (good, bad):
        shutil.copytree(ended, tmp_path / run)
    text = (tmp_path / bad / file).read_text("utf-8")
    assert old in text
    (tmp_path / bad / file).write_text(text.replace(old, new), "utf-8")
    with serving(tmp_path) as ours:
        answer = ours.client.get("/api/runs")
        assert answer.status_code == 200
        assert [run["id"] for run in answer.json()["runs"]] == [good]
    assert f"{bad} is left alone: " in caplog.text


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that has finished."""
    folder = tmp_path_factory.mktemp("ended")
    with serving(folder) as ours:
        run = ours.begin(epochs=1)
        ours.until(run, "finished")
    return folder / run
