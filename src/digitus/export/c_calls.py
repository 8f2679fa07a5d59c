"""The calls that a network becomes in C, each with the tables of its weights.

Inside: one function for each kind of operation, in float32 (`CALLS`) and in whole numbers
(`QUANTISED_CALLS`). Their arguments stand in the order of the functions in `parts/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from digitus.export.integers import Quantised
from digitus.export.operations import Operation
from digitus.types import Numbers, Shape

PER_LINE = 12  # numbers of a table
C_TYPES = {"f": "float", "i1": "int8_t", "u1": "uint8_t", "i4": "int32_t"}


def real(value: float) -> str:
    """A number as a literal of C's float, in the fewest digits that are the same number."""
    return f"{np.float32(value)!s}F"


class Lines:
    """The text so far: tables, functions, which parts are used, how many bytes of constants."""

    def __init__(self) -> None:
        self.tables = self.functions = ""
        self.used: set[str] = set()
        self.bytes = self._count = 0

    def begin(self, number: int, arguments: str) -> None:
        """The head of a network's function."""
        self.functions += f"static void network_{number}({arguments})\n{{\n"

    def end(self, *lines: str) -> None:
        """The last lines of that function."""
        self.functions += "".join(f"    {line}\n" for line in lines) + "}\n\n"

    def call(self, part: str, *arguments: object) -> None:
        """A call of one of the parts, in lines of 100 characters."""
        self.used.add(part)
        line = f"    {part}("
        for i, argument in enumerate(arguments):
            word = f"{argument}{', ' if i < len(arguments) - 1 else ');'}"
            if len(line) + len(word.rstrip()) > 100:
                self.functions += line.rstrip() + "\n"
                line = " " * (len(part) + 5)
            line += word
        self.functions += f"{line}\n"

    def table(self, values: Numbers) -> str:
        """A constant array; returns its name."""
        flat = np.ascontiguousarray(values).ravel()
        if flat.dtype == np.int64:
            flat = flat.astype(np.int32)
        kind = flat.dtype.kind if flat.dtype.kind == "f" else flat.dtype.str[1:]
        words = [real(v) for v in flat] if kind == "f" else [str(v) for v in flat.tolist()]
        rows = (words[i : i + PER_LINE] for i in range(0, len(words), PER_LINE))
        body = ",\n".join("    " + ", ".join(row) for row in rows)
        name = f"table_{self._count}"
        self.tables += f"static const {C_TYPES[kind]} {name}[{len(flat)}] = {{\n{body}\n}};\n"
        self._count += 1
        self.bytes += flat.nbytes
        return name


Call: TypeAlias = Callable[[Lines, Operation, Sequence[Shape], Sequence[str], str], None]
# In whole numbers the operation is a `Quantised`, and each input comes with the zero of its grid.
QuantisedCall: TypeAlias = Callable[
    [Lines, Quantised, Sequence[Shape], Sequence[tuple[str, int]], str], None
]


