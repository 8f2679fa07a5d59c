"""An exported ONNX file in use, by ONNX Runtime: to compare it with the network it was made from.

Inside: `opened`, and `OnnxModel`, which reads and is scored like a `Recognizer`. Not inside: making
the file (`onnx_file`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitus.errors import ExportError, ModelError, RecipeError, ShapeError
from digitus.files import UNREADABLE, one_line
from digitus.nn.arrays import bounds
from digitus.nn.images import BATCH
from digitus.recipe import Recipe, from_table
from digitus.types import Images, Matrix

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

IMAGES, PROBABILITIES, DIGITS = "images", "probabilities", "digits"
MISSING = "ONNX needs two more libraries: pip install 'digitus[export]'"
QUIET = 3  # of ONNX Runtime's levels: errors, no warnings


def opened(model: Path | bytes, threads: int = 1) -> InferenceSession:
    """A session of ONNX Runtime. Raises `ExportError` without it, `ModelError` for another file."""
    try:
        import onnxruntime
    except ImportError:
        raise ExportError(MISSING) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = QUIET
    source = model if isinstance(model, bytes) else str(model)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no narrower class in common
        what = "its content" if isinstance(model, bytes) else str(model)
        raise ModelError(f"{what} cannot be read as ONNX: {one_line(str(error))}") from None


def answers(session: InferenceSession, images: Images) -> Matrix:
    """Probabilities [n classes] for bytes [n h w], in batches of bounded memory."""
    parts = [
        session.run([PROBABILITIES], {IMAGES: images[part]})[0]
        for part in bounds(len(images), BATCH)
    ]
    outputs = session.get_outputs()[0].shape[1]
    return np.concatenate([np.zeros((0, outputs), np.float32), *parts])


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """An exported file that is scored like a recognizer, alone or in a committee."""

    recipe: Recipe
    size: tuple[int, int]
    threshold: float
    session: InferenceSession = field(repr=False)

    @property
    def classes(self) -> str:
        """The classes that it tells apart."""
        return self.recipe.classes

    def probabilities(self, images: Images, each: object = map) -> Matrix:
        """As a recognizer's. Raises `ShapeError` for images of another size."""
        if images.shape[1:] != self.size or images.dtype != np.uint8:
            raise ShapeError(
                f"this model reads bytes [n {self.size[0]} {self.size[1]}], "
                f"not {images.dtype} {list(images.shape)}"
            )
        return answers(self.session, images)


def load_onnx(path: Path, threads: int = 1) -> OnnxModel:
    """A file that `export` wrote. Raises `ModelError` for any other."""
    if not path.is_file():
        raise ModelError(f"{path} cannot be read: there is no such file")
    session = opened(path, threads)
    about = session.get_modelmeta().custom_metadata_map
    try:
        height, width = json.loads(about["size"])
        recipe = from_table(json.loads(about["recipes"])[0])
        return OnnxModel(recipe, (int(height), int(width)), float(about["threshold"]), session)
    except (RecipeError, *UNREADABLE):
        raise ModelError(f"{path} was not exported by digitus; only such files are read") from None
