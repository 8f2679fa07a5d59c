"""`DigitClassifier`: digitus as a classifier of scikit-learn, for pipelines and searches.

::

    from digitus.sklearn import DigitClassifier
    from sklearn.datasets import load_digits
    from sklearn.model_selection import cross_val_score

    X, y = load_digits(return_X_y=True)
    cross_val_score(DigitClassifier(), X, y)

Inside: rows of numbers as images, any labels as the outputs of a network, and its training by
whole sets (`fit`) and by parts (`partial_fit`). Not inside: training itself (`training`). It needs
scikit-learn, `pip install 'digitus[sklearn]'`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from digitus.datasets.augmentation import Augmentation
from digitus.datasets.digits import CLASSES, DIGITS, Digits
from digitus.nn import Chain, Constant, Dense, softmax
from digitus.recipe import MOST_CLASSES, Recipe, load_recipe, with_settings
from digitus.recognizer import Recognizer
from digitus.threads import cores
from digitus.training.loop import Finished, State, begin, train
from digitus.training.suited import suited
from digitus.types import Bytes, Matrix, Numbers

# What a recipe calls more than ten labels: any signs do, since nobody sees them.
SIGNS = "".join(filter(str.isprintable, map(chr, range(ord("A"), 500))))[:MOST_CLASSES]
LEAST_SIDE = 20  # pixels of images that are distorted: in smaller ones, a pixel is a stroke


class DigitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A network of digitus that learns rows of pixels [n h*w].

    A square number of features is an image, any other a row of pixels. All features are on one
    scale: the smallest number that `fit` sees becomes 0, the largest 255, and what lies beyond
    is clipped. Labels may be anything; for more than ten, the last layer of the recipe's network
    gets as many units.

    Parameters
    ----------
    recipe : the name of a recipe that ships, a TOML file, or a `digitus.Recipe`.
    epochs : how often every image is seen; by default as the recipe says, and for small sets so
        often that there are a thousand steps.
    learning_rate : the rate of the recipe's schedule, if not its own.
    n_jobs : processes that learn together; None is one, -1 one for each core.
    random_state : decides all randomness; None draws anew each time.

    Attributes
    ----------
    classes_, n_features_in_ : as everywhere in scikit-learn.
    recognizer_ : the `digitus.Recognizer`, whose outputs 0, 1, ... are `classes_`.
    range_ : what the pixels 0 and 255 stand for.

    """

    def __init__(
        self,
        recipe: str | Path | Recipe = "quick",
        *,
        epochs: int | None = None,
        learning_rate: float | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.recipe = recipe
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> DigitClassifier:
        """Learns pixels X [n p] and their labels y [n]; of a small set, a sixth is held back."""
        rows, labels = validate_data(self, X, y)
        check_classification_targets(labels)
        self.classes_ = np.unique(labels)
        self.range_ = float(rows.min()), float(rows.max())
        digits = self._digits(rows, labels)
        self._seed = int(check_random_state(self.random_state).randint(2**31))
        recipe = suited(self._recipe(), digits, self._chosen())
        self._learn(recipe, digits, begin(recipe, digits))
        return self

    def partial_fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, classes: npt.ArrayLike | None = None
    ) -> DigitClassifier:
        """Learns one part of a set, seeing it once; goes on from what is known.

        The first call names all `classes`, and its numbers set the range for all calls.
        """
        first = not hasattr(self, "recognizer_")
        rows, labels = validate_data(self, X, y, reset=first)
        check_classification_targets(labels)
        if first:
            self.classes_ = np.unique(labels if classes is None else classes)
            self.range_ = float(rows.min()), float(rows.max())
            self._seed = int(check_random_state(self.random_state).randint(2**31))
        digits = self._digits(rows, labels)
        recipe = suited(self._recipe(), digits, {*self._chosen(), "epochs"})
        recipe = with_settings(recipe, epochs=1, schedule=Constant(recipe.schedule.rate))
        state = begin(recipe, digits)
        if not first:
            known = self._state
            state.params, state.memory, state.average = known.params, known.memory, known.average
        self._learn(recipe, digits, state)
        return self

    def predict_proba(self, X: npt.ArrayLike) -> Matrix:
        """The probability of each of `classes_` for rows of pixels, [n k]."""
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False)
        z = self.recognizer_.outputs(self._images(rows))[:, : len(self.classes_)]
        return softmax(z.astype(np.float64) / self.recognizer_.temperature)

    def predict(self, X: npt.ArrayLike) -> Numbers:
        """The likeliest of `classes_` for each row of pixels, [n]."""
        places = self.predict_proba(X).argmax(axis=1)
        return self.classes_[places]

    def _chosen(self) -> set[str]:
        """Settings that `suited` leaves alone: rows of numbers have no pictures of other digits."""
        return {"not_digits"} | ({"epochs"} if self.epochs is not None else set())

    def _recipe(self) -> Recipe:
        """The recipe with what is set here."""
        recipe = self.recipe if isinstance(self.recipe, Recipe) else load_recipe(self.recipe)
        changes: dict[str, object] = {"seed": self._seed, "not_digits": 0.0}
        if self.epochs is not None:
            changes["epochs"] = self.epochs
        if self.learning_rate is not None:
            changes["schedule"] = replace(recipe.schedule, rate=self.learning_rate)
        if len(self.classes_) > CLASSES:
            changes |= {"classes": self._signs(), "network": self._network(recipe.network)}
        if min(self._size()) < LEAST_SIDE:
            changes |= {"augment": Augmentation(), "worn": 0.0}
        return with_settings(recipe, **changes)

    def _signs(self) -> str:
        """What the recipe calls the classes."""
        count = len(self.classes_)
        return DIGITS if count <= CLASSES else SIGNS[:count]

    def _network(self, network: Chain) -> Chain:
        """The network with an output for each of more than ten classes."""
        *layers, last = network.layers
        if not isinstance(last, Dense):
            raise ValueError(
                f"the recipe's network ends with {last}, so it cannot have more outputs"
            )
        return Chain([*layers, Dense(len(self.classes_))])

    def _size(self) -> tuple[int, int]:
        """Height and width of an image."""
        side = math.isqrt(self.n_features_in_)
        return (side, side) if side**2 == self.n_features_in_ else (1, self.n_features_in_)

    def _images(self, X: Numbers) -> Bytes:
        """Rows of numbers as images of bytes."""
        least, most = self.range_
        shares = (X.astype(np.float64) - least) / ((most - least) or 1.0)
        return np.rint(255 * np.clip(shares, 0, 1)).astype(np.uint8).reshape(-1, *self._size())

    def _digits(self, X: Numbers, y: Numbers) -> Digits:
        """Rows and labels as digits to learn. Raises `ValueError` for what cannot be learnt."""
        if len(self.classes_) > MOST_CLASSES:
            raise ValueError(
                f"a network of digitus has {MOST_CLASSES} outputs at most; y has "
                f"{len(self.classes_)} classes"
            )
        if len(X) < 2:
            raise ValueError(f"one sample is held back, so there must be two; n_samples = {len(X)}")
        places = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        if (self.classes_[places] != y).any():
            raise ValueError(f"y has labels that are not among the classes {self.classes_}")
        images, labels = self._images(X), places.astype(np.uint8)
        return Digits(images, labels, "rows of numbers", classes=self._signs())

    def _learn(self, recipe: Recipe, digits: Digits, state: State) -> None:
        """Trains from a state, and keeps it."""
        threads = cores() if self.n_jobs == -1 else self.n_jobs or 1
        for event in train(recipe, digits, state=state, threads=threads):
            if isinstance(event, Finished):
                self.recognizer_: Recognizer = event.recognizer
        self._state = state
