"""Well-formed bodies for the HTTP interface, from which others are made.

Inside: a body or two for each address that takes one. Not inside: how they are sent (`routes`).
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import cv2
import numpy as np

from digitus.synthetic.strokes import strokes

LESSON = {"layers": "784-8-10", "examples": 300, "epochs": 1, "paused": True}
IMAGE = strokes(1, 0).images[0]
FORM = {
    "name": "a",
    "paper": [60.0, 60.0],
    "field": [{"name": "n", "place": [20.0, 25.0, 20.0, 9.0], "pattern": "##", "range": [0, 90]}],
}
BOX = cv2.rectangle(np.full((300, 300), 255, np.uint8), (90, 120), (220, 150), 0, 2)
PAGE = cv2.imencode(".png", BOX)[1].tobytes()
# By address; an empty body is tried at each of them, too.
BODIES: dict[str, list[Any]] = {
    "/api/recognize": [IMAGE.tobytes(), {"images": [IMAGE.ravel().tolist()]}],
    "/api/draw": [np.pad(IMAGE, 6).tobytes()],
    "/api/inside": [
        IMAGE.tobytes(),
        {"pixels": IMAGE.ravel().tolist(), "edits": [{"name": "2.W", "index": [0, 3], "value": 1}]},
    ],
    "/api/forms/open": [b'[[field]]\nname = "n"\nplace = [20, 25, 20, 9]\npattern = "##"\n'],
    "/api/forms/check": [FORM],
    "/api/forms/print": [FORM],
    "/api/forms/pages": [PAGE],
    "/api/forms/propose": [PAGE],
    "/api/forms/read": [{"form": FORM, "pages": [b64encode(PAGE).decode()]}],
    "/api/runs": [LESSON, LESSON | {"layers": "784-4c-p-10", "optimizer": "Adam", "rate": 0.1}],
    "/api/runs/{id}/pace": [{"pace": 2.5}],
    "/api/class/join": [{"word": "own", "name": "Ada"}],
    "/api/class/me": [{"name": "Ada"}],
    "/api/class/drawing": [IMAGE.tobytes()],
}
