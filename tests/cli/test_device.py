"""Reading on another device: the same answers, and one clear line where there is none."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import digitus as package
from conftest import missing
from digitus.errors import DigitusError
from digitus.nn import torch_device as device
from digitus.synthetic.pages.pages import pages
from digitus.synthetic.strokes import strokes

WITHIN = 1e-5  # of a probability; boxes are whole pixels


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found out about devices is found out anew."""
    monkeypatch.setenv(device.CHOICE, device.CPU)
    device._place.cache_clear()


@pytest.mark.slow
def test_the_same_answers_by_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        missing("torch", str(error))
    images = strokes(40, 3).images
    page = next(pages(1, 31)).picture
    recognizer = package.load()
    known, here = recognizer.probabilities(images), package.read(page)
    assert here.digits
    device.use("torch")
    assert np.abs(recognizer.probabilities(images) - known).max() < WITHIN
    there = package.read(page)
    assert there.lines == here.lines
    for one, other in zip(here.digits, there.digits, strict=True):
        assert (one.value, one.box) == (other.value, other.box)
        assert abs(one.confidence - other.confidence) < WITHIN


@pytest.mark.parametrize(
    "command", [["read", "x.png"], ["evaluate"], ["bulk", "x", "--to", "y"], ["train", "tiny"]]
)
def test_without_a_gpu(digitus: Any, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = SimpleNamespace(is_available=lambda: False)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=gpu))
    told = digitus(*command, "--device", "cuda").complaint
    assert told == "digitus: PyTorch finds no GPU here; take --device cpu"
    assert device.name() == device.CPU


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DigitusError, match=r"digitus\[torch\]"):
        device.use("cuda")
    with pytest.raises(DigitusError, match="there is no device 'abacus'"):
        device.use("abacus")


def test_a_gpu_is_used_where_there_is_one() -> None:
    """With a fake one: what is chosen is what processes that are started find."""
    with pytest.MonkeyPatch.context() as patch:
        gpu = SimpleNamespace(is_available=lambda: True)
        backends = SimpleNamespace(cudnn=SimpleNamespace(allow_tf32=True))
        patch.setitem(sys.modules, "torch", SimpleNamespace(cuda=gpu, backends=backends))
        device.use("cuda")
        assert device.chosen() == "cuda"
        assert backends.cudnn.allow_tf32 is False
