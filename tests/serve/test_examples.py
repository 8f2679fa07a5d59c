"""What /api shows to programmers works as it stands there."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from conftest import missing
from serving import Serving
from small import digits, recognizer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With the files that the examples name."""
    image = cv2.resize(digits().images[0], (280, 280))
    cv2.imwrite(str(tmp_path / "photo.jpg"), np.pad(255 - image, 60, constant_values=255))
    (tmp_path / "images.raw").write_bytes(digits().images[:3].tobytes())
    return tmp_path


def examples(served: Serving, first: str) -> list[str]:
    """The pieces of code on the page that begin so."""
    page = served.client.get("/api").text
    code = [html.unescape(c) for c in re.findall(r"<pre><code>(.*?)</code></pre>", page, re.DOTALL)]
    found = [c for c in code if c.startswith(first)]
    assert found
    return found


@pytest.mark.slow
def test_python(served: Serving, folder: Path) -> None:
    for code in examples(served, "import json"):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("[")


@pytest.mark.slow
def test_curl(served: Serving, folder: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "curl is not on this machine")
    for code in examples(served, "curl") + examples(served, "head"):
        code = code.split("\ncurl -N")[0]  # a stream, which would not end
        done = subprocess.run(
            code, cwd=folder, shell=True, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert '"error":' not in done.stdout.replace('"error":null', "")
        assert done.stdout
    value, _ = next(recognizer().read(digits().images[:1]))
    assert f'"value":{"null" if value is None else value}' in done.stdout
    for run in served.client.get("/api/runs").json()["runs"]:
        served.client.delete(f"/api/runs/{run['id']}")
