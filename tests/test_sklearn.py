"""digitus as a classifier of scikit-learn: its own checks, pipelines, searches, joblib.

scikit-learn is imported by the tests: each process that collects them would take a second to do so.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from digitus import nn
from digitus.recipe import from_table, load_recipe
from small import digits

if TYPE_CHECKING:
    from digitus.sklearn import DigitClassifier

NETWORK = [
    {"kind": "Scale"}, {"kind": "Flatten"}, {"kind": "Dense", "units": 32}, {"kind": "Relu"},
    {"kind": "Dense", "units": 10},
]  # fmt: skip


def quickly(epochs: int = 12) -> DigitClassifier:
    """One that learns in a moment."""
    from digitus.sklearn import DigitClassifier

    small = from_table({"name": "small", "network": NETWORK, "batch_size": 128})
    return DigitClassifier(small, epochs=epochs, learning_rate=0.05)


@cache
def own() -> tuple[np.ndarray, np.ndarray]:
    """The 8 x 8 digits that come with scikit-learn, from 0 to 16."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X[:900], y[:900]


@pytest.mark.slow
def test_scikit_learns_own_checks() -> None:
    from sklearn.utils.estimator_checks import check_estimator

    found = check_estimator(quickly(), on_skip=None, on_fail=None)
    failed = [one for one in found if one["status"] not in ("passed", "skipped")]
    assert [(one["check_name"], one["exception"]) for one in failed] == []
    assert len(found) > 40


@pytest.mark.slow
def test_digits_of_8_x_8_are_learnt() -> None:
    from digitus.sklearn import DigitClassifier

    X, y = own()
    fitted = DigitClassifier(epochs=20).fit(X[:700], y[:700])
    assert fitted.score(X[700:], y[700:]) > 0.9
    assert fitted.recognizer_.size == (8, 8)
    assert fitted.range_ == (0, 16)


def test_it_works_in_pipelines_and_searches() -> None:
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    X, y = own()
    line = make_pipeline(MinMaxScaler(), quickly(20))
    assert cross_val_score(line, X, y, cv=2).mean() > 0.8
    tried = {"learning_rate": np.array([1e-6, 0.05]), "epochs": np.array([4])}
    search = GridSearchCV(quickly(), tried, cv=2, n_jobs=1).fit(X, y)
    assert search.best_params_ == {"learning_rate": 0.05, "epochs": 4}


def test_a_rule_and_a_schedule_of_ones_own_are_learnt_by() -> None:
    from digitus.sklearn import DigitClassifier

    class MyAdam(nn.Adam):
        """A rule of somebody's own."""

    class MyCosine(nn.Cosine):
        """A schedule of somebody's own."""

    X, y = own()
    theirs = replace(load_recipe("gopa-2024"), optimizer=MyAdam(), schedule=MyCosine(rate=0.1))
    fitted = DigitClassifier(theirs, epochs=1, learning_rate=0.01).fit(X, y)
    learnt = fitted.recognizer_.recipe
    assert learnt.optimizer is theirs.optimizer
    assert isinstance(learnt.schedule, MyCosine)
    assert (learnt.epochs, learnt.schedule.rate) == (1, 0.01)


def test_joblib_keeps_it(tmp_path: Path) -> None:
    import joblib

    X, y = own()
    fitted = quickly(3).fit(X, y)
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    again = joblib.load(tmp_path / "fitted.joblib")
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert np.array_equal(again.partial_fit(X, y).classes_, fitted.classes_)


def test_parts_are_learnt_one_after_the_other() -> None:
    X, y = own()
    learner = quickly()
    scores = [learner.partial_fit(X, y, classes=range(10)).score(X, y) for _ in range(20)]
    assert scores[-1] > 0.85
    assert scores[-1] > scores[0]
    with pytest.raises(ValueError, match="not among the classes"):
        learner.partial_fit(X[:2], [3, 11])


def test_names_are_labels_and_images_of_28_x_28_are_distorted() -> None:
    from sklearn.base import clone

    from digitus.sklearn import DigitClassifier

    few = digits(200)
    names = np.array(["zero", "one"])[few.labels % 2]
    fitted = clone(DigitClassifier(epochs=2)).fit(few.images.reshape(200, -1), names)
    assert set(fitted.predict(few.images.reshape(200, -1))) <= {"one", "zero"}
    assert not fitted.recognizer_.recipe.augment.off


def test_more_than_ten_classes_get_as_many_outputs() -> None:
    from digitus.sklearn import DigitClassifier

    X, y = own()
    bright = np.where(X.mean(1) > 4.9, "+", "-")
    names = np.strings.add(y.astype(str), bright)
    fitted = quickly(8).fit(X, names)
    assert len(fitted.classes_) > 10
    assert fitted.predict_proba(X).shape == (900, len(fitted.classes_))
    assert fitted.score(X, names) > 0.6
    with pytest.raises(ValueError, match="200 outputs at most; y has 201 classes"):
        quickly().fit(np.eye(500), np.arange(500) % 201)
    ends = from_table({"name": "ends", "network": [*NETWORK, {"kind": "Sigmoid"}]})
    with pytest.raises(ValueError, match="ends with Sigmoid"):
        DigitClassifier(ends).fit(np.eye(30), np.arange(30) % 12)
