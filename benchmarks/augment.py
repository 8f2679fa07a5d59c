"""How long augmentation takes: milliseconds for a batch of 256 pictures of 28 x 28, on one thread.

    python benchmarks/augment.py [--json FILE] [--repeat 200]

Each setting alone, all together, and two plainer ways that were not taken. The pixels are noise:
the work does not depend on what they show.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from threadpoolctl import threadpool_limits

from digitus.datasets.augment import augment
from digitus.datasets.augmentation import Augmentation
from machine import machine

N, SIZE = 256, 28
AFFINE: dict[str, Any] = {"rotate": 15, "scale": 0.15, "stretch": 0.1, "shear": 15, "shift": 2}
SETTINGS: dict[str, dict[str, Any]] = {
    "off": {},
    **{name: {name: amount} for name, amount in AFFINE.items()},
    "affine": AFFINE,
    "stroke": {"stroke": 0.5},
    "elastic": {"elastic": 1.4},
    "all": {**AFFINE, "stroke": 0.5, "elastic": 1.4},
}


def measure(work: Callable[[], object], repeat: int) -> dict[str, float]:
    """Median and minimum of the milliseconds that `work` takes, after a warm-up."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return {"median_ms": round(statistics.median(times), 3), "min_ms": round(min(times), 3)}


def remap_one_by_one(images: np.ndarray[Any, Any], rng: np.random.Generator) -> None:
    """A call of OpenCV for each picture with its map given: only the resampling."""
    y, x = np.indices((SIZE, SIZE), dtype=np.float32) + rng.random(dtype=np.float32)
    for image in images:
        cv2.remap(image, x, y, cv2.INTER_LINEAR)


def blur_noise(rng: np.random.Generator) -> None:
    """The elastic field as the paper words it: noise for every pixel, then a Gaussian filter."""
    for field in rng.random((2 * N, SIZE, SIZE), dtype=np.float32):
        cv2.GaussianBlur(field, (0, 0), 5)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the augmentation of a batch.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--repeat", type=int, default=200, help="repetitions (200)")
    args = parser.parse_args()

    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (N, SIZE, SIZE), dtype=np.uint8)
    work: dict[str, Callable[[], object]] = {
        name: partial(augment, images, Augmentation(**chosen), rng)
        for name, chosen in SETTINGS.items()
    }
    work["not taken: remap one by one"] = partial(remap_one_by_one, images, rng)
    work["not taken: blurred noise"] = partial(blur_noise, rng)

    results = {}
    with threadpool_limits(1):
        for name, call in work.items():
            results[name] = took = measure(call, args.repeat)
            print(f"{name:28} {took['median_ms']:7.3f} ms  (min {took['min_ms']:.3f})")
    if args.json:
        record = {
            "batch": [N, SIZE, SIZE],
            "repeat": args.repeat,
            "machine": machine(),
            "results": results,
        }
        args.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
