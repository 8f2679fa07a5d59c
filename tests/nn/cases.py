"""What the tests of `digitus.nn` share: public classes by kind, a list of layers, parameters.

Inside: the sorting of the public names into layers, losses, optimizers, ... (a class that fits no
kind is an error, so that nothing new can slip past the tests), and every layer with shapes of odd
sizes. Not inside: what is expected of them.
"""

import inspect
from itertools import product

import numpy as np
import pytest

from conftest import missing
from digitus import nn
from digitus.nn import (
    Adam,
    AdamW,
    AveragePool,
    BatchNorm,
    Centre,
    Chain,
    Clipped,
    Concat,
    Conv,
    Dense,
    Deslant,
    Dropout,
    Exemplars,
    Flatten,
    GradientDescent,
    HeatmapFocal,
    MaxPool,
    Momentum,
    MultiTask,
    Nesterov,
    PlaceCrossEntropy,
    Relu,
    Residual,
    Scale,
    Sigmoid,
    SmoothAbsolute,
    Softmax,
    SoftmaxCrossEntropy,
    SquaredError,
    Standardize,
    Tanh,
    Upsample,
)


def pytorch():
    """PyTorch itself; where it is not installed the test is skipped, or fails (`conftest`)."""
    try:
        import torch
    except ImportError:
        missing("torch", "PyTorch is not installed")
    return torch


def kind(cls):
    """What a public class is, by what can be asked of it."""
    if getattr(cls, "_is_protocol", False):
        return "protocol"
    if hasattr(cls, "forward") and hasattr(cls, "plan"):
        return "layer"
    if hasattr(cls, "update") and hasattr(cls, "start"):
        return "optimizer"
    if hasattr(cls, "weight") and hasattr(cls, "bias"):
        return "initializer"
    arguments = list(inspect.signature(cls.__call__).parameters) if "__call__" in dir(cls) else []
    if arguments == ["self", "progress"]:
        return "schedule"
    if len(arguments) == 3:
        return "loss"
    return "finding" if cls is nn.Finding else "unknown"


def public(wanted):
    """The public classes of a kind."""
    names = (name for name in nn.__all__ if name not in ("Array", "Params", "Shape"))
    classes = (getattr(nn, name) for name in names)
    return {c for c in classes if isinstance(c, type) and kind(c) == wanted}


VECTOR, IMAGE = (7,), (7, 9, 3)
SMALL_NETWORK = Chain(
    [
        Scale(2.0),
        Standardize(),
        Conv(4),
        BatchNorm(),
        Relu(),
        MaxPool(),
        Conv(3, 3, 2, "valid"),
        Tanh(),
        AveragePool(1),
        Flatten(),
        Dropout(0.3),
        Dense(6),
        BatchNorm(),
        Sigmoid(),
        Dense(5),
    ]
)
BLOCK = Residual(Chain([Conv(4), BatchNorm(), Relu(), Dropout(0.2), Conv(4), BatchNorm()]))
DEEP = Chain([MaxPool(), Conv(6), BatchNorm(), Relu(), Upsample()])
U_SHAPED = Chain(
    [
        Scale(2.0),
        Conv(4),
        BatchNorm(),
        BLOCK,
        Relu(),
        Concat(Chain([]), Chain([Conv(5, 3, 2), Relu(), Concat(Chain([]), DEEP), Upsample()])),
        Conv(3, 1),
    ]
)
LAYERS = [
    *((layer, VECTOR) for layer in (Dense(4), Dense(1), Relu(), Sigmoid(), Tanh(), Softmax())),
    *((layer, VECTOR) for layer in (Dropout(0.4), Dropout(0.0), Scale(), Centre(), BatchNorm())),
    *((layer, VECTOR) for layer in (Standardize(0.7), Flatten())),
    *((layer, VECTOR) for layer in (Exemplars(4, 3), Exemplars(3, 1), Exemplars(1, 2))),
    *((layer, IMAGE) for layer in (Relu(), Sigmoid(), Tanh(), Softmax(), Dropout(0.4), Scale())),
    *((layer, IMAGE) for layer in (Centre(), Standardize(0.7), BatchNorm(0.1), Flatten())),
    *((pool(size), IMAGE) for pool in (MaxPool, AveragePool) for size in (1, 2, 3, 7)),
    *(
        (Conv(4, kernel, stride, padding), IMAGE)
        for kernel, stride, padding in product((1, 3, 5), (1, 2), ("same", "valid"))
    ),
    *((Deslant(width, most), IMAGE) for width, most in ((0.0, 1.6), (1.8, 3.0), (4.0, 1.2))),
    (Conv(2, 5), (1, 2, 1)),  # a window larger than the image, held up by its border
    *((Upsample(factor), IMAGE) for factor in (1, 2, 3)),
    *((Residual(Chain(body)), VECTOR) for body in ([], [Dense(7), Tanh()], [Dropout(0.4)])),
    (BLOCK, (5, 7, 4)),
    (Concat(Chain([]), Chain([])), VECTOR),
    (Concat(Chain([]), Chain([Dense(4), Tanh()])), VECTOR),
    (Concat(Chain([Dropout(0.4)]), Chain([Dropout(0.4)])), IMAGE),
    (Concat(Chain([Conv(1, 1), Sigmoid()]), DEEP), (4, 6, 3)),
    (U_SHAPED, (8, 12, 2)),
    (Chain([]), VECTOR),
    (Chain([Chain([Dense(5), Tanh()]), Dense(3)]), VECTOR),
    (SMALL_NETWORK, (12, 11, 2)),
]
NAMES = [
    f"{type(layer).__name__}{len(layer.layers)}" if isinstance(layer, Chain) else f"{layer} {shape}"
    for layer, shape in LAYERS
]


