"""ONNX: the network as a graph from bytes to probabilities, in one file that any runtime reads.

Input "images", uint8 [n h w] with n free; outputs "probabilities" [n classes] and "digits" [n], -1
where the answer is refused. Opset 17, IR version 8: ONNX Runtime 1.12 and newer, and converters
from ONNX to other devices. In between, images have their channels first, as ONNX wants them. What
the model is, its threshold and its temperature stand in `metadata_props`.

Inside: the graph. Not inside: running it (`onnx_run`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from digitus.errors import ExportError
from digitus.export.card import About
from digitus.export.made import Made
from digitus.export.onnx_run import DIGITS, IMAGES, MISSING, PROBABILITIES, answers, opened
from digitus.export.operations import Network, Operation
from digitus.export.precision import Precision, as_float16, quantised
from digitus.types import Floats32, Numbers, Shape

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

OPSET, IR = 17, 8


def make(members: Sequence[Network], about: About, precision: Precision, name: str) -> Made:
    """The file, and ONNX Runtime to run it."""
    content = onnx_bytes(members, about, precision)
    return Made({".onnx": content}, lambda images: answers(opened(content), images))


def onnx_bytes(members: Sequence[Network], about: About, precision: Precision) -> bytes:
    """The file, checked by `onnx.checker`. Raises `ExportError` where the library is missing."""
    try:
        import onnx
        from onnx import TensorProto, helper
    except ImportError:
        raise ExportError(MISSING) from None

    graph = _Graph(precision)
    graph.add("Cast", [IMAGES], to=TensorProto.FLOAT)
    pixels = graph.add("Unsqueeze", [graph.last, graph.constant(np.array([1]))])
    found = [_probabilities(graph, member, pixels) for member in members]
    mean = found[0] if len(found) == 1 else graph.add("Mean", found)
    graph.add("Identity", [mean], out=PROBABILITIES)
    best = graph.add("ReduceMax", [mean], axes=[1], keepdims=0)
    sure = graph.add("GreaterOrEqual", [best, graph.constant(np.float32(about["threshold"]))])
    digit = graph.add("ArgMax", [mean], axis=1, keepdims=0)
    graph.add("Where", [sure, digit, graph.constant(np.int64(-1))], out=DIGITS)
    made = helper.make_graph(
        graph.nodes,
        "digits",
        [helper.make_tensor_value_info(IMAGES, TensorProto.UINT8, ["n", *members[0].size])],
        [
            helper.make_tensor_value_info(
                PROBABILITIES, TensorProto.FLOAT, ["n", members[0].outputs]
            ),
            helper.make_tensor_value_info(DIGITS, TensorProto.INT64, ["n"]),
        ],
        graph.constants,
    )
    model = helper.make_model(
        made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR, producer_name="digitus"
    )
    helper.set_model_props(
        model, {k: v if isinstance(v, str) else json.dumps(v) for k, v in about.items()}
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants as they come, each with a name of its own."""

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.last = ""

    def add(self, kind: str, inputs: Sequence[str], out: str = "", **settings: object) -> str:
        """A node; returns the name of what it makes."""
        from onnx import helper

        self.last = out or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [self.last], **settings))
        return self.last

    def constant(self, values: Numbers | np.generic) -> str:
        """The name of a constant."""
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        if not np.ndim(values):  # ascontiguousarray makes a vector of a number
            self.constants[-1] = numpy_helper.from_array(np.asarray(values), name)
        return name

    def weights(self, W: Floats32, axis: int) -> str:
        """The name of a matrix or kernel, outputs along `axis`, in the file's precision."""
        from onnx import TensorProto

        if self.precision == "float16":
            return self.add("Cast", [self.constant(as_float16(W))], to=TensorProto.FLOAT)
        if self.precision == "int8":
            q, scale = quantised(np.moveaxis(W, axis, -1))
            integers = self.constant(np.moveaxis(q, -1, axis))
            return self.add("DequantizeLinear", [integers, self.constant(scale)], axis=axis)
        return self.constant(W)


def _probabilities(graph: _Graph, network: Network, pixels: str) -> str:
    """The nodes of one network."""
    names = [pixels]
    for operation in network.operations:
        inputs = [names[i] for i in operation.inputs]
        before = network.shape_of(operation.inputs[0])
        if operation.kind not in KINDS:
            raise ExportError(f"{operation.layer} cannot be exported to ONNX")
        names.append(KINDS[operation.kind](graph, inputs, operation, before))
    cool = graph.constant(np.float32(network.temperature))
    return graph.add("Softmax", [graph.add("Div", [names[-1], cool])], axis=1)


def _plain(kind: str, **settings: object) -> Callable[..., str]:
    return lambda graph, inputs, operation, before: graph.add(kind, inputs, **settings)


def _channels_first(a: Floats32) -> Floats32:
    """[c] and [h w c] as they are added to [n c h w]; a number and a vector's [i] as they are."""
    return a.transpose(2, 0, 1) if a.ndim == 3 else a


