"""Networks and checkpoints from strangers: a JSON header, then arrays.

Inside: those, and a folder for files that are written and read again at once. Not inside: digits
(`sets`), pictures (`reading`), recipes and other texts (`texts`).
"""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from digitus.detection import closeup, model
from digitus.detection.closeups import CLASSES, SIDE
from digitus.detection.maps import CROP_SIDE
from digitus.nn import initial, stream
from digitus.recipe import Recipe, from_table
from digitus.recognizer import Recognizer, load
from digitus.synthetic.strokes import strokes
from digitus.training.loop import begin
from digitus.training.run_folder import Run, resume, save_checkpoint
from fuzzing.target import Target

TABLE: dict[str, Any] = {
    "name": "fuzzed",
    "network": [
        {"kind": "Standardize"},
        {"kind": "MaxPool", "size": 7},
        {"kind": "Conv", "channels": 1},
        {"kind": "BatchNorm"},
        {"kind": "Relu"},
        {"kind": "Flatten"},
        {"kind": "Dense", "units": 10},
    ],
    "optimizer": {"kind": "Adam"},
    "average": 0.9,
    "development": 10,
}


@cache
def folder() -> Path:
    """A folder for files that are written and read again at once, removed when the process ends."""
    made = tempfile.TemporaryDirectory(prefix="digitus-fuzz-")
    atexit.register(made.cleanup)
    return Path(made.name)


def at(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """Reading bytes as a file of that name."""

    def as_file(data: bytes) -> object:
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return read(path)

    return as_file


def from_file(name: str, write: Callable[[Path], object]) -> bytes:
    """The bytes of a file that `write` makes."""
    path = folder() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    return path.read_bytes()


# Models, checkpoints: a JSON header of that many bytes, then arrays.


def headed(
    read: Callable[[bytes], object], whole: Callable[[], bytes]
) -> Callable[[bytes], object]:
    """Bytes that begin like JSON are the header of an otherwise good file."""

    def put_together(data: bytes) -> object:
        if data[:1] == b"{":
            good = whole()
            rest = good[8 + int.from_bytes(good[:8], "little") :]
            data = len(data).to_bytes(8, "little") + data + rest
        return read(data)

    return put_together


def with_header(whole: bytes) -> list[bytes]:
    """The file, and its header alone."""
    return [whole, whole[8 : 8 + int.from_bytes(whole[:8], "little")]]


@cache
def recipe() -> Recipe:
    """A network with parameters and statistics, but few."""
    return from_table(TABLE)


@cache
def recognizer() -> bytes:
    """A model file."""
    params = initial(recipe().network, (28, 28, 1), recipe().initial, stream(1))
    return from_file("good.safetensors", Recognizer(recipe(), params).save)


def used(path: Path) -> object:
    """A model that answers."""
    loaded = load(path)
    if loaded.size[0] * loaded.size[1] > 10**6:  # the cost grows with the images
        return None
    p = loaded.probabilities(np.zeros((2, *loaded.size), np.uint8))
    assert p.shape == (2, 10)
    assert np.isfinite(p).all()
    return p


def network_file(module: Any, side: int, *layers: dict[str, Any]) -> bytes:
    """A file of a network of `detection`, as its module writes it."""
    finds = from_table({"name": "finds", "network": [{"kind": "Scale"}, *layers]})
    params = initial(finds.network, (side, side, 1), finds.initial, stream(1))
    return from_file("finds.safetensors", lambda path: module.save(path, finds, params, {}))


@cache
def page_network() -> bytes:
    """A file of a page network."""
    layers = {"kind": "AveragePool", "size": 4}, {"kind": "Conv", "channels": 21, "kernel": 1}
    return network_file(model, CROP_SIDE, *layers)


@cache
def closeup_network() -> bytes:
    """A file of a close-up network."""
    dense = {"kind": "Dense", "units": CLASSES}
    return network_file(closeup, SIDE, {"kind": "MaxPool", "size": 8}, {"kind": "Flatten"}, dense)


@cache
def checkpoint() -> bytes:
    """A checkpoint of a run that has not begun."""
    some = strokes(40, 0)
    return from_file(
        "run/checkpoint.safetensors",
        lambda path: save_checkpoint(Run(path.parent), recipe(), begin(recipe(), some), some),
    )


def resumed(path: Path) -> object:
    """The run whose checkpoint it is."""
    return resume(Run(path.parent), strokes_of_the_run())


@cache
def strokes_of_the_run() -> Any:
    """What the checkpoint was trained on."""
    return strokes(40, 0)


def found(whole: Callable[[], bytes], read: Callable[[bytes], object], **named: int) -> Target:
    """A target whose seeds are a good file and its header."""
    return Target(headed(read, whole), lambda: with_header(whole()), **named)


TARGETS: dict[str, Target] = {
    "model": found(recognizer, at("model.safetensors", used)),
    "page-network": found(page_network, at("page.safetensors", model.load)),
    "closeup-network": found(closeup_network, at("closeup.safetensors", closeup.load)),
    "checkpoint": found(checkpoint, at("run/checkpoint.safetensors", resumed)),
}
