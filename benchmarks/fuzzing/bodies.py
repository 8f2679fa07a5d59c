"""What is sent to the HTTP interface as it should be, to be changed from there.

Inside: a body or two for each address that takes one. Not inside: how they are sent (`routes`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from digitus.synthetic.strokes import strokes

LESSON = {"layers": "784-8-10", "examples": 300, "epochs": 1, "paused": True}
IMAGE = strokes(1, 0).images[0]
# What is sent as it should be, by address; beside it, each is sent nothing.
BODIES: dict[str, list[Any]] = {
    "/api/recognize": [IMAGE.tobytes(), {"images": [IMAGE.ravel().tolist()]}],
    "/api/draw": [np.pad(IMAGE, 6).tobytes()],
    "/api/inside": [
        IMAGE.tobytes(),
        {"pixels": IMAGE.ravel().tolist(), "edits": [{"name": "2.W", "index": [0, 3], "value": 1}]},
    ],
    "/api/runs": [LESSON, LESSON | {"layers": "784-4c-p-10", "optimizer": "Adam", "rate": 0.1}],
    "/api/runs/{id}/pace": [{"pace": 2.5}],
    "/api/class/join": [{"word": "own", "name": "Ada"}],
    "/api/class/me": [{"name": "Ada"}],
    "/api/class/drawing": [IMAGE.tobytes()],
}
