"""The bits of the exported page's weights, shared out among its layers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from digitus import nn
from digitus.detection.examples import crop_batch
from digitus.export import html_page
from digitus.export.compute import following
from digitus.export.operations import listed
from digitus.export.precision import quantised
from digitus.export.steps import errors, shared_out


@pytest.mark.slow
def test_layers_on_which_answers_depend_have_more_steps() -> None:
    """Of the same room the errors take a tenth of what even steps leave, on pictures not seen."""
    _, operations, most = html_page._for_photos()["page"]
    places = [i for i, one in enumerate(operations) if "W" in one.weights]
    sizes = {i: operations[i].weights["W"].size for i in places}
    bits = sum(n * math.log2(2 * most[i] + 1) for i, n in sizes.items())
    even = round(2 ** (bits / sum(sizes.values())) / 2)
    images = crop_batch(0, 2, 99, None).inputs
    right = following(operations, [images[..., None].astype(np.float32)])[-1]

    def error(steps: list[int]) -> float:
        coarse = list(operations)
        for i in places:
            q, scale = quantised(operations[i].weights["W"], steps[i])
            coarse[i] = replace(operations[i], weights={**operations[i].weights, "W": q * scale})
        answers = following(coarse, [images[..., None].astype(np.float32)])[-1]
        return float(np.mean((answers - right) ** 2))

    assert error(most) < error([even] * len(operations)) / 10
    assert most[places[0]] == 127


def test_bits_are_shared_out_as_derived() -> None:
    """The best of all shares for two layers, found by trying them all."""
    rng = np.random.default_rng(1)
    chain = nn.Chain((nn.Flatten(), nn.Dense(40), nn.Relu(), nn.Dense(3)))
    shapes = {"1.W": (36, 40), "1.b": (40,), "3.W": (40, 3), "3.b": (3,)}
    params = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    operations = listed(chain, params, (6, 6))
    images = rng.integers(0, 255, (50, 6, 6), dtype=np.uint8)
    each = errors(operations, images)
    (a, b), n = each, [operations[i].weights["W"].size for i in each]
    (most,) = shared_out([(operations, images)], 6.0)

    def taken(p: int, q: int) -> float:
        return n[0] * math.log2(2 * p + 1) + n[1] * math.log2(2 * q + 1)

    def left(p: int, q: int) -> float:
        return each[a] / p**2 + each[b] / q**2

    assert taken(most[a], most[b]) <= 6.0 * sum(n)
    tried = [(p, q) for p in range(3, 128) for q in range(3, 128) if taken(p, q) <= 6.0 * sum(n)]
    assert left(most[a], most[b]) <= 1.1 * min(left(p, q) for p, q in tried)
    assert [m for i, m in enumerate(most) if i not in each] == [127] * (len(most) - 2)
