"""The recipes of digitus for the row to99, chosen on the development split."""

from __future__ import annotations

from typing import Any

SCALE, FLATTEN, RELU = {"kind": "Scale"}, {"kind": "Flatten"}, {"kind": "Relu"}
NORM, POOL = {"kind": "BatchNorm"}, {"kind": "MaxPool"}
AUGMENT = {"rotate": 8, "scale": 0.1, "shear": 8, "shift": 1, "elastic": 0.8, "smoothness": 4}


def _dense(units: int) -> dict[str, Any]:
    return {"kind": "Dense", "units": units}


def _conv(channels: int) -> dict[str, Any]:
    return {"kind": "Conv", "channels": channels}


COMMON: dict[str, Any] = {
    "optimizer": {"kind": "Adam"},
    "average": 0.995,
    "augment": AUGMENT,
    "development": 1000,  # for the calibration alone: the schedule is chosen
}
SCHEDULES: dict[str, dict[str, Any]] = {
    "to99": {
        **COMMON,
        "name": "to99",
        "network": [SCALE, FLATTEN, _dense(512), RELU, _dense(256), RELU, _dense(10)],
        "schedule": {"kind": "Cosine", "rate": 0.003, "warmup": 0.1},
        "batch_size": 256,
        "epochs": 10,
    },
    "to99.5": {
        **COMMON,
        "name": "to99.5",
        "network": [
            SCALE,
            _conv(16), NORM, RELU, POOL,
            _conv(32), NORM, RELU, POOL,
            _conv(48), NORM, RELU, FLATTEN,
            {"kind": "Dropout", "rate": 0.2}, _dense(10),
        ],
        "schedule": {"kind": "Cosine", "rate": 0.006, "warmup": 0.1},
        "batch_size": 128,
        "epochs": 8,
    },
}  # fmt: skip
