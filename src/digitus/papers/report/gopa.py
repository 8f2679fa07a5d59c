"""What the report says about Gopa 2024, section by section, from the records alone.

Inside: the words and tables of sections G1 to G5. Not inside: its results (`page_curves`), how far
the network can go (`page_furthest`).
"""

from __future__ import annotations

from typing import Any

from digitus.papers.experiments.gopa import NAMES
from digitus.papers.report.blocks import Equations, Heading, Page, Pictures, Table, figure
from digitus.papers.store import Store


def write(page: Page, store: Store) -> None:
    """Sections G1 to G5."""
    _data(page, store)
    _network(page)
    _forward(page)
    _backward(page, store)
    _update(page)


def _data(page: Page, store: Store) -> None:
    page.add(Heading("G1", "Gopa 2024: data and preprocessing"))
    found = store.result("gopa/setup")
    page.say(
        "The paper takes MNIST, lays every picture of 28 × 28 pixels out as a column of 784 "
        "numbers, divides them by 255, and sets a part of the training pictures aside as a "
        "*development set*, on which it reports accuracy. It does not say how many; here, and "
        "in the recipe `gopa-2024`, they are 1,000."
    )
    if not found:
        page.say("*Not measured yet.*")
        return
    page.add(
        Table(
            "What the network gets",
            ["", "shape", "values"],
            [
                ["X, to learn from", _shape(found["X"]),
                 f"{found['lowest']:g} to {found['highest']:g}, mean {found['mean']:.4f}"],
                ["Y, its labels", _shape(found["Y"]), "one-hot columns"],
                ["development", f"{found['development']:,} pictures", "never learnt from"],
                ["test", f"{found['test']:,} pictures", "looked at for scores alone"],
            ],
            texts=3,
        ),
    )  # fmt: skip
    first = "The first picture of each digit that is learnt from (MNIST)"
    page.show_digits(
        first,
        lambda album: [
            Pictures(
                "gopa-digits",
                f"{first}.",
                album("train", found["examples"]),
                [str(d) for d in range(10)],
            )
        ],
    )
    page.say(
        "In digitus: `datasets/sources.py` finds the files and checks their SHA-256, "
        "`datasets/batches.split` holds the development set back (each digit gives the same "
        "share, and every seed the same pictures), `nn.Scale(255)` and `nn.Flatten` are the "
        "first layers of the network, so that a saved model takes raw bytes."
    )


def _network(page: Page) -> None:
    page.add(Heading("G2", "Gopa 2024: the network"))
    page.say(
        "784 inputs, 10 hidden units with ReLU, 10 outputs with softmax: 784·10 + 10 + 10·10 + 10 "
        "= 7,960 parameters, all drawn from U(−0.5, 0.5) at the start. The paper writes examples "
        "as columns and W to the left of X; digitus writes examples as rows and W to the right, so "
        "that products read in the direction in which data flow. One is the transpose of the other."
    )
    rows = [
        ["X  [784 m]", "x  [m 784]"],
        ["W1 [10 784],  b1 [10 1]", f"`{NAMES['W1']}` [784 10],  `{NAMES['b1']}` [10]"],
        ["W2 [10 10],  b2 [10 1]", f"`{NAMES['W2']}` [10 10],  `{NAMES['b2']}` [10]"],
        ["Y  [10 m]", "t  [m 10]"],
    ]
    page.add(Table("The same things under two names", ["the paper", "digitus"], rows, texts=2))


def _forward(page: Page) -> None:
    page.add(
        Heading("G3", "Gopa 2024: forward propagation"),
        Equations(
            "the paper (papers/columns.py)        digitus (nn/layers.py, nn/losses.py)\n"
            "Z1 = W1 X + b1                       z1 = x W1 + b1        Dense(10)\n"
            "A1 = ReLU(Z1)                        a1 = max(z1, 0)       Relu()\n"
            "Z2 = W2 A1 + b2                      z2 = a1 W2 + b2       Dense(10)\n"
            "A2 = softmax(Z2), by columns         softmax(z2), by rows  SoftmaxCrossEntropy()"
        ),
    )
    page.say(
        "b1 is added to every column: *broadcasting* stretches [10 1] to [10 m]. digitus subtracts "
        "the largest element of each row before exponentiating, which changes nothing but cannot "
        "overflow."
    )


def _backward(page: Page, store: Store) -> None:
    page.add(
        Heading("G4", "Gopa 2024: back-propagation"),
        Equations(
            "the paper                            digitus\n"
            "dZ2 = A2 - Y                         dz2 = (softmax(z2) - t) / m\n"
            "dW2 = dZ2 A1ᵀ / m                    dW2 = a1ᵀ dz2\n"
            "db2 = Σ dZ2 / m                      db2 = Σₙ dz2\n"
            "dZ1 = W2ᵀ dZ2 ⊙ ReLU'(Z1)            dz1 = dz2 W2ᵀ where z1 > 0, else 0\n"
            "dW1 = dZ1 Xᵀ / m                     dW1 = xᵀ dz1\n"
            "db1 = Σ dZ1 / m                      db1 = Σₙ dz1"
        ),
    )
    page.say(
        "The one difference is where the mean is taken: the paper divides by m in every gradient, "
        "digitus once, in the gradient of the loss."
    )
    page.add(Heading("G4.1", "Do both notations give the same gradients?", 3))
    found = store.result("gopa/notations")
    if not found:
        page.say("*Not measured yet.*")
        return
    examples = store.records["gopa/notations"]["settings"]["examples"]
    gradients = found["gradients"]
    worst = max(g["difference"] for g in gradients.values())
    rows = [
        [f"d{name}", _shape(g["paper_shape"]),
         f"`{g['digitus_name']}` {_shape(g['digitus_shape'])}",
         f"{g['largest']:.3g}", f"{figure(g['difference'])}"]
        for name, g in gradients.items()
    ]  # fmt: skip
    page.add(
        Table(
            f"Both gradients for the first {examples} digits of the training set, in float64",
            ["gradient", "the paper", "digitus", "largest element", "largest difference"],
            rows,
        )
    )
    page.say(
        f"They differ by at most {figure(worst)}: the same numbers up to rounding"
        f"{' (a test demands 10⁻¹²)' if worst < 1e-12 else ', which is **too much**'}. Every "
        "backward pass in digitus is also checked against finite differences, by `digitus check`."
    )


def _update(page: Page) -> None:
    page.add(
        Heading("G5", "Gopa 2024: the update"),
        Equations("W1 := W1 - α dW1,   b1 := b1 - α db1,   W2 := W2 - α dW2,   b2 := b2 - α db2"),
    )
    page.say(
        "Gradient descent on the whole training set: one step sees all of it. In digitus it is "
        "`nn.GradientDescent`, a rule for one array, and `batch_size = 0` in a recipe. `digitus "
        "train gopa-2024` does exactly this. For the curves below, networks of all seeds were "
        "trained at once on the same X (`papers/columns.py`)."
    )


def _shape(shape: Any) -> str:
    return "[" + " ".join(f"{n}" for n in shape) + "]"
