"""All runs together: how many, which is the oldest, which are left alone, and removing one."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from digitus.serve.live import runs
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
    monkeypatch.setattr(runs, "MOST_RUNS_KEPT", 6)
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
    monkeypatch.setattr(runs, "MOST_RUNS_KEPT", 4)
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
    watching.join(10)
    assert not watching.is_alive()
    assert told[0][1] == "state"
    assert not (tmp_path / "runs" / run).exists()
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/pause")):
        answer = alone.client.request(method, f"/api/runs/{run}{path}", json={})
        assert answer.status_code == 404
