"""A network whose batch normalisations went into its convolutions answers as before."""

from __future__ import annotations

import numpy as np
import pytest

from digitus.nn import (
    BatchNorm,
    Chain,
    Concat,
    Conv,
    Dense,
    Flatten,
    He,
    MaxPool,
    Relu,
    Residual,
    Upsample,
    initial,
    stream,
)
from digitus.nn.fusion import fused

NETWORKS = {
    "flat": [Conv(3), BatchNorm(), Relu(), MaxPool(), Conv(4, 1), Flatten(), Dense(2)],
    "first": [BatchNorm(), Conv(3, stride=2), BatchNorm(), BatchNorm(), Relu(), BatchNorm()],
    "residual": [Conv(4), Residual(Chain([Conv(4), BatchNorm(), Relu(), Conv(4), BatchNorm()]))],
    "fork": [
        Concat(
            Chain([]),
            Chain(
                [Conv(2, stride=2), BatchNorm(), Upsample(2), Concat(Chain([Conv(1)]), Chain([]))]
            ),
        ),
        Conv(3),
        BatchNorm(),
    ],
    "chain": [Chain([Conv(3), BatchNorm()]), BatchNorm(), Relu()],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fused_network_answers_as_before(name: str) -> None:
    network, rng = Chain(NETWORKS[name]), stream(0, "fusion", name)
    p = initial(network, (8, 12, 3), He(), rng, np.float64)
    for key, a in p.items():
        positive = key.endswith(("var", "gamma"))
        p[key] = rng.uniform(0.5, 2, a.shape) if positive else rng.standard_normal(a.shape)
    before = {key: a.copy() for key, a in p.items()}
    x = rng.standard_normal((2, 8, 12, 3))
    other, params = fused(network, p)
    assert other.plan((8, 12, 3))[0] == {key: a.shape for key, a in params.items()}
    np.testing.assert_allclose(
        other.forward(params, x)[0], network.forward(p, x)[0], rtol=1e-9, atol=1e-9
    )
    for key, a in before.items():
        np.testing.assert_array_equal(p[key], a)


def test_what_follows_no_convolution_stays() -> None:
    network = Chain(NETWORKS["first"])
    other, _ = fused(network, initial(network, (8, 8, 1), He(), stream(0, "x")))
    kinds = [type(layer) for layer in other.layers]
    assert kinds == [BatchNorm, Conv, Relu, BatchNorm]
