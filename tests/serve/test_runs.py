"""Training runs: watched, paused, stepped, ended, and taken up by the next server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import small
from digitus.files import read_arrays
from digitus.recognizer import load
from digitus.serve import live, runs
from digitus.serve.lessons import lesson_from
from digitus.training.examples import Examples
from digitus.training.loop import begin, train
from digitus.training.run_folder import load_checkpoint
from digitus.training.step import gradient
from serving import Serving, serving, wait_for

LESSON = {"layers": "784-8-10", "examples": 300, "epochs": 2}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Serving]:
    with serving(tmp_path / "runs") as ours:
        yield ours


def events(
    ours: Serving, run: str, last: str = "", until: str = "finished"
) -> list[tuple[str, str, dict[str, Any]]]:
    """Id, name and data of the events up to the first of that name."""
    headers = {"last-event-id": last} if last else {}
    found = []
    with httpx.stream("GET", f"{ours.address}/api/runs/{run}/events", headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name:
                block[name] = value
            elif "event" in block:
                found.append((block["id"], block["event"], json.loads(block["data"])))
                if block["event"] == until:
                    return found
                block = {}
    return found


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
    for wish in ("pause", "step", "resume", "stop"):
        answer = alone.ask(run, wish)
        assert answer.status_code == 409
        assert "ended" in answer.json()["error"]
    expected, _ = small.trained(lesson_from(LESSON).plan(), small.digits(300))
    last = expected.history["epochs"][-1]["development_accuracy"]
    assert state["development_accuracy"] == last


def test_only_a_paused_run_can_be_stepped(alone: Serving) -> None:
    run = alone.begin(epochs=1000, pace=5)
    alone.until(run, "running")
    assert alone.ask(run, "step").status_code == 409
    assert alone.ask(run, "equation").status_code == 409
    assert alone.ask(run, "dance").status_code == 404
    assert alone.ask(run, "pause").status_code == 200
    alone.until(run, "paused")


def test_the_pace(alone: Serving) -> None:
    run = alone.begin(epochs=1000, pace=20)
    alone.until(run, "running")
    first = alone.run(run)["step"]
    threading.Event().wait(0.5)
    assert 1 <= alone.run(run)["step"] - first <= 20
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
    assert alone.client.get(f"/api/runs/{run}/mistakes").status_code == 200


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
    shown["records"].append({"epoch": 1, "development_accuracy": 0.5})
    shown["now"] |= {"step": 2, "epoch": 2}
    file.write_text(json.dumps(shown), "utf-8")
    with serving(tmp_path) as ours:
        state = ours.until(run, "paused")
        assert (state["step"], state["epoch"], state["records"]) == (1, 1, [])
        assert [point[0] for point in state["curve"]] == [1]


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


def test_our_own_mistakes_are_told_as_ours(
    alone: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "begin", lambda *_: 1 / 0)
    run = alone.begin()
    state = alone.until(run, "failed")
    assert "its log says more" in state["error"]
    assert "ZeroDivisionError" in caplog.text


def test_there_are_so_many_at_most(alone: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_KEPT", 6)
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
    monkeypatch.setattr(runs, "MOST_KEPT", 4)
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


def metric(ours: Serving, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", ours.client.get("/metrics").text, re.MULTILINE)
    assert found, name
    return float(found[1])


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
        thread.join(20)
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
    monkeypatch.setattr(runs, "MOST_WATCHERS", 0)
    run = alone.begin(paused=True)
    answer = alone.client.get(f"/api/runs/{run}/events")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_equations_are_those_of_the_step(tmp_path: Path) -> None:
    lessons = [
        {"recipe": "perceptron", "examples": 300, "augment": "mild"},
        {"recipe": "shao-2023", "examples": 300},
        {"recipe": "convolutions", "examples": 300, "layers": "784-3c-p-4c-p-6-10"},
        {"recipe": "gopa-2024", "examples": 300},
    ]
    with serving(tmp_path) as ours:
        for lesson in lessons:
            run = ours.client.post("/api/runs", json={**lesson, "paused": True}).json()["id"]
            ours.until(run, "paused")
            ours.ask(run, "step")
            wait_for(lambda run=run: ours.run(run)["step"] == 1)
            found = ours.ask(run, "equation").json()
            recipe = lesson_from(lesson).plan()
            state = begin(recipe, small.digits(300))
            _, first = islice(train(recipe, small.digits(300), state=state), 2)
            assert (found["step"], state.step) == (1, 1)
            parts = live.split(small.digits(300), recipe.development, live.SPLIT_SEED)
            examples = Examples(recipe, *parts)
            batch = examples.batch(*divmod(1, examples.batches))
            (loss, _, _), gradients = gradient(recipe.network, recipe.loss, state.params, batch)
            assert found["loss"] == pytest.approx(loss, rel=1e-5)
            assert found["batch_size"] == len(batch.inputs)
            check_equations(found["equations"], gradients)
            ours.ask(run, "step")
            wait_for(lambda run=run: ours.run(run)["step"] == 2)
            mean = ours.run(run)["curve"][1][1]  # over the steps of the epoch
            if examples.batches > 1:
                mean = 2 * mean - first.loss
            assert mean == pytest.approx(loss, rel=1e-3)  # the loss of the step that was shown
            ours.until(run, "paused")
            ours.ask(run, "stop")
            ours.until(run, "stopped")
            moved = load(tmp_path / run / "model.safetensors").params
            check_updates(found["equations"], moved)


def check_equations(found: list[dict[str, Any]], gradients: dict[str, Any]) -> None:
    """Phases in order, gradients those of training, excerpts parts of the arrays."""
    phases = [equation["phase"] for equation in found]
    assert list(dict.fromkeys(phases)) == ["forward", "loss", "backward", "update"]
    shown = {}
    for equation in found:
        assert equation["equation"], equation["name"]
        if equation["phase"] == "backward" and equation["layer"] is not None:
            for array in equation["arrays"]:
                shown[f"{equation['layer']}.{array['name']}"] = array
    for name, g in gradients.items():
        layer, _, short = name.partition(".")
        array = shown[f"{layer}.d{short}"]
        assert array["shape"] == list(g.shape)
        assert array["low"] == pytest.approx(g.min(), rel=1e-3, abs=1e-7)
        assert array["high"] == pytest.approx(g.max(), rel=1e-3, abs=1e-7)
        np.testing.assert_allclose(array["values"], excerpt(array, g), rtol=1e-3, atol=1e-7)


def check_updates(found: list[dict[str, Any]], moved: dict[str, Any]) -> None:
    """What the page said that the parameters would become is what they became."""
    updates = [equation for equation in found if equation["phase"] == "update"]
    assert updates
    for equation in updates:
        name = equation["name"].split(": ")[1]
        array = equation["arrays"][-1]
        assert array["name"].endswith(" + step")
        values = excerpt(array, moved[name])
        np.testing.assert_allclose(array["values"], values, rtol=1e-3, atol=1e-7)


def excerpt(about: dict[str, Any], a: np.ndarray) -> np.ndarray:
    """The part of an array that is shown."""
    corner, values = about["corner"], np.array(about["values"])
    if a.ndim == 1:
        return a[None, corner[0] : corner[0] + values.shape[1]]
    axes = (0, 1) if a.ndim == 4 else (0, a.ndim - 1)
    place: list[Any] = list(corner)
    for axis, size in zip(axes, values.shape, strict=True):
        place[axis] = slice(corner[axis], corner[axis] + size)
    return a[tuple(place)]
