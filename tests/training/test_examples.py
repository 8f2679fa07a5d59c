"""Batches that are made ahead are the batches, and a teacher answers to what is in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import digitus
from digitus.datasets.batches import split
from digitus.datasets.digits import NOT_A_DIGIT, targets
from digitus.errors import ModelError
from digitus.nn import softmax
from digitus.training.examples import Examples
from small import EVERYTHING, digits, recipe, recognizer, trained


@pytest.mark.parametrize("augment", [{}, {"rotate": 10, "elastic": 0.8, "smoothness": 4}])
def test_upcoming_batches_are_those_of_their_steps(augment: dict[str, float]) -> None:
    examples = Examples(recipe(augment=augment, batch_size=32), *split(digits(), 50, 0))
    epoch = len(examples.parts)
    steps = range(2, 2 * epoch + 1)
    found = list(examples.upcoming(steps))
    assert len(found) == len(steps)
    for step, batch in zip(steps, found, strict=True):
        expected = examples.batch(*divmod(step, epoch))
        for found_array, expected_array in zip(batch, expected, strict=True):
            assert np.array_equal(found_array, expected_array)
        assert np.array_equal(batch.targets, targets(batch.labels))


def test_a_teacher_answers_to_the_pictures_as_they_were_distorted(tmp_path: Path) -> None:
    """The mean of two, as soft as asked for; a picture of none stays equally likely to be any."""
    recognizer().save(tmp_path / "other.safetensors")
    members = [digitus.load(), digitus.load(tmp_path / "other.safetensors")]
    table = EVERYTHING | {"teacher": f"default+{tmp_path / 'other.safetensors'}", "softness": 3}
    parts = split(digits(), 50, 0)
    images, taught, labels = Examples(recipe(table), *parts).batch(1, 0)
    shown = labels != NOT_A_DIGIT
    assert 0 < (~shown).sum() < shown.sum()
    np.testing.assert_array_equal(taught[~shown], np.full(((~shown).sum(), 10), 0.1, np.float32))
    expected = np.mean([softmax(m.outputs(images) / m.temperature / 3) for m in members], axis=0)
    np.testing.assert_allclose(taught[shown], expected[shown], atol=1e-6)
    plain = Examples(recipe(table, teacher=""), *parts).batch(1, 0)
    assert np.array_equal(plain.inputs, images)
    assert np.array_equal(plain.labels, labels)


def test_what_is_taught_is_learnt_and_not_the_labels(tmp_path: Path) -> None:
    """All labels are wrong, and the teacher is right."""
    recognizer().save(tmp_path / "teacher.safetensors")
    wrong = replace(digits(), labels=(digits().labels + 1) % 10)
    answers = recognizer().probabilities(wrong.images).argmax(axis=1)
    assert (answers == wrong.labels).mean() < 0.1
    for teacher, learnt in ((str(tmp_path / "teacher.safetensors"), answers), ("", wrong.labels)):
        found, _ = trained(recipe(teacher=teacher, softness=2, epochs=20), wrong)
        assert (found.probabilities(wrong.images).argmax(axis=1) == learnt).mean() > 0.7


def test_a_teacher_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nobody"):
        trained(recipe(teacher=str(tmp_path / "nobody")), digits())
