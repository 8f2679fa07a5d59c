"""`docs/mathematics.md`, taken apart: equations, what is checked, references, figures.

Inside: the reading of the page. Not inside: the numbers that its formulas are tried on
(`math_cases`) and the judgement (`test_mathematics`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mathematics.md"

HEAD = re.compile(r'^<a id="eq-(\d+)-(\d+)"></a>\*\*\((\d+)\.(\d+)\)\*\* (.*)$')
CODE_NAME = re.compile(r"`(digitus\.[\w.]+)`")
CHECK = re.compile(r"<!-- check: ([\w. ]+) -->")


@dataclass
class Equation:
    """One numbered equation: where it stands, who computes it, its LaTeX, what is tried of it."""

    number: str
    title: str
    names: list[str]
    latex: str = ""
    checks: list[str] = field(default_factory=list)  # "dense.dW": the case and the variable
    code: str = ""

    @property
    def is_gradient(self) -> bool:
        """Whether it says what a gradient is: its left side is a d-something."""
        left = re.sub(r"\\underset\{\[.*?\]\}", "", self.latex).strip("{ \n")
        return bool(re.match(r"(\\frac\{\\partial|d(\\?[A-Za-z]))", left))


def read(text: str | None = None) -> list[Equation]:
    """The equations of the page, in order."""
    lines = (PAGE.read_text("utf-8") if text is None else text).splitlines()
    equations: list[Equation] = []
    block: list[str] | None = None
    kind, armed = "", False
    for line in lines:
        if block is not None:
            if line == "```":
                content, block = "\n".join(block), None
                if kind == "math":
                    assert equations, "a display before the first number"
                    assert not equations[-1].latex, f"two displays under {equations[-1].number}"
                    equations[-1].latex = content
                elif armed:
                    equations[-1].code, armed = content + "\n", False
            else:
                block.append(line)
        elif line.startswith("```"):
            block, kind = [], line[3:]
        elif head := HEAD.match(line):
            assert head[1] == head[3], line
            assert head[2] == head[4], line
            names = CODE_NAME.findall(head[5])
            title = head[5].partition(" · ")[0]
            equations.append(Equation(f"{head[3]}.{head[4]}", title, names))
        elif check := CHECK.fullmatch(line):
            equations[-1].checks = check[1].split()
            armed = True
    return equations


def prose(text: str) -> str:
    """The page without its displays and code."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)
