"""Training a recognizer of digits: from a recipe and a set to the network, told as events.

`train` is a generator. It changes a `State` and yields frozen events that say what happened;
printing, plotting, saving and stopping are done by whoever listens, between two events, when the
state is whole.

Inside: how a run begins, and how its network becomes a recognizer. Not inside: the steps and epochs
in between (`session`), checkpoints on disk (`run_folder`), what is shown (`cli`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from digitus import __version__
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits, named
from digitus.errors import DataError
from digitus.history import History
from digitus.nn import one_hot, softmax, to_numpy
from digitus.recipe import Recipe, planned_for
from digitus.recognizer import Recognizer, calibrate
from digitus.training import refusal
from digitus.training.device import NUMPY, Device
from digitus.training.events import EpochEnded, Finished, Started, Stepped
from digitus.training.examples import SPLIT_SEED, Examples, all_worn, sample, size_of
from digitus.training.profile import Profile
from digitus.training.session import (
    GLANCE_EXAMPLES,
    STATISTICS_EXAMPLES,
    Session,
    State,
    initial_state,
    params_so_far,
)
from digitus.training.suited import missing

# What a listener needs, wherever it is defined.
__all__ = (
    "SPLIT_SEED",
    "EpochEnded",
    "Event",
    "Finished",
    "Started",
    "State",
    "Stepped",
    "begin",
    "loss_of_guessing",
    "recognizer_so_far",
    "train",
)
FAR_WORSE = 10  # times the loss of guessing: from there on, nothing was learnt
DOUBTED_SHARE = 0.01  # of development digits are refused by a network that was taught to doubt


Event: TypeAlias = Started | Stepped | EpochEnded | Finished[Recognizer]


def begin(recipe: Recipe, digits: Digits) -> State:
    """The state before the first step. Layers that standardize the input measure it here.

    Raises `DataError` for too few digits and `ShapeError` for a network that does not fit them.
    """
    learnt, _ = split(digits, recipe.development, SPLIT_SEED)
    if recipe.classes != digits.classes:
        raise DataError(
            f"{digits.name} shows {named(digits.classes)}; the recipe {recipe.name} tells "
            f"{named(recipe.classes)}"
        )
    planned_for(recipe, size_of(learnt))
    return initial_state(recipe, learnt.images)


def train(
    recipe: Recipe,
    digits: Digits,
    *,
    state: State | None = None,
    threads: int = 1,
    device: Device = NUMPY,
    profile: Profile | None = None,
) -> Iterator[Event]:
    """Trains on `digits`, less the development split, and yields what happens.

    Goes on from `state` if one is given, and changes it; meanwhile its arrays are the device's.
    `profile` notes what takes how long.
    Raises `DataError` for too few digits, `ShapeError` for a network that does not fit,
    `ModelError` for a teacher that cannot be loaded, `TrainingError` for a loss that is not finite.
    """
    examples = Examples(recipe, *split(digits, recipe.development, SPLIT_SEED), device)
    state = state or begin(recipe, digits)
    session = Session(recipe, examples, state, threads=threads, device=device, profile=profile)
    yield session.started()
    with session.at_work():
        yield from session.events()
        with session.claim():
            recognizer = _recognizer(session, examples, digits)
        yield Finished(recognizer)


def _recognizer(session: Session, examples: Examples, digits: Digits) -> Recognizer:
    """The recognizer with its calibration and its history."""
    recipe, learnt, development = session.recipe, examples.learnt, examples.development
    params = session.params_so_far(STATISTICS_EXAMPLES)
    recognizer = Recognizer(recipe, params, size_of(learnt))
    judged = development
    if recipe.worn:  # confidence must be right for such pictures too
        judged = judged.joined(all_worn(judged, recipe.wear, SPLIT_SEED))
    outputs = recognizer.outputs(judged.images, session.each)
    temperature, threshold = calibrate(outputs, judged.labels)
    if recipe.not_digits:
        confidence = softmax(outputs[: len(development)] / temperature).max(axis=1)
        threshold = float(np.quantile(confidence, DOUBTED_SHARE))
        if absent := missing(learnt):
            z = recognizer.outputs(refusal.held_back(absent), session.each)
            threshold = refusal.threshold(confidence, softmax(z / temperature).max(axis=1))
    history: History = {
        "digitus": __version__,
        "numpy": np.__version__,
        "data": digits.about,
        "examples": len(learnt),
        "development": len(development),
        **session.state.history(),
    }
    return replace(
        recognizer,
        params={name: to_numpy(w).copy() for name, w in params.items()},
        temperature=temperature,
        threshold=threshold,
        history=history,
    )


def recognizer_so_far(recipe: Recipe, state: State, learnt: Digits) -> Recognizer:
    """The network as it is now: averaged weights if there are any, statistics measured.

    Its trained parameters are those of the state, which the next step changes.
    """
    images = sample(learnt, GLANCE_EXAMPLES)
    return Recognizer(recipe, params_so_far(recipe.network, state, images), size_of(learnt))


def loss_of_guessing(recipe: Recipe, digits: Digits) -> float:
    """The loss of a network that finds all classes equally likely."""
    count = len(recipe.classes)
    alike = np.full((len(digits), count), 1 / count, np.float32)
    return float(recipe.loss(alike, one_hot(digits.labels, count))[0])
