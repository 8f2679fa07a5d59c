"""A layer that sets a digit upright and gives it a width, by the moments of its ink.

Hands differ in slant and breadth before they differ in anything that makes a digit. Both can be
read off the moments of the ink and undone by shifting and stretching the rows, so that a network
need not learn them from examples: the "moment normalization" of Casey 1970; LeCun, Bottou, Bengio &
Haffner 1998 call it deslanting.

Inside: `Deslant`. Not inside: distortions, which do the opposite to training pictures
(`datasets.augment`), and the preparation of photos (`vision`).
"""

from __future__ import annotations

from dataclasses import dataclass

from digitus.nn.arrays import namespace
from digitus.nn.layers import Backward, Rng, Shapes
from digitus.nn.spatial import image_shape
from digitus.types import Array, Params, Shape

EPSILON = 1e-3  # square pixels added to a variance: ink in a single row has no slant
LEAST_INK = 1e-30  # a picture without any is divided by this


@dataclass(frozen=True)
class Deslant:
    """y[i] = T[i] x[i],   T[i j l] = max(0, 1 - |q[i j] - l|);   dx[i] = T[i]ᵀ dy[i] + 2 x dm.

    Every row i is read at other places than its columns j, shifted and stretched, linearly between
    two pixels and as 0 beyond its ends: q = j̄ + k j + s (i - ī), all counted from the middle.

    A pixel weighs m = Σ_c x²; ī, j̄ are the means of its row and column and σᵢᵢ, σᵢⱼ, σⱼⱼ their
    variances and covariance. The slant is s = σᵢⱼ / σᵢᵢ. The horizontal deviation without it,
    √(σⱼⱼ - s σᵢⱼ), becomes `width` pixels: k is their ratio, within 1/most ... most, and 1 without
    a width. So all ink moves every place, and the gradient
    dq = Σ_c dy (x to the right - x to the left) goes on through k, s and the means to m.
    """

    width: float = 0.0
    most: float = 1.6

    def __post_init__(self) -> None:
        if not self.width >= 0:
            raise ValueError(f"Deslant's width must be at least 0, not {self.width}")
        if not self.most >= 1:
            raise ValueError(f"Deslant's most must be at least 1, not {self.most}")

    def plan(self, shape: Shape) -> tuple[Shapes, Shape]:
        """The shape [h w c] is kept."""
        return {}, image_shape(shape)

    def forward(self, p: Params, x: Array, rng: Rng = None) -> tuple[Array, Backward]:
        """x [n h w c]."""
        xp, given = namespace(x), x.dtype
        # In float32 at least: sixteen bits do not tell half a pixel of 28 from its neighbours.
        x = xp.asarray(x) if given.itemsize > 2 else xp.astype(x, xp.float32)
        h, w = x.shape[1:3]
        i = (xp.arange(h, dtype=x.dtype, device=x.device) - (h - 1) / 2)[:, None]
        j = xp.arange(w, dtype=x.dtype, device=x.device) - (w - 1) / 2

        weight = xp.sum(x * x, axis=-1)  # [n h w]; what is summed over all of it is [n 1 1]
        total = xp.clip(_sum(weight), min=LEAST_INK)
        weight = weight / total
        rows = xp.sum(weight, axis=2, keepdims=True)  # [n h 1]
        columns = xp.sum(weight, axis=1, keepdims=True)  # [n 1 w]
        a, mean = i - _sum(rows * i), _sum(columns * j)
        b = j - mean
        var_i, var_j = _sum(rows * a * a) + EPSILON, _sum(columns * b * b)
        cov = _sum(a * (weight @ xp.matrix_transpose(b)))
        s = cov / var_i
        k, dk = 1.0, 0.0  # and how k moves with the variance under the root
        if self.width:
            deviation = xp.sqrt(var_j - s * cov + EPSILON)
            ratio = deviation / self.width
            k = xp.clip(ratio, min=1 / self.most, max=self.most)
            dk = xp.astype(k == ratio, x.dtype) / (2 * self.width * deviation)

        q = mean + k * j + s * a
        y, slope, place = _read_rows(x, q + ((w - 1) / 2 + 1))

        def backward(dy: Array, want_dx: bool = True) -> tuple[Array, Params]:
            if not want_dx:
                return None, {}
            inside = xp.astype((place > 0) & (place < w + 1), x.dtype)
            dq = xp.sum(dy * slope, axis=-1) * inside
            dvar_j = _sum(dq * j) * dk
            ds = _sum(dq * a) - dvar_j * cov
            dcov, dvar_i = ds / var_i - dvar_j * s, -ds * s / var_i
            # What a pixel moves when it grows heavier, by its distance (a, b) from the means.
            moved = _sum(dq) * (b - s * a) + dvar_i * a * a + dcov * a * b + dvar_j * b * b
            dm = (moved - _sum(weight * moved)) / total

            hats = xp.clip(1 - xp.abs(q[..., None] - j), min=0)  # T [n h w w]
            dx = xp.matrix_transpose(hats) @ xp.astype(dy, x.dtype)
            dx = dx + 2 * x * dm[..., None]
            return xp.astype(dx, given), {}

        return xp.astype(y, given), backward


def _read_rows(x: Array, place: Array) -> tuple[Array, Array, Array]:
    """The rows of x [n h w c] at places [n h w], linearly between its columns 1 ... w.

    Columns 0 and w+1 are zeros and stand for all that lies outside. Also how fast the values change
    along the row, and the places, moved to those columns where they were further out.
    """
    xp = namespace(x)
    n, h, w, c = x.shape
    border = xp.zeros_like(x[:, :, :1])
    pixels = xp.reshape(xp.concat([border, x, border], axis=2), (-1, c))
    place = xp.clip(place, min=0, max=w + 1)
    left = xp.clip(xp.floor(place), max=w)
    start = xp.reshape(xp.arange(n * h, device=x.device) * (w + 2), (n, h, 1))
    at = xp.reshape(start + xp.astype(left, start.dtype), (-1,))  # 32 bits in a browser
    y = xp.reshape(xp.take(pixels, at, axis=0), x.shape)
    slope = xp.reshape(xp.take(pixels, at + 1, axis=0), x.shape) - y
    return y + (place - left)[..., None] * slope, slope, place


def _sum(x: Array) -> Array:
    """Over rows and columns: [n h w] to [n 1 1]."""
    return namespace(x).sum(x, axis=(1, 2), keepdims=True)
