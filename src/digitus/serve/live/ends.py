"""Both ends of a run: the state that it begins with, and the network that it leaves when stopped.

Inside: that. Not inside: what is between them (`run`).
"""

from __future__ import annotations

from dataclasses import replace

from digitus import __version__
from digitus.datasets.digits import Digits
from digitus.history import History
from digitus.recipe import Recipe
from digitus.recognizer import load
from digitus.training.loop import State, begin, recognizer_so_far
from digitus.training.run_folder import Run, resume
from digitus.training.start_from import start_from
from digitus.training.unseen import told

START = "start.safetensors"  # in a run's folder: the network that it begins with


def first_state(run: Run, recipe: Recipe, digits: Digits) -> State:
    """The state in its checkpoint, else a new one, with the weights in `START` if that exists.

    Raises `ModelError`, and `TrainingError` for weights of other layers.
    """
    if run.checkpoint.exists():
        return resume(run, digits)[1]
    state = begin(recipe, digits)
    source = run.model.with_name(START)
    if source.exists():
        before = load(source)
        about = {"model": "that run's network", **told(before.recipe, before.history)}
        start_from(state, before.params, about)
    return state


def save_stopped(run: Run, recipe: Recipe, state: State, learnt: Digits, digits: Digits) -> None:
    """Saves the recognizer of a run that was stopped. Raises `OutputError`."""
    recognizer = recognizer_so_far(recipe, state, learnt)
    history: History = {
        "digitus": __version__,
        "data": digits.about,
        "examples": len(learnt),
        "development": len(digits) - len(learnt),
        **state.history(),
    }
    replace(recognizer, history=history).save(run.model, new_folder=False)
    run.checkpoint.unlink(missing_ok=True)
