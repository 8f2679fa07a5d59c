"""The figures of docs/mathematics.md about images: windows, digits, deslanting.

Not inside: the command that draws all figures (`figures`).
"""

from __future__ import annotations

import numpy as np

from digitus import nn
from digitus.synthetic.strokes import strokes
from drawing import Drawing, grid, pixels


def convolution() -> str:
    """Kernel 3, stride 2, padding 1 on 5 x 5: windows forward, and the spread-out way back."""
    d = Drawing(900, 430, "Convolution, forward and backward")
    cell = 30.0

    def border(a: int, b: int, size: int = 7) -> bool:
        return a in (0, size - 1) or b in (0, size - 1)

    d.text(230, 34, "forward: a window makes a pixel", "f-blue h")
    d.text(230, 54, "kernel 3 × 3, stride 2, a border of zeros", "f-dim s")
    x, y = 40.0, 90.0
    grid(d, x, y, cell, lambda a, b: "s-dim thin dash" if border(a, b) else "t-blue thin", 7, 7,
         lambda a, b: "0" if border(a, b) else "")  # fmt: skip
    d.rect(x, y, 3 * cell, 3 * cell, "s-orange thick")
    d.rect(x + 4 * cell, y + 2 * cell, 3 * cell, 3 * cell, "s-green thick")
    ox, oy = 330.0, 150.0
    looks = {(0, 0): "t-orange", (1, 2): "t-green"}
    grid(d, ox, oy, cell, lambda a, b: looks.get((a, b), "t-dim thin"), 3, 3)
    d.arrow((x + 3 * cell + 4, y + 1.0 * cell), (ox - 4, oy + 0.5 * cell), "orange")
    d.arrow((x + 7 * cell + 4, y + 3.5 * cell), (ox + 2 * cell - 3, oy + 1.8 * cell), "green")
    d.text(x + 3.5 * cell, y + 7 * cell + 24, "x̄  [n, 7, 7, c]", "f-ink m")
    d.text(ox + 1.5 * cell, oy + 3 * cell + 24, "y  [n, 3, 3, o]", "f-ink m")
    d.text(
        40, 370, "dW: each window, weighted with the dy of its pixel, added up.", "f-dim s", "start"
    )
    d.text(40, 390, "Overlapping windows share pixels: there gradients add.", "f-dim s", "start")

    d.text(680, 34, "backward: a pixel collects from its windows", "f-orange h")
    d.text(680, 54, "dy spread out with zeros, the kernel turned by 180°", "f-dim s")
    x, y, cell = 490.0, 80.0, 27.0

    def spread(a: int, b: int) -> bool:
        return a in (2, 4, 6) and b in (2, 4, 6)

    grid(d, x, y, cell, lambda a, b: "t-orange" if spread(a, b) else "s-dim thin dash", 9, 9,
         lambda a, b: "dy" if spread(a, b) else "0")  # fmt: skip
    d.rect(x + 3 * cell, y + 2 * cell, 3 * cell, 3 * cell, "s-violet thick")
    d.text(x + 4.5 * cell, y + 9 * cell + 24, "D  [n, 9, 9, o]", "f-ink m")
    kx, ky = 786.0, 110.0
    grid(d, kx, ky, cell, lambda a, b: "t-violet", 3, 3, lambda a, b: "987654321"[3 * a + b])
    d.text(kx + 1.5 * cell, ky - 10, "W turned", "f-violet m")
    d.arrow((x + 6 * cell + 4, y + 3.5 * cell), (kx - 6, ky + 1.6 * cell), "violet")
    d.arrow((kx + 1.5 * cell, ky + 3 * cell + 6), (kx + 1.5 * cell, ky + 3 * cell + 58), "violet")
    d.rect(kx + cell, ky + 3 * cell + 62, cell, cell, "t-blue")
    d.text(kx + 1.5 * cell, ky + 4 * cell + 88, "one pixel of dx̄", "f-ink m")
    d.text(
        490,
        370,
        "D has a border of k − 1 = 2 zeros, and s − 1 = 1 zero between.",
        "f-dim s",
        "start",
    )
    d.text(
        490, 390, "This pixel was seen by two windows: two dy under the kernel.", "f-dim s", "start"
    )
    return d.svg()


