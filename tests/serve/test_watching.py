"""Training runs watched by several, by who was away, and by too many."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from digitus.serve.live import handlers
from serving import Serving, events, metric, wait_for


def test_several_may_watch(alone: Serving) -> None:
    run = alone.begin(paused=True)
    alone.until(run, "paused")
    seen: list[list[Any]] = [[] for _ in range(3)]
    threads = [
        threading.Thread(target=lambda told=told: told.extend(events(alone, run))) for told in seen
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: metric(alone, "digitus_requests_going_on") >= 4)
    alone.ask(run, "resume")
    for thread in threads:
        thread.join(60)
    assert seen[0][1:] == seen[1][1:] == seen[2][1:]
    names = [name for _, name, _ in seen[0]]
    assert names.count("epoch") == 2


def test_who_was_away_for_a_moment_gets_what_was_missed(alone: Serving) -> None:
    run = alone.begin(paused=True)
    alone.until(run, "paused")
    ((last, _, _),) = events(alone, run, until="state")
    alone.ask(run, "step")
    alone.until(run, "paused")
    wait_for(lambda: alone.run(run)["step"] == 1)
    seen = events(alone, run, last, until="weights")
    assert [name for _, name, _ in seen] == ["stepped", "weights"]
    for unknown in ("x", "-", f"{last}0000", last.replace("-", "--"), "deadbeef-1", "0" * 5000):
        assert events(alone, run, unknown, until="state")[0][1] == "state"


def test_asking_for_the_head_of_a_stream_ends(alone: Serving) -> None:
    run = alone.begin(paused=True)
    answer = alone.client.head(f"/api/runs/{run}/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_too_many_watchers(alone: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "WATCHERS", 0)
    run = alone.begin(paused=True)
    answer = alone.client.get(f"/api/runs/{run}/events")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
