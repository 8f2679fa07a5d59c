"""One step of training, equation by equation, with its real numbers.

Inside: a forward pass, the loss, a backward pass and the update of every parameter for the next
batch of a paused run, each with an excerpt of its arrays and one number worked out. Nothing is
changed: the step itself is the run's. Not inside: how a number is worked out (`worked_example`),
and the step that is taken (`digitus.training.step`).
"""

from __future__ import annotations

import inspect
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta
from msgspec.structs import replace

from digitus.nn import Adam, AdamW, Layer, Optimizer, clipped, first_trained, softmax, stream
from digitus.nn.losses import Loss
from digitus.nn.parameters import scoped
from digitus.recipe import Recipe
from digitus.serve.layer_words import Equations, named, settings_of
from digitus.serve.live import worked_example
from digitus.serve.live.worked_example import Worked
from digitus.serve.values import Answer, Base64, Digit, Whole, as_numbers, packed
from digitus.training.loop import State
from digitus.training.source import Batch
from digitus.types import Numbers

EXCERPT_SIDE = 6  # numbers on each side of an excerpt

Phase = Literal["forward", "loss", "backward", "update"]


WorkedText = Annotated[
    str,
    Meta(
        description="One number worked out, as notation in one line: names of arrays, numbers, and "
        "the signs between them. In a sum ⋯×781 stands for 781 more terms that are not written "
        "out. Empty where nothing is worked out."
    ),
]


class Excerpt(Answer, frozen=True):
    """An array: its shape, range and mean, and some of its numbers.

    `corner` is the place of the first number of the excerpt in the array, `place` that of the
    number it is about.
    """

    name: str
    shape: list[Whole]
    low: float
    high: float
    mean: float
    corner: list[Whole]
    place: list[Whole]
    values: list[list[float]]


class Equation(Answer, frozen=True):
    """One equation with its arrays, and one number worked out."""

    phase: Phase
    layer: Whole | None
    name: str
    kind: str
    settings: dict[str, Any]  # whatever a layer has: msgspec describes no other type so
    equation: str
    arrays: list[Excerpt]
    worked: WorkedText


class StepEquations(Answer, frozen=True):
    """All equations of a step; `image` and `label` are the first of its batch."""

    step: Whole
    batch_size: Whole
    image: Base64
    label: Digit
    loss: float
    equations: list[Equation]


def equations(recipe: Recipe, state: State, batch: Batch, steps: int) -> StepEquations:
    """The step after `state` with that batch, of `steps` in the run.

    With batch normalisation the batch must be one shard, as those of `lesson` are.
    """
    network, params = recipe.network, state.params
    found: list[Equation] = []
    trail = []
    x = as_numbers(batch.inputs, params)
    rng = stream(recipe.seed, "dropout", state.step, 0)
    each = scoped(params, len(network.layers))
    for i, (layer, own) in enumerate(zip(network.layers, each, strict=True)):
        y, back = layer.forward(own, x, rng)
        example = worked_example.forward(layer, own, x, y)
        found.append(_entry("forward", i, layer, {"x": x, **own, "y": y}, example))
        trail.append((x, y, back))
        x = y
    t = batch.targets.astype(x.dtype)
    loss, dy = recipe.loss(x, t)
    arrays = {"z": x, "softmax(z)": softmax(x), "t": t}
    found.append(
        _entry("loss", None, recipe.loss, arrays, worked_example.loss(recipe.loss, x, t, loss))
    )
    example = worked_example.loss_backward(recipe.loss, x, t, dy)
    found.append(_entry("backward", None, recipe.loss, {"dz": dy}, example))
    gradients: dict[str, Numbers] = {}
    first = first_trained(network, params)
    for i in range(len(trail) - 1, first - 1, -1):
        layer, (x, y, back) = network.layers[i], trail[i]
        dx, own = back(dy, i > first)
        shown = {"x": x} if own else {}  # weights' gradients are made of it
        shown |= {"dy": dy, **{f"d{name}": g for name, g in own.items()}}
        if i > first:
            shown["dx"] = dx
        example = worked_example.backward(layer, x, y, dy, own, dx)
        found.append(_entry("backward", i, layer, shown, example))
        gradients |= {f"{i}.{name}": g for name, g in own.items()}
        dy = dx
    rate = recipe.schedule(state.step / steps)
    rule, gradients = clipped(recipe.optimizer, gradients)
    found += [_update(rule, state, name, g, rate) for name, g in gradients.items()]
    return StepEquations(
        state.step,
        len(batch.inputs),
        packed(batch.inputs[0]),
        int(batch.targets[0].argmax()),
        float(loss),
        found,
    )


def _update(rule: Optimizer, state: State, name: str, g: Numbers, rate: float) -> Equation:
    """The update of one parameter, on copies."""
    w = state.params[name]
    memory = {key: kept.copy() for key, kept in state.memory[name].items()}
    step = rule.update(g, w, memory, rate, state.step + 1)
    short = name.rpartition(".")[2]
    after = w + step
    arrays = {f"d{short}": g, **memory, "step": step, f"{short} + step": after}
    example = worked_example.update(short, w, step, after, rate)
    if type(rule) is AdamW and g.ndim < 2:  # weight decay leaves vectors alone
        shown: Optimizer = Adam(rule.beta1, rule.beta2, rule.epsilon)
    else:
        shown = rule
    entry = _entry("update", int(name.partition(".")[0]), shown, arrays, example)
    head = (inspect.getdoc(shown) or "").partition("\n\n")[0]
    return replace(entry, name=f"{type(rule).__name__}: {name}", equation=" ".join(head.split()))


def _entry(
    phase: Phase,
    layer: int | None,
    what: Layer | Loss | Optimizer,
    arrays: dict[str, Numbers],
    example: Worked,
) -> Equation:
    words = Equations.of(what)
    return Equation(
        phase,
        layer,
        named(what),
        type(what).__name__,
        settings_of(what),
        words.backward if phase == "backward" else words.forward,
        [_excerpt(name, a, example.places.get(name)) for name, a in arrays.items()],
        example.line,
    )


def _excerpt(name: str, a: Numbers, place: worked_example.Place | None) -> Excerpt:
    """An excerpt around a place, or around the array's largest number.

    It is a matrix of the first and the last axis; for images [n h w c] a part of one picture, for
    kernels [k k c o] one kernel.
    """
    place = worked_example.peak(a) if place is None else place
    corner, window = list(place), list[int | slice](place)
    for axis in _excerpt_axes(name, a):
        most = max(a.shape[axis] - EXCERPT_SIDE, 0)
        corner[axis] = min(max(place[axis] - EXCERPT_SIDE // 2, 0), most)
        window[axis] = slice(corner[axis], corner[axis] + EXCERPT_SIDE)
    values = np.atleast_2d(a[tuple(window)])
    return Excerpt(
        name,
        list(a.shape),
        low=worked_example.short(a.min()),
        high=worked_example.short(a.max()),
        mean=worked_example.short(a.mean()),
        corner=corner,
        place=list(place),
        values=[[worked_example.short(v) for v in row] for row in values.tolist()],
    )


def _excerpt_axes(name: str, a: Numbers) -> tuple[int, ...]:
    if a.ndim < 4:
        return (0,) if a.ndim == 1 else (0, a.ndim - 1)
    return (1, 2) if name in ("x", "y", "dx", "dy") else (0, 1)
