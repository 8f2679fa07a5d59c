"""Who trains when: places and the line before them, and that answers come first."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from digitus.serve.live import places, shares
from digitus.serve.live.places import Places
from digitus.serve.live.shares import Shares
from serving import wait_for

ROOT = Path(__file__).parents[2]


def test_a_class_was_answered_in_time() -> None:
    found = json.loads((ROOT / "results" / "load.json").read_text("utf-8"))["parts"]["class"]
    assert (found["pupils"], found["training"]) == (30, 8)
    assert found["beside_training"]["most_ms"] <= 200
    assert found["beside_training"]["wrong"] == found["beside_training"]["refused"] == 0
    assert found["steps"]["fewest"] > 0  # and nobody's run stood still for that


def nobody() -> int:
    return 0


def test_who_comes_late_waits_and_is_told_how_long() -> None:
    line = Places(2, Shares(nobody))
    assert line.keeps("a")
    assert line.keeps("b")
    assert not line.keeps("c")
    waiting = [
        threading.Thread(target=line.wait, args=(run, lambda: True), daemon=True) for run in "cde"
    ]
    for thread, run in zip(waiting, "cde", strict=True):
        thread.start()
        wait_for(lambda run=run: line.seconds(run) is not None)
    first, second, third = (line.seconds(run) for run in "cde")
    assert first is not None
    assert second is not None
    assert third is not None
    assert first <= second <= places.TURN_SECONDS < third <= 2 * places.TURN_SECONDS
    assert line.seconds("a") is None
    line.leave("a")
    wait_for(lambda: line.seconds("c") is None)
    assert line.keeps("c")
    assert not line.keeps("a")  # behind the others
    line.leave("b")
    line.leave("c")
    for thread in waiting:
        thread.join(60)
        assert not thread.is_alive()


def test_a_long_run_gives_way_when_its_turn_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Places(1, Shares(nobody))
    assert line.keeps("long")
    monkeypatch.setattr(places, "TURN_SECONDS", 0.0)
    assert line.keeps("long")  # as long as nobody waits
    other = threading.Thread(target=line.wait, args=("other", lambda: True), daemon=True)
    other.start()
    wait_for(lambda: line.seconds("other") is not None)
    assert not line.keeps("long")
    other.join(60)
    assert line.keeps("other")


def test_who_no_longer_wants_a_place_leaves_the_line() -> None:
    line = Places(1, Shares(nobody))
    assert line.keeps("a")
    wanted = [True]
    thread = threading.Thread(target=line.wait, args=("b", lambda: wanted[0]), daemon=True)
    thread.start()
    wait_for(lambda: line.seconds("b") is not None)
    wanted[0] = False
    thread.join(60)
    assert line.seconds("b") is None
    assert line.keeps("a")


def test_cores_are_shared_by_time_not_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "cores", lambda: 1)
    fair = Shares(nobody)
    spent = {"slow": 0.0, "fast": 0.0}
    late = time.monotonic() + 0.8

    def work(run: str, seconds: float) -> None:
        while time.monotonic() < late:
            with fair.step(run):
                begun = time.monotonic()
                time.sleep(seconds)  # or longer, beside others
                spent[run] += time.monotonic() - begun

    threads = [threading.Thread(target=work, args=a) for a in (("slow", 0.02), ("fast", 0.002))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert 0.5 < spent["slow"] / spent["fast"] < 2.5


def test_answers_come_first_but_training_is_never_starved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "cores", lambda: 2)
    answers = [2]
    fair = Shares(lambda: answers[0])
    monkeypatch.setattr(shares, "PATIENCE_SECONDS", 0.1)
    begun = time.monotonic()
    with fair.step("a"):
        assert time.monotonic() - begun >= 0.1
    answers[0] = 1  # which leaves a core
    monkeypatch.setattr(shares, "PATIENCE_SECONDS", 60.0)
    with fair.step("a"):
        pass
