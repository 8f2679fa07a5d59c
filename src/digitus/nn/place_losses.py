"""Losses for networks that answer at every place of a picture, and for several answers at once.

Outputs z and targets t have the same shape [n ... c]. As with the losses for one answer (`losses`)
each returns ``(loss, dz)``, and both are means over the n examples; over the places of an example
they are *sums*. So the gradients of shards of a batch add up, whatever each of them shows.

A target that is NaN says that nobody knows: it adds nothing to the loss, and its gradient is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from types import EllipsisType

from digitus.errors import ShapeError
from digitus.nn.arrays import namespace
from digitus.nn.losses import Loss
from digitus.types import Array


@dataclass(frozen=True)
class HeatmapFocal:
    """L = mean Σ w σ(s)^α softplus(s);   dz = ± w σ(s)^α (α σ(-s) softplus(s) + σ(s)) / n.

    Takes logits z of p = σ(z), the probability that there is something at a place. Where t = 1
    there is: s = -z, w = 1, which makes -(1 - p)^α log p. Elsewhere s = z and w = (1 - t)^β, which
    makes -(1 - t)^β p^α log(1 - p): the closer t is to 1, that is to something, the less a high
    p costs. The sign is that of s. What is right already hardly counts, so that the many places
    without anything leave room for the few with it (the focal loss of Lin et al. 2017; with w, Law
    & Deng 2018).

    softplus(s) = log(1 + eˢ) is computed as max(s, 0) + log(1 + e^-|s|): nothing overflows.
    """

    alpha: float = 2.0
    beta: float = 4.0

    def __post_init__(self) -> None:
        for name in ("alpha", "beta"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise ValueError(f"HeatmapFocal's {name} must be at least 0, not {value}")

    def __call__(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Logits z and targets t from 0 to 1, both [n ...], to the loss and dz."""
        n = _examples(z, t)
        xp = namespace(z)
        known = ~xp.isnan(t)
        positive = t >= 1
        s = xp.where(known, xp.where(positive, -z, z), 0)
        w = xp.where(known, xp.where(positive, 1, 1 - t) ** self.beta, 0)
        e = xp.exp(-xp.abs(s))
        sure = 1 / (1 + e)
        wrong = xp.where(s > 0, sure, e * sure)  # σ(s): the probability of what is not the case
        right = xp.where(s > 0, e * sure, sure)
        cost = xp.clip(s, min=0) + xp.log1p(e)
        w = w * wrong**self.alpha
        ds = w * (self.alpha * right * cost + wrong)
        return xp.sum(w * cost) / n, xp.where(positive, -ds, ds) / n


@dataclass(frozen=True)
class SmoothAbsolute:
    """L = mean Σ (m/β)(|e| - m/2), e = z - t, m = min(|e|, β);   dz = clip(e, -β, β) / (β n).

    That is ½ e²/β where |e| < β, and |e| - β/2 beyond: near 0 the squared error, whose gradient
    fades, far off the absolute error, which lets no example pull harder than others (Huber 1964;
    "smooth L1" in Girshick 2015).
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.beta < float("inf"):
            raise ValueError(f"SmoothAbsolute's beta must be above 0, not {self.beta}")

    def __call__(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Outputs z and targets t, both [n ...], to the loss and dz."""
        n = _examples(z, t)
        xp = namespace(z)
        e = xp.where(xp.isnan(t), 0, z - t)
        size = xp.abs(e)
        m = xp.clip(size, max=self.beta)
        loss = xp.sum(m * (size - m / 2)) / (self.beta * n)
        return loss, xp.clip(e, min=-self.beta, max=self.beta) / (self.beta * n)


@dataclass(frozen=True)
class PlaceCrossEntropy:
    """L = -mean Σ t log softmax(z);   dz = (softmax(z) Σₒ t - t) / n: a choice at every place.

    The softmax is over the last axis, as in `SoftmaxCrossEntropy`, and Σₒ t is 1 for a target
    that is one-hot or any probabilities. A row of targets with a NaN counts for nothing.
    """

    def __call__(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Logits z and targets t, both [n ... o], to the loss and dz."""
        n = _examples(z, t)
        xp = namespace(z)
        known = ~xp.any(xp.isnan(t), axis=-1, keepdims=True)
        t, z = xp.where(known, t, 0), xp.where(known, z, 0)
        shifted = z - xp.max(z, axis=-1, keepdims=True)
        e = xp.exp(shifted)
        total = xp.sum(e, axis=-1, keepdims=True)
        loss = xp.sum(t * (xp.log(total) - shifted)) / n
        return loss, (e * (xp.sum(t, axis=-1, keepdims=True) / total) - t) / n


@dataclass(frozen=True)
class MultiTask:
    """L = Σₖ wₖ Lₖ(zₖ, tₖ);   dzₖ = wₖ ∂Lₖ/∂zₖ: several losses, each on its own channels.

    `parts` are (loss, channels, weight): the first channels of z and t are the first loss's, as
    many as it says, those after them the second's, and so on.
    """

    parts: tuple[tuple[Loss, int, float], ...]

    def __init__(self, parts: Sequence[tuple[Loss, int, float]]) -> None:
        object.__setattr__(self, "parts", tuple(tuple(part) for part in parts))
        for loss, channels, weight in self.parts:
            if channels < 1:
                raise ValueError(f"{loss} in MultiTask needs at least 1 channel, not {channels}")
            if not (weight >= 0 and isfinite(weight)):
                raise ValueError(f"{loss} in MultiTask needs a weight from 0 on, not {weight}")

    def __str__(self) -> str:
        return f"MultiTask({len(self.parts)} losses)"

    def __call__(self, z: Array, t: Array) -> tuple[Array, Array]:
        """Outputs z and targets t, both [n ... c], to the loss and dz."""
        dz = namespace(z).empty_like(z)
        total: Array = 0.0
        for (loss, _, weight), own in zip(self.parts, self._slices(z, t), strict=True):
            value, d = loss(z[own], t[own])
            total = total + value * weight
            dz[own] = d * weight
        return total, dz

    def values(self, z: Array, t: Array) -> tuple[float, ...]:
        """The loss of each part, without its weight."""
        owns = self._slices(z, t)
        return tuple(
            float(part[0](z[own], t[own])[0]) for part, own in zip(self.parts, owns, strict=True)
        )

    def _slices(self, z: Array, t: Array) -> Iterator[tuple[EllipsisType, slice]]:
        """The channels of each part. Raises `ShapeError` where they do not add up."""
        _examples(z, t)
        needed = sum(channels for _, channels, _ in self.parts)
        if z.shape[-1] != needed:
            raise ShapeError(f"MultiTask's losses take {needed} channels, not {z.shape[-1]}")
        start = 0
        for _, channels, _ in self.parts:
            yield ..., slice(start, start + channels)
            start += channels


def _examples(z: Array, t: Array) -> int:
    """How many examples to divide by: n, or 1 where there are none and all sums are 0.

    Raises `ShapeError` where outputs and targets differ in shape, instead of stretching one.
    """
    if z.shape != t.shape:
        raise ShapeError(
            f"outputs {list(z.shape)} have targets {list(t.shape)}: not the same shape"
        )
    return max(1, z.shape[0])
