"""A recognizer that remembers corrections: what it then reads, and how far each of them reaches.

Not inside: whether such a network is given out (`test_adapt`), the layer (`nn/test_exemplars`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitus
from digitus.errors import ModelError
from digitus.nn import Exemplars, kernels
from digitus.recognizer import Recognizer, load
from digitus.training import exemplars
from digitus.training.exemplars import features, remembering
from small import digits
from small import recognizer as shared
from training.hand import leaning, old, wrong


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return shared()


def test_features_are_what_the_last_layer_is_given(recognizer: Recognizer) -> None:
    seen = features(recognizer, old().images[:50])
    last = len(recognizer.recipe.network.layers) - 1
    z = seen @ recognizer.params[f"{last}.W"] + recognizer.params[f"{last}.b"]
    assert z == pytest.approx(recognizer.outputs(old().images[:50]), abs=1e-3)


def small_memory(recognizer: Recognizer, count: int = 12) -> Recognizer:
    return remembering(recognizer, leaning(count), old().images[:300])


def test_what_is_remembered_is_read_as_it_was_corrected(recognizer: Recognizer) -> None:
    """Also where the network is wrong, while what is unlike it is answered as before."""
    missed = leaning().take(np.flatnonzero(wrong(recognizer, leaning()))[:12])
    assert len(missed) == 12
    now = remembering(recognizer, missed, old().images[:300])
    assert not wrong(now, missed).any()
    before, after = (one.outputs(old().images[:300]).argmax(1) for one in (recognizer, now))
    assert (before == after).mean() > 0.98
    nearly = now.probabilities(missed.images).max(1)
    assert (nearly < 1).all()


def test_a_correction_reaches_no_further_than_what_is_known(recognizer: Recognizer) -> None:
    """At the nearest known picture hardly anything is left of its vote, near or far."""
    known, last = old().images[:300], len(recognizer.recipe.network.layers) - 1
    now = small_memory(recognizer)
    seen = features(now, known)
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    near = np.exp((seen @ now.params[f"{last}.centres"].T - 1) / now.params[f"{last}.spread"])
    assert near.max(0) == pytest.approx(np.full(12, np.exp(-exemplars.FALL)), rel=1e-3)


def test_new_corrections_join_those_that_are_remembered(recognizer: Recognizer) -> None:
    last = len(recognizer.recipe.network.layers) - 1
    one = small_memory(recognizer)
    two = remembering(one, leaning(40).take(slice(12, 40)), old().images[:300])
    both = small_memory(recognizer, 40)
    assert two.recipe.network == both.recipe.network
    for name, w in both.params.items():
        assert two.params[name] == pytest.approx(w, abs=1e-5), name
    assert f"{last}.votes" not in recognizer.params


def test_no_more_is_remembered_than_there_is_room_for(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exemplars, "MOST", 7)
    last = small_memory(recognizer).recipe.network.layers[-1]
    assert last == Exemplars(10, 7)


def test_a_memory_is_saved_with_all_else(recognizer: Recognizer, tmp_path: Path) -> None:
    now = small_memory(recognizer)
    now.save(tmp_path / "own.safetensors")
    again = load(tmp_path / "own.safetensors")
    images = leaning().images
    assert np.array_equal(again.probabilities(images), now.probabilities(images))
    assert again.recipe == now.recipe
    assert again.recipe != recognizer.recipe


@pytest.mark.parametrize(
    ("name", "value", "refused"),
    [
        ("spread", 0.0, False),  # nothing is as near as that
        ("votes", -50.0, False),
        ("spread", -1e-6, True),
        ("spread", np.nan, True),
        ("centres", np.inf, True),
        ("votes", np.nan, True),
    ],
)
def test_of_a_memory_from_a_stranger_an_answer_is_made_or_it_is_refused(
    recognizer: Recognizer, name: str, value: float, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, last = small_memory(recognizer), len(recognizer.recipe.network.layers) - 1
    params = {**now.params, f"{last}.{name}": np.full_like(now.params[f"{last}.{name}"], value)}
    images = old().images[:40]
    for asked in (kernels.asked, kernels.NUMPY):
        monkeypatch.setattr(kernels, "asked", asked)
        bad = replace(now, params=params)
        if refused:
            with pytest.raises(ModelError, match="not finite"):
                bad.probabilities(images)
        else:
            found = bad.probabilities(images)
            assert found == pytest.approx(recognizer.probabilities(images), abs=1e-4)


def test_training_on_begins_with_the_memory_and_a_run_anew_without(
    recognizer: Recognizer,
) -> None:
    now, last = small_memory(recognizer), len(recognizer.recipe.network.layers) - 1
    few = replace(now, recipe=replace(now.recipe, epochs=1))
    on = digitus.train(few.recipe, digits(200), start_from=few)
    anew = digitus.train(few.recipe, digits(200))
    for name in ("centres", "spread", "votes"):
        assert np.array_equal(on.params[f"{last}.{name}"], now.params[f"{last}.{name}"])
    assert not anew.params[f"{last}.votes"].any()
