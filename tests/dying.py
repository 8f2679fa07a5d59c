"""A reader that ends its process: in a module of its own, since another process imports it."""

from __future__ import annotations

import os
from pathlib import Path


def dying(path: Path) -> str:
    """Ends its process at a picture named so."""
    if path.name == "deadly":
        os._exit(9)
    return "read"