def _affine(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    a, b = (_channels_first(operation.weights[name]) for name in "ab")
    if len(before) == 3:
        a, b = (w[:, None, None] if w.ndim == 1 else w for w in (a, b))
    at = inputs[0]
    if (a != 1).any():
        at = graph.add("Mul", [at, graph.constant(a)])
    return graph.add("Add", [at, graph.constant(b)]) if b.any() else at


def _conv(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    W, b = operation.weights["W"], operation.weights["b"]
    kernel = graph.weights(np.ascontiguousarray(W.transpose(3, 2, 0, 1)), axis=0)
    stride, border = int(operation.settings["stride"]), int(operation.settings["border"])
    return graph.add(
        "Conv", [*inputs, kernel, graph.constant(b)],
        kernel_shape=list(W.shape[:2]), pads=[border] * 4, strides=[stride] * 2,
    )  # fmt: skip


def _dense(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    W, b = operation.weights["W"], operation.weights["b"]
    return graph.add("Gemm", [*inputs, graph.weights(W, axis=1), graph.constant(b)])


def _exemplars(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    """`nn.Exemplars` node by node."""
    from digitus.nn.exemplars import EPSILON, LEAST

    (x, z), w = inputs, operation.weights

    def number(value: float) -> str:
        return graph.constant(np.float32(value))

    def op(kind: str, *values: str) -> str:
        return graph.add(kind, values)

    log_p = graph.add("LogSoftmax", [z], axis=1)
    squares = graph.add("ReduceSum", [op("Mul", x, x), graph.constant(np.array([1]))])
    unit = op("Div", x, op("Sqrt", op("Add", squares, number(EPSILON))))
    across = op("MatMul", unit, graph.constant(w["centres"].T))
    near = op("Exp", op("Div", op("Sub", across, number(1)), graph.constant(w["spread"])))
    voted = op("Max", op("MatMul", near, graph.constant(w["votes"])), number(LEAST))
    log_v = op("Log", voted)
    larger = op("Max", log_p, log_v)
    parts = (op("Exp", op("Sub", log, larger)) for log in (log_p, log_v))
    both = op("Add", larger, op("Log", op("Add", *parts)))
    return op("Where", op("LessOrEqual", voted, number(LEAST)), log_p, both)


def _pool(kind: str) -> Callable[..., str]:
    def pool(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
        sides = [int(operation.settings["size"])] * 2
        return graph.add(kind, inputs, kernel_shape=sides, strides=sides)

    return pool


def _upsample(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    factor = operation.settings["factor"]
    scales = graph.constant(np.array([1, 1, factor, factor], np.float32))
    how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.add("Resize", [*inputs, "", scales], mode="nearest", **how)


def _flatten(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    at = inputs[0]
    if len(before) == 3 and before[2] > 1:
        at = graph.add("Transpose", [at], perm=[0, 2, 3, 1])
    return graph.add("Reshape", [at, graph.constant(np.array([0, operation.shape[0]]))])


def _deslant(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    """`nn.Deslant` node by node; rows are read by a product with the hats T [n h w w]."""
    from digitus.nn.deslant import EPSILON, LEAST_INK

    (x,) = inputs
    h, w, _ = before
    width, most = operation.settings["width"], operation.settings["most"]

    def number(value: float) -> str:
        return graph.constant(np.float32(value))

    def total(value: str) -> str:
        return graph.add("ReduceSum", [value, graph.constant(np.array([1, 2, 3]))])

    def op(kind: str, *values: str) -> str:
        return graph.add(kind, values)

    i = graph.constant((np.arange(h, dtype=np.float32) - (h - 1) / 2)[None, None, :, None])
    j = graph.constant((np.arange(w, dtype=np.float32) - (w - 1) / 2)[None, None, None, :])
    weight = graph.add("ReduceSum", [op("Mul", x, x), graph.constant(np.array([1]))])  # [n 1 h w]
    weight = op("Div", weight, op("Max", total(weight), number(LEAST_INK)))
    a = op("Sub", i, total(op("Mul", weight, i)))
    mean = total(op("Mul", weight, j))
    b = op("Sub", j, mean)
    var_i = op("Add", total(op("Mul", weight, op("Mul", a, a))), number(EPSILON))
    var_j = op("Add", total(op("Mul", weight, op("Mul", b, b))), number(EPSILON))
    cov = total(op("Mul", weight, op("Mul", a, b)))
    s = op("Div", cov, var_i)
    stretched = j
    if width:
        spread = op("Add", op("Sub", var_j, op("Mul", s, cov)), number(EPSILON))
        ratio = op("Div", op("Sqrt", spread), number(width))
        stretched = op("Mul", op("Clip", ratio, number(1 / most), number(most)), j)
    q = op("Add", mean, op("Add", stretched, op("Mul", s, a)))  # [n 1 h w]
    away = op("Abs", op("Sub", op("Unsqueeze", q, graph.constant(np.array([4]))), j))
    hats = op("Relu", op("Sub", number(1), away))  # [n 1 h w w]
    column = op("Unsqueeze", x, graph.constant(np.array([4])))  # [n c h w 1]
    return op("Squeeze", op("MatMul", hats, column), graph.constant(np.array([4])))


def _concat(graph: _Graph, inputs: list[str], operation: Operation, before: Shape) -> str:
    return graph.add("Concat", inputs, axis=1)


KINDS: dict[str, Callable[..., str]] = {
    "affine": _affine,
    "conv": _conv,
    "dense": _dense,
    "exemplars": _exemplars,
    "max_pool": _pool("MaxPool"),
    "average_pool": _pool("AveragePool"),
    "upsample": _upsample,
    "relu": _plain("Relu"),
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "softmax": _plain("Softmax", axis=1),
    "flatten": _flatten,
    "deslant": _deslant,
    "add": _plain("Add"),
    "concat": _concat,
}
