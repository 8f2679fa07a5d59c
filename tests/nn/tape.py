"""A second way to a gradient: record every operation, then walk back (reverse-mode tape).

Inside: a number-array that remembers where it came from, the rules of a dozen operations, and the
walk back. Not inside: anything of digitus, layers, losses, speed. It differs in style from the code
it judges: nobody derives the gradient of a layer here, only of +, ·, exp and their like.
"""

import numpy as np


class Tensor:
    """An array, its parents, and for each of them a function that carries a gradient to it."""

    def __init__(self, value, *parents):
        self.value, self.parents = np.asarray(value, np.float64), parents
        self.shape = self.value.shape

    def __add__(self, other):
        other = tensor(other)
        return Tensor(self.value + other.value, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other):
        a, b = self, tensor(other)
        return Tensor(a.value * b.value, (a, lambda g: g * b.value), (b, lambda g: g * a.value))

    def __matmul__(self, other):  # [... i] @ [i o]
        a, b = self, tensor(other)

        def to_b(g):
            return a.value.reshape(-1, a.shape[-1]).T @ g.reshape(-1, g.shape[-1])

        return Tensor(a.value @ b.value, (a, lambda g: g @ b.value.T), (b, to_b))

    def __pow__(self, power):
        slope = power * self.value ** (power - 1)
        return Tensor(self.value**power, (self, lambda g: g * slope))

    def __getitem__(self, place):
        def scatter(g):
            whole = np.zeros(self.shape)
            np.add.at(whole, place, g)
            return whole

        return Tensor(self.value[place], (self, scatter))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -tensor(other)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * tensor(other) ** -1.0

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        y = np.exp(self.value)
        return Tensor(y, (self, lambda g: g * y))

    def log(self):
        return Tensor(np.log(self.value), (self, lambda g: g / self.value))

    def tanh(self):
        y = np.tanh(self.value)
        return Tensor(y, (self, lambda g: g * (1 - y**2)))

    def maximum(self, other):
        """The larger of two; where they are equal, self keeps the gradient."""
        a, b = self, tensor(other)
        mine = np.broadcast_to(a.value >= b.value, np.broadcast_shapes(a.shape, b.shape))
        y = np.where(mine, a.value, b.value)
        return Tensor(y, (a, lambda g: g * mine), (b, lambda g: g * ~mine))

    def sum(self, axis=None, keepdims=False):
        y = self.value.sum(axis=axis, keepdims=True)
        final = y if keepdims else self.value.sum(axis=axis)
        return Tensor(final, (self, lambda g: np.broadcast_to(g.reshape(y.shape), self.shape)))

    def reshape(self, *shape):
        return Tensor(self.value.reshape(shape), (self, lambda g: g.reshape(self.shape)))

    def pad(self, border):
        """Zeros around the rows and columns of images [n h w c]."""
        wide = np.pad(self.value, ((0, 0), (border, border), (border, border), (0, 0)))
        _, h, w, _ = self.shape
        return Tensor(wide, (self, lambda g: g[:, border : border + h, border : border + w]))


def tensor(value):
    return value if isinstance(value, Tensor) else Tensor(value)


def gradients(output, upstream, *leaves):
    """The gradient of Σ upstream · output by each of the leaves."""
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for parent, _ in node.parents:
                visit(parent)
            order.append(node)

    visit(output)
    found = {id(output): np.asarray(upstream, np.float64)}
    for node in reversed(order):
        for parent, carry in node.parents:
            g = carry(found.get(id(node), np.zeros(node.shape)))
            extra = tuple(range(g.ndim - len(parent.shape)))  # axes that broadcasting added,
            g = g.sum(axis=extra)
            stretched = tuple(i for i, n in enumerate(parent.shape) if n == 1 != g.shape[i])
            g = g.sum(axis=stretched, keepdims=True)  # ... or stretched, are summed
            found[id(parent)] = found.get(id(parent), 0.0) + g
    return [found.get(id(leaf), np.zeros(leaf.shape)) for leaf in leaves]
