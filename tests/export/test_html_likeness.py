"""The exported page lets digits speak for one another, and of the way up, as digitus does.

Compared by numbers: on most pages neither decides anything.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitus.detection import closeup
from digitus.detection.confidence import agreements
from digitus.detection.likeness import likeness
from digitus.detection.maps import Peaks
from digitus.detection.model import shipped
from digitus.detection.uprightness import uprightness
from digitus.export.html_numbers import numbers
from digitus.export.html_page import ENGINE, way_up_numbers
from digitus.export.js_module import constant, part
from digitus.reading.way_up import UPRIGHT, WEIGHTS, evidence


def said(node: str, folder: Path, photo: dict[str, Any], expression: str, given: Any) -> Any:
    """What an expression of `given` is in the code of the page."""
    code = (
        constant("MODEL", {"networks": [], "size": [28, 28]})
        + constant("PHOTO", photo)
        + numbers()
        + "".join(map(part, ENGINE))
    ).replace("export ", "")
    code += f"""
const {{ readFileSync }} = await import("node:fs");
const given = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({expression}));
"""
    (folder / "others.mjs").write_text(code, "utf-8")
    done = subprocess.run(
        [node, "others.mjs"], cwd=folder, input=json.dumps(given).encode(),
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.slow
def test_digits_speak_for_one_another_as_in_digitus(node: str, tmp_path: Path) -> None:
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
    photo = {"confidence": asdict(shipped().confidence)}
    theirs = said(node, tmp_path, photo, "amongOthers(given, which(given))", finds)
    middle = np.zeros((k, 4), np.float32)
    found = Peaks(likely, likely, middle, digits, np.zeros((k, 3)), middle[:, :2])
    looked[~seen] = 0.1
    confidence = shipped().confidence
    ours = confidence.among_others(found, close, looked, likeness(described), likely)
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
    alone = confidence.which(found, close, looked)
    assert (alone.argmax(1) != ours.argmax(1)).any()


@pytest.mark.slow
@pytest.mark.parametrize("turns", [0, 2])
def test_digits_tell_the_way_up_as_in_digitus(node: str, tmp_path: Path, turns: int) -> None:
    rng, k = np.random.default_rng(9), 12
    layer = closeup.shipped().upright
    described = np.maximum(rng.normal(0, 1, (k, len(layer["W"]))), 0).astype(np.float32)
    x = 30.0 * np.arange(k)
    joint = rng.uniform(0.6, 0.99, k)
    finds = [
        {"x": x[i], "y": 50, "w": 20, "h": 30, "heat": 0.9, "after": [x[i] + 30, 50],
         "follow": [0.9, 0.05, 0.05], "likely": 1, "best": joint[i],
         "described": described[i].tolist()}
        for i in range(k)
    ]  # fmt: skip
    expression = """(({ finds, turns }) => {
      const digits = finds.map((one) => ({ ...one, upright: uprightness(one.described) }));
      return [digits.map((one) => one.upright), evidence({ digits, likely: digits, turns })];
    })(given)"""
    given = {"finds": finds, "turns": turns}
    upright, theirs = said(node, tmp_path, {"wayUp": way_up_numbers()}, expression, given)
    ours = uprightness(layer, described)
    np.testing.assert_allclose(upright, ours, rtol=1e-4, atol=1e-4)
    tables = (
        np.full(k, 0.9),
        np.full(k, 0.9),
        np.array([[a, 50, 20, 30] for a in x]),
        np.full((k, 10), 0.1),
        np.tile([0.9, 0.05, 0.05], (k, 1)),
        np.column_stack([x + 30, x * 0 + 50]),
    )
    found = Peaks(*(np.asarray(a, np.float32) for a in tables))
    agreement = sum(float(part.sum()) for part in agreements(found))
    said_so = evidence(joint, 1, agreement, ours) @ np.array(WEIGHTS)
    prior = np.log((1 - UPRIGHT) / 3 if turns else UPRIGHT)
    assert theirs == pytest.approx(prior + said_so, rel=1e-4)
