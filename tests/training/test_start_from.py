"""A run that begins with another network's parameters: they are taken over whole, or refused.

Not inside: the option of `digitus train` (`cli/test_start_from`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitus.errors import TrainingError
from digitus.recognizer import Recognizer
from digitus.training.loop import Finished, Stepped, begin
from digitus.training.run_folder import Run, record, resume
from digitus.training.session import State
from digitus.training.start_from import start_from
from small import EVERYTHING, digits, one_line, recipe, recognizer, same_arrays, trained

ABOUT = {"model": "before", "recipe": "small", "sha256": "0"}


def begun(before: Recognizer) -> State:
    state = begin(before.recipe, digits())
    start_from(state, before.params, ABOUT)
    return state


def test_all_parameters_are_taken_over_and_training_changes_no_others() -> None:
    before, _ = trained(recipe(EVERYTHING, seed=5), digits(200))
    kept = {name: w.copy() for name, w in before.params.items()}
    state = begun(before)
    for arrays in (state.params, state.average or {}):
        assert same_arrays(arrays, kept)
    after, _ = trained(before.recipe, digits(), state)
    assert after.history["started_from"] == ABOUT
    assert same_arrays(before.params, kept)
    assert not np.array_equal(after.params["7.W"], kept["7.W"])


@pytest.mark.slow
def test_a_run_that_began_so_is_resumed_to_the_bit(tmp_path: Path) -> None:
    before, _ = trained(recipe(EVERYTHING, seed=5), digits(200))
    small = before.recipe
    whole, _ = trained(small, digits(), begun(before))
    run = Run(tmp_path)
    keeping = record(run, small, digits(), state=begun(before))
    for event in keeping:
        if isinstance(event, Stepped) and event.step == 5:
            keeping.close()
    again, state = resume(run, digits())
    assert (again, state.step, state.started_from) == (small, 5, ABOUT)
    *_, last = record(run, small, digits(), state=state)
    assert isinstance(last, Finished)
    assert same_arrays(last.recognizer.params, whole.params)
    assert last.recognizer.history["started_from"] == ABOUT
    assert '"started_from": {"model": "before"' in run.log.read_text("utf-8").partition("\n")[0]


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ([12], "before does not fit the network of this recipe: 3.W is [196, 16] there and "
               "[196, 12] here"),
        ([16, 5], "5.W is [16, 10] there and [16, 5] here"),
        ([16, 10, 10], "7.W is missing there and [10, 10] here"),
    ],
)  # fmt: skip
def test_other_layers_are_refused_in_one_line(units: list[int], said: str) -> None:
    """The first that differs is named, and nothing is changed."""
    network = [{"kind": "Scale"}, {"kind": "MaxPool"}, {"kind": "Flatten"}]
    for count in [*units, 10] if units[-1] != 10 else units:
        network += [{"kind": "Dense", "units": count}, {"kind": "Relu"}]
    state = begin(recipe(network=network[:-1]), digits())
    first = {name: w.copy() for name, w in state.params.items()}
    with pytest.raises(TrainingError) as caught:
        start_from(state, recognizer().params, ABOUT)
    assert said in one_line(caught.value)
    assert same_arrays(state.params, first)
    assert not state.started_from
