"""Ring 0, the mathematics: layers, losses, optimizers, and the check of their gradients.

It knows nothing of digits, files or training; it needs NumPy, and computes with PyTorch's tensors
where it is given them. The public names below are the whole of it. The check is imported only when
it is asked for: using a network does not need it.
"""

from typing import TYPE_CHECKING

from digitus.nn.arrays import like, namespace, one_hot, stream, to_numpy
from digitus.nn.branches import Concat, Residual, walk
from digitus.nn.deslant import Deslant
from digitus.nn.exemplars import Exemplars
from digitus.nn.init import Glorot, He, Initializer, Uniform, initial
from digitus.nn.inputs import Centre, Scale, Standardize, calibrated
from digitus.nn.layers import (
    Chain,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Relu,
    Sigmoid,
    Softmax,
    Tanh,
    first_trained,
    softmax,
)
from digitus.nn.losses import SoftmaxCrossEntropy, SquaredError
from digitus.nn.optim import (
    Adam,
    AdamW,
    Clipped,
    Constant,
    Cosine,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    Schedule,
    Step,
    clipped,
    update_average,
)
from digitus.nn.parameters import trained
from digitus.nn.place_losses import HeatmapFocal, MultiTask, PlaceCrossEntropy, SmoothAbsolute
from digitus.nn.spatial import AveragePool, BatchNorm, Conv, MaxPool, Upsample
from digitus.types import Array, Params, Shape

if TYPE_CHECKING:
    from digitus.nn.check import Finding, check_all, check_network

__all__ = [
    "Adam",
    "AdamW",
    "Array",
    "AveragePool",
    "BatchNorm",
    "Centre",
    "Chain",
    "Clipped",
    "Concat",
    "Constant",
    "Conv",
    "Cosine",
    "Dense",
    "Deslant",
    "Dropout",
    "Exemplars",
    "Finding",
    "Flatten",
    "Glorot",
    "GradientDescent",
    "He",
    "HeatmapFocal",
    "Initializer",
    "Layer",
    "MaxPool",
    "Momentum",
    "MultiTask",
    "Nesterov",
    "Optimizer",
    "Params",
    "PlaceCrossEntropy",
    "Relu",
    "Residual",
    "Scale",
    "Schedule",
    "Shape",
    "Sigmoid",
    "SmoothAbsolute",
    "Softmax",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "Standardize",
    "Step",
    "Tanh",
    "Uniform",
    "Upsample",
    "calibrated",
    "check_all",
    "check_network",
    "clipped",
    "first_trained",
    "initial",
    "like",
    "namespace",
    "one_hot",
    "softmax",
    "stream",
    "to_numpy",
    "trained",
    "update_average",
    "walk",
]


def __getattr__(name: str) -> object:
    if name not in ("Finding", "check_all", "check_network"):
        raise AttributeError(f"module 'digitus.nn' has no attribute {name!r}")
    from digitus.nn import check

    return getattr(check, name)
