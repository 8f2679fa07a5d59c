"""The pictures inside a report, as tests look at them."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image


def picture(uri: str) -> Any:
    """The opacity [h w] of a PNG in a data URI."""
    packed = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(packed)).convert("RGBA"))
