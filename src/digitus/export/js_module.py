"""JavaScript: one ES module without dependencies, for browsers, Node and what else runs such.

`parts/digitus.js` computes, as anybody would write it; before it stands the model as one constant,
its weights as text (base64). Inside: that text, and Node to run it. Not inside: a page around it.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from digitus.errors import ExportError
from digitus.export.made import Made
from digitus.export.operations import Network, Operation
from digitus.export.precision import Precision, as_float16, quantised
from digitus.types import Floats32, Images, Matrix, Numbers

LONGEST_SECONDS = 600
KINDS = (
    *("affine", "conv", "dense", "max_pool", "average_pool", "upsample", "relu", "sigmoid"),
    *("tanh", "flatten", "softmax", "add", "concat", "deslant"),
)
# Reads pictures from standard input; ten numbers for each on standard output.
MAIN = """import { readFileSync } from "node:fs";
import { height, probabilities, width } from "./digits.mjs";
const bytes = readFileSync(0);
const side = height * width;
const found = new Float32Array((bytes.length / side) * 10);
for (let i = 0; i < bytes.length / side; i++) {
  found.set(probabilities(bytes.subarray(i * side, (i + 1) * side)), 10 * i);
}
process.stdout.write(Buffer.from(found.buffer));
"""


def make(
    members: Sequence[Network], about: dict[str, Any], precision: Precision, name: str
) -> Made:
    """The module, and Node to run it."""
    content = module(members, about, precision).encode("utf-8")
    node = shutil.which("node")
    if node is None:
        return Made({".js": content}, None, "Node is not on this machine")
    return Made({".js": content}, lambda images: run_node(node, content, images))


def module(members: Sequence[Network], about: Mapping[str, Any], precision: Precision) -> str:
    """The text of the module. Raises `ExportError` for a layer that it cannot have."""
    model = {
        "card": about["card"],
        "size": about["size"],
        "threshold": about["threshold"],
        "networks": [
            {
                "temperature": member.temperature,
                "operations": [_operation(o, precision) for o in member.operations],
            }
            for member in members
        ],
    }
    code = (files("digitus.export") / "parts" / "digitus.js").read_text("utf-8")
    # "<" would end the script of a page, if it stood in a name.
    text = json.dumps(model, separators=(",", ":")).replace("<", "\\u003c")
    return f"// Made by digitus.\nconst MODEL = {text};\n\n{code}"


def _operation(operation: Operation, precision: Precision) -> dict[str, Any]:
    if operation.kind not in KINDS:
        raise ExportError(f"{operation.layer} cannot be exported to JavaScript")
    settings = dict(operation.settings)
    if operation.kind == "conv":
        settings["kernel"] = operation.weights["W"].shape[0]
    weights = {
        key: _stored(np.atleast_1d(w), precision if key == "W" else "float32")
        for key, w in operation.weights.items()
    }
    return {
        "kind": operation.kind,
        "inputs": operation.inputs,
        "shape": operation.shape,
        "settings": settings,
        "weights": weights,
    }


def _stored(w: Floats32, precision: Precision) -> dict[str, str]:
    if precision == "float16":
        return {"kind": "float16", "data": _text(as_float16(w))}
    if precision == "int8":
        q, scale = quantised(w)
        return {"kind": "int8", "data": _text(q), "scale": _text(scale)}
    return {"kind": "float32", "data": _text(w)}


def _text(values: Numbers) -> str:
    little = values.astype(values.dtype.newbyteorder("<"))
    return base64.b64encode(np.ascontiguousarray(little).tobytes()).decode("ascii")


def run_node(node: str, content: bytes, images: Images) -> Matrix:
    """Probabilities [n 10] of the module, by Node."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "digits.mjs").write_bytes(content)
        main = Path(folder) / "main.mjs"
        main.write_text(MAIN, "utf-8")
        done = subprocess.run(
            [node, str(main)],
            input=images.tobytes(),
            capture_output=True,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    if done.returncode:
        raise ExportError(f"Node does not run it: {done.stderr.decode('utf-8', 'replace')[-300:]}")
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 10)
