"""The gradient check: every backward must be the derivative of its forward.

Finite differences know nothing of the equations in `backward`, so they are a fair judge. For an
array w and a random direction u, with a random gradient v arriving from above, the two numbers

    analytic  ⟨backward(v)_w, u⟩        and        numeric  ⟨v, f(w + εu) - f(w - εu)⟩ / 2ε

must agree. v is random because sums hide mistakes: the gradient of Σ softmax(x) is 0 whatever
`backward` does. All in float64, with odd sizes, a batch of 1, zeros, ties and saturation.

At a kink (Relu at 0, equal values in a pool) there is no derivative, only a rule, and the rule is
the derivative from one side: those cases move that way only (`side`).

Inside: the comparison, and the check of a whole network. Not inside: the cases for every public
layer and loss (`check_cases`), and the other witnesses (a tape, PyTorch, mutated gradients), which
are tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np

from digitus.nn.arrays import stream
from digitus.nn.check_cases import kink_cases, layer_cases, loss_cases
from digitus.nn.init import He, Initializer, initial
from digitus.nn.layers import Backward, Chain, Layer
from digitus.nn.losses import Loss
from digitus.nn.parameters import trained
from digitus.types import Array, Params, Shape

Forward: TypeAlias = Callable[[Params, Array], tuple[Array, Backward]]

# The length of a step: with 1e-5 one difference in seven met a kink in a network of 50,000 Relus.
EPSILON = 1e-6
TOLERANCE = 1e-6  # of the larger of the two derivatives
DIRECTIONS = 5  # a wrong gradient that is right along one random direction is wrong along the next


@dataclass(frozen=True)
class Finding:
    """What the check found for one array of one case."""

    case: str
    array: str
    error: float  # |analytic - numeric| relative to the larger of the two, worst direction

    @property
    def passed(self) -> bool:
        """Whether the two derivatives agree. A NaN fails."""
        return bool(self.error <= TOLERANCE)


def check_all(seed: int = 0) -> Iterator[Finding]:
    """Checks every layer and loss of digitus on every case of the table."""
    for name, layer, x in layer_cases(seed):
        yield from check_layer(layer, x, seed, name=name)
    for name, layer, x, direction in kink_cases(seed):
        yield from check_layer(layer, x, seed, name=name, side=direction)
    for name, loss, z, t in loss_cases(seed):
        yield from check_loss(loss, z, t, seed, name=name)


def check_layer(
    layer: Layer, x: Array, seed: int = 0, *, name: str = "", side: Array | None = None
) -> Iterator[Finding]:
    """Checks dx and the gradient of each trained parameter of a layer, in training and inference.

    `x` are inputs [n ...] in float64. With `side`, only dx is checked, and only by moving x from
    where it is towards `side` (the rule at a kink).
    """
    name = name or str(layer)
    params = random_params(layer, x.shape[1:], stream(seed, "check", "parameters"))
    for mode in ("training", "inference"):

        def forward(p: Params, x: Array, mode: str = mode) -> tuple[Array, Backward]:
            # The same stream each time: dropout must drop the same units on both sides of w.
            rng = stream(seed, "check", "forward") if mode == "training" else None
            return layer.forward(p, x, rng)

        y, backward = forward(params, x)
        v = stream(seed, "check", "upstream").standard_normal(y.shape)

        def of_input(x: Array, forward: Forward = forward, v: Array = v) -> float:
            return float(np.sum(v * forward(params, x)[0]))

        kept = v.copy()
        dx, gradients = backward(v)
        if not np.array_equal(v, kept):
            yield Finding(f"{name}, {mode}", "dy was changed", np.inf)
        label = f"{name}, {mode}"
        if side is not None:
            yield _one_sided(label, of_input, x, dx, side)
            continue
        yield _compare(label, "x", of_input, x, dx, seed)
        for key, w in params.items():
            if not trained(key):
                continue

            def of_parameter(
                w: Array, key: str = key, forward: Forward = forward, v: Array = v
            ) -> float:
                return float(np.sum(v * forward(params | {key: w}, x)[0]))

            yield _compare(label, key, of_parameter, w, gradients.get(key), seed)
        yield from _untrained(label, params, gradients)


def check_loss(
    loss: Loss, z: Array, t: Array, seed: int = 0, *, name: str = ""
) -> Iterator[Finding]:
    """Checks dz of a loss at outputs z and targets t, both [n ... o], in float64."""
    name = name or str(loss)
    value, dz = loss(z, t)
    if not np.isfinite(value):
        yield Finding(name, "the loss is not finite", np.inf)
    yield _compare(name, "z", lambda z: float(loss(z, t)[0]), z, dz, seed)


def check_network(
    network: Chain,
    shape: Shape,
    loss: Loss,
    rule: Initializer | None = None,
    *,
    examples: int = 4,
    seed: int = 0,
) -> Iterator[Finding]:
    """Checks a whole network from its loss down to each parameter, on random images of bytes.

    Raises `ShapeError` where a layer does not fit its input.
    """
    rng = stream(seed, "check", "network")
    params = initial(network, shape, rule or He(), rng, np.float64)
    x = rng.integers(0, 256, (examples, *shape)).astype(np.float64)
    t = _targets(network.plan(shape)[1], examples, rng)

    def forward(p: Params) -> tuple[float, Array, Backward]:
        y, backward = network.forward(p, x, stream(seed, "check", "forward"))
        value, dz = loss(y, t)
        return float(value), dz, backward

    _, dz, backward = forward(params)
    _, gradients = backward(dz, want_dx=False)
    for key, w in params.items():
        if not trained(key):
            continue

        def of_parameter(w: Array, key: str = key) -> float:
            return forward(params | {key: w})[0]

        layer = network.layers[int(key.partition(".")[0])]
        yield _compare(str(layer), key, of_parameter, w, gradients.get(key), seed)
    yield from _untrained("the network", params, gradients)


def _targets(out: Shape, examples: int, rng: np.random.Generator) -> Array:
    """One-hot for a network that answers with a row; for one with maps, numbers from 0 to 1.

    A fifth of those are exactly 1, which some losses treat as a case of its own.
    """
    if len(out) == 1:
        return np.eye(out[0])[rng.integers(0, out[0], examples)]
    t = rng.random((examples, *out))
    return np.where(rng.random(t.shape) < 0.2, 1.0, t)


def random_params(layer: Layer, shape: Shape, rng: np.random.Generator) -> Params:
    """Parameters away from 0 and 1, where a forgotten factor would not show.

    Variances and votes are positive.
    """
    params = {}
    for key, size in layer.plan(shape)[0].items():
        value = rng.standard_normal(size)
        positive = key.endswith(("var", "deviation", "spread", "votes"))
        params[key] = 0.5 + np.abs(value) if positive else value
    return params


def _untrained(case: str, params: Params, gradients: Params) -> Iterator[Finding]:
    """Findings for gradients of what is measured or does not exist: a step would change it."""
    for key in gradients:
        if key not in params or not trained(key):
            yield Finding(case, f"{key} has a gradient but is not trained", np.inf)


def _compare(
    case: str, array: str, f: Callable[[Array], float], w: Array, gradient: Array, seed: int
) -> Finding:
    """Central differences along random directions of w against the gradient."""
    if gradient is None or gradient.shape != w.shape:
        return Finding(case, f"{array}: no gradient, or one of another shape", np.inf)
    rng = stream(seed, "check", "directions")
    # A direction may by chance be at a right angle to the gradient: errors are measured against
    # its usual share of the gradient, and a gradient of 0 against the roundoff of f over ε.
    usual = float(np.linalg.norm(gradient)) / sqrt(gradient.size)
    noise = 1e-14 * max(1.0, abs(f(w))) / (EPSILON * TOLERANCE)
    worst = 0.0
    for _ in range(DIRECTIONS):
        u = rng.standard_normal(w.shape)
        u /= np.linalg.norm(u)
        analytic = float(np.sum(gradient * u))
        errors = []
        for slope in _slopes(f, w, u):
            size = max(abs(analytic), abs(slope), usual, noise)
            errors.append(abs(analytic - slope) / size)
            if errors[-1] <= TOLERANCE:
                break
        worst = _larger(worst, min(errors))
    return Finding(case, array, worst)


def _slopes(f: Callable[[Array], float], w: Array, u: Array) -> Iterator[float]:
    """df/du by central differences; then, should a kink lie near w, from either side of w.

    Where the function is smooth, the three agree, and what differs from one differs from all.
    """
    yield (f(w + EPSILON * u) - f(w - EPSILON * u)) / (2 * EPSILON)
    for step in (EPSILON, -EPSILON):
        yield (4 * f(w + step * u) - f(w + 2 * step * u) - 3 * f(w)) / (2 * step)


def _one_sided(case: str, f: Callable[[Array], float], x: Array, dx: Array, side: Array) -> Finding:
    """The difference towards `side`, one example's worth of x at a time, against dx there."""
    worst = 0.0
    for place in np.argwhere(side):
        u = np.zeros_like(x)
        u[tuple(place)] = side[tuple(place)]
        numeric = float(f(x + EPSILON * u) - f(x)) / EPSILON
        analytic = float(np.sum(dx * u))
        worst = _larger(worst, abs(analytic - numeric) / max(abs(analytic), abs(numeric), 1e-2))
    return Finding(case, "x", worst)


def _larger(a: float, b: float) -> float:
    """The larger of two errors, where NaN counts as the largest."""
    return b if not b <= a else a
