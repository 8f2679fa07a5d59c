"""The equations of a step are those of the step that is then taken."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import small
from digitus.datasets.batches import split
from digitus.recognizer import load
from digitus.serve.live.lesson import lesson_from
from digitus.training.examples import Examples
from digitus.training.loop import SPLIT_SEED, begin, train
from digitus.training.step import gradient
from serving import serving, wait_for

NOTATION = {"max", "mean", "log", "softmax", "tanh", "gamma", "beta"}  # of every language


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
            parts = split(small.digits(300), recipe.development, SPLIT_SEED)
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
        assert set(re.findall(r"[a-z]{3,}", equation["worked"])) <= NOTATION, "it has to be a word"
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


def test_what_is_worked_out_adds_up_as_it_is_shown(tmp_path: Path) -> None:
    """Every sum of a worked line: behind "≈", and of an update behind the arrow."""
    number = r"\(?(−?\d+(?:\.\d+)?)\)?"
    shown = re.compile(rf"(?:≈|←) ({number}(?: \+ {number})+) = (−?\d+(?:\.\d+)?)$")
    checked = set()
    with serving(tmp_path) as ours:
        for layers in ("784-3c-p-6-10", "784-5-10"):
            run = ours.begin(layers=layers, paused=True)
            ours.until(run, "paused")
            for equation in ours.ask(run, "equation").json()["equations"]:
                if " + " not in equation["worked"]:
                    continue
                found = shown.search(equation["worked"])
                assert found, equation["worked"]
                terms = re.findall(number, found[1])
                total = sum(Decimal(term.replace("−", "-")) for term in terms)
                assert total == Decimal(found[found.lastindex or 0].replace("−", "-"))
                checked.add((equation["phase"], equation["kind"]))
    assert {
        ("forward", "Dense"),
        ("forward", "Conv"),
        ("backward", "Dense"),
        ("update", "Adam"),
    } <= checked


def test_a_vector_that_no_decay_pulls_has_no_decay_in_its_equation(tmp_path: Path) -> None:
    with serving(tmp_path) as ours:
        run = ours.begin(layers="784-5-10", optimizer="AdamW", paused=True)
        ours.until(run, "paused")
        found = ours.ask(run, "equation").json()["equations"]
    updates = {e["name"]: e for e in found if e["phase"] == "update"}
    names = {name.rpartition(".")[2]: e for name, e in updates.items()}
    assert ("λ" in names["W"]["equation"], "λ" in names["b"]["equation"]) == (True, False)
    assert (names["W"]["kind"], names["b"]["kind"]) == ("AdamW", "Adam")
