"""`?model=`: which network answers; and what becomes of a run's network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import small
from digitus.recognizer import load
from serving import Serving, serving


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, str, Path]]:
    """A server with one finished run, and that run's folder."""
    folder = tmp_path_factory.mktemp("runs")
    with serving(folder) as ours:
        run = ours.begin(layers="784-6-10", epochs=1)
        ours.until(run, "finished")
        yield ours, run, folder / run


def test_a_run_answers_with_its_own_network(taught: tuple[Serving, str, Path]) -> None:
    ours, run, folder = taught
    images = small.digits(20).images
    mine = load(folder / "model.safetensors").probabilities(images)
    path = f"/api/recognize?model={run}"
    answers = ours.client.post(path, content=images.tobytes()).json()["answers"]
    for answer, row in zip(answers, mine.tolist(), strict=True):
        assert answer["probabilities"] == pytest.approx(row, abs=2e-6)
    inside = ours.client.post(f"/api/inside?model={run}", content=images[0].tobytes()).json()
    assert [one["kind"] for one in inside["layers"]] == [
        "Scale",
        "Flatten",
        "Dense",
        "Relu",
        "Dense",
    ]
    shape = ours.client.get(f"/api/weights/2.W?model={run}").json()["shape"]
    assert shape == [784, 6]
    drawing = 255 - images[0].repeat(4, 0).repeat(4, 1)
    drawn = f"/api/draw?width=112&height=112&digits=1&model={run}"
    digits = ours.client.post(drawn, content=drawing.tobytes()).json()["reading"]["digits"]
    assert len(digits) == 1
    found = ours.client.get(f"/api/mistakes?model={run}").json()
    read = load(folder / "model.safetensors").probabilities(small.digits(400, seed=9).images)
    assert found["total"] == int((read.argmax(1) != small.digits(400, seed=9).labels).sum())
    assert ours.client.get(f"/api/health?model={run}").json()["model"]["parameters"] == 4780


@pytest.mark.slow
def test_the_small_one_is_taught_when_it_is_asked_for(taught: tuple[Serving, str, Path]) -> None:
    ours, _, _ = taught
    image = small.digits(1).images[0].tobytes()
    answer = ours.client.post("/api/inside?model=small", content=image)
    assert [one["name"] for one in answer.json()["layers"]][2:] == [
        "Dense(32)",
        "Relu",
        "Dense(10)",
    ]


@pytest.mark.parametrize(("model", "status"), [("0123abcd", 404), ("../../etc", 400), ("", 400)])
def test_a_network_that_is_not_there(
    taught: tuple[Serving, str, Path], model: str, status: int
) -> None:
    ours, _, _ = taught
    for path in ("/api/recognize", "/api/inside"):
        answer = ours.client.post(f"{path}?model={model}", content=bytes(784))
        assert answer.status_code == status, path
    assert ours.client.get(f"/api/mistakes?model={model}").status_code == status
    assert ours.client.get(f"/api/weights/1.W?model={model}").status_code == status


def test_a_run_hands_out_its_network_and_its_report(taught: tuple[Serving, str, Path]) -> None:
    ours, run, folder = taught
    model = ours.client.get(f"/api/runs/{run}/model")
    assert model.content == (folder / "model.safetensors").read_bytes()
    assert (
        model.headers["content-disposition"] == f'attachment; filename="digitus-{run}.safetensors"'
    )
    report = ours.client.get(f"/api/runs/{run}/report")
    assert report.headers["content-disposition"].startswith("attachment")
    assert "<html" in report.text
    assert "784" in report.text


def test_a_run_goes_on_where_another_ended(taught: tuple[Serving, str, Path]) -> None:
    ours, run, folder = taught
    onward = ours.begin(layers="784-6-10", epochs=1, start_from=run, paused=True)
    ours.until(onward, "paused")
    ours.ask(onward, "stop")
    ours.until(onward, "stopped")
    before = load(folder / "model.safetensors").params
    after = load(folder.parent / onward / "model.safetensors")
    for name, w in before.items():
        assert (after.params[name] == w).all(), name
    began = {"model": "that run's network", "data": "strokes"}
    assert after.history["started_from"] == began
    other = ours.begin(layers="784-5-10", epochs=1, start_from=run)
    assert "does not fit" in ours.until(other, "failed")["error"]
    wanted = {"layers": "784-6-10", "start_from": "0123abcd"}
    assert ours.client.post("/api/runs", json=wanted).status_code == 404


def test_the_last_weights_are_shown_with_a_digit_on_its_way(
    taught: tuple[Serving, str, Path],
) -> None:
    ours, run, _ = taught
    state = ours.run(run)
    assert state["weights"]["step"] == state["steps"]
    sketch = state["weights"]["sketch"]
    assert [len(stage["units"]) for stage in sketch["stages"]] == [6, 10]
    assert [len(stage["edges"]) for stage in sketch["stages"]] == [3, 6]
    assert sum(sketch["probabilities"]) == pytest.approx(1, abs=1e-3)
