"""The first layer's weights as pictures, and the gradients that the next step follows.

Inside: that. Not inside: when they are drawn (`run`, `telling`), and the other layers (`sketch`).
"""

from __future__ import annotations

import numpy as np

from digitus.nn import first_trained
from digitus.recipe import Recipe
from digitus.serve.layer_words import named
from digitus.serve.live.sketch import Sketch, sketch
from digitus.serve.values import Answer, Base64, Whole, packed
from digitus.training.loop import State
from digitus.training.source import Batch
from digitus.training.step import gradient
from digitus.types import Numbers

MOST_UNITS = 64  # whose weights are shown


class FirstLayer(Answer, frozen=True):
    """Signed bytes [units h w], 127 for `scale`; and those of the next step's gradients."""

    step: Whole
    layer: Whole
    name: str
    shape: list[Whole]
    scale: float
    weights: Base64
    gradient_scale: float
    gradients: Base64
    sketch: Sketch | None = None  # former versions did not keep it


def draw(recipe: Recipe, state: State, batch: Batch) -> FirstLayer | None:
    """The first layer's weights as pictures, and the gradients that the next step follows.

    `batch` is the next step's. None where the first layer has no weights.
    """
    layer = first_trained(recipe.network, state.params)
    name = f"{layer}.W"
    if name not in state.params:
        return None
    _, gradients = gradient(
        recipe.network, recipe.loss, state.params, batch, seed=recipe.seed, step=state.step
    )
    pictures = _pictures(state.params[name])
    weights, scale = _signed(pictures)
    slopes, slope_scale = _signed(_pictures(gradients[name]))
    return FirstLayer(
        state.step,
        layer,
        named(recipe.network.layers[layer]),
        list(pictures.shape),
        scale,
        weights,
        slope_scale,
        slopes,
        sketch(recipe.network, state.params, batch),
    )


def _pictures(w: Numbers) -> Numbers:
    """First weights as pictures [units h w]: of a dense layer 28 x 28, of a convolution k x k."""
    if w.ndim == 2:
        side = int(len(w) ** 0.5)
        return w.T[:MOST_UNITS, : side * side].reshape(-1, side, side)
    return w[:, :, 0].transpose(2, 0, 1)[:MOST_UNITS]


def _signed(pictures: Numbers) -> tuple[str, float]:
    """Pictures as signed bytes, 127 for the largest number, and that number."""
    scale = float(np.abs(pictures).max()) or 1.0
    return packed(np.rint(pictures * (127 / scale)), "i1"), scale
