"""One training run: watched, paused, stepped, ended, and taken up by the next server."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import small
from digitus.files import read_arrays
from digitus.recognizer import load
from digitus.serve.live import control, ends
from digitus.serve.live import run as live_run
from digitus.serve.live.control import Control
from digitus.serve.live.lesson import lesson_from
from digitus.training.run_folder import load_checkpoint
from serving import LESSON, Serving, events, serving, wait_for


def test_a_run_from_beginning_to_end(alone: Serving) -> None:
    run = alone.begin()
    seen = events(alone, run)
    names = [name for _, name, _ in seen]
    assert names[0] == "state"
    assert names[-1] == "finished"
    state = alone.until(run, "finished")
    assert state["step"] == state["steps"] == 2 * state["batches"]
    assert state["examples"] + state["development"] == 300
    assert [point[0] for point in state["curve"]] == list(range(1, state["steps"] + 1))
    assert [record["epoch"] for record in state["records"]] == [1, 2]
    confusion = np.array(state["scores"]["confusion"])
    assert confusion.sum() == state["development"]
    assert np.trace(confusion) / confusion.sum() == pytest.approx(state["development_accuracy"])
    assert [row["count"] for row in state["scores"]["by_digit"]] == confusion.sum(1).tolist()
    assert seen[-1][2]["scores"] == state["scores"]


def test_it_is_the_training_of_the_command_line(alone: Serving, tmp_path: Path) -> None:
    run = alone.begin()
    alone.until(run, "finished")
    recipe = lesson_from(LESSON).plan()
    expected, _ = small.trained(recipe, small.digits(300))
    found = load(tmp_path / "runs" / run / "model.safetensors")
    assert small.same_arrays(found.params, expected.params)
    assert found.temperature == expected.temperature


def test_misread_digits_of_a_run(alone: Serving) -> None:
    run = alone.begin()
    state = alone.until(run, "finished")
    confusion = np.array(state["scores"]["confusion"])
    wrong = confusion - np.diag(np.diag(confusion))
    true, read = np.unravel_index(wrong.argmax(), wrong.shape)
    found = alone.client.get(f"/api/runs/{run}/mistakes").json()
    assert found["data"] == "strokes"  # the name that pages know, not a phrase of one language
    assert found["total"] == wrong.sum()
    assert found["confusion"] == confusion.tolist()
    some = alone.client.get(f"/api/runs/{run}/mistakes?true={true}&read={read}").json()
    assert some["total"] == wrong.max() == len(some["mistakes"])
    assert {(m["true"], m["read"]) for m in some["mistakes"]} == {(true, read)}


def test_pause_step_and_resume(alone: Serving) -> None:
    run = alone.begin(paused=True)
    assert alone.until(run, "paused")["step"] == 0
    batches = alone.run(run)["batches"]
    for step in range(1, batches + 2):  # over the end of the first epoch
        assert alone.ask(run, "step").status_code == 200
        wait_for(lambda step=step: alone.run(run)["step"] == step)
        wait_for(lambda step=step: alone.run(run)["weights"]["step"] == step)  # drawn in the end
        assert len(alone.until(run, "paused")["records"]) == (step >= batches)
    assert alone.ask(run, "resume").status_code == 200
    state = alone.until(run, "finished")
    for command in ("pause", "step", "resume", "stop"):
        answer = alone.ask(run, command)
        assert answer.status_code == 409
        assert "ended" in answer.json()["error"]
    expected, _ = small.trained(lesson_from(LESSON).plan(), small.digits(300))
    last = expected.history["epochs"][-1]["development_accuracy"]
    assert state["development_accuracy"] == last


def test_a_run_that_is_paused_is_kept_as_paused(
    alone: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a slow disk: whoever has seen it pause may kill the server."""
    write_text = live_run.write_text

    def slowly(*given: Any, **named: Any) -> None:
        time.sleep(0.2)
        write_text(*given, **named)

    run = alone.begin(epochs=1000, pace=50)
    alone.until(run, "running")
    monkeypatch.setattr(live_run, "write_text", slowly)
    alone.ask(run, "pause")
    alone.until(run, "paused")
    kept = json.loads((tmp_path / "runs" / run / "settings.json").read_text("utf-8"))
    assert (kept["status"], kept["paused"]) == ("paused", True)


