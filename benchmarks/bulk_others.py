"""Digits in tar files, read by scripts that a user would write without digitus.

    python benchmarks/bulk_others.py torch|ray-onnx FOLDER MODEL.onnx

`torch` is a pool of processes with PyTorch, `ray-onnx` a script of Ray Data with ONNX Runtime;
both decode, give the network 256 images at a time and keep the likeliest digit of each. They look
for no digits, refuse none, write no rows, and start anew when they are killed.

Inside: both. Not inside: measuring them (`bulk`).
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

BATCH = 256
CORES = 2


def decoded(content: bytes) -> Any:
    """Light on dark, as the network learnt it."""
    return 255 - cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)


def images(shard: Path) -> Iterator[Any]:
    """The pictures of a tar file in batches."""
    with tarfile.open(shard) as tar:
        every = (decoded(file.read()) for member in tar if (file := tar.extractfile(member)))
        while some := [*islice(every, BATCH)]:
            yield np.stack(some)


_predict: Any = None


def _open_torch() -> None:
    """Each process has the network once, with one thread."""
    global _predict  # noqa: PLW0603 (it is how a pool's processes are begun)
    import torch

    from digitus.nn import Dropout
    from digitus.nn.fusion import fused
    from digitus.recognizer import load
    from digitus.synthetic.strokes import strokes
    from peers import pytorch

    class Network(pytorch.Network):
        """What ships: its batch normalisations are in its convolutions, nothing is left out."""

        @staticmethod
        def made(layer: Any, shape: Any) -> Any:
            return None if isinstance(layer, Dropout) else pytorch.Network.made(layer, shape)

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    recognizer = load()
    module = Network(*fused(recognizer.recipe.network, recognizer.params), (28, 28, 1)).module
    module.eval()

    def predict(images: Any) -> Any:
        with torch.inference_mode():
            pixels = torch.from_numpy(images)[:, None].to(torch.float32) * (1 / 255)
            return module(pixels).argmax(1).numpy()

    some = strokes(BATCH, 0).images
    assert (predict(some) == recognizer.probabilities(some).argmax(1)).all()
    _predict = predict


def _by_torch(shard: Path) -> int:
    return sum(len(_predict(some)) for some in images(shard))


def by_torch(folder: Path) -> int:
    """How many pictures were read."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, context, _open_torch) as pool:
        return sum(pool.map(_by_torch, sorted(folder.iterdir())))


class Onnx:
    """An actor with the network."""

    def __init__(self, model: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        cv2.setNumThreads(1)
        self.session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self.name = self.session.get_inputs()[0].name

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The likeliest digit of each picture."""
        stacked = np.stack([decoded(content) for content in batch["png"]])
        (answers, *_) = self.session.run(None, {self.name: stacked})
        return {"digit": answers.argmax(1)}


def _members(row: dict[str, Any]) -> list[dict[str, Any]]:
    with tarfile.open(fileobj=io.BytesIO(row["bytes"])) as tar:
        return [{"png": file.read()} for member in tar if (file := tar.extractfile(member))]


def by_ray(folder: Path, model: str) -> int:
    """How many pictures were read."""
    import ray

    ray.init(num_cpus=CORES, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    shards = ray.data.read_binary_files(str(folder))
    told = shards.flat_map(_members).map_batches(
        Onnx, fn_constructor_args=(model,), batch_size=BATCH, compute=_actors(ray.data)
    )
    return sum(len(batch["digit"]) for batch in told.iter_batches())


def _actors(data: Any) -> Any:
    """From one to as many as there are cores: a fixed number would leave no core to read with."""
    return data.ActorPoolStrategy(min_size=1, max_size=CORES)


def main(how: str, folder: str, model: str) -> None:
    """Reads, and says how many."""
    count = by_torch(Path(folder)) if how == "torch" else by_ray(Path(folder), model)
    print(json.dumps({"pictures": count}))


if __name__ == "__main__":
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    main(*sys.argv[1:])
