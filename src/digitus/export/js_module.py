"""JavaScript: one ES module without dependencies, for browsers, Node and others that run such.

`parts/digitus.js` is its code, written by hand; before that stands the model as one constant, its
weights as text (base64). Inside: that text, and Node to run it. Not inside: a web page around it.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from digitus.errors import ExportError
from digitus.export.card import About
from digitus.export.made import Made
from digitus.export.operations import Network, Operation
from digitus.export.precision import LARGEST, Precision, as_float16, quantised
from digitus.types import Floats32, Images, Matrix, Numbers

LONGEST_SECONDS = 600
KINDS = (
    *("affine", "conv", "dense", "max_pool", "average_pool", "upsample", "relu", "sigmoid"),
    *("tanh", "flatten", "softmax", "add", "concat", "deslant", "exemplars"),
)
# Reads pictures from standard input; a number for each class of each on standard output.
MAIN = """import { readFileSync } from "node:fs";
import { classes, height, probabilities, width } from "./digits.mjs";
const bytes = readFileSync(0);
const side = height * width;
const found = new Float32Array((bytes.length / side) * classes.length);
for (let i = 0; i < bytes.length / side; i++) {
  found.set(probabilities(bytes.subarray(i * side, (i + 1) * side)), classes.length * i);
}
process.stdout.write(Buffer.from(found.buffer));
"""


def make(members: Sequence[Network], about: About, precision: Precision, name: str) -> Made:
    """The module, and Node to run it."""
    content = module(members, about, precision).encode("utf-8")
    node = shutil.which("node")
    if node is None:
        return Made({".js": content}, None, "Node is not on this machine")
    return Made({".js": content}, lambda images: answers(node, content, images))


def answers(node: str, content: bytes, images: Images) -> Matrix:
    """Probabilities [n classes] of the module, by Node."""
    return run_node(node, {"digits.mjs": content}, MAIN, images)


def module(members: Sequence[Network], about: About, precision: Precision) -> str:
    """The text of the module. Raises `ExportError` for a layer that it cannot have."""
    code = part("digitus.js")
    return (
        f"// Made by digitus.\n{constant('MODEL', model(members, about, Store(precision)))}\n{code}"
    )


def model(members: Sequence[Network], about: About, store: Store) -> Mapping[str, object]:
    """What the module's code needs to know of networks."""
    return {
        "card": about["card"],
        "size": about["size"],
        "threshold": about["threshold"],
        "classes": about["classes"],
        "networks": [
            {"temperature": member.temperature, "operations": as_json(member.operations, store)}
            for member in members
        ],
    }


def constant(name: str, value: Mapping[str, object]) -> str:
    """A line of code that gives a value a name."""
    # "<" in a name could end the script of a web page.
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return f"const {name} = {text};\n"


def part(name: str) -> str:
    """A file of the code that is written by hand."""
    return (files("digitus.export") / "parts" / name).read_text("utf-8")


def as_json(
    operations: Sequence[Operation], store: Store, most: Sequence[int] = ()
) -> list[dict[str, object]]:
    """Operations as JSON; `most` is the largest whole number of each one's weights, where smaller.

    Raises `ExportError` for a layer without code.
    """
    each = most or [LARGEST] * len(operations)
    return [_operation(*one, store) for one in zip(operations, each, strict=True)]


@dataclass(frozen=True)
class Store:
    """How weights are kept: in which precision; as text, or in `beside`, with their place there."""

    precision: Precision
    beside: bytearray | None = None

    def weights(self, w: Floats32, most: int = LARGEST) -> dict[str, object]:
        """A matrix or kernel, as the module's code reads it; whole numbers go up to `most`."""
        if self.precision == "float16":
            return {"kind": "float16", "data": self._put(as_float16(w))}
        if self.precision == "int8":
            q, scale = quantised(w, most)
            return {"kind": "int8", "data": self._put(q), "scale": self._put(scale)}
        return self.numbers(w)

    def numbers(self, w: Floats32) -> dict[str, object]:
        """Any other array: these are small, and stay float32."""
        return {"kind": "float32", "data": self._put(w)}

    def _put(self, values: Numbers) -> str | list[int]:
        little = values.astype(values.dtype.newbyteorder("<"))
        content = np.ascontiguousarray(little).tobytes()
        if self.beside is None:
            return base64.b64encode(content).decode("ascii")
        self.beside.extend(content)
        return [len(self.beside) - len(content), len(self.beside)]


def _operation(operation: Operation, most: int, store: Store) -> dict[str, object]:
    if operation.kind not in KINDS:
        raise ExportError(f"{operation.layer} cannot be exported to JavaScript")
    settings = dict(operation.settings)
    if operation.kind == "conv":
        settings["kernel"] = operation.weights["W"].shape[0]
    weights = {
        key: store.weights(w, most) if key == "W" else store.numbers(np.atleast_1d(w))
        for key, w in operation.weights.items()
    }
    return {
        "kind": operation.kind,
        "inputs": operation.inputs,
        "shape": operation.shape,
        "settings": settings,
        "weights": weights,
    }


def run_node(node: str, content: Mapping[str, bytes], program: str, images: Images) -> Matrix:
    """Probabilities [n classes] that a program writes, run beside the files of `content`."""
    with TemporaryDirectory() as folder:
        for name, data in content.items():
            (Path(folder) / name).write_bytes(data)
        (Path(folder) / "main.mjs").write_text(program, "utf-8")
        done = subprocess.run(
            [node, "main.mjs"],
            cwd=folder,
            input=images.tobytes(),
            capture_output=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    if done.returncode:
        raise ExportError(f"Node does not run it: {done.stderr.decode('utf-8', 'replace')[-300:]}")
    return np.frombuffer(done.stdout, np.float32).reshape(len(images), -1)
