"""Networks as text, as the web page's form takes them.

"784-32-10" is a perceptron with 32 hidden units, "784-8c-p-10" has eight 3 x 3 convolutions and a
2 x 2 max-pool.

Inside: reading and writing such text. Not inside: the other settings (`lesson`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from typing import Literal

from digitus import nn
from digitus.errors import RecipeError

MOST_LAYERS, MOST_UNITS, MOST_CHANNELS = 8, 1024, 32
PART = re.compile(r"(\d{1,4})(c?)|(p)")
PATTERN = "^784(-([1-9][0-9]{0,3}c?|p))*-10$"  # of the whole text, for the description
ACTIVATIONS: dict[str, type] = {"relu": nn.Relu, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
PREPARATION = (nn.Scale, nn.Centre, nn.Standardize, nn.Deslant)


@dataclass(frozen=True)
class Part:
    """What stands between two hyphens: `count` units or convolutions, or a pool."""

    kind: Literal["units", "convolutions", "pool"]
    count: int = 0

    @classmethod
    def of(cls, text: str) -> Part:
        """Reads one from text. Raises `RecipeError`."""
        found = PART.fullmatch(text)
        if not found:
            raise RecipeError(
                "a layer is a number of units (32), of convolutions (8c), or a pool (p); "
                f"not {text[:20]!r}",
                "network",
            )
        if found[3]:
            return cls("pool")
        part = cls("convolutions" if found[2] else "units", int(found[1]))
        most = MOST_CHANNELS if found[2] else MOST_UNITS
        if not 1 <= part.count <= most:
            why = f"a layer has from 1 to {most} {part.kind}, not {part.count}"
            if part.spatial:
                raise RecipeError(why, "maps", most=most)
            raise RecipeError(why, "units", most=most)
        return part

    @property
    def spatial(self) -> bool:
        """Whether it works on an image."""
        return self.kind != "units"

    def layers(self, activation: nn.Layer) -> Iterator[nn.Layer]:
        """The layers that it stands for."""
        if self.kind == "pool":
            yield nn.MaxPool(2)
        else:
            yield nn.Conv(self.count) if self.spatial else nn.Dense(self.count)
            yield activation


def network_of(text: str, activation: nn.Layer, base: nn.Chain) -> nn.Chain:
    """A network from text, with the preparation of `base`; ends in an activation where that does.

    Raises `RecipeError`.
    """
    first, *texts = text.split("-")
    if first != "784" or not texts or texts[-1] != "10":
        why = 'layers must look like "784-32-10", from 784 pixels to 10 digits'
        raise RecipeError(why, "network")
    if len(texts) > MOST_LAYERS:
        why = f"{len(texts)} layers are more than {MOST_LAYERS}"
        raise RecipeError(why, "layers", n=len(texts), most=MOST_LAYERS)
    parts = [Part.of(text) for text in texts]
    spatial = list(takewhile(lambda part: part.spatial, parts))
    dense = list(dropwhile(lambda part: part.spatial, parts))
    if any(part.spatial for part in dense):
        why = "convolutions and pools must come before the layers of units"
        raise RecipeError(why, "order")
    layers = [
        *(layer for layer in base.layers if isinstance(layer, PREPARATION)),
        *(layer for part in spatial for layer in part.layers(activation)),
        nn.Flatten(),
        *(layer for part in dense for layer in part.layers(activation)),
    ]
    ends = isinstance(base.layers[-1], tuple(ACTIVATIONS.values()))
    return nn.Chain(layers if ends else layers[:-1])


def text_of(network: nn.Chain) -> str:
    """A network as text; what is neither dense, convolution nor pool is left out."""
    parts = ["784"]
    for layer in network.layers:
        if isinstance(layer, nn.Dense):
            parts.append(str(layer.units))
        elif isinstance(layer, nn.Conv):
            parts.append(f"{layer.channels}c")
        elif isinstance(layer, nn.MaxPool | nn.AveragePool):
            parts.append("p")
    return "-".join(parts)
