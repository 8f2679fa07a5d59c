"""`Recognizer`: a trained network with everything needed to use it: pixels in, probabilities out.

It is all that applications hold: frozen, safe to share between threads, and it knows its recipe,
its calibration and its history. Inside: inference, calibration, saving and loading. Not inside:
finding digits in a picture, scoring (`evaluation`), training (`training`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from digitus.datasets.digits import SIDE
from digitus.errors import ModelError, RecipeError, ShapeError
from digitus.files import UNREADABLE, one_line, read_arrays, write_arrays
from digitus.history import History, history_of
from digitus.limits import ACTIVATIONS_AT_ONCE
from digitus.nn import Chain, Scale, Softmax, softmax, to_numpy
from digitus.nn.arrays import bounds
from digitus.nn.cost import cost
from digitus.nn.images import BATCH, as_input
from digitus.nn.inference import Inference
from digitus.nn.layers import Layer
from digitus.nn.parameters import scoped
from digitus.recipe import Recipe, check_no_own, from_table, planned_for, to_table
from digitus.threads import Map
from digitus.types import Array, Images, Matrix, Numbers, Params

if TYPE_CHECKING:
    from digitus.evaluation import Evaluation
    from digitus.export import Exported, Kind, Precision

DEFAULT = "default"  # the name of the recognizer that ships with digitus
WEIGHTS = Path(__file__).parent / "weights"
LARGEST_OUTPUT = 1e30  # so that dividing by the temperature does not overflow
NOT_SOUND = "the network's outputs are not finite: its parameters are too large"
REFUSED_SHARE = 0.005  # of development digits, by the threshold that training chooses


@dataclass(frozen=True, eq=False)
class Recognizer:
    """Reads images of single digits.

    `size` is the height and width of its images; `temperature` divides the network's outputs
    before softmax; answers less probable than `threshold` are refused. `history` is what happened
    to it: data and their hashes, epochs, scores, versions. `report` is its score on what was held
    back, where it has just been trained by `digitus.train`; files do not keep it.
    """

    recipe: Recipe
    params: Params
    size: tuple[int, int] = (SIDE, SIDE)
    temperature: float = 1.0
    threshold: float = 0.0
    history: History = field(default_factory=History)
    report: Evaluation | None = None

    def __post_init__(self) -> None:
        shapes = planned_for(self.recipe, self.size)
        for name, shape in shapes.items():
            if name not in self.params:
                raise ModelError(
                    f"the network needs parameters {name} {list(shape)}; none are there"
                )
            if self.params[name].shape != shape:
                found = list(self.params[name].shape)
                raise ModelError(f"the network needs {name} of shape {list(shape)}, not {found}")
        if surplus := self.params.keys() - shapes.keys():
            raise ModelError(f"the network has no parameters {', '.join(sorted(surplus))}")
        if not 1e-3 <= self.temperature <= 1e3:  # `calibrate` goes from 0.01 to 100
            raise ModelError(f"the temperature must be from 0.001 to 1000, not {self.temperature}")
        if not 0 <= self.threshold <= 1:
            raise ModelError(f"the threshold must be from 0 to 1, not {self.threshold}")
        object.__setattr__(self, "params", {name: _frozen(w) for name, w in self.params.items()})

    def __repr__(self) -> str:
        """In a line: the arrays would fill a screen a thousand times."""
        height, width = self.size
        return (
            f"Recognizer({self.recipe.name}: {self.parameter_count:,} parameters, "
            f"{height} x {width} bytes, refuses below {self.threshold:.3f})"
        )

    def _repr_html_(self) -> str:
        """For notebooks: what it is, and how good, digit by digit, where that is known."""
        learnt = self.history.get("data", {}).get("name")
        about = repr(self) + (f", trained on {learnt}" if learnt else "")
        layers = [(str(layer),) for layer in self.recipe.network.layers]
        report = self.report._repr_html_() if self.report else ""
        from digitus.notebook import table

        return table((self.recipe.name,), layers, about) + report

    def __reduce__(self) -> tuple[object, ...]:
        """Unpickled by its constructor, which makes the arrays read-only again."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    @property
    def classes(self) -> str:
        """The classes of the recipe: one sign for each output, in their order."""
        return self.recipe.classes

    @cached_property
    def _layers(self) -> list[tuple[Layer, Params]]:
        """Each layer with its parameters: looked up once, not for every image."""
        layers = self.recipe.network.layers
        return list(zip(layers, scoped(self.params, len(layers)), strict=True))

    @cached_property
    def _batch(self) -> int:
        """Images at a time: fewer where the network makes much of each."""
        numbers = cost(self.recipe.network, (*self.size, 1)).numbers
        return max(1, min(BATCH, ACTIVATIONS_AT_ONCE // numbers))

    @cached_property
    def _compiled(self) -> Inference:
        return Inference(self.recipe.network, self.params)

    @cached_property
    def _compiled_to_probabilities(self) -> Inference:
        layers = (*self.recipe.network.layers, Scale(self.temperature), Softmax())
        return Inference(Chain(layers), self.params)

    def outputs(self, images: Images, each: Map = map) -> Matrix:
        """What the network gives for bytes [n h w]: [n 10], before temperature and softmax.

        `each` is the map over batches, for example that of `threads.workers`. Raises `ShapeError`
        for images of another size and `ModelError` where an output is not finite.
        """
        return self._made(images, each, self._compiled, lambda z: z)

    def _made(
        self, images: Images, each: Map, compiled: Inference, finish: Callable[[Matrix], Matrix]
    ) -> Matrix:
        """The output of the compiled kernels, or `finish` of the layers' output without them."""
        if not hasattr(images, "dtype"):
            height, width = self.size
            raise TypeError(
                f"images are an array of bytes [n {height} {width}], not {type(images).__name__}"
            )
        if images.shape[1:] != self.size or images.dtype != np.uint8:
            raise ShapeError(
                f"this recognizer reads bytes [n {self.size[0]} {self.size[1]}], "
                f"not {images.dtype} {list(images.shape)}"
            )
        w = next(iter(self.params.values()))

        def forward(part: slice) -> Numbers:
            if (found := compiled.checked(images[part])) is not None:
                if not found[1]:
                    raise ModelError(NOT_SOUND)
                return found[0]
            # What is not finite is found below.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                x = as_input(images[part], w)
                for layer, own in self._layers:
                    x = layer.forward(own, x)[0]
                z: Matrix = to_numpy(x)
            if not (np.abs(z) < LARGEST_OUTPUT).all():  # false for NaN too
                raise ModelError(NOT_SOUND)
            return finish(z)

        if 0 < len(images) <= self._batch:  # the most frequent case
            return forward(slice(None))
        parts = each(forward, bounds(len(images), self._batch))
        return np.concatenate([np.zeros((0, len(self.classes)), np.float32), *parts])

    def probabilities(self, images: Images, each: Map = map) -> Matrix:
        """The probability of each digit for bytes [n h w]: rows [n 10] that sum to 1."""
        compiled = self._compiled_to_probabilities
        return self._made(images, each, compiled, lambda z: softmax(z / self.temperature))

    def read(self, images: Images) -> Iterator[tuple[int | None, float]]:
        """The digit of each image, None where refused, with its probability."""
        for row in self.probabilities(images):
            digit = int(row.argmax())
            confidence = float(row[digit])
            yield (digit if confidence >= self.threshold else None), confidence

    @property
    def parameter_count(self) -> int:
        """How many numbers the network has learnt or measured."""
        return sum(int(w.size) for w in self.params.values())

    def save(self, path: Path | str, *, new_folder: bool = True) -> None:
        """Writes the recognizer to one file, atomically; with `new_folder`, makes its folder.

        Raises `RecipeError` for a recipe with a class that no file can name, and `OutputError`.
        """
        check_no_own(self.recipe)
        about = {
            "recipe": to_table(self.recipe),
            "size": list(self.size),
            "temperature": self.temperature,
            "threshold": self.threshold,
            "history": self.history,
        }
        write_arrays(Path(path), self.params, "model", about, new_folder=new_folder)

    def export(
        self,
        to: Kind,
        out: Path | str | None = None,
        *,
        precision: Precision | None = None,
        check: bool = True,
    ) -> Exported:
        """Writes ONNX, C, JavaScript, a web page or npz, and compares: see `digitus.export`."""
        from digitus.export import export

        return export(self, to, out, precision=precision, check=check)


def _frozen(w: Array) -> Array:
    """The same numbers for reading only; PyTorch has no such view."""
    if not isinstance(w, np.ndarray):
        return w
    view = w.view()
    view.flags.writeable = False
    return view


def file_of(name: str | None) -> Path:
    """The file of a recognizer: the one named, the one in its run's folder, or what ships.

    Raises `ModelError` for an empty name, which a path would take for the current folder.
    """
    if name is None or name == DEFAULT:
        return WEIGHTS / f"{DEFAULT}.safetensors"
    if not name:
        raise ModelError("the name of a recognizer is empty; expected its file or its run's folder")
    path = Path(name)
    return path / "model.safetensors" if path.is_dir() else path


def load(path: Path | str = DEFAULT) -> Recognizer:
    """A recognizer from its file or the folder of its run, or the one that ships with digitus.

    Raises `ModelError` where it cannot be used, saying why.
    """
    if not isinstance(path, str | Path):
        raise TypeError(f"a recognizer is loaded from a path, not {type(path).__name__}")
    path = file_of(str(path))
    if path.suffix == ".onnx" and path.is_file():
        raise ModelError(
            f"{path} is an export, which digitus evaluate scores; all else needs the model that it "
            "was made from"
        )
    params, about = read_arrays(path, "model")
    try:
        height, width = about["size"]
        return Recognizer(
            recipe=from_table(about["recipe"]),
            params=params,
            size=(int(height), int(width)),
            temperature=float(about["temperature"]),
            threshold=float(about["threshold"]),
            history=history_of(about["history"]),
        )
    except (ModelError, RecipeError, ShapeError, *UNREADABLE) as error:
        what = f"its metadata lack {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path} is damaged: {one_line(what)}") from None


def calibrate(outputs: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[float, float]:
    """Temperature and threshold from a development set's outputs [n 10] and labels [n].

    The temperature makes the labels as likely as one number can make them (Guo et al. 2017); the
    threshold refuses `REFUSED_SHARE` of the set. One example's weight is spread over all digits
    alike (the idea of Platt 1999): a small set that is read without a mistake must not make the
    answers to everything else certain.
    """
    z, labels = np.asarray(outputs, np.float64), np.asarray(labels)
    doubt = 1 / (len(z) + 1)

    def surprise(log_t: float) -> float:
        scaled = z / np.exp(log_t)
        scaled -= scaled.max(axis=1, keepdims=True)
        log_p = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        right = log_p[np.arange(len(z)), labels]
        return float(-np.mean((1 - doubt) * right + doubt * log_p.mean(axis=1)))

    # Golden section search (Kiefer 1953), since the surprise has one minimum in 1/T. Every step
    # leaves 0.618 of the interval, 40 of them 4e-9.
    low, high, golden = np.log(0.01), np.log(100.0), (5**0.5 - 1) / 2
    for _ in range(40):
        a, b = high - golden * (high - low), low + golden * (high - low)
        low, high = (low, b) if surprise(a) < surprise(b) else (a, high)
    temperature = float(np.exp((low + high) / 2))
    confidence = softmax(z / temperature).max(axis=1)
    return temperature, float(np.quantile(confidence, REFUSED_SHARE))
