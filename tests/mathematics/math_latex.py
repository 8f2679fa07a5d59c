r"""Reads the displays of `docs/mathematics.md` themselves, on arrays whose axes have letters.

`\underset{[i,n]}{x^\top} \underset{[n,o]}{dy}` is a product in which the touching letters must
agree and are summed; `\odot` multiplies element by element; `\sum_{n}` sums over n; `x_{ni}` names
the axes of x. So not only the formula is tried, but also the shapes under its symbols.

Inside: a small recursive-descent reader for the LaTeX that the page uses. Not inside: whole
displays, and those written with computed indices, `x_{n, hs+i, ws+j, c}` (`math_evaluate`);
displays with words in them, for which `UnreadableError` is raised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

TOKEN = re.compile(r"\\[A-Za-z]+|\d+(?:\.\d+)?|[A-Za-zε]|[-+^_{}()\[\],=<>']|\S")
SILENT = {"\\left", "\\right", "\\Bigl", "\\Bigr", "\\bigl", "\\bigr", "\\textstyle", "\\quad"}
ENDS = {"+", "-", "/", "^", ")", "]", "}", ",", ">", "=", "", "\\odot", "\\cdot"}
FACTORS = {"\\odot": np.multiply, "\\cdot": np.multiply, "/": np.divide}
NAMES = {"\\gamma": "gamma", "\\beta": "beta", "\\mu": "mean", "\\varepsilon": "epsilon"}
NAMES |= {"\\alpha": "alpha", "\\lambda": "decay", "\\sigma": "deviation"}
FUNCTIONS = {"\\tanh": np.tanh, "\\log": np.log, "\\cos": np.cos}


class UnreadableError(Exception):
    """The display holds something that is not a formula on whole arrays."""


class MisshapenError(Exception):
    """The letters under the symbols do not fit each other, or the arrays."""


@dataclass
class Value:
    """Numbers, the letter of each axis, and the shape as written, if it was written under it."""

    data: Any
    axes: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    def along(self, axes: tuple[str, ...]) -> Any:
        """The numbers with these axes; those it lacks have length 1."""
        order = [self.axes.index(a) for a in axes if a in self.axes]
        data = np.transpose(self.data, order)
        return data.reshape([data.shape[[a for a in axes if a in self.axes].index(a)]
                             if a in self.axes else 1 for a in axes])  # fmt: skip


def together(f: Any, a: Value, b: Value) -> Value:
    """A function of two values, number by number, axes matched by their letters."""
    axes = a.axes + tuple(x for x in b.axes if x not in a.axes)
    return Value(f(a.along(axes), b.along(axes)), axes, a.written or b.written)


class Reader:
    """One formula: the right side of a display."""

    def __init__(self, latex: str, variables: dict[str, Any], letters: dict[int, str],
                 aliases: dict[str, str]) -> None:  # fmt: skip
        text = re.sub(r"\\[,;!]", " ", latex)
        self.tokens = [t for t in TOKEN.findall(text) if t not in SILENT] + [""]
        self.at, self.variables, self.letters, self.aliases = 0, variables, letters, aliases

    def peek(self) -> str:
        return self.tokens[self.at]

    def take(self, wanted: str | None = None) -> str:
        token = self.tokens[self.at]
        if wanted not in (None, token):
            raise UnreadableError(f"{wanted} expected, {token or 'the end'} found")
        self.at += 1
        return token

    def whole(self) -> Value:
        value = self.sum()
        self.take("")
        return value

    def sum(self) -> Value:
        sign = self.take() if self.peek() in "+-" and self.peek() else "+"
        value = self.product()
        if sign == "-":
            value.data = -value.data
        while self.peek() in ("+", "-"):
            f = np.add if self.take() == "+" else np.subtract
            value = together(f, value, self.product())
        return value

    def product(self) -> Value:
        value = self.power()
        while self.peek() not in ENDS or self.peek() in FACTORS:
            if self.peek() in FACTORS:
                f = FACTORS[self.take()]
                value = together(f, value, self.power())
            else:
                value = juxtaposed(value, self.power())
        return value

    def power(self) -> Value:
        if self.peek() == "e" and self.tokens[self.at + 1] == "^":
            self.at += 2
            inner = self.group()
            return Value(np.exp(inner.data), inner.axes)
        value = self.atom()
        if self.peek() == "^" and self.tokens[self.at + 1] != "\\top":
            self.take()
            exponent = self.group()
            value = together(np.power, value, exponent)
        return value

    def group(self) -> Value:
        """What stands in braces, or a single sign."""
        if self.peek() != "{":
            return self.atom()
        self.take("{")
        value = self.sum()
        self.take("}")
        return value

    def atom(self) -> Value:
        token = self.take()
        if re.fullmatch(r"\d+(\.\d+)?", token):
            return Value(np.float64(token))
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        if token in ("\\frac", "\\tfrac"):
            return together(np.divide, self.group(), self.group())
        if token == "\\sqrt":
            return together(np.power, self.group(), Value(0.5))
        if token == "\\sum":
            self.take("_")
            letters = "".join(self.braced()).split(",")
            value = self.product()
            if not set(letters) <= set(value.axes):
                raise MisshapenError(f"a sum over {letters} of something with {value.axes}")
            places = tuple(value.axes.index(x) for x in letters)
            return Value(
                value.data.sum(axis=places), tuple(a for a in value.axes if a not in letters)
            )
        if token in FUNCTIONS:
            value = self.product()
            return Value(FUNCTIONS[token](value.data), value.axes)
        if token in ("\\max", "\\min"):
            self.take("(")
            a = self.sum()
            self.take(",")
            b = self.sum()
            self.take(")")
            return together(np.maximum if token == "\\max" else np.minimum, a, b)
        if token == "\\mathbf":
            return self.ones_or_indicator(None)
        if token == "\\mathrm":
            return self.named_function("".join(self.braced()))
        if token == "\\underset":
            return self.with_shape()
        return self.symbol(token)

    def braced(self) -> list[str]:
        """The signs inside braces."""
        if self.peek() != "{":
            return [self.take()]
        self.take("{")
        inside = []
        while self.peek() not in ("}", ""):
            inside.append(self.take())
        self.take("}")
        return inside

    def ones_or_indicator(self, shape: tuple[str, ...] | None) -> Value:
        if self.braced() != ["1"]:
            raise UnreadableError("a bold sign that is not 1")
        if self.peek() == "[":
            self.take("[")
            a = self.sum()
            self.take(">")
            b = self.sum()
            self.take("]")
            return together(np.greater, a, b)
        if shape is None:
            raise UnreadableError("ones without a shape")
        axes = tuple(x for x in shape if x != "1")
        sizes = {letter: size for size, letter in self.letters.items()}
        return Value(np.ones([sizes[a] for a in axes]), axes, shape)

    def named_function(self, name: str) -> Value:
        slope = self.peek() == "'"
        if slope:
            self.take()
        self.take("(")
        inner = self.sum()
        self.take(")")
        if name == "ReLU":
            data = inner.data > 0 if slope else np.maximum(inner.data, 0)
            return Value(data, inner.axes)
        if name == "softmax" and not slope and "o" in inner.axes:
            e = np.exp(inner.data)
            return Value(e / e.sum(axis=inner.axes.index("o"), keepdims=True), inner.axes)
        raise UnreadableError(name)

    def with_shape(self) -> Value:
        """A symbol, or a formula, with its shape written under it."""
        written = tuple("".join(self.braced()).strip("[]").split(","))
        axes = tuple(x for x in written if x != "1")
        self.take("{")
        if self.peek() == "\\mathbf":
            self.take()
            value = self.ones_or_indicator(written)
        else:
            value = self.sum()
        if self.peek() == "^":
            self.take("^")
            self.take("\\top")
            value = Value(np.transpose(value.data), value.axes[::-1])
        self.take("}")
        if len(value.axes) != len(axes):
            raise MisshapenError(f"{written} is written under {len(value.axes)} axes")
        if value.axes != axes and "?" not in "".join(value.axes):
            raise MisshapenError(f"{written} is written under something with the axes {value.axes}")
        return Value(value.data, axes, written)

    def symbol(self, token: str) -> Value:
        """A variable: x, dW, Z_1, \\hat{x}; `x_{ni}` names its axes."""
        name = ""
        if token == "d" and self.peek() not in ENDS:
            name, token = "d", self.take()
        if token == "\\text":
            token = "".join(self.braced())
        elif token == "\\hat":
            token = "".join(self.braced()) + "_hat"
        elif token == "(" or (token.startswith("\\") and token not in NAMES):
            raise UnreadableError(token)
        own = NAMES.get(token, token)
        name += self.aliases.get(own, own)
        axes: tuple[str, ...] | None = None
        if self.peek() == "'":
            self.take()
            name += "2"
        if self.peek() == "_":
            self.take()
            inside = self.braced()
            if all(x.isdigit() for x in inside):
                name += "".join(inside)
            elif all(x.isalpha() and len(x) == 1 for x in inside):
                axes = tuple(inside)
            else:
                raise UnreadableError("a computed index")
        if name not in self.variables:
            raise UnreadableError(name)
        data = np.asarray(self.variables[name], np.float64)
        if name[0] == "b" and data.ndim == 2:
            data = data[:, 0]  # Gopa's biases are columns [o, 1]
        if axes is not None and data.ndim > len(axes):
            data = data.squeeze()  # M is kept as [n, 1]
        if axes is None:
            axes = tuple(self.letters.get(size, f"?{size}") for size in data.shape)
        if len(axes) != data.ndim:
            raise MisshapenError(f"{name} has {data.ndim} axes, not {axes}")
        return Value(data, axes)


def juxtaposed(a: Value, b: Value) -> Value:
    """Two factors side by side: the matrix product if both are written as matrices."""
    if len(a.written) == 2 == len(b.written):
        if a.written[-1] != b.written[0]:
            raise MisshapenError(f"{a.written} touches {b.written}")
        shared = a.written[-1]
        value = together(np.multiply, a, b)
        axes = tuple(x for x in value.axes if x != shared)
        data = value.data if shared == "1" else value.data.sum(axis=value.axes.index(shared))
        return Value(data, axes, (a.written[0], b.written[1]))
    return together(np.multiply, a, b)
