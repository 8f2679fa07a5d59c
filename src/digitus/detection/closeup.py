"""The close-up network: as a file, the one that ships, and at work.

Inside: loading, saving and checking it, and its answers to the finds of a picture. Not inside: how
a close-up is cut (`closeups`), what is made of the numbers that it describes a find with
(`likeness`, `uprightness`), how it is stored (`storage`), the file's format (`files`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from digitus.detection.closeups import CLASSES, SIDE, closeups, leaning
from digitus.detection.likeness import likeness
from digitus.detection.model import WEIGHTS, checked, damaged
from digitus.detection.storage import packed, unpacked
from digitus.detection.uprightness import LAYER, uprightness
from digitus.errors import ModelError, RecipeError, ShapeError
from digitus.files import UNREADABLE, read_arrays, write_arrays
from digitus.history import History, history_of
from digitus.nn import Chain, Layer, Shape, softmax
from digitus.nn.fusion import fused
from digitus.nn.inference import Inference
from digitus.nn.parameters import scoped
from digitus.recipe import Recipe, from_table, planned, to_table
from digitus.types import Bytes, Floats32, Images, Matrix, Numbers, Params

DEFAULT = "closeup"  # the close-up network that ships
KIND = "close-up network"
LOOKED_AT = 0.85, 1.27  # times a find's box: one look from nearer by, one from further away
UPRIGHT_PREFIX = "upright."  # of the names of what tells how upright a find stands
TURN, SLANT, LEANING = 0.12, 0.15, 1.05  # radians; of a height; times a find's box
LEANS = (  # of further looks at what is in doubt: turned a little either way, and slanted
    ((math.cos(TURN), math.sin(TURN)), (-math.sin(TURN), math.cos(TURN))),
    ((math.cos(TURN), -math.sin(TURN)), (math.sin(TURN), math.cos(TURN))),
    ((1.0, SLANT), (0.0, 1.0)),
    ((1.0, -SLANT), (0.0, 1.0)),
)
CLEAR = 0.95  # the probability from which on an answer needs no further looks
AT_ONCE = 64  # close-ups that are looked at together: it bounds the memory for their maps


class CloserLook(NamedTuple):
    """What k finds are, seen from near.

    `answers` [k CLASSES] are the probabilities of each digit and of none, `alike` [k k] is how
    alike they look (`likeness`), and `upright` [k] how upright they stand (`uprightness`).
    """

    answers: Matrix
    alike: Floats32
    upright: Floats32


@dataclass(frozen=True, eq=False)
class CloseUpNetwork:
    """A network that says which digit a find is.

    `history` is what happened to it, and `upright` the layer that tells how upright a find stands,
    or nothing where none was fitted to it.
    """

    recipe: Recipe
    params: Params
    history: History = field(default_factory=History)
    upright: Params = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked(planned_closeup, self.recipe.network, self.params)
        if self.upright:
            own = {UPRIGHT_PREFIX + name: w for name, w in self.upright.items()}
            checked(planned_upright, self.recipe.network, own)

    @cached_property
    def _described(self) -> tuple[Chain, Params, Layer, Params]:
        """All layers but the last with their parameters, and the last with its own."""
        network, params = fused(self.recipe.network, self.params)
        *body, last = network.layers
        own = scoped(params, len(network.layers))[-1]
        before = {name: w for name, w in params.items() if not name.startswith(f"{len(body)}.")}
        return Chain(body), before, last, own

    @cached_property
    def _compiled(self) -> Inference:
        return Inference(*self._described[:2])

    def _seen(self, images: Bytes) -> tuple[Floats32, Numbers]:
        """What the last layer sees of close-ups [k SIDE SIDE 1], [k n], and its outputs."""
        body, params, last, own = self._described
        if (found := self._compiled(images)) is None:
            found = np.asarray(body.forward(params, images.astype(np.float32))[0])
        described: Floats32 = found.reshape(len(images), prod(found.shape[1:]))
        return described, last.forward(own, described)[0]

    def __call__(self, grey: Bytes, boxes: Floats32) -> Matrix:
        """What each box shows, as the answers of `look`."""
        return self.look(grey, boxes).answers

    def look(self, grey: Bytes, boxes: Floats32) -> CloserLook:
        """What boxes [k 4] of a picture show.

        A box is its middle x and y, its width and its height, in pixels. Each is looked at in
        `LOOKED_AT` sizes, which err at different digits, and what is in doubt then also as it would
        look leaning, in `LEANS` ways. The answer is the softmax of the mean output, the geometric
        mean of what all looks say. Likeness and uprightness are those of the mean of what the last
        layer sees of the first ones.
        """
        outputs, described = self._looked(grey, boxes)
        if (doubtful := np.flatnonzero(softmax(outputs).max(1, initial=0) < CLEAR)).size:
            near = boxes[doubtful] * (1, 1, LEANING, LEANING)
            _, said = self._in_parts(leaning(grey, near, LEANS).reshape(-1, SIDE, SIDE))
            leant = said.reshape(len(LEANS), -1, CLASSES).sum(0)
            first = len(LOOKED_AT) * outputs[doubtful]
            outputs[doubtful] = (first + leant) / (len(LOOKED_AT) + len(LEANS))
        upright = uprightness(self.upright, described)
        return CloserLook(softmax(outputs), likeness(described), upright)

    def describe(self, grey: Bytes, boxes: Floats32) -> Floats32:
        """What the last layer sees of each box, on average over the first looks: [k n]."""
        return self._looked(grey, boxes)[1]

    def _looked(self, grey: Bytes, boxes: Floats32) -> tuple[Matrix, Floats32]:
        """The mean outputs of the first looks [k CLASSES], and of what the last layer sees."""
        outputs: Matrix = np.zeros((len(boxes), CLASSES))
        described: list[Floats32] = []
        for size in LOOKED_AT:
            seen, said = self._in_parts(closeups(grey, boxes * (1, 1, size, size)))
            outputs += said / len(LOOKED_AT)
            described.append(seen)
        mean: Floats32 = np.mean(described, axis=0)
        return outputs, mean

    def _in_parts(self, images: Images) -> tuple[Floats32, Numbers]:
        """What the last layer sees of close-ups [k SIDE SIDE], and its outputs, in parts."""
        starts = range(0, max(len(images), 1), AT_ONCE)
        parts = [self._seen(images[start : start + AT_ONCE, ..., None]) for start in starts]
        seen, said = (np.concatenate(each) for each in zip(*parts, strict=True))
        return seen, said


def save(
    path: Path | str,
    recipe: Recipe,
    params: Params,
    history: History,
    upright: Params | None = None,
) -> None:
    """Writes a network as it was trained.

    Raises `OutputError`, and `ModelError` for anything but a close-up network.
    """
    network = CloseUpNetwork(recipe, params, history, upright or {})
    about = {"recipe": to_table(recipe), "history": network.history}
    beside = {UPRIGHT_PREFIX + name: w for name, w in network.upright.items()}
    write_arrays(Path(path), packed(params | beside), KIND, about)


def load(path: Path | str = DEFAULT) -> CloseUpNetwork:
    """A close-up network from its file, or the one that ships.

    Raises `ModelError` where it cannot be used, saying why.
    """
    path = WEIGHTS / f"{DEFAULT}.safetensors" if path == DEFAULT else Path(path)
    arrays, about = read_arrays(path, KIND)
    try:
        params = unpacked(arrays)
        beside = [name for name in params if name.startswith(UPRIGHT_PREFIX)]
        upright = {name.removeprefix(UPRIGHT_PREFIX): params.pop(name) for name in beside}
        return CloseUpNetwork(
            from_table(about["recipe"]), params, history_of(about["history"]), upright
        )
    except (ModelError, RecipeError, ShapeError, *UNREADABLE) as error:
        raise damaged(path, error) from None


@cache
def shipped() -> CloseUpNetwork:
    """The close-up network that ships."""
    return load()


def planned_closeup(network: Chain) -> dict[str, Shape]:
    """The shapes of all parameters of a network that looks at close-ups.

    Raises `ShapeError` where its answers have another shape.
    """
    return planned(network, (SIDE, SIDE), (CLASSES,), "the digits and none")


def planned_upright(network: Chain) -> dict[str, Shape]:
    """The shapes of the parameters that tell how upright a find stands."""
    _, described = Chain(network.layers[:-1]).plan((SIDE, SIDE, 1))
    shapes, _ = LAYER.plan((prod(described),))
    return {UPRIGHT_PREFIX + name: shape for name, shape in shapes.items()}
