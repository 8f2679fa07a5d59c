"""The step by hand: every line comes out as it says, and says what docs/mathematics.md says."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from digitus.serve.worked import WorkedLine, worked_step

DOCUMENT = (Path(__file__).parents[2] / "docs" / "mathematics.md").read_text("utf-8")
FUNCTIONS = {"exp": math.exp, "log": math.log, "max": max}


@pytest.mark.parametrize("line", worked_step().lines, ids=lambda line: line.name)
def test_a_line_comes_out_as_it_says(line: WorkedLine) -> None:
    found = eval(line.left.replace("·", "*"), {"__builtins__": {}}, FUNCTIONS)
    rounded = 1 if line.name == "pixels" else 4  # where the document rounds to tenths
    assert round(found, rounded) == pytest.approx(line.answer, abs=1.5 * 10**-4)
    assert f"**({line.see})**" in DOCUMENT


def test_it_is_the_step_of_the_document() -> None:
    step = worked_step()
    assert (step.digit, step.read) == (1, 2)
    section = DOCUMENT.partition("## 18. One step by hand")[2]
    by_name = {line.name: line for line in step.lines}
    for name in ("neuron", "score", "softmax", "blame", "back", "gradient", "weight"):
        assert f"{by_name[name].answer:.4f}" in section, name
    assert "0.2·0.3 + 0.4·0.4 + 0.3·0.3 - 0.1 = 0.2100" in section
    assert by_name["neuron"].left == "0.2·0.3 + 0.4·0.4 + 0.3·0.3 - 0.1"
