"""The fingerprints of the networks that read: which ones a result came from.

Not inside: loading the networks (`recognizer`, `detection`).
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from digitus.detection import closeup, model
from digitus.recognizer import WEIGHTS


def fingerprints(recognizer: Path) -> dict[str, str]:
    """The SHA-256 of each network's file that reading uses, and of all three together as "all"."""
    files = {
        "recognizer": recognizer,
        "page": WEIGHTS / f"{model.DEFAULT}.safetensors",
        "closeup": WEIGHTS / f"{closeup.DEFAULT}.safetensors",
    }
    each = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    return {**each, "all": hashlib.sha256("".join(each.values()).encode("ascii")).hexdigest()}