def each_layer(test):
    """One test that tries every layer of the list, and tells all that fail.

    As a test each they cost several times what they compute: milliseconds in every process.
    """

    def tried():
        failed = {}
        for (layer, shape), name in zip(LAYERS, NAMES, strict=True):
            try:
                test(layer, shape)
            except (Exception, pytest.fail.Exception) as error:
                failed[name] = error
        if failed:
            raise BaseExceptionGroup(", ".join(failed), list(failed.values()))

    tried.__doc__ = test.__doc__
    return tried


PLACE_LOSSES = [
    HeatmapFocal(),
    HeatmapFocal(0.0, 0.0),
    HeatmapFocal(1.5, 3.0),
    SmoothAbsolute(),
    SmoothAbsolute(0.3),
    PlaceCrossEntropy(),
    MultiTask(
        [(HeatmapFocal(), 2, 1.0), (SmoothAbsolute(), 3, 0.5), (PlaceCrossEntropy(), 5, 2.0)]
    ),
]
LOSSES = [SoftmaxCrossEntropy(), SoftmaxCrossEntropy(smoothing=0.1), SquaredError(), *PLACE_LOSSES]
OPTIMIZERS = [
    GradientDescent(),
    Momentum(),
    Momentum(mu=0.5),
    Nesterov(),
    Nesterov(mu=0.5),
    Adam(),
    Adam(beta1=0.8, beta2=0.9, epsilon=1e-3),
    AdamW(),
    AdamW(decay=0.3),
    Clipped(GradientDescent(), norm=2.0),
    Clipped(AdamW(decay=0.3), norm=1.5),
]


def parameters(layer, shape, seed=0, dtype=np.float64):
    """Random parameters of a layer; variances, deviations and votes are positive."""
    rng = np.random.default_rng(seed)
    p = {}
    for name, size in layer.plan(shape)[0].items():
        value = rng.standard_normal(size)
        if name.endswith(("var", "deviation", "spread", "votes")):
            value = 0.5 + np.abs(value)
        p[name] = value.astype(dtype)
    return p


def inputs(shape, n=5, seed=1, dtype=np.float64):
    """Random inputs [n ...]."""
    return np.random.default_rng(seed).standard_normal((n, *shape)).astype(dtype)


def upstream(y, seed=2):
    """A random gradient that arrives at y from above."""
    return np.random.default_rng(seed).standard_normal(y.shape).astype(y.dtype)


def rng_of(mode, seed=3):
    """The `rng` argument for a mode: "inference" means None."""
    return None if mode == "inference" else np.random.default_rng(seed)


def trained_names(p):
    """The names of the parameters that have a gradient."""
    untrained = ("mean", "var", "deviation", "centres", "spread", "votes")
    return {name for name in p if name.rpartition(".")[2] not in untrained}


def targets(n, classes, seed=4, dtype=np.float64, soft=False):
    """One-hot rows, or rows of probabilities."""
    rng = np.random.default_rng(seed)
    t = rng.dirichlet(np.ones(classes), n) if soft else np.eye(classes)[rng.integers(0, classes, n)]
    return t.astype(dtype)


def answers(shape, seed=5, dtype=np.float64):
    """Targets from 0 to 1 at every place, many of them exactly 0 or 1, and one in ten NaN."""
    rng = np.random.default_rng(seed)
    t = np.clip(rng.uniform(-0.3, 1.3, shape), 0, 1)
    t[rng.random(shape) < 0.1] = np.nan
    return t.astype(dtype)


def same(a, b, tolerance):
    """Two arrays agree, relative to the size of the whole array."""
    a, b = np.asarray(a), np.asarray(b)
    size = max(1.0, float(np.abs(b).max(initial=0.0)))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tolerance * size))
