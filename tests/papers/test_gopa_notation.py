"""Gopa 2024's notation: its gradients are those of digitus's layers, whatever else is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from digitus.datasets.batches import split
from digitus.nn import GradientDescent, SoftmaxCrossEntropy, initial, one_hot, stream
from digitus.papers.experiments import gopa, gopa_notation
from digitus.recipe import load_recipe, with_settings
from digitus.training.loop import SPLIT_SEED
from small import digits, trained

F64 = np.float64


def setting(seeds: list[int], count: int = 60) -> tuple[Any, Any, Any]:
    few = digits(count)
    p = gopa_notation.first(seeds, gopa.RULE, dtype=F64)
    return p, gopa_notation.pixels(few.images, F64), gopa_notation.targets(few.labels, F64)


def test_gradients_are_those_of_the_layers() -> None:
    few = digits(60)
    p, X, Y = setting([7])
    paper = gopa_notation.backward(p, X, Y, gopa_notation.forward(p, X), X.shape[1])
    params = initial(gopa.NETWORK, (28, 28, 1), gopa.RULE, stream(7, "initial"), F64)
    z, back = gopa.NETWORK.forward(params, few.images[..., None].astype(F64))
    _, dz = SoftmaxCrossEntropy()(z, one_hot(few.labels, dtype=F64))
    ours = back(dz)[1]
    for name, own in gopa.NAMES.items():
        mine = ours[own].T if name[0] == "W" else ours[own][:, None]
        assert np.abs(paper[name][0] - mine).max() < 1e-12
        assert np.abs(mine).max() > 1e-3, "a gradient of 0 would prove nothing"


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2"])
def test_gradients_are_derivatives(name: str) -> None:
    p, X, Y = setting([3], 20)

    def loss(q: Any) -> float:
        return float(-np.log((gopa_notation.forward(q, X).A2[0] * Y).sum(axis=0)).mean())

    g = gopa_notation.backward(p, X, Y, gopa_notation.forward(p, X), 20)[name][0]
    for i, j in [(0, 0), (4, g.shape[1] // 2), (9, g.shape[1] - 1)]:
        step = np.zeros_like(p[name])
        step[0, i, j] = 1e-6
        slope = (loss({**p, name: p[name] + step}) - loss({**p, name: p[name] - step})) / 2e-6
        assert slope == pytest.approx(g[i, j], abs=1e-7)


def test_runs_do_not_see_their_neighbours() -> None:
    p, X, Y = setting([0, 1, 2])
    together = gopa_notation.backward(p, X, Y, gopa_notation.forward(p, X), X.shape[1])
    for k in range(3):
        own = {name: w[k : k + 1] for name, w in p.items()}
        alone = gopa_notation.backward(own, X, Y, gopa_notation.forward(own, X), X.shape[1])
        assert all(np.allclose(together[n][k], alone[n][0], atol=1e-14) for n in p)


def test_blocks_add_up() -> None:
    p, X, Y = setting([0, 5])
    whole = gopa_notation.gradients(p, [(X, Y)])
    parts = gopa_notation.blocks(X, Y, 17)
    assert [x.shape[1] for x, _ in parts] == [17, 17, 17, 9]
    assert all(
        np.allclose(whole[n], g, atol=1e-14) for n, g in gopa_notation.gradients(p, parts).items()
    )


def test_descent_is_what_digitus_train_does() -> None:
    """The shipped recipe and the paper's columns end at the same network."""
    recipe = with_settings(load_recipe("gopa-2024"), epochs=5, development=30, seed=2)
    recognizer, _ = trained(recipe, digits())
    learnt, _ = split(digits(), 30, SPLIT_SEED)
    parts = gopa_notation.blocks(
        gopa_notation.pixels(learnt.images), gopa_notation.targets(learnt.labels)
    )
    p = gopa_notation.first([2], gopa.RULE)
    for t in range(5):
        for name, g in gopa_notation.gradients(p, parts).items():
            p[name] += GradientDescent().update(g, p[name], {}, 0.1, t + 1)
    for name, own in gopa.NAMES.items():
        mine = recognizer.params[own]
        assert np.allclose(p[name][0], mine.T if name[0] == "W" else mine[:, None], atol=1e-5)
    read = gopa_notation.answers(p, gopa_notation.pixels(learnt.images))[0]
    assert (read == recognizer.outputs(learnt.images).argmax(axis=1)).mean() > 0.99
