"""`digitus adapt`: what is written, and when nothing is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.cli.adapt import _said
from digitus.recognizer import load
from digitus.synthetic.strokes import strokes
from digitus.training import adapt as module
from digitus.training import last_layer, tune
from small import recognizer


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("OLD", 200), ("NOTHING", 20)):
        monkeypatch.setattr(module, name, value)
    for name, value in (("COPIES", 100), ("STEPS", 20)):
        monkeypatch.setattr(last_layer, name, value)


def save(path: str, count: int, shift: int = 0) -> None:
    """Digits as a review saves them."""
    found = strokes(count, 5)
    rows = np.column_stack([(found.labels + shift) % 10, found.images.reshape(count, -1)])
    head = ",".join(["label", *(f"pixel{i}" for i in range(784))])
    np.savetxt(path, rows, "%d", ",", header=head, comments="")


def test_corrections_of_a_review_make_a_model(digitus: Any) -> None:
    recognizer().save("mine.safetensors")
    save("digits.csv", 40)
    command = ("adapt", "mine.safetensors", "digits.csv", "digits.csv", "--to", "own.safetensors")
    record = digitus(*command, "--worse", 1, "--json").record
    assert (record["corrections"], record["kept_back"]["of"]) == (80, 20)
    assert load("own.safetensors").history["adapted"][0]["examples"] == 60
    assert "is there already" in digitus(*command).complaint


@pytest.mark.parametrize(
    ("at_most", "said"),
    [
        (1.0, "not worse by more than 100 points"),
        (0.002, "not worse by more than 0.2 points"),
        (0.02341, "not worse by more than 2.35 points"),
        (0.0, "not worse by more than 0 points"),
        (-0.04656, "better by at least 4.65 points"),
    ],
)
def test_a_bound_is_written_out_and_never_made_smaller(at_most: float, said: str) -> None:
    assert _said(at_most, 0.99) == f"with 99 % confidence: {said}"


def test_without_its_own_digits_it_says_so_beside_the_json(digitus: Any) -> None:
    made = recognizer()
    replace(made, recipe=replace(made.recipe, data="mnist")).save("mine.safetensors")
    save("digits.csv", 40)
    command = ("adapt", "mine.safetensors", "digits.csv", "--to", "own.safetensors")
    done = digitus(*command, "--worse", 1, "--json")
    assert done.record["corrections"] == 40
    assert "mnist cannot be had, so strokes stand beside" in " ".join(done.err.split())


def test_where_it_would_be_worse_nothing_is_written(
    digitus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for way in (last_layer, tune):
        monkeypatch.setattr(way, "RATE", 0.1)  # it learns the lies, and forgets the truth
    monkeypatch.setattr(module, "SHARES", (1.0,))
    recognizer().save("mine.safetensors")
    save("digits.csv", 200, shift=1)
    done = digitus(
        "adapt", "mine.safetensors", "digits.csv", "--to", "own.safetensors", "--worse", 0.1
    )
    assert done.code == 1
    said = " ".join(done.out.split())
    assert "nothing is written: no network was better on the corrections" in said
    assert "not worse on old digits by more than 10 points" in said
    assert not Path("own.safetensors").exists()
