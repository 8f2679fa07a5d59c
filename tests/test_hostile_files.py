"""Reading files: whatever is in one, it is read, or refused in one line."""

from __future__ import annotations

import struct
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import examples
from digitus.errors import ModelError
from digitus.files import VERSION
from digitus.limits import ACTIVATIONS_AT_ONCE, MODEL_HEADER_BYTES
from digitus.nn import Chain, Conv, Dense, Flatten, MaxPool
from digitus.nn.cost import cost
from digitus.recipe import to_table
from digitus.recognizer import Recognizer, load
from hostile import (
    FLATTEN,
    HOSTILE,
    TEN,
    good,
    rearranged,
    with_about,
    with_about_of,
    with_header,
    with_metadata,
    with_recipe,
)
from measured import growth
from small import digits, one_line, recognizer, same_arrays


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_models_are_one_line(case: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(HOSTILE[case]())
    with pytest.raises(ModelError) as caught:
        load(path)
    assert str(path) in one_line(caught.value)


def test_a_good_file_put_together_by_hand_is_read(tmp_path: Path) -> None:
    """So the cases above are refused for what is wrong with them."""
    path = tmp_path / "model.safetensors"
    for content in (with_header(), with_about(), rearranged(lambda names: names)):
        path.write_bytes(content)
        assert same_arrays(load(path).params, recognizer().params)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "nowhere" / "x"):
        with pytest.raises(ModelError) as caught:
            load(path)
        assert str(path) in one_line(caught.value)


def test_a_large_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", MODEL_HEADER_BYTES + 1))
        file.truncate(MODEL_HEADER_BYTES + 100)  # sparse: takes no room
    with pytest.raises(ModelError, match=f"header of {MODEL_HEADER_BYTES + 1} bytes; at most"):
        load(path)


def test_newer_files_say_so(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_metadata(version=str(VERSION + 1)))
    with pytest.raises(ModelError, match=r"from a newer digitus .* update digitus"):
        load(path)
    path.write_bytes(with_metadata(kind="checkpoint"))
    with pytest.raises(ModelError, match="is a digitus checkpoint; a model is needed here"):
        load(path)


def test_parameters_too_large_for_an_answer_are_one_line(tmp_path: Path) -> None:
    """Each number is finite, their sums are not: found when it reads, not passed on as NaN."""
    path = tmp_path / "model.safetensors"
    shape = recognizer().params["3.W"].shape
    huge = {"3.W": np.full(shape, 3e38, np.float32)}
    path.write_bytes(rearranged(lambda names: [n for n in names if n != "3.W"], huge))
    with pytest.raises(ModelError, match="not finite"):
        load(path).probabilities(digits().images[:5])


RELU = {"kind": "Relu"}


def conv(channels: int) -> dict[str, Any]:
    return {"kind": "Conv", "channels": channels}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "parameters", "why"),
    [
        # 1.6 MB, and reading one picture would ask for more than 9 GB.
        (
            [conv(20_000), {"kind": "MaxPool", "size": 28}, FLATTEN, TEN],
            {"0.W": (3, 3, 1, 20_000), "0.b": (20_000,), "3.W": (20_000, 10), "3.b": (10,)},
            r"more than 8,000,000 numbers between its layers",
        ),
        ([FLATTEN, *[RELU] * 100_000, TEN], {}, "more than 1,000 layers"),
        ([{"kind": "Residual", "body": [RELU] * 999}] * 2, {}, "more than 1,000 layers"),
        ([conv(600), conv(600), FLATTEN, TEN], {}, "more than 2,000,000,000 products"),
        ([conv(64)] * 90 + [FLATTEN, TEN], {}, "more than 2,000,000,000 products"),
    ],
    ids=["very wide", "100,000 layers", "layers within layers", "many products", "deep"],
)
def test_giant_models_in_small_files_are_refused_at_once(
    tmp_path: Path, layers: list[dict[str, Any]], parameters: dict[str, Any], why: str
) -> None:
    made = {name: np.zeros(shape, np.float32) for name, shape in parameters.items()}
    content = rearranged(lambda names: [], made)
    recipe = {**good()[1]["recipe"], "network": layers}
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_about_of(content, recipe=recipe))
    start = time.process_time()
    with growth() as grown, pytest.raises(ModelError, match=why) as caught:
        load(path)
    one_line(caught.value)
    assert time.process_time() - start < 2
    assert grown.bytes < 100 * 10**6


def test_a_wide_model_reads_fewer_images_at_a_time() -> None:
    """So that its memory does not grow with how many digits a picture has."""
    network = Chain([Conv(2000), MaxPool(28), Flatten(), Dense(10)])
    recipe = replace(recognizer().recipe, network=network)
    shapes, _ = network.plan((28, 28, 1))
    wide = Recognizer(recipe, {n: np.zeros(s, np.float32) for n, s in shapes.items()})
    images = np.zeros((100, 28, 28), np.uint8)
    with growth() as grown:
        assert wide.probabilities(images).shape == (100, 10)
    assert cost(network, (28, 28, 1)).numbers * len(images) > ACTIVATIONS_AT_ONCE
    assert grown.bytes < 8 * ACTIVATIONS_AT_ONCE + 50 * 10**6


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations") / "model.safetensors"


def check_said_well(path: Path, content: bytes) -> None:
    """It is a model that answers, or one line says why it is not."""
    path.write_bytes(content)
    try:
        model = load(path)
        p = model.probabilities(np.zeros((2, *model.size), np.uint8))
    except ModelError as error:
        one_line(error)
        return
    assert p.shape == (2, 10)
    assert np.isfinite(p).all()


@examples(150)
@given(data=st.data())
def test_random_bytes_changed(scratch: Path, data: st.DataObject) -> None:
    content = bytearray(with_header())
    header = 8 + int.from_bytes(content[:8], "little")
    place = st.integers(0, header) | st.integers(0, len(content) - 1)  # mostly where it matters
    for at, byte in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=5)):
        content[at] = byte
    check_said_well(scratch, bytes(content))


@examples(50)
@given(data=st.data())
def test_random_pieces_removed_or_inserted(scratch: Path, data: st.DataObject) -> None:
    content = with_header()
    at = data.draw(st.integers(0, len(content)))
    skip = data.draw(st.integers(0, 20))
    check_said_well(
        scratch, content[:at] + data.draw(st.binary(max_size=20)) + content[at + skip :]
    )


@examples(100)
@given(
    key=st.sampled_from(["recipe", "size", "temperature", "threshold", "history"]),
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
)
def test_random_metadata(scratch: Path, key: str, value: Any) -> None:
    check_said_well(scratch, with_about(**{key: value}))


@examples(100)
@given(
    key=st.sampled_from(sorted(to_table(recognizer().recipe))),
    value=st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers()),
)
def test_random_recipes(scratch: Path, key: str, value: Any) -> None:
    check_said_well(scratch, with_recipe(**{key: value}))
