"""ONNX Runtime: the network as a graph from bytes to probabilities, run by one session.

The graph is written here, a node for each layer, so that it does not depend on digitus's export;
for the recognizer that ships it is the file that `digitus export` writes.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import ModelProto, TensorProto, helper, numpy_helper

from digitus import nn as own
from digitus.export.onnx_file import IMAGES, PROBABILITIES
from digitus.recognizer import Recognizer
from peers import Predictor


def graph(recognizer: Recognizer) -> ModelProto:
    """Bytes [n h w] to probabilities [n 10]; images keep their channels first in between."""
    nodes: list[Any] = []
    weights: dict[str, np.ndarray] = {"axes": np.array([1]), "flat": np.array([0, -1])}
    at = "pixels"

    def add(kind: str, *inputs: str, **settings: Any) -> str:
        out = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, [at, *inputs], [out], **settings))
        return out

    at = add("Cast", to=TensorProto.FLOAT)
    at = add("Unsqueeze", "axes")
    for i, layer in enumerate(recognizer.recipe.network.layers):
        for name in ("W", "b"):
            if (key := f"{i}.{name}") in recognizer.params:
                weights[key] = recognizer.params[key]
        match layer:
            case own.Scale(divisor=d):
                weights[f"{i}.scale"] = np.array(1 / d, np.float32)
                at = add("Mul", f"{i}.scale")
            case own.Conv(kernel=k, stride=s):
                weights[f"{i}.W"] = np.ascontiguousarray(weights[f"{i}.W"].transpose(3, 2, 0, 1))
                pads, strides = [layer.border] * 4, [s, s]
                at = add(
                    "Conv", f"{i}.W", f"{i}.b", kernel_shape=[k, k], pads=pads, strides=strides
                )
            case own.MaxPool(size=s):
                at = add("MaxPool", kernel_shape=[s, s], strides=[s, s])
            case own.Dense():
                at = add("Gemm", f"{i}.W", f"{i}.b")
            case own.Relu():
                at = add("Relu")
            case own.Sigmoid():
                at = add("Sigmoid")
            case own.Flatten():
                at = add("Transpose", perm=[0, 2, 3, 1])
                at = add("Reshape", "flat")
    weights["cool"] = np.array(1 / recognizer.temperature, np.float32)
    at = add("Mul", "cool")
    at = add("Softmax", axis=1)
    made = helper.make_graph(
        nodes,
        "digits",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", *recognizer.size])],
        [helper.make_tensor_value_info(at, TensorProto.FLOAT, ["n", 10])],
        [numpy_helper.from_array(w, name) for name, w in weights.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def write(recognizer: Recognizer, path: Path) -> None:
    """The graph as a file."""
    path.write_bytes(graph(recognizer).SerializeToString())


def predictor(recognizer: Recognizer, threads: int, count: int, stack: ExitStack) -> Predictor:
    """A session with this number of threads."""
    session = _session(graph(recognizer).SerializeToString(), threads)
    return lambda images: session.run(None, {"pixels": images})[0]


def exported(recognizer: Recognizer, threads: int) -> Predictor:
    """The same for the file that `Recognizer.export` writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        recognizer.export("onnx", path, check=False)
        session = _session(path.read_bytes(), threads)
    return lambda images: session.run([PROBABILITIES], {IMAGES: images})[0]


def _session(content: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
