"""npz: the operations and their arrays for whoever computes with NumPy, or converts them further.

"about" is a JSON text, of which "networks" lists for each network its temperature and its
operations: what is done (`kind`), to which values (`inputs`: 0 is the picture [h w 1], i + 1 the
value of operation i), with which settings and weights. Weights are arrays of the same file, named
network.operation.name; in int8 there is a "scale" for each output beside them. No pickle.

Inside: writing, `load_npz` and running. Not inside: what the operations compute (`compute`).
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from digitus.export.card import About
from digitus.export.compute import probabilities
from digitus.export.made import Made
from digitus.export.operations import Network, Operation
from digitus.export.precision import Precision, as_float16, quantised
from digitus.types import Floats32, Numbers


def make(members: Sequence[Network], about: About, precision: Precision, name: str) -> Made:
    """The file, and NumPy to run it."""
    arrays: dict[str, Numbers] = {}
    listed = []
    for m, network in enumerate(members):
        operations = []
        for i, operation in enumerate(network.operations):
            for key, w in operation.weights.items():
                arrays |= _stored(f"{m}.{i}.{key}", w, precision if key == "W" else "float32")
            operations.append(
                {
                    "kind": operation.kind,
                    "inputs": operation.inputs,
                    "shape": operation.shape,
                    "layer": operation.layer,
                    "settings": operation.settings,
                    "weights": list(operation.weights),
                }
            )
        listed.append({"temperature": network.temperature, "operations": operations})
    file = io.BytesIO()
    text = json.dumps({**about, "networks": listed})
    np.savez(file, about=np.array(text), **arrays)  # type: ignore[arg-type]
    content = file.getvalue()
    return Made({".npz": content}, lambda images: probabilities(load_npz(content)[0], images))


def _stored(name: str, w: Floats32, precision: Precision) -> dict[str, Numbers]:
    if precision == "float16":
        return {name: as_float16(w)}
    if precision == "int8":
        q, scale = quantised(w)
        return {name: q, f"{name}.scale": scale}
    return {name: w}


def load_npz(content: bytes) -> tuple[tuple[Network, ...], dict[str, Any]]:
    """The networks of a file, and what it says of itself."""
    with np.load(io.BytesIO(content)) as file:
        about = json.loads(str(file["about"]))

        def weights(name: str) -> Floats32:
            w = file[name].astype(np.float32)
            return w * file[f"{name}.scale"] if f"{name}.scale" in file else w

        height, width = about["size"]
        found = [
            Network(
                (height, width),
                tuple(
                    Operation(
                        one["kind"],
                        tuple(one["inputs"]),
                        tuple(one["shape"]),
                        one["layer"],
                        one["settings"],
                        {key: weights(f"{m}.{i}.{key}") for key in one["weights"]},
                    )
                    for i, one in enumerate(network["operations"])
                ),
                network["temperature"],
            )
            for m, network in enumerate(about["networks"])
        ]
    return tuple(found), about
