"""Parameters of a chain: one flat dict, in which "3.W" is the W of layer 3.

Inside: names in the chain and in a layer, and which parameters have a gradient. Not inside: the
layers (`layers`), first values (`init`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

from digitus.types import Params

Value = TypeVar("Value")

# Measured or remembered, not trained.
STATISTICS = frozenset({"mean", "deviation", "var", "centres", "spread", "votes"})


def trained(name: str) -> bool:
    """Whether a parameter of this name, "W" or "3.W", has a gradient."""
    return name.rpartition(".")[2] not in STATISTICS


def numbered(p: Params) -> tuple[tuple[int, str], ...]:
    """The number of each parameter's layer, and its name there."""
    return _parted(tuple(p))


@lru_cache(maxsize=256)
def _parted(names: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """As `numbered`, from the names alone, which are the same in every step."""
    return tuple((int(i), own) for i, _, own in (name.partition(".") for name in names))


def scoped(p: Params, count: int) -> list[Params]:
    """The parameters of each of the first `count` layers, under their names in the layer."""
    scopes: list[Params] = [{} for _ in range(count)]
    for (number, own), a in zip(numbered(p), p.values(), strict=True):
        if number < count:
            scopes[number][own] = a
    return scopes


def prefixed(i: int, p: dict[str, Value]) -> dict[str, Value]:
    """The parameters of layer i, under their names in the chain."""
    return {f"{i}.{name}": a for name, a in p.items()}
