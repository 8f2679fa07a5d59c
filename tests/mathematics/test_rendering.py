"""Each display can be rendered: its braces close, and every command in it is known."""

from __future__ import annotations

import re

import pytest

from mathematics.math_page import Equation
from mathematics.test_displays import EQUATIONS

# What GitHub's renderer is known to take; \operatorname, for one, it refuses.
KNOWN = {
    "alpha",
    "approx",
    "bar",
    "begin",
    "beta",
    "bigl",
    "Bigl",
    "bigr",
    "Bigr",
    "bmatrix",
    "cases",
    "cdot",
    "cos",
    "cosh",
    "delta",
    "dots",
    "end",
    "epsilon",
    "equiv",
    "frac",
    "gamma",
    "ge",
    "hat",
    "in",
    "infty",
    "int",
    "lambda",
    "langle",
    "le",
    "left",
    "leftarrow",
    "lfloor",
    "log",
    "lVert",
    "lvert",
    "mathbf",
    "mathcal",
    "mathrm",
    "max",
    "min",
    "mu",
    "odot",
    "omega",
    "partial",
    "pi",
    "qquad",
    "quad",
    "rangle",
    "rfloor",
    "right",
    "Rightarrow",
    "rVert",
    "rvert",
    "sigma",
    "sim",
    "sinh",
    "sqrt",
    "substack",
    "sum",
    "tanh",
    "text",
    "textstyle",
    "texttt",
    "tfrac",
    "tilde",
    "to",
    "top",
    "underset",
    "varepsilon",
    "widetilde",
}


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda e: e.number)
def test_a_display_can_be_rendered(equation: Equation) -> None:
    latex = equation.latex
    assert set(re.findall(r"\\([A-Za-z]+)", latex)) <= KNOWN
    plain = re.sub(r"\\[{}]", "", latex)
    assert plain.count("{") == plain.count("}")
    assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(
        r"\right"
    ) - latex.count(r"\rightarrow")
    assert latex.count(r"\begin{") == latex.count(r"\end{")
    assert not [line for line in latex.splitlines() if not line.strip()]
