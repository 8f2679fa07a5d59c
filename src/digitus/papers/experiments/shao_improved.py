"""From Shao 2023's network to 99.1 %, step by step: what each step is and what it gives.

A step changes one thing of the recipe before it. All choices (rates, epochs, ranges) were made on
the development split; the test set gives the score of each step. Inside: the steps, the experiment
`step`. Not inside: the paper's own baseline (`shao`), turned digits (`shao_rotation`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from digitus.papers.experiments.shao import recipe, threes
from digitus.papers.experiments.workspace import Workspace, read, score, trained
from digitus.papers.store import Record
from digitus.recipe import Recipe, from_table, to_table
from digitus.types import Json

HIDDEN_UNITS = 800


@dataclass(frozen=True)
class Step:
    """A change: its name, why it is made, and the settings of the recipe that it replaces."""

    name: str
    why: str
    change: dict[str, Json]


def _network(units: int, sigmoid_outputs: bool) -> list[Json]:
    layers: list[Json] = [
        {"kind": "Scale", "divisor": 255},
        {"kind": "Centre"},
        {"kind": "Flatten"},
        {"kind": "Dense", "units": units},
        {"kind": "Sigmoid"},
        {"kind": "Dense", "units": 10},
    ]
    if sigmoid_outputs:
        layers.append({"kind": "Sigmoid"})
    return layers


STEPS = (
    Step("the paper's network", "784-30-10, the recipe shao-2023", {}),
    Step(
        f"{HIDDEN_UNITS} hidden units",
        "the same training; room for more features",
        {"network": _network(HIDDEN_UNITS, True)},
    ),
    Step(
        "Adam, a rate that falls",
        "batches of 256; up for a twentieth of the time, then down a cosine; 30 epochs",
        {
            "optimizer": {"kind": "Adam"},
            "schedule": {"kind": "Cosine", "rate": 0.01, "warmup": 0.05},
            "batch_size": 256,
            "epochs": 30,
        },
    ),
    Step(
        "cross-entropy",
        "softmax over the outputs; its gradient does not fade where the answer is wrong",
        {"network": _network(HIDDEN_UNITS, False), "loss": {"kind": "SoftmaxCrossEntropy"}},
    ),
    Step(
        "turned by up to 10°",
        "the useful part of the paper's idea: small angles to both sides, new in every epoch",
        {"augment": {"rotate": 10}},
    ),
    Step(
        "other affine changes",
        "size ±10 %, slant ±8°, shifts ±1 pixel",
        {"augment": {"rotate": 10, "scale": 0.1, "shear": 8, "shift": 1}},
    ),
    Step(
        "elastic distortion",
        "Simard, Steinkraus and Platt 2003, rms 0.8 pixels, smoothness 4",
        {
            "augment": {
                "rotate": 10, "scale": 0.1, "shear": 8, "shift": 1,
                "elastic": 0.8, "smoothness": 4,
            }
        },
    ),
    Step("averaged weights", "an exponential average over about 200 steps", {"average": 0.995}),
)  # fmt: skip

# What may be left out of the step before the last, which distorts elastically, and still suffice?
WHOLE = 6
WITHOUT: dict[str, dict[str, Json]] = {
    "no rotation, no affine changes": {"augment": {"elastic": 0.8, "smoothness": 4}},
    "squared error": {"network": _network(HIDDEN_UNITS, True), "loss": {"kind": "SquaredError"}},
    "neither these nor cross-entropy": {
        "augment": {"elastic": 0.8, "smoothness": 4},
        "network": _network(HIDDEN_UNITS, True),
        "loss": {"kind": "SquaredError"},
    },
    "400 hidden units": {"network": _network(400, False)},
    "15 epochs": {"epochs": 15},
}


def without_recipe(name: str, seed: int, count: int | None) -> Recipe:
    """The recipe of step `WHOLE` less one thing."""
    return from_table(to_table(step_recipe(WHOLE, seed, count, None)) | WITHOUT[name])


def without(settings: Record, workspace: Workspace) -> Record:
    """Step `WHOLE` less one thing, with one seed.

    Settings: `name`, `seed`, `count`, `recipe`. Gives what `step` gives.
    """
    chosen = without_recipe(settings["name"], settings["seed"], settings["count"])
    return _scored(chosen, settings["count"], workspace)


def step_recipe(number: int, seed: int, count: int | None, epochs: int | None) -> Recipe:
    """The recipe after the first `number` changes."""
    table = to_table(recipe(seed, count))
    for change in STEPS[: number + 1]:
        table |= change.change
    if epochs is not None:
        table["epochs"] = epochs
    return from_table(table)


def step(settings: Record, workspace: Workspace) -> Record:
    """One step with one seed: development and test score, and the misread 3s.

    Settings: `number`, `seed`, `count`, `epochs` (None: the recipe's), `recipe` (its table, so
    that a changed step is measured again).
    """
    chosen = step_recipe(
        settings["number"], settings["seed"], settings["count"], settings["epochs"]
    )
    return _scored(chosen, settings["count"], workspace)


def _scored(chosen: Recipe, count: int | None, workspace: Workspace) -> Record:
    recognizer, epochs = trained(chosen, workspace.training_set(count))
    test = workspace.test_set()
    answers = read(recognizer, test.images)
    return {
        "parameters": int(sum(np.size(w) for n, w in recognizer.params.items() if "mean" not in n)),
        "epochs": epochs,
        "development": epochs[-1]["development"],
        "test": score(answers, test),
        "threes": threes(answers, test),
    }
