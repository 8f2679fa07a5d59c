"""Networks with layers inside layers, from the recipe to the recognizer in use.

Inside: training on each library, statistics of nested layers, the file, what the page and the
report make of them. Not inside: the layers themselves (`nn/test_branches`), recipes
(`recipe/`).
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from conftest import missing
from digitus import nn
from digitus.errors import TrainingError
from digitus.recipe import from_table
from digitus.recognizer import load
from digitus.report.model import first_weights, network
from digitus.serve.inside import look, named
from digitus.training.device import Device
from digitus.training.loop import Finished, begin, train
from digitus.training.step import (
    CONV_GHOST_BATCH_EXAMPLES,
    GHOST_BATCH_EXAMPLES,
    shard_size,
)
from small import TABLE, digits, recipe, same_arrays, trained


def layer(kind: str, **settings: Any) -> dict[str, Any]:
    return {"kind": kind, **settings}


def conv(channels: int, **settings: Any) -> list[dict[str, Any]]:
    return [layer("Conv", channels=channels, **settings), layer("BatchNorm"), layer("Relu")]


LOOK_ABOUT = [layer("AveragePool", size=7), *conv(3), layer("Upsample", factor=7)]
NETWORK = [
    layer("Scale"),
    layer("AveragePool", size=4),
    *conv(4),
    layer("Residual", body=[*conv(4), layer("Dropout", rate=0.1), layer("Conv", channels=4)]),
    layer("BatchNorm"),
    layer("Concat", first=[], second=LOOK_ABOUT),
    layer("MaxPool"),
    layer("Flatten"),
    layer("Dense", units=10),
]
BRANCHED = {**TABLE, "name": "branched", "network": NETWORK, "epochs": 4, "average": 0.9}
BRANCHED["schedule"] = {"kind": "Constant", "rate": 0.03}


@pytest.mark.slow
def test_it_learns_is_kept_and_is_shown(tmp_path: Path) -> None:
    """Twice the same, with two processes too: batches are cut as for any normalised network."""
    made = from_table(BRANCHED)
    model, state = trained(made, digits(600))
    again, other = trained(made, digits(600), threads=2)
    assert same_arrays(model.params, again.params)
    assert same_arrays(state.params, other.params)
    assert made.batch_size > CONV_GHOST_BATCH_EXAMPLES
    assert model.history["epochs"][-1]["development_accuracy"] > 0.5

    start = begin(made, digits(600)).params
    for name in (name for name in start if not nn.trained(name)):
        assert not np.isclose(model.params[name], start[name]).any(), f"{name} was not measured"

    model.save(tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.recipe == made
    images = digits(600).images[:5]
    assert np.array_equal(loaded.outputs(images), model.outputs(images))

    found = msgspec.json.encode(look(loaded, loaded.params, images[0], frozenset(range(20))))
    about = json.loads(found)["layers"][5]
    assert about["settings"] == {"body": "Conv(4), BatchNorm(1e-05), Relu, Dropout(0.1), Conv(4)"}
    assert about["params"]["5.4.W"] == [3, 3, 4, 4]
    assert named(made.network.layers[7]) == "Concat"
    body = network(loaded.recipe, loaded.size, "ten outputs").body
    own = [name for name in loaded.params if name.startswith("5.")]
    found = re.search(r"(\d+)\sarrays", body)  # of a residual block: too many to name
    assert found
    assert 4 <= int(found[1]) <= len(own)
    assert first_weights(loaded) is not None


def test_nested_batch_normalisation_sets_the_size_of_shards() -> None:
    normalised = nn.Residual(nn.Chain([nn.BatchNorm()]))
    convolution = nn.Concat(nn.Chain([]), nn.Chain([normalised, nn.Conv(1)]))
    assert shard_size(nn.Chain([normalised]), 5000, 2, 1000) == GHOST_BATCH_EXAMPLES
    assert shard_size(nn.Chain([convolution]), 5000, 2, 1000) == CONV_GHOST_BATCH_EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_learns_on_tensors(precision: str) -> None:
    try:
        device = Device("torch", "cpu", precision)
    except TrainingError as error:
        missing("torch", str(error))
    *_, last = train(from_table(BRANCHED), digits(600), device=device)
    assert isinstance(last, Finished)
    assert last.recognizer.history["epochs"][-1]["development_accuracy"] > 0.5
    assert {a.dtype for a in last.recognizer.params.values()} == {np.dtype(np.float32)}


def test_weights_inside_a_first_layer_are_not_pictures_of_the_input() -> None:
    nested = [layer("Residual", body=[layer("Conv", channels=1)]), *NETWORK[1:]]
    made = recipe(network=nested)
    model, _ = trained(replace(made, epochs=1), digits(300))
    assert first_weights(model) is None
