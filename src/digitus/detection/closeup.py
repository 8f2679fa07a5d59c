"""The close-up network: as a file, the one that ships, and at work.

Inside: loading, saving and checking it, and its answers to the finds of a picture. Not inside: how
a close-up is cut (`closeups`), how it is stored (`storage`), the file's format (`files`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from digitus.detection.closeups import CLASSES, SIDE, closeups
from digitus.detection.model import WEIGHTS, checked, damaged
from digitus.detection.storage import packed, unpacked
from digitus.errors import ModelError, RecipeError, ShapeError
from digitus.files import UNREADABLE, read_arrays, write_arrays
from digitus.history import History, history_of
from digitus.nn import Chain, Shape, softmax
from digitus.nn.fusion import fused
from digitus.nn.inference import Inference
from digitus.recipe import Recipe, from_table, planned, to_table
from digitus.types import Bytes, Floats32, Matrix, Numbers, Params

DEFAULT = "closeup"  # the close-up network that ships
KIND = "close-up network"
LOOKED_AT = 0.85, 1.27  # times a find's box: once from nearer by, once from further away
AT_ONCE = 64  # close-ups that are looked at together: it bounds the memory for their maps


@dataclass(frozen=True, eq=False)
class CloseUpNetwork:
    """A network that says which digit a find is; `history` is what happened to it."""

    recipe: Recipe
    params: Params
    history: History = field(default_factory=History)

    def __post_init__(self) -> None:
        checked(planned_closeup, self.recipe.network, self.params)

    @cached_property
    def _at_work(self) -> tuple[Chain, Params]:
        return fused(self.recipe.network, self.params)

    @cached_property
    def _compiled(self) -> Inference:
        return Inference(self.recipe.network, self.params)

    def _outputs(self, images: Bytes) -> Numbers:
        """What the network gives for close-ups [k SIDE SIDE 1], before softmax."""
        if (outputs := self._compiled(images)) is not None:
            return outputs
        network, params = self._at_work
        y: Numbers = network.forward(params, images.astype(np.float32))[0]
        return y

    def __call__(self, grey: Bytes, boxes: Floats32) -> Matrix:
        """For boxes [k 4] in a picture, the probability of each digit and of none, [k CLASSES].

        A box is its middle x and y, its width and its height, in pixels. Each is looked at in
        `LOOKED_AT` sizes, and the answer is the softmax of the mean output: the geometric mean of
        what both looks say. They err at different digits.
        """
        outputs: Matrix = np.zeros((len(boxes), CLASSES))
        for size in LOOKED_AT:
            images = closeups(grey, boxes * (1, 1, size, size))[..., None]
            for start in range(0, len(boxes), AT_ONCE):
                part = slice(start, start + AT_ONCE)
                outputs[part] += self._outputs(images[part]) / len(LOOKED_AT)
        return softmax(outputs)


def save(path: Path | str, recipe: Recipe, params: Params, history: History) -> None:
    """Writes a network as it was trained. Raises `OutputError`, and `ModelError` if it is none."""
    network = CloseUpNetwork(recipe, params, history)
    about = {"recipe": to_table(recipe), "history": network.history}
    write_arrays(Path(path), packed(params), KIND, about)


def load(path: Path | str = DEFAULT) -> CloseUpNetwork:
    """A close-up network from its file, or the one that ships.

    Raises `ModelError` where it cannot be used, saying why.
    """
    path = WEIGHTS / f"{DEFAULT}.safetensors" if path == DEFAULT else Path(path)
    arrays, about = read_arrays(path, KIND)
    try:
        return CloseUpNetwork(
            from_table(about["recipe"]), unpacked(arrays), history_of(about["history"])
        )
    except (ModelError, RecipeError, ShapeError, *UNREADABLE) as error:
        raise damaged(path, error) from None


@cache
def shipped() -> CloseUpNetwork:
    """The close-up network that ships."""
    return load()


def planned_closeup(network: Chain) -> dict[str, Shape]:
    """The shapes of all parameters of a network that looks at close-ups.

    Raises `ShapeError` where its answers have another form.
    """
    return planned(network, (SIDE, SIDE), (CLASSES,), "the digits and none")
