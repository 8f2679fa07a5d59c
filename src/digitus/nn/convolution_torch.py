"""The sums of `convolution` by PyTorch's own kernels, for its tensors. Imported only with them.

PyTorch keeps channels second; the views below exchange axes without copying.
"""

from __future__ import annotations

from torch.nn import functional, grad

from digitus.nn.arrays import Array, Shape


def _channels_second(x: Array) -> Array:
    return x.permute(0, 3, 1, 2)


def _channels_last(x: Array) -> Array:
    return x.permute(0, 2, 3, 1)


def correlate(x: Array, W: Array, stride: int, border: int) -> Array:
    """See `convolution.correlate`."""
    kernel = W.permute(3, 2, 0, 1)
    y = functional.conv2d(_channels_second(x), kernel, stride=stride, padding=border)
    return _channels_last(y)


def correlate_to_kernel(x: Array, dy: Array, k: int, stride: int, border: int) -> Array:
    """See `convolution.correlate_to_kernel`."""
    size = (dy.shape[3], x.shape[3], k, k)
    dW = grad.conv2d_weight(
        _channels_second(x), size, _channels_second(dy), stride=stride, padding=border
    )
    return dW.permute(2, 3, 1, 0)


def correlate_to_input(dy: Array, W: Array, shape: Shape, stride: int, border: int) -> Array:
    """See `convolution.correlate_to_input`."""
    n, h, w, c = shape
    kernel = W.permute(3, 2, 0, 1)
    dx = grad.conv2d_input((n, c, h, w), kernel, _channels_second(dy), stride, padding=border)
    return _channels_last(dx)
