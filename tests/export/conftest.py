"""What runs exports on this machine."""

from __future__ import annotations

import shutil

import pytest

from conftest import missing


@pytest.fixture(scope="session")
def node() -> str:
    """Where Node is."""
    found = shutil.which("node")
    if found is None:
        missing("node", "Node is not on this machine")
    return str(found)