def test_only_a_paused_run_can_be_stepped(alone: Serving) -> None:
    run = alone.begin(epochs=1000, pace=5)
    alone.until(run, "running")
    assert alone.ask(run, "step").status_code == 409
    assert alone.ask(run, "equation").status_code == 409
    assert alone.ask(run, "dance").status_code == 404
    assert alone.ask(run, "pause").status_code == 200
    alone.until(run, "paused")


def test_after_a_step_the_next_one_is_looked_into(
    alone: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if that is asked before the step was taken, as a page does that is faster."""
    wait = Control.wait_while_paused

    def lately(self: Control) -> None:
        wait(self)
        time.sleep(0.3)

    monkeypatch.setattr(Control, "wait_while_paused", lately)
    run = alone.begin(paused=True)
    alone.until(run, "paused")
    for step in (1, 2):
        assert alone.ask(run, "step").status_code == 200
        assert alone.ask(run, "equation").json()["step"] == step


@pytest.mark.parametrize("broken", [OSError("the disk is full"), ZeroDivisionError("ours")])
def test_who_looks_behind_a_step_is_let_go_when_the_run_fails(
    alone: Serving, monkeypatch: pytest.MonkeyPatch, broken: Exception
) -> None:
    """Else two of them held every thread that answers, as long as they waited for the step."""
    wait = Control.wait_while_paused

    def broke(self: Control) -> None:
        wait(self)
        time.sleep(0.3)
        raise broken

    monkeypatch.setattr(Control, "wait_while_paused", broke)
    monkeypatch.setattr(control, "STEP_WAIT_SECONDS", 60.0)
    run = alone.begin(paused=True)
    alone.until(run, "paused")
    assert alone.ask(run, "step").status_code == 200
    assert alone.ask(run, "equation").status_code == 409
    assert alone.until(run, "failed")["error"]


def test_who_looks_behind_a_step_waits_a_moment_and_is_never_shown_the_last(
    alone: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, may_go_on = Control.wait_while_paused, threading.Event()

    def lately(self: Control) -> None:
        wait(self)
        may_go_on.wait(60)

    monkeypatch.setattr(Control, "wait_while_paused", lately)
    monkeypatch.setattr(control, "STEP_WAIT_SECONDS", 0.1)
    run = alone.begin(paused=True)
    alone.until(run, "paused")
    assert alone.ask(run, "step").status_code == 200
    answer = alone.ask(run, "equation")
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "1")
    may_go_on.set()
    wait_for(lambda: alone.run(run)["step"] == 1)
    assert wait_for(lambda: alone.ask(run, "equation").json().get("step")) == 1


def test_the_pace(alone: Serving) -> None:
    run = alone.begin(epochs=1000, pace=20)
    alone.until(run, "running")
    begun = time.monotonic()
    first = alone.run(run)["step"]
    done = wait_for(lambda: (more := alone.run(run)["step"] - first) >= 5 and more)
    assert done <= 20 * (time.monotonic() - begun) + 2  # one in each twentieth, and at both ends
    assert alone.ask(run, "pace", pace=0).json()["pace"] == 0
    wait_for(lambda: alone.run(run)["step"] > first + 100)
    for pace in (-1, 0.01, 1e9, "fast", None, True):
        assert alone.ask(run, "pace", pace=pace).status_code == 400
    assert alone.ask(run, "stop").status_code == 200


def test_a_stopped_run_keeps_what_it_has(alone: Serving, tmp_path: Path) -> None:
    run = alone.begin(epochs=1000)
    wait_for(lambda: len(alone.run(run)["records"]) > 1)
    alone.ask(run, "stop")
    state = alone.until(run, "stopped")
    folder = tmp_path / "runs" / run
    assert not (folder / "checkpoint.safetensors").exists()
    history = load(folder / "model.safetensors").history
    assert len(history["epochs"]) == len(state["records"])
    kept = history["examples"], history["development"]
    assert kept == (state["examples"], state["development"])
    assert alone.client.get(f"/api/runs/{run}/mistakes").status_code == 200


@pytest.mark.slow
def test_the_next_server_goes_on_bit_for_bit(tmp_path: Path) -> None:
    with serving(tmp_path) as ours:
        going = ours.begin(epochs=30, pace=100)
        held = ours.begin(epochs=3, paused=True, layers="784-6-10")
        ended = ours.begin(epochs=1)
        ours.until(ended, "finished")
        ours.until(held, "paused")
        ours.ask(held, "step")
        wait_for(lambda: ours.run(held)["step"] == 1)
        wait_for(lambda: ours.run(going)["step"] > 3)
        last = events(ours, going, until="stepped")[-1][0]
        before = {run: ours.run(run) for run in (held, ended)}
    _, at, _ = load_checkpoint(tmp_path / going / "checkpoint.safetensors")
    assert at.step > 3
    with serving(tmp_path) as ours:
        assert ours.until(held, "paused") == before[held]
        assert ours.run(ended) == before[ended]
        # A browser that comes back knows ids of the other server's life: it gets the state.
        assert events(ours, going, last, until="state")[0][2]["step"] >= at.step
        ours.ask(going, "pace", pace=0)
        state = ours.until(going, "finished")
        assert [p[0] for p in state["curve"]] == list(range(1, state["steps"] + 1))
        assert ours.client.get(f"/api/runs/{ended}/mistakes").status_code == 200
        ours.ask(held, "resume")
        ours.until(held, "finished")
    recipe = lesson_from({**LESSON, "epochs": 30}).plan()
    expected, _ = small.trained(recipe, small.digits(300))
    found, _ = read_arrays(tmp_path / going / "model.safetensors", "model")
    assert small.same_arrays(found, expected.params)


@pytest.mark.slow
def test_what_was_shown_after_the_checkpoint_is_forgotten(tmp_path: Path) -> None:
    # As when the server was killed between two checkpoints: it will happen again.
    with serving(tmp_path) as ours:
        run = ours.begin(paused=True)
        ours.until(run, "paused")
        ours.ask(run, "step")
        wait_for(lambda: ours.run(run)["step"] == 1)
    file = tmp_path / run / "shown.json"
    shown = json.loads(file.read_text("utf-8"))
    shown["curve"].append([2, 2.0, 0.5, 0.003])
    figures = dict.fromkeys(("loss", "accuracy", "development_loss", "development_accuracy"), 0.5)
    shown["records"].append({"epoch": 1, **figures})
    shown["now"] |= {"step": 2, "epoch": 2}
    file.write_text(json.dumps(shown), "utf-8")
    with serving(tmp_path) as ours:
        state = ours.until(run, "paused")
        assert (state["step"], state["epoch"], state["records"]) == (1, 1, [])
        assert [point[0] for point in state["curve"]] == [1]


def test_a_damaged_checkpoint_fails_with_a_line(tmp_path: Path) -> None:
    with serving(tmp_path) as ours:
        run = ours.begin(paused=True)
        ours.until(run, "paused")
    (tmp_path / run / "checkpoint.safetensors").write_bytes(b"nonsense")
    with serving(tmp_path) as ours:
        state = ours.until(run, "failed")
        assert "truncated" in state["error"]
        assert ours.client.get(f"/api/runs/{run}/mistakes").status_code == 409


def test_a_run_that_diverges_says_so(alone: Serving) -> None:
    run = alone.begin(rate=100, optimizer="GradientDescent", layers="784-64-64-64-10", epochs=50)
    state = alone.until(run, "failed", "finished")
    assert "smaller learning rate" in state["error"]
    assert (state["code"], state["values"]) == ("diverged", {"rate": 100})


def test_our_own_mistakes_are_told_as_ours(
    alone: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ends, "begin", lambda *_: 1 / 0)
    run = alone.begin()
    state = alone.until(run, "failed")
    assert "its log says more" in state["error"]
    assert "ZeroDivisionError" in caplog.text
