"""The settings of a recipe: what can be chosen, and which choices make sense together.

Inside: `Recipe`, the classes that may stand in it, and whether its network fits the images
(`planned`). Not inside: its form as a table (`table`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from digitus import nn
from digitus.datasets.augmentation import Augmentation
from digitus.datasets.digits import DIGITS, named
from digitus.errors import ShapeError
from digitus.limits import ACTIVATIONS, NETWORK_LAYERS, PARAMETERS, PRODUCTS
from digitus.nn.cost import cost
from digitus.nn.losses import Loss
from digitus.synthetic.wear import Wear

LAYERS = (
    nn.Dense, nn.Conv, nn.MaxPool, nn.AveragePool, nn.BatchNorm, nn.Relu, nn.Sigmoid, nn.Tanh,
    nn.Softmax, nn.Dropout, nn.Flatten, nn.Scale, nn.Centre, nn.Standardize, nn.Deslant,
    nn.Upsample, nn.Residual, nn.Concat, nn.Exemplars,
)  # fmt: skip
# Optimizers that step for one array at a time, and may be clipped.
RULES = (nn.GradientDescent, nn.Momentum, nn.Nesterov, nn.Adam, nn.AdamW)
KINDS: dict[str, tuple[type, ...]] = {
    "network": LAYERS,
    "initial": (nn.He, nn.Glorot, nn.Uniform),
    "loss": (
        nn.SoftmaxCrossEntropy, nn.SquaredError, nn.HeatmapFocal, nn.SmoothAbsolute,
        nn.PlaceCrossEntropy, nn.MultiTask,
    ),
    "optimizer": (*RULES, nn.Clipped),
    "schedule": (nn.Constant, nn.Step, nn.Cosine),
}  # fmt: skip
# Settings that are one class each, so that their tables need not name it.
TABLES: dict[str, type] = {"augment": Augmentation, "wear": Wear}
# Names of data that is made: crops of made pages, for networks that find digits, and close-ups of
# what was found (`detection`).
PAGES, CLOSEUPS = "pages", "closeups"
MADE = PAGES, CLOSEUPS
MAX_SOFTNESS = 100  # beyond it all ten answers are alike
MOST_CLASSES = 200  # labels are bytes


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run.

    `development` images are held back from the training set for choices along the way.
    `batch_size` 0 means the whole training set at once. `average` is the decay of the exponential
    average of the weights, 0 for none. `data` is a name of the catalogue, several joined by "+", a
    path, or "pages" or "closeups", which are made as they are learnt from. `classes` are the signs
    that a network tells apart, one for each of its outputs. `worn` is the share of images that are
    worn, as by a bad photograph, drawn anew each time; `not_digits` is how many pictures of no
    digit are added to a batch for each of its digits, to be refused. `teacher` names models, joined
    by "+", whose answers are learnt instead of the labels: files, or "default", the one that ships;
    `softness` divides their outputs before softmax. `name` becomes that of a folder.
    """

    name: str
    network: nn.Chain
    about: str = ""
    data: str = "mnist"
    classes: str = DIGITS
    development: int = 5000
    initial: nn.Initializer = field(default_factory=nn.He)
    loss: Loss = field(default_factory=nn.SoftmaxCrossEntropy)
    optimizer: nn.Optimizer = field(default_factory=nn.Adam)
    schedule: nn.Constant | nn.Step | nn.Cosine = field(
        default_factory=lambda: nn.Cosine(rate=0.001)
    )
    batch_size: int = 128
    epochs: int = 10
    average: float = 0.0
    augment: Augmentation = field(default_factory=Augmentation)
    worn: float = 0.0
    wear: Wear = field(default_factory=Wear)
    not_digits: float = 0.0
    teacher: str = ""
    softness: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise ValueError(f"name must be printable, without / or \\, not {self.name[:80]!r}")
        check_classes(self.classes)
        for key, least in (("development", 1), ("batch_size", 0), ("epochs", 1), ("seed", 0)):
            if getattr(self, key) < least:
                raise ValueError(f"{key} must be at least {least}, not {getattr(self, key)}")
        if not 0 <= self.average < 1:
            raise ValueError(f"average must be at least 0 and below 1, not {self.average}")
        for key in ("worn", "not_digits"):
            if not 0 <= getattr(self, key) <= 1:
                raise ValueError(f"{key} must be from 0 to 1, not {getattr(self, key)}")
        if not 0 < self.softness <= MAX_SOFTNESS:
            raise ValueError(
                f"softness must be above 0 and at most {MAX_SOFTNESS}, not {self.softness}"
            )
        changed = self.worn or self.not_digits or self.teacher or not self.augment.off
        if self.data in MADE and changed:
            raise ValueError(
                "pages are learnt from as they are made: augment, worn, not_digits and teacher are "
                "for digits"
            )


def check_classes(classes: str) -> None:
    """Raises `ValueError` for what a recipe cannot tell apart: signs must differ and be visible."""
    if not 2 <= len(set(classes)) == len(classes) <= MOST_CLASSES:
        found = repr(classes[:100])
        raise ValueError(f"classes must be 2 to {MOST_CLASSES} different signs, not {found}")
    if not classes.isprintable() or " " in classes:
        raise ValueError(f"classes must be signs that can be seen, not {classes!r}")


def planned(
    network: nn.Chain, size: tuple[int, int], outputs: nn.Shape = (10,), what: str = "ten digits"
) -> dict[str, nn.Shape]:
    """The shapes of all parameters of a network that tells digits apart, on images of that size.

    With other `outputs` it tells apart something else, which `what` names in errors; `planned_for`
    takes both from a recipe.

    Raises `ShapeError` for a network that does not fit, before anything is allocated.
    """
    shapes, out = network.plan((*size, 1))
    if out != outputs:
        raise ShapeError(f"the network ends with {list(out)} outputs; {what} need {list(outputs)}")
    _affordable(network, size, shapes)
    if not any(map(nn.trained, shapes)):
        raise ShapeError("the network cannot be trained: nothing in it learns")
    for i in range(nn.first_trained(network, shapes), len(network.layers)):
        # It would be measured after training, whose inputs it never standardized.
        for layer in nn.walk(network.layers[i]):
            if isinstance(layer, nn.Centre | nn.Standardize):
                raise ShapeError(
                    f"layer {i}, {layer}: prepares the input, so it must come before the first "
                    "layer that learns; further up, use BatchNorm"
                )
    return shapes


def planned_for(recipe: Recipe, size: tuple[int, int]) -> dict[str, nn.Shape]:
    """As `planned`, for a recipe's network and its classes."""
    what = "ten digits" if recipe.classes == DIGITS else named(recipe.classes)
    return planned(recipe.network, size, (len(recipe.classes),), what)


def _affordable(network: nn.Chain, size: tuple[int, int], shapes: dict[str, nn.Shape]) -> None:
    """Raises `ShapeError` for a network that is too large for any use, in whichever respect."""
    costs = cost(network, (*size, 1))
    for found, most, what in (
        (sum(map(math.prod, shapes.values())), PARAMETERS, "parameters"),
        (costs.layers, NETWORK_LAYERS, "layers"),
        (costs.numbers, ACTIVATIONS, "numbers between its layers for one image"),
        (costs.products, PRODUCTS, "products to compute for one image"),
    ):
        if found > most:
            raise ShapeError(f"the network would have more than {most:,} {what}")


def is_name(name: object) -> bool:
    """Whether a folder inside another can have this name."""
    if not isinstance(name, str) or not name.isprintable() or len(name) > 100:
        return False
    return bool(name.strip(". ")) and not set(name) & set("/\\")