def deslant() -> str:
    """Written digits, upright, and of one width: by digitus."""
    d = Drawing(760, 334, "Digits as written, upright, and of one width")
    images = strokes(8, seed=4).images[..., None].astype(float)
    upright, _ = nn.Deslant().forward({}, images)
    wide, _ = nn.Deslant(width=4.0).forward({}, images)
    rows = ("as written", images), ("upright", upright), ("of one width", wide)
    for k, (words, shown) in enumerate(rows):
        d.text(110, 70 + 104 * k, words, "f-ink h", "end")
        for column, image in enumerate(shown[..., 0]):
            left, top, cell = 126 + 78 * column, 18 + 104 * k, 2.7
            pixels(d, left, top, cell, image / 255)
            if k:
                middle = left + 14 * cell
                d.line([(middle, top), (middle, top + 28 * cell)], "s-orange thin")
    return d.svg()


def maxpool() -> str:
    """A winner, a tie, a window of zeros; where dy goes, by digitus."""
    d = Drawing(760, 300, "Max-pool: dy arrives once")
    cell = 42.0
    windows = (
        ("a clear winner", [[0.2, 0.9], [0.4, 0.1]]),
        ("a tie", [[0.3, 0.7], [0.7, 0.7]]),
        ("all zeros, after ReLU", [[0.0, 0.0], [0.0, 0.0]]),
    )
    for k, (words, numbers) in enumerate(windows):
        x, y = 34.0 + 246 * k, 70.0
        image = np.array(numbers)[None, ..., None]
        best, backward = nn.MaxPool(2).forward({}, image)
        dx = backward(np.full((1, 1, 1, 1), 5.0))[0][0, ..., 0]
        d.text(x + 105, 34, words, "f-ink h")
        grid(d, x, y, cell, lambda a, b: "t-blue", 2, 2, lambda a, b, n=numbers: f"{n[a][b]:g}")
        d.arrow((x + 2 * cell + 6, y + cell), (x + 2 * cell + 44, y + cell), "blue")
        d.rect(x + 2 * cell + 50, y + cell / 2, cell, cell, "t-green")
        d.text(x + 2 * cell + 71, y + cell + 5, f"{best.item():g}", "f-ink s")
        y += 136
        looks = np.where(dx > 0, "t-orange", "s-dim thin")
        grid(d, x, y - 22, cell * 0.9, lambda a, b, g=looks: g[a, b], 2, 2,
             lambda a, b, g=dx: f"{g[a, b]:g}")  # fmt: skip
        d.arrow((x + 2 * cell + 44, y + 15), (x + 2 * cell + 2, y + 15), "orange")
        d.text(x + 2 * cell + 52, y + 20, "dy = 5", "f-orange m", "start")
    d.text(380, 284, "the first of equal values, in reading order, takes it all", "f-dim s")
    return d.svg()


def digit() -> str:
    """The two digits of the worked example and what is left of them."""
    d = Drawing(760, 330, "Two digits, shrunken to nine numbers")
    images = strokes(55, seed=0, hands=["0-round", "1-plain", "2-plain"]).images[[54, 20]]
    for k, image in enumerate(images.astype(float)):
        left, top, cell = 30.0 + 370 * k, 46.0, 8.0
        d.rect(left, top, 28 * cell, 28 * cell, "f-dim", ' fill-opacity=".08"')
        for a, b in np.argwhere(image > 0).tolist():
            d.rect(left + cell * b, top + cell * a, cell, cell, "f-ink",
                   f' fill-opacity="{image[a, b] / 255:.2f}"')  # fmt: skip
        for line in (0, 9, 18, 27):
            at = cell * line
            d.line([(left + at, top), (left + at, top + 27 * cell)], "s-orange thin")
            d.line([(left, top + at), (left + 27 * cell, top + at)], "s-orange thin")
        d.text(left + 112, 30, f"a {k}, of 28 × 28 bytes", "f-ink h")
        small = nn.AveragePool(9).forward({}, image[None, ..., None] / 255)[0][0, ..., 0].round(1)
        x, y, side = left + 246, 106.0, 32.0
        for a, b in np.ndindex(3, 3):
            d.rect(x + side * b, y + side * a, side, side, "f-ink",
                   f' fill-opacity="{small[a, b]:.1f}"')  # fmt: skip
            d.rect(x + side * b, y + side * a, side, side, "s-orange thin")
            d.text(
                x + side * (b + 0.5), y + side * 3 + 22 + 20 * a, f"{small[a, b]:.1f}", "f-ink s"
            )
        d.text(x + 48, 94, "x", "f-ink m")
    d.text(
        380, 310, "each block of 9 × 9 pixels becomes its mean / 255, rounded to tenths", "f-dim s"
    )
    return d.svg()
