"""Inside the network: what each layer makes of an image, and which pixels speak for each digit.

Inside: activations layer by layer, digitus's own backward pass from each output to the pixels, and
weights changed on trial. Not inside: the layers' equations (`layer_words`), and those with their
numbers while training (`live.equations`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from digitus.datasets.digits import SIDE
from digitus.nn import softmax
from digitus.nn.parameters import scoped
from digitus.recognizer import Recognizer
from digitus.serve.layer_words import Equations, named, settings_of
from digitus.serve.models import ModelQuery, Models
from digitus.serve.operation import operation
from digitus.serve.responses import refusal
from digitus.serve.values import (
    PIXELS,
    Answer,
    Digit,
    FloatArray,
    Pixels,
    Share,
    TenShares,
    Whole,
    as_numbers,
    floats,
    rounded,
)
from digitus.serve.worker_pool import WorkerPool
from digitus.types import Array, Grey, Numbers, Params

MOST_EDITS = 1000
LARGEST_EDIT = 1e6

Back = Callable[[Array], tuple[Array, Params]]


class Edit(Struct, frozen=True):
    """A number of a parameter replaced: {"name": "1.W", "index": [0, 3], "value": 0.5}."""

    name: str
    index: list[Whole]
    value: Annotated[float, Meta(ge=-LARGEST_EDIT, le=LARGEST_EDIT)]


class InsideBody(Struct, frozen=True):
    """An image, and what to change in the network before it looks at it."""

    pixels: Pixels
    edits: Annotated[list[Edit], Meta(max_length=MOST_EDITS)] = []


class InsideQuery(ModelQuery, frozen=True, kw_only=True):
    """Which layers are asked for."""

    layers: (
        Annotated[str, Meta(description="Only these layers' activations, as in 1,3.")] | UnsetType
    ) = UNSET


class ParameterPath(Struct, frozen=True):
    """The name of a parameter in a path, such as 1.W."""

    name: str


class Layer(Answer, frozen=True):
    """A layer, its equations, and what it makes of the image."""

    index: Whole
    name: str
    kind: str
    settings: dict[str, Any]  # whatever a layer has: msgspec describes no other type so
    equation: str
    gradient: str
    about: str
    shape_in: list[Whole]
    shape_out: list[Whole]
    params: dict[str, list[Whole]]
    activation: FloatArray | UnsetType = UNSET


class Inside(Answer, frozen=True):
    """All layers and the answer; for each digit the gradient of its output by the pixels."""

    shape: list[Whole]
    layers: list[Layer]
    outputs: list[float]
    probabilities: TenShares
    value: Digit | None
    confidence: Share
    temperature: float
    threshold: Share
    gradient: FloatArray
    evidence: FloatArray


@dataclass(frozen=True)
class InsideHandlers:
    """The handlers that open the network."""

    models: Models
    pool: WorkerPool

    @operation(abandon=True, errors=(404, 409))
    async def inside(self, query: InsideQuery, body: bytes | InsideBody) -> Inside:
        """What every layer makes of one image, and which pixels speak for a digit."""
        recognizer = await self.models.asked(query, self.pool)
        wanted = _wanted(recognizer, query)
        params = recognizer.params
        if isinstance(body, InsideBody):
            image = np.rint(np.array(body.pixels)).astype(np.uint8)
            params = edited(params, body.edits)
        elif len(body) == PIXELS:
            image = np.frombuffer(body, np.uint8)
        else:
            raise refusal(400, f"send the {PIXELS} bytes of one 28 x 28 image, not {len(body)}")
        return await self.pool.run(look, recognizer, params, image.reshape(SIDE, SIDE), wanted)

    @operation(errors=(409,))
    async def weights(self, path: ParameterPath, query: ModelQuery) -> FloatArray:
        """The numbers of one parameter, as float32, little-endian."""
        params = (await self.models.asked(query, self.pool)).params
        if path.name not in params:
            raise refusal(404, "the network has no parameter of that name")
        return floats(params[path.name])


def _wanted(recognizer: Recognizer, query: InsideQuery) -> frozenset[int]:
    """The layers whose activations are asked for; all of them unless the query says."""
    if query.layers is UNSET:
        return frozenset(range(len(recognizer.recipe.network.layers)))
    numbers = [part for part in query.layers.split(",") if part]
    if not all(p.isascii() and p.isdecimal() and len(p) < 5 for p in numbers):
        raise refusal(400, "?layers= must be numbers of layers with commas between them")
    return frozenset(map(int, numbers))


def edited(params: Params, edits: list[Edit]) -> Params:
    """The parameters with some numbers replaced; only the arrays concerned are copied."""
    if unknown := {edit.name for edit in edits} - params.keys():
        raise refusal(400, f"the network has no parameter {min(unknown)[:40]!r}")
    found = params | {edit.name: params[edit.name].copy() for edit in edits}
    for edit in edits:
        shape = params[edit.name].shape
        inside = all(i < size for i, size in zip(edit.index, shape, strict=False))
        if len(edit.index) != len(shape) or not inside:
            raise refusal(400, f"the index of an edit of {edit.name} must lie in {list(shape)}")
        found[edit.name][tuple(edit.index)] = edit.value
    return found


def look(recognizer: Recognizer, params: Params, image: Grey, wanted: frozenset[int]) -> Inside:
    """Every layer's activation for one image [28 28], and each output's gradient by the pixels."""
    x = as_numbers(image[None], params)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        layers, z, trail = forward(recognizer, params, x, wanted)
        gradient = backward(trail, np.eye(10, dtype=z.dtype)).reshape(10, SIDE, SIDE)
        p = softmax(z[:1] / recognizer.temperature)[0]
    if not (np.isfinite(gradient).all() and np.isfinite(p).all()):
        why = "with these weights the network's outputs are not finite"
        raise refusal(400, why, "not-finite")
    best = int(p.argmax())
    return Inside(
        shape=list(x.shape[1:]),
        layers=layers,
        outputs=rounded(z[0], 5),
        probabilities=rounded(p),
        value=best if p[best] >= recognizer.threshold else None,
        confidence=round(float(p[best]), 6),
        temperature=recognizer.temperature,
        threshold=recognizer.threshold,
        gradient=floats(gradient),
        evidence=floats(gradient * image),
    )


def forward(
    recognizer: Recognizer, params: Params, image: Numbers, wanted: frozenset[int]
) -> tuple[list[Layer], Numbers, list[Back]]:
    """The layers with what they make of an image [1 h w 1], the outputs [10 10], the way back.

    The image goes through ten times at once, so that one backward pass, with dy the identity,
    carries each output's own gradient back to a copy of its own: row k of dx is d y_k / d x.
    """
    network = recognizer.recipe.network
    x = np.repeat(image, 10, axis=0)
    layers: list[Layer] = []
    trail: list[Back] = []
    each = scoped(params, len(network.layers))
    for i, (layer, own) in enumerate(zip(network.layers, each, strict=True)):
        y, back = layer.forward(own, x)
        trail.append(back)
        words = Equations.of(layer)
        layers.append(
            Layer(
                index=i,
                name=named(layer),
                kind=type(layer).__name__,
                settings=settings_of(layer),
                equation=words.forward,
                gradient=words.backward,
                about=words.about,
                shape_in=list(x.shape[1:]),
                shape_out=list(y.shape[1:]),
                params={f"{i}.{name}": list(a.shape) for name, a in own.items()},
                activation=floats(y[0]) if i in wanted else UNSET,
            )
        )
        x = y
    return layers, x, trail


def backward(trail: list[Back], dy: Numbers) -> Numbers:
    """A gradient carried back through the layers to the image."""
    for back in reversed(trail):
        dy, _ = back(dy)
    return dy
