"""MNIST's test images in the places that an export of the recognizer that ships runs in.

ONNX Runtime and C read all 10,000, Node every twentieth: each answer is Python's, to 1e-4 in every
probability. C in int8 reads every tenth, and as many are right as in Python, to 0.1 % of them. An
export is as long as results/portable.json says, and where all images are read, as many are right.
Not inside: times, which `benchmarks/portable.py` takes, and Chromium, which reads other images
(`browser/test_exported_page`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import numpy as np
import pytest

import digitus
import portable
from conftest import missing
from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.export import c_run, c_source
from digitus.export.card import about
from digitus.export.operations import networks
from digitus.recognizer import Recognizer
from digitus.types import Images, Matrix
from docs.results import results

pytestmark = pytest.mark.slow

Answer: TypeAlias = Callable[[Recognizer, Images], tuple[Matrix, dict[str, Any]]]


def in_c(precision: Any, model: Recognizer, images: Images) -> tuple[Matrix, dict[str, Any]]:
    """As `portable.c`, without what it measures besides: gcc takes long for so many weights."""
    told = about([model], model.threshold, precision)
    made = c_source.make(networks([model]), told, precision, "digit")
    with TemporaryDirectory() as folder:
        program = c_run.compiled("gcc", made.files, "digit", Path(folder))
        found, _ = c_run.run_c([str(program)], images)
    return found, {"bytes": sum(map(len, made.files.values()))}


# How each is asked, what runs it, and how many images are left out between two, so that all takes
# seconds: whole numbers and Node are slow.
PLACES: dict[str, tuple[Answer, str | None, int]] = {
    "ONNX Runtime": (portable.onnx, None, 1),
    "C": (partial(in_c, "float32"), "gcc", 1),
    "C, int8": (partial(in_c, "int8"), "gcc", 10),
    "Node": (portable.node, "node", 20),
}


@cache
def in_python(mnist_dir: Path) -> tuple[Digits, Matrix]:
    """The test images, and what the recognizer that ships answers."""
    test = load("mnist", "test", data_dir=mnist_dir)
    return test, digitus.load().probabilities(test.images)


@pytest.mark.parametrize("place", PLACES)
def test_mnist_is_read_as_in_python(mnist_dir: Path, place: str) -> None:
    answer, program, step = PLACES[place]
    if program and shutil.which(program) is None:
        missing(program, f"{program} is not on this machine")
    test, expected = in_python(mnist_dir)
    test, expected = test.take(slice(None, None, step)), expected[::step]
    found, row = answer(digitus.load(), test.images)
    measured = results("portable")["models"]["default"]["places"][place]
    right, right_in_python = (int((p.argmax(1) == test.labels).sum()) for p in (found, expected))
    if place == "C, int8":
        assert abs(right - right_in_python) <= 0.001 * len(test)  # a tenth of a point
    else:
        np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
        np.testing.assert_allclose(found, expected, atol=1e-4)
    assert row["bytes"] == measured["bytes"]
    if step == 1:
        assert right == measured["right"]
