"""The exported page lets digits speak for one another as digitus does, compared by numbers."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from digitus.detection.likeness import likeness
from digitus.detection.maps import Peaks
from digitus.detection.model import shipped
from digitus.export.html_numbers import numbers
from digitus.export.html_page import ENGINE
from digitus.export.js_module import constant, part

OTHERS = """
const { readFileSync } = await import("node:fs");
const all = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(amongOthers(all, which(all))));
"""


@pytest.mark.slow
def test_digits_speak_for_one_another_as_in_digitus(node: str, tmp_path: Path) -> None:
    """By numbers: on most pages it decides nothing."""
    rng, k = np.random.default_rng(8), 40
    digits, looked = (rng.dirichlet(np.full(10, 0.3), k) for _ in range(2))
    close, likely = rng.dirichlet(np.full(11, 0.3), k), rng.uniform(0, 1, k)
    shapes = rng.normal(0, 1, (10, 30))[rng.integers(0, 10, k)]
    described = (shapes + rng.normal(0, 0.3, (k, 30))).astype(np.float32)
    seen = rng.random(k) < 0.7  # by the recognizer
    names = "digits", "close", "described", "likely", "ink"
    tables = digits, close, described, likely, looked
    finds = [
        {name: row.tolist() for name, row in zip(names, rows, strict=True)}
        for rows in zip(*tables, strict=True)
    ]
    for find, was_seen in zip(finds, seen, strict=True):
        find["ink"] = find["ink"] if was_seen else None
    photo = constant("PHOTO", {"confidence": asdict(shipped().confidence)})
    code = (
        constant("MODEL", {"networks": [], "size": [28, 28]})
        + photo
        + numbers()
        + "".join(map(part, ENGINE))
    )
    (tmp_path / "others.mjs").write_text(code.replace("export ", "") + OTHERS, "utf-8")
    done = subprocess.run(
        [node, "others.mjs"], cwd=tmp_path, input=json.dumps(finds).encode(),
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    middle = np.zeros((k, 4), np.float32)
    found = Peaks(likely, likely, middle, digits, np.zeros((k, 3)), middle[:, :2])
    looked[~seen] = 0.1
    confidence = shipped().confidence
    ours = confidence.among_others(found, close, looked, likeness(described), likely)
    np.testing.assert_allclose(json.loads(done.stdout), ours, atol=1e-5)
    alone = confidence.which(found, close, looked)
    assert (alone.argmax(1) != ours.argmax(1)).any()
