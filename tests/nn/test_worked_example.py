"""One step of learning in full digits, to be followed with pencil and pocket calculator.

Inside: two inputs, two hidden units with Relu, two outputs, softmax cross-entropy, one step of
gradient descent, in the notation of Gopa 2024 (with examples as rows). Not inside: anything that
does not fit on a page.
"""

import numpy as np

from digitus.nn import Chain, Dense, GradientDescent, Relu, SoftmaxCrossEntropy

NETWORK = Chain([Dense(2), Relu(), Dense(2)])
X = np.array([[1.0, 2.0]])
Y = np.array([[0.0, 1.0]])  # the second class is right
START = {
    "0.W": np.array([[0.5, -0.5], [0.25, 0.1]]),
    "0.b": np.array([0.0, 0.1]),
    "2.W": np.array([[0.2, -0.3], [0.4, 0.1]]),
    "2.b": np.array([0.0, 0.1]),
}
RATE = 0.5


def agree(a, digits):
    """To the last printed digit."""
    return np.allclose(a, digits, rtol=0, atol=5e-8)


def test_forward():
    # Z1 = X W1 + b1:   1 · 0.5 + 2 · 0.25 + 0 = 1.0      1 · -0.5 + 2 · 0.1 + 0.1 = -0.2
    # A1 = max(Z1, 0):  1.0                               0
    # Z2 = A1 W2 + b2:  1 · 0.2 + 0 · 0.4 + 0 = 0.2       1 · -0.3 + 0 · 0.1 + 0.1 = -0.2
    z2, _ = NETWORK.forward(START, X)
    assert agree(z2, [[0.2, -0.2]])

    # A2 = e^Z2 / Σ e^Z2: the first is 1 / (1 + e^-0.4) = 1 / 1.6703200 = 0.5986877
    # L = -log 0.4013123 = 0.9130153
    # dZ2 = A2 - Y
    loss, dz2 = SoftmaxCrossEntropy()(z2, Y)
    assert agree(loss, 0.9130153)
    assert agree(dz2, [[0.5986877, -0.5986877]])


def test_backward():
    z2, backward = NETWORK.forward(START, X)
    dx, gradients = backward(SoftmaxCrossEntropy()(z2, Y)[1])

    # dW2 = A1ᵀ dZ2: the second row is 0, since the second hidden unit gave 0.   db2 = dZ2
    assert agree(gradients["2.W"], [[0.5986877, -0.5986877], [0.0, 0.0]])
    assert agree(gradients["2.b"], [0.5986877, -0.5986877])

    # dA1 = dZ2 W2ᵀ:  0.5986877 · (0.2 + 0.3) = 0.2993438   0.5986877 · (0.4 - 0.1) = 0.1796063
    # dZ1 = dA1 where Z1 > 0:  0.2993438                    0
    # dW1 = Xᵀ dZ1: 1 and 2 times that.   db1 = dZ1
    assert agree(gradients["0.W"], [[0.2993438, 0.0], [0.5986877, 0.0]])
    assert agree(gradients["0.b"], [0.2993438, 0.0])

    # dX = dZ1 W1ᵀ:  0.2993438 · 0.5 = 0.1496719            0.2993438 · 0.25 = 0.0748360
    assert agree(dx, [[0.1496719, 0.0748360]])


def test_one_step():
    z2, backward = NETWORK.forward(START, X)
    _, gradients = backward(SoftmaxCrossEntropy()(z2, Y)[1], want_dx=False)
    rule = GradientDescent()
    p = {k: w + rule.update(gradients[k], w, rule.start(w), RATE, 1) for k, w in START.items()}

    # W := W - 0.5 dW, for example 0.5 - 0.5 · 0.2993438 = 0.3503281
    assert agree(p["0.W"], [[0.3503281, -0.5], [-0.0493438, 0.1]])
    assert agree(p["0.b"], [-0.1496719, 0.1])
    assert agree(p["2.W"], [[-0.0993438, -0.0006562], [0.4, 0.1]])
    assert agree(p["2.b"], [-0.2993438, 0.3993438])

    # Z1 = 0.3503281 - 2 · 0.0493438 - 0.1496719 = 0.1019685       -0.5 + 0.2 + 0.1 = -0.2
    # Z2 = 0.1019685 · -0.0993438 - 0.2993438 = -0.3094738         0.3992769
    # L = log(1 + e^(-0.3094738 - 0.3992769)) = log 1.4922588 = 0.4002909, less than half
    z2, _ = NETWORK.forward(p, X)
    assert agree(z2, [[-0.3094738, 0.3992769]])
    assert agree(SoftmaxCrossEntropy()(z2, Y)[0], 0.4002909)
