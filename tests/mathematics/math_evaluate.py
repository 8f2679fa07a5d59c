"""Evaluates a display of docs/mathematics.md on arrays: in matrices, or index by index."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from mathematics.math_latex import MisshapenError, Reader, UnreadableError


def letters_of(latex: list[str], variables: dict[str, Any]) -> dict[int, str]:
    """Which letter an axis of this length has, learnt from the shapes under plain symbols."""
    found: dict[int, str] = {}
    for text in latex:
        text = re.sub(r"\\[,;]", "", text)
        for shape, name in re.findall(
            r"\\underset\{\[([^\]]*)\]\}\{([A-Za-z]+)(?:_(?=\d))?\}", text
        ):
            if name in variables and np.ndim(variables[name]) == len(shape.split(",")):
                for size, letter in zip(np.shape(variables[name]), shape.split(","), strict=True):
                    found.setdefault(size, letter)
        for name, subscript in re.findall(r"(?<![A-Za-z\\])([A-Za-z]{1,2})_\{?([a-z]+)\}?", text):
            if name in variables and np.ndim(variables[name]) == len(subscript):
                for size, letter in zip(np.shape(variables[name]), subscript, strict=True):
                    found.setdefault(size, letter)
        for shape, name in re.findall(r"\\underset\{\[([^\]]*)\]\}\{([A-Za-z]+_\d)\}", text):
            name = name.replace("_", "")
            if name in variables and np.ndim(variables[name]) == len(shape.split(",")):
                for size, letter in zip(np.shape(variables[name]), shape.split(","), strict=True):
                    if letter != "1":
                        found.setdefault(size, letter)
    return found


def sides(latex: str, target: str) -> tuple[str, list[str]]:
    """The left side and each right side of the formula of a display that says what `target` is."""
    formulas = [
        f.strip().removesuffix(",") for f in re.split(r"\\q?quad", latex.replace("\n", " "))
    ]
    own = [f for f in formulas if f.startswith(f"\\text{{{target}}}")]
    left, *right = (own or formulas)[0].split("=")
    return left, [r for r in right if "\\partial" not in r]


def evaluate(
    latex: str,
    target: str,
    variables: dict[str, Any],
    letters: dict[int, str],
    aliases: dict[str, str],
) -> list[Any]:
    """The values of the right sides that can be read, axes in the order of the left side.

    Raises `UnreadableError` if none can, and `MisshapenError` where letters do not fit.
    """
    left, right = sides(latex, target)
    shape = re.search(r"\\underset\{\[(.*?)\]\}", left)
    index = re.search(r"_\{?([a-z]+)\}?\s*$", left)
    values, why = [], "it has no right side"
    for text in right:
        try:
            value = Reader(text, variables, letters, aliases).whole()
        except UnreadableError as error:
            why = str(error)
            continue
        order = tuple(letters.values()) if letters else value.axes
        if shape:
            order = tuple(x for x in re.sub(r"\\[,;]", "", shape[1]).split(",") if x != "1")
        elif index:
            order = tuple(index[1])
        if set(value.axes) - set(order) or (shape and len(order) > len(value.axes)):
            raise MisshapenError(f"the left side has the axes {order}, the right side {value.axes}")
        values.append(value.along(tuple(x for x in order if x in value.axes)))
    if not values:
        raise UnreadableError(why)
    return values


FACTOR = re.compile(r"(d?)(?:\\(bar|widetilde)\{(\w)\}|([A-Za-z]+))_(?:\{([^{}]*)\}|(\w))")


def evaluate_indices(latex: str, variables: dict[str, Any], ranges: dict[str, int]) -> Any:
    """The left side of `y_{nhwo} = \\sum_{i,j,c} x_{n,hs+i,...} W_{ijco} + b_o`, number by number.

    `ranges` says how far each letter counts; other letters are variables. Where the left side has a
    computed index, what it does not reach is 0; its shape is that of the variable it names.
    """
    text = re.sub(r"\\[,;]", " ", re.split(r",?\s*\\qquad", latex)[0])
    text = re.sub(r"\\underset\{\[.*?\]\}\{(.*?_(?:\{[^{}]*\}|\w))\}", r"\1", text)
    left, right = text.split("=", 1) if "\\le" not in text else re.split(r"=(?!.*=)", text)
    summed = re.search(r"\\sum_\{(?:0 \\le )?([a-z, ]+?)(?: < \w)?\}", right)
    inner = [x.strip() for x in summed[1].split(",")] if summed else []
    right = re.sub(r"\\sum_\{.*?\}", "", right)
    name, places = _factor(FACTOR.search(left))
    outer = sorted({x for p in places for x in re.findall(r"[a-z]", p) if x in ranges})
    letters = [*outer, *inner]
    grids = np.meshgrid(*(np.arange(ranges[x]) for x in letters), indexing="ij", sparse=True)
    known = {**variables, **dict(zip(letters, grids, strict=True))}

    def index(places: list[str]) -> tuple[Any, ...]:
        return tuple(np.asarray(eval(p, {}, known)) for p in places)

    product: Any = np.float64(1)
    added: Any = 0.0
    for term, sign in zip(re.split(r"[+](?![^{]*\})", right), "*+", strict=False):
        found = list(FACTOR.finditer(term))
        numbers = [variables[n][index(p)] for n, p in map(_factor, found)]
        value: Any = np.prod(np.broadcast_arrays(*numbers), axis=0)
        if factor := re.match(r"\s*(\d+)\s", term):
            value = value * int(factor[1])
        if "\\frac{1}{s^2}" in term:
            value = value / variables["s"] ** 2
        product, added = (value, added) if sign == "*" else (product, value)
    full = np.broadcast_to(product, [ranges[x] for x in letters])
    full = full.sum(axis=tuple(range(len(outer), len(letters))), keepdims=True) + added
    result = np.zeros(variables[name].shape)
    result[index(places)] = full.reshape(np.broadcast_shapes(*(i.shape for i in index(places))))
    return result


def _factor(match: re.Match[str] | None) -> tuple[str, list[str]]:
    """The variable and the Python expressions of its indices."""
    assert match
    d, mark, marked, plain, indices, single = match.groups()
    name = {"bar": f"{d}{marked}_bar", "widetilde": "turned", None: f"{d}{plain}"}[mark]
    indices = indices or single
    places = indices.split(",") if "," in indices else list(indices)
    return name, [re.sub(r"(?<=[a-z])(?=[a-z])", "*", p.replace(" ", "")) for p in places]
