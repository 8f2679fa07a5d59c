"""A layer in words: its name with its settings, and the equations of its docstring.

Inside: that, for layers, losses and optimizers. Not inside: numbers.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, is_dataclass

from digitus.nn import Chain


def settings_of(layer: object) -> dict[str, object]:
    """A layer's settings by name; a chain of layers inside it as the layers' names."""
    assert is_dataclass(layer)
    found = {f.name: getattr(layer, f.name) for f in fields(layer)}
    return {
        name: ", ".join(map(named, value.layers)) if isinstance(value, Chain) else value
        for name, value in found.items()
    }


def named(layer: object) -> str:
    """A layer, with its first setting unless that is 0 or no number: "Conv(16)", "Relu"."""
    first = [v for v in list(settings_of(layer).values())[:1] if isinstance(v, int | float)]
    return type(layer).__name__ + "".join(f"({value:g})" for value in first if value)


@dataclass(frozen=True)
class Equations:
    """What the docstring of a layer says: the equation forward, the one backward, and the rest."""

    forward: str
    backward: str
    about: str

    @classmethod
    def of(cls, layer: object) -> Equations:
        """From the docstring, which begins with "y = ...;   dx = ...", in notation alone."""
        head, _, rest = (inspect.getdoc(layer) or "").partition("\n\n")
        forward, _, backward = " ".join(head.split()).partition("; ")
        backward = backward.strip().partition(". ")[0].removesuffix(".")
        return cls(forward.strip().removesuffix("."), backward, " ".join(rest.split()))
