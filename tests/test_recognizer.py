"""A recognizer answers the same from its file, in any thread, and knows how sure it may be."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.errors import ModelError, OutputError, ShapeError
from digitus.nn import softmax
from digitus.nn.images import BATCH
from digitus.recognizer import REFUSED_SHARE, Recognizer, calibrate, load
from digitus.threads import workers
from nn.layouts import LAYOUTS
from small import EVERYTHING, digits, one_line, recipe, recognizer, same_arrays, trained


def surprise(outputs: Any, labels: Any, temperature: float) -> float:
    """The mean of -log p of the right answers."""
    p = softmax(np.asarray(outputs, np.float64) / temperature)
    return float(-np.log(p[np.arange(len(p)), labels]).mean())


@pytest.mark.parametrize("table", [{}, EVERYTHING], ids=["small", "everything"])
def test_saved_and_loaded_it_answers_the_same_to_the_bit(
    table: dict[str, Any], tmp_path: Path
) -> None:
    model = trained(recipe(**table), digits())[0]
    model.save(tmp_path / "m.safetensors")
    again = load(str(tmp_path / "m.safetensors"))
    assert np.array_equal(
        again.probabilities(digits().images), model.probabilities(digits().images)
    )
    assert same_arrays(again.params, model.params)
    for key in ("recipe", "size", "temperature", "threshold", "history"):
        assert getattr(again, key) == getattr(model, key), key


def test_probabilities() -> None:
    p = recognizer().probabilities(digits().images)
    assert p.shape == (300, 10)
    assert p.dtype == np.float32
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    assert recognizer().probabilities(digits().images[:0]).shape == (0, 10)
    hot = replace(recognizer(), temperature=3.0)
    expected = softmax(recognizer().outputs(digits().images) / 3)
    np.testing.assert_allclose(hot.probabilities(digits().images), expected, rtol=1e-5)


def test_an_answer_does_not_depend_on_its_neighbours() -> None:
    model, images = trained(recipe(EVERYTHING), digits())[0], digits().images
    together = model.probabilities(images)
    assert len(images) > BATCH
    alone = np.concatenate([model.probabilities(images[i : i + 1]) for i in range(20)])
    np.testing.assert_allclose(together[:20], alone, rtol=1e-4, atol=1e-6)


def test_several_threads_read_the_same_as_one() -> None:
    model = recognizer()
    parts = [digits(seed=s).images for s in range(6)]
    expected = [model.probabilities(images) for images in parts]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(3):
            for found, right in zip(pool.map(model.probabilities, parts), expected, strict=True):
                assert np.array_equal(found, right)
    with workers(3, shards=2) as each:
        assert np.array_equal(model.probabilities(parts[0], each), expected[0])


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        recognizer().temperature = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    "way",
    [
        lambda r: r,
        lambda r: replace(r, threshold=0.5),
        lambda r: pickle.loads(pickle.dumps(r)),
        copy.deepcopy,
    ],
    ids=["made", "replaced", "pickled", "copied"],
)
def test_its_parameters_cannot_be_written_to(way: Callable[[Recognizer], Recognizer]) -> None:
    """Nor those that its layers have looked up; whoever made it keeps arrays of his own."""
    arrays = {name: w.copy() for name, w in recognizer().params.items()}
    made = replace(recognizer(), params=arrays)
    made.outputs(digits().images[:1])
    model = way(made)
    for w in (*model.params.values(), *(w for _, own in model._layers for w in own.values())):
        with pytest.raises(ValueError, match="read-only"):
            w += 1
    assert all(w.flags.writeable for w in arrays.values())
    assert np.shares_memory(made.params["3.W"], arrays["3.W"])  # a view costs nothing
    assert np.array_equal(model.outputs(digits().images), made.outputs(digits().images))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_an_answer_does_not_depend_on_how_images_lie_in_memory(layout: Any) -> None:
    network = [
        {"kind": "Scale"},
        {"kind": "Conv", "channels": 3, "padding": "valid"},
        {"kind": "Conv", "channels": 3, "stride": 2, "padding": "valid"},
        {"kind": "Flatten"},
        {"kind": "Dense", "units": 10},
    ]
    model = trained(recipe(network=network, epochs=1), digits())[0]
    images = digits().images[:40]
    expected = model.probabilities(images)
    np.testing.assert_allclose(model.probabilities(layout(images)), expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((3, 20, 20), np.uint8), "reads bytes [n 28 28], not uint8 [3, 20, 20]"),
        (np.zeros((28, 28), np.uint8), "not uint8 [28, 28]"),
        (np.zeros((3, 28, 28)), "not float64 [3, 28, 28]"),
    ],
)
def test_other_images_are_refused(images: Any, said: str) -> None:
    with pytest.raises(ShapeError) as caught:
        recognizer().probabilities(images)
    assert said in one_line(caught.value)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"params": {}}, ModelError, "needs parameters 3.W [196, 16]; none are there"),
        ({"size": (30, 28)}, ModelError, "needs 3.W of shape [210, 16], not [196, 16]"),
        ({"size": (1, 1)}, ShapeError, "layer 1, MaxPool(size=2)"),
        ({"temperature": 0.0}, ModelError, "temperature must be from 0.001 to 1000, not 0.0"),
        ({"threshold": 1.5}, ModelError, "threshold must be from 0 to 1"),
        ({"recipe": recipe(network=[{"kind": "Flatten"}])}, ShapeError, "ends with [784] outputs"),
    ],
)
def test_parts_that_do_not_belong_together(
    change: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        replace(recognizer(), **change)
    assert said in one_line(caught.value)


def test_a_model_that_cannot_be_saved(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        recognizer().save(tmp_path / "file" / "m.safetensors")


def test_reading_refuses_what_is_not_sure_enough() -> None:
    model, images = recognizer(), digits(300, seed=4).images
    p = model.probabilities(images)
    for threshold in (0.0, 0.6, 1.0):
        answers = list(replace(model, threshold=threshold).read(images))
        assert [c for _, c in answers] == [float(row.max()) for row in p]
        for (digit, confidence), row in zip(answers, p, strict=True):
            assert digit == (int(row.argmax()) if confidence >= threshold else None)
    assert isinstance(answers[0][1], float)


def test_parameter_count() -> None:
    assert recognizer().parameter_count == 196 * 16 + 16 + 16 * 10 + 10


# ---------------------------------------------------------------------------------- calibration


def sample(n: int = 4000, seed: int = 0) -> tuple[Any, Any]:
    """Honest outputs: labels drawn from their softmax."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 2, (n, 10))
    labels = (softmax(z).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return z, np.minimum(labels, 9)


@pytest.mark.parametrize("factor", [0.2, 1.0, 3.0, 10.0])
def test_calibration_finds_the_temperature(factor: float) -> None:
    z, labels = sample()
    temperature, _ = calibrate(z * factor, labels)
    assert temperature == pytest.approx(factor, rel=0.05)
    for other in (0.9, 1.1):
        best = surprise(z * factor, labels, temperature)
        assert surprise(z * factor, labels, temperature * other) > best


def test_calibration_helps_and_changes_no_answer() -> None:
    z, labels = sample(1000, seed=1)
    temperature, _ = calibrate(z * 5, labels)
    other, fresh = sample(1000, seed=2)
    assert surprise(other * 5, fresh, temperature) < surprise(other * 5, fresh, 1.0) - 0.5
    hot, cold = (replace(recognizer(), temperature=t) for t in (3.0, 0.5))
    a, b = (model.probabilities(digits().images) for model in (hot, cold))
    assert np.array_equal(a.argmax(axis=1), b.argmax(axis=1))
    assert (a.max(axis=1) <= b.max(axis=1)).all()


def test_calibration_survives_outputs_that_are_always_right_or_always_wrong() -> None:
    labels = np.arange(200) % 10
    right = np.eye(10)[labels] * 8
    for outputs in (right, np.roll(right, 1, axis=1), np.zeros((200, 10)), right * 1e6):
        temperature, threshold = calibrate(outputs, labels)
        assert 0.01 <= temperature <= 100
        assert 0 <= threshold <= 1


def test_a_small_set_read_without_a_mistake_does_not_make_certain() -> None:
    z, labels = sample(8000)
    right = np.flatnonzero(z.argmax(1) == labels)
    unclear = softmax(z / calibrate(z[right[:50]], labels[right[:50]])[0]).max(axis=1)
    assert unclear.mean() < 0.98


def test_the_threshold_refuses_about_the_stated_share() -> None:
    z, labels = sample(8000)
    temperature, threshold = calibrate(z, labels)
    refused = (softmax(z / temperature).max(axis=1) < threshold).mean()
    assert refused == pytest.approx(REFUSED_SHARE, abs=1 / 8000)
    other, _ = sample(8000, seed=5)
    fresh = (softmax(other / temperature).max(axis=1) < threshold).mean()
    assert fresh == pytest.approx(REFUSED_SHARE, rel=0.6)


def test_a_trained_recognizer_refuses_that_share_of_what_it_was_chosen_on() -> None:
    model = recognizer()
    assert 0 < model.threshold < 1
    read = list(model.read(digits(2000, seed=8).images))
    assert np.mean([digit is None for digit, _ in read]) < 0.05


def test_a_recognizer_needs_nothing_but_the_public_names(tmp_path: Path) -> None:
    import digitus

    recognizer().save(tmp_path / "m.safetensors")
    model = digitus.load(tmp_path / "m.safetensors")
    assert isinstance(model, Recognizer)
    assert digitus.evaluate(model, digits()).record()["n"] == 300
