"""Training that begins where another ended: with the parameters of an existing network.

Inside: whether they fit, and taking them over. Not inside: where that network comes from (`cli`),
and random first parameters (`session`).
"""

from __future__ import annotations

import math

import numpy as np

from digitus.errors import TrainingError
from digitus.training.session import State
from digitus.types import Params


def start_from(state: State, params: Params, about: dict[str, str]) -> None:
    """Replaces the parameters of a state that has just begun by those of another network.

    `about` says whose they are: its "model" is their name. Statistics are taken over too, since the
    weights were learnt with them. Raises `TrainingError` for parameters of other layers.
    """
    wanted, found = (_shapes(arrays) for arrays in (state.params, params))
    for name in sorted(wanted | found, key=_place):
        if wanted.get(name) != found.get(name):
            there, here = (shapes.get(name, "missing") for shapes in (found, wanted))
            raise TrainingError(
                f"{about['model']} does not fit the network of this recipe: {name} is {there} "
                f"there and {here} here; without a recipe, training goes on with its own"
            )
    for arrays in (state.params, state.average or {}):
        for name, w in arrays.items():
            arrays[name] = np.array(params[name], w.dtype)
    state.started_from = about


def _shapes(params: Params) -> dict[str, str]:
    return {name: str(list(a.shape)) for name, a in params.items()}


def _place(name: str) -> list[tuple[float, str]]:
    """Layer 10 comes after layer 9."""
    return [(int(part) if part.isdecimal() else math.inf, part) for part in name.split(".")]