def _affine(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
    a, b = np.broadcast_arrays(*(np.atleast_1d(o.weights[name]) for name in "ab"))
    n = prod(o.shape)
    text.call("affine", x[0], n, text.table(a), text.table(b), a.size, y)


def _image(shape: Shape) -> Shape:
    """A vector is an image of one pixel, to a convolution."""
    return shape if len(shape) == 3 else (1, 1, *shape)


def _conv(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
    W = o.weights["W"]
    k, stride, border = W.shape[0] if W.ndim == 4 else 1, *_steps(o)
    weights = text.table(W), text.table(o.weights["b"])
    text.call("conv", x[0], *_image(shapes[0]), *weights, k, stride, border, *_image(o.shape), y)


def _steps(o: Operation | Quantised) -> tuple[int, int]:
    settings = o.settings if isinstance(o, Operation) else o.numbers
    return int(settings.get("stride", 1)), int(settings.get("border", 0))


def _pool(part: str) -> Call:
    def pool(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
        size = int(o.settings["size"])
        text.call(part, x[0], *shapes[0][1:], size, *o.shape[:2], y)

    return pool


def _upsample(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
    text.call("upsample", x[0], o.shape[2], int(o.settings["factor"]), *o.shape[:2], y)


def _each(part: str) -> Call:
    def each(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
        text.call(part, *x, prod(o.shape), y)

    return each


def _softmax(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
    text.call("softmax", x[0], prod(o.shape), o.shape[-1], y)


def _concat(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
    one, other = (shape[-1] for shape in shapes)
    text.call("concat", x[0], one, x[1], other, prod(o.shape[:-1]), y)


def _exemplars(
    text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str
) -> None:
    memory = (text.table(o.weights[name]) for name in ("centres", "spread", "votes"))
    sizes = [shape[0] for shape in shapes]
    text.call("exemplars", x[0], sizes[0], x[1], sizes[1], *memory, o.weights["spread"].size, y)


def _deslant(text: Lines, o: Operation, shapes: Sequence[Shape], x: Sequence[str], y: str) -> None:
    settings = (real(o.settings[name]) for name in ("width", "most"))
    text.call("deslant", x[0], *o.shape, *settings, y)


CALLS: dict[str, Call] = {
    "affine": _affine,
    "conv": _conv,
    "dense": _conv,
    "max_pool": _pool("max_pool"),
    "average_pool": _pool("average_pool"),
    "upsample": _upsample,
    "relu": _each("relu"),
    "sigmoid": _each("sigmoid"),
    "tanh": _each("hyperbolic"),
    "add": _each("add"),
    "softmax": _softmax,
    "concat": _concat,
    "deslant": _deslant,
    "exemplars": _exemplars,
}

Inputs: TypeAlias = Sequence[tuple[str, int]]


def _int8_conv(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    W, b = o.arrays["W"], o.arrays["b"]
    at, zero = x[0]
    text.used |= {"window", "rescaled"} if "m" in o.arrays else {"window"}
    if "step" in o.arrays:
        tables = (text.table(a) for a in (W, b, o.arrays["step"]))
        text.call("outputs", at, prod(shapes[0]), zero, *tables, b.size, "z")
        return
    k, stride, border = W.shape[1] if W.ndim == 4 else 1, *_steps(o)
    weights, biases = text.table(W), text.table(b)
    text.call(
        "conv", at, *_image(shapes[0]), zero, weights, biases, k, stride, border, *_image(o.shape),
        text.table(o.arrays["m"]), o.numbers["shift"], o.grid.zero, y,
    )  # fmt: skip


def _int8_affine(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    m, more = o.arrays["m"], o.arrays["add"]
    text.used.add("rescaled")
    text.call(
        "affine", x[0][0], prod(o.shape), x[0][1], text.table(m), text.table(more), m.size,
        o.numbers["shift"], o.grid.zero, y,
    )  # fmt: skip


def _int8_pool(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    text.call(o.kind, x[0][0], *shapes[0][1:], o.numbers["size"], *o.shape[:2], y)


def _int8_upsample(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    text.call("upsample", x[0][0], o.shape[2], o.numbers["factor"], *o.shape[:2], y)


def _int8_table(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    text.call("table", x[0][0], prod(o.shape), text.table(o.arrays["table"]), y)


def _int8_add(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    text.used.add("rescaled")
    numbers = o.numbers
    terms = (*x[0], numbers["m0"], *x[1], numbers["m1"])
    text.call("add", *terms, prod(o.shape), numbers["shift"], o.grid.zero, y)


def _int8_concat(text: Lines, o: Quantised, shapes: Sequence[Shape], x: Inputs, y: str) -> None:
    text.used.add("rescaled")
    numbers = o.numbers
    (one, z1), (other, z2) = x
    text.call(
        "concat", one, shapes[0][-1], z1, numbers["m0"], other, shapes[1][-1], z2, numbers["m1"],
        prod(o.shape[:-1]), numbers["shift"], o.grid.zero, y,
    )  # fmt: skip


QUANTISED_CALLS: dict[str, QuantisedCall] = {
    "affine": _int8_affine,
    "conv": _int8_conv,
    "dense": _int8_conv,
    "max_pool": _int8_pool,
    "average_pool": _int8_pool,
    "upsample": _int8_upsample,
    "table": _int8_table,
    "add": _int8_add,
    "concat": _int8_concat,
}
