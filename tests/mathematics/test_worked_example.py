"""The worked example of `docs/mathematics.md`, from pixels to changed weights: its numbers.

Inside: the code blocks, run in order, against what stands printed below them; the sums by hand; the
numbers in the text; the same step by digitus's own training. Not inside: the rest of the page.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
from typing import Any

import numpy as np
import pytest

from digitus import nn
from digitus.training.update import apply_gradients
from mathematics.math_page import PAGE

SECTION = PAGE.read_text("utf-8").partition("\n## 18. ")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```python\n(.*?)^```\n```text\n(.*?)^```", SECTION, flags=re.M | re.S)
BY_HAND = re.findall(r"`([^`=\n]+) = (-?\d+\.\d{4})`", SECTION)
NUMBER = r"-?\d+\.\d{4}(?!\d)"


def run(blocks: list[tuple[str, str]]) -> tuple[list[str], dict[str, Any]]:
    """What the code prints, block by block, and its variables at the end."""
    variables: dict[str, Any] = {}
    printed = []
    for code, _ in blocks:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(code, "worked example", "exec"), variables)
        printed.append(out.getvalue())
    return printed, variables


PRINTED, VARIABLES = run(BLOCKS)


def by_hand(expression: str) -> float:
    """A sum as it stands in the text: 0.2·(-0.5) + log(3)."""
    assert re.fullmatch(r"[-+*/(). \d·loexpg]+", expression)
    known = {"log": math.log, "exp": math.exp, "__builtins__": {}}
    return float(eval(expression.replace("·", "*"), known))


def test_no_code_block_is_without_its_numbers() -> None:
    assert len(BLOCKS) == SECTION.count("```python") == SECTION.count("```text") == 10


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_prints_what_stands_below_it(number: int) -> None:
    assert PRINTED[number] == BLOCKS[number][1]


@pytest.mark.parametrize(("left", "right"), BY_HAND)
def test_a_sum_by_hand(left: str, right: str) -> None:
    assert by_hand(left) == pytest.approx(float(right), abs=1.5e-4)  # from numbers that are rounded
    shown = {float(x) for x in re.findall(NUMBER, "".join(PRINTED))}
    used = {float(x) for x in re.findall(NUMBER, left)}
    assert used <= shown, "a sum uses a number that no block prints"
    # The result is printed too, unless the sum is there to compare two printed numbers.
    assert float(right) in shown or right in ("1.0986", "0.1725")


def test_a_wrong_sum_would_be_seen() -> None:
    left, right = BY_HAND[0]
    assert by_hand(left.replace("+", "-", 1)) != pytest.approx(float(right), abs=1.5e-4)
    wrong = [(code.replace("dz2 @ W2.T", "dz2 @ W2.T + 1e-3"), text) for code, text in BLOCKS]
    assert run(wrong)[0] != [text for _, text in BLOCKS]
    assert len(BY_HAND) == 13


def test_the_numbers_in_the_text_are_those_of_the_blocks() -> None:
    text = re.sub(r"^```.*?^```$", "", SECTION, flags=re.M | re.S)
    text = re.sub(r"`[^`\n]*`", "", text).replace("−", "-")
    shown = {float(x) for x in re.findall(NUMBER, "".join(PRINTED))}
    found = {float(x) for x in re.findall(NUMBER, text)}
    assert len(found) >= 4
    assert found <= shown


def test_the_story_is_true() -> None:
    """The 1 is misread as a 2 before the step and read after it; a hidden unit is off for the 0."""
    rows = [np.array(re.findall(NUMBER, text), float) for text in PRINTED]
    before = next(r for r, t in zip(rows, PRINTED, strict=True) if "z2" in t and " y " in t)
    y = before[-7:-1].reshape(2, 3)
    assert y.argmax(axis=1).tolist() == [0, 2]
    assert VARIABLES["y"].argmax(axis=1).tolist() == [0, 1]
    assert VARIABLES["z1"][0, 0] < 0 < VARIABLES["z1"].max()


def test_the_inputs_are_not_near_to_rounding_otherwise() -> None:
    """Should another version of NumPy or OpenCV move the ink by a grey level, x stays as it is."""
    images = VARIABLES["images"][:, :27, :27]
    means = images.reshape(2, 3, 9, 3, 9).mean(axis=(2, 4)) / 255
    distance = np.abs(means * 10 % 1 - 0.5) / 10
    assert distance.min() * 255 > 1.5  # grey levels, of the mean of 81 pixels


def test_the_step_is_that_of_training() -> None:
    """The whole way by digitus: bytes, preparing layers, both dense layers, loss, step."""
    v = VARIABLES
    network = nn.Chain(
        [nn.Scale(), nn.AveragePool(9), nn.Flatten(), nn.Dense(2), nn.Relu(), nn.Dense(3)]
    )
    small, _ = nn.Chain(network.layers[:3]).forward({}, v["images"][..., None].astype(float))
    assert np.array_equal(small.round(1), v["x"])
    alpha = v["alpha"]
    p = {"0.W": v["W1"] + alpha * v["dW1"], "0.b": v["b1"] + alpha * v["db1"]}
    p |= {"2.W": v["W2"] + alpha * v["dW2"], "2.b": v["b2"] + alpha * v["db2"]}
    tail = nn.Chain(network.layers[3:])
    z, backward = tail.forward(p, v["x"])
    loss, dz = nn.SoftmaxCrossEntropy()(z, v["t"])
    _, gradients = backward(dz)
    apply_gradients(nn.GradientDescent(), p, gradients, {k: {} for k in p}, rate=alpha, t=1)
    for name, ours in {"0.W": "W1", "0.b": "b1", "2.W": "W2", "2.b": "b2"}.items():
        np.testing.assert_allclose(p[name], v[ours], rtol=0, atol=1e-15)
    assert loss > v["L"]
