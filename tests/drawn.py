"""A digit as a picture, files of it, and the complaint about one that cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitus.datasets.own import load_own
from digitus.errors import DataError

DIGIT = np.zeros((28, 28), np.uint8)
DIGIT[4:24, 12:16] = 200


def save(path: Path, picture: np.ndarray = DIGIT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def check_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_own(path)
    check_one_line(caught.value)
    message = str(caught.value)
    assert str(path) in message
    return message
