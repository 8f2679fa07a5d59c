"""`docs/mathematics.md` is true: every formula is tried, every name and number leads somewhere.

Inside: each displayed formula against digitus and against difference quotients, formulas broken on
purpose, names, numbers, references. Not inside: the worked example (`test_worked_example`), the
figures (`test_figures`), the numbers that formulas are tried on (`math_cases`).
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

import numpy as np
import pytest

from digitus import nn
from mathematics.math_cases import CASES, Case
from mathematics.math_page import PAGE, Equation, prose, read
from nn.cases import public

TEXT = PAGE.read_text("utf-8")
EQUATIONS = read()
GRADIENTS = [e for e in EQUATIONS if e.is_gradient]
NOT_COMPUTED = {"Array", "Params", "Shape"}  # public names that stand for a type


class WrongError(AssertionError):
    """A formula gives other numbers than digitus, or than the function whose slope it should be."""


def try_all(equations: list[Equation], only: str | None = None) -> set[str]:
    """Runs the formulas of the page in order, those of a case sharing variables; compares each.

    Returns the checks that were held to finite differences. With `only`, compares that equation's.
    """
    differentiated = set()
    for name in dict.fromkeys(check.partition(".")[0] for e in equations for check in e.checks):
        for case in CASES[name]():
            variables = {"np": np, **case.given}
            for e in equations:
                targets = [c.partition(".")[2] for c in e.checks if c.partition(".")[0] == name]
                if not targets:
                    continue
                for target in targets:
                    if target not in e.code.partition("=")[2]:  # a = a + ... needs the old one
                        variables.pop(target, None)
                exec(compile(e.code, e.number, "exec"), variables)
                if only in (None, e.number):
                    for target in targets:
                        compare(f"({e.number}) {target}", variables[target], target, case)
                        if target in case.slopes:
                            differentiated.add(f"{name}.{target}")
    return differentiated


def compare(where: str, value: object, target: str, case: Case) -> None:
    """Raises `WrongError` where a value differs from digitus's or from difference quotients."""
    assert target in case.expected or target in case.slopes, f"{where} is held to nothing"
    if target in case.expected:
        near(where, value, case.expected[target], case.tolerance)
    if target in case.slopes:
        near(where, value, difference_quotients(*case.slopes[target]), 1e-6)


def near(where: str, value: object, wanted: object, tolerance: float) -> None:
    value, wanted = np.asarray(value), np.asarray(wanted)
    if value.shape != wanted.shape:
        raise WrongError(f"{where} has the shape {value.shape}, not {wanted.shape}")
    size = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    if not np.all(np.abs(value - wanted) <= tolerance * size):
        raise WrongError(f"{where} is off by {np.abs(value - wanted).max()}")


def difference_quotients(f, w, epsilon: float = 1e-6) -> np.ndarray:
    """df/dw, number by number."""
    w = np.asarray(w, np.float64)
    slopes = np.empty(w.shape)
    for place in np.ndindex(w.shape):
        up, down = w.copy(), w.copy()
        up[place] += epsilon
        down[place] -= epsilon
        slopes[place] = (f(up) - f(down)) / (2 * epsilon)
    return slopes


def test_every_formula_is_what_digitus_computes() -> None:
    differentiated = try_all(EQUATIONS)
    assert len(differentiated) >= 35


def test_every_gradient_is_tried() -> None:
    assert len(GRADIENTS) > 45
    # Two equations define what is used by others: what dW means, and how one output of softmax
    # moves with one input, which is tried by way of its dx.
    assert [e.number for e in GRADIENTS if not e.checks] == ["1.1"]


def test_every_layer_and_loss_has_a_gradient_that_is_tried() -> None:
    tried = {name for e in GRADIENTS if e.checks for name in e.names}
    for name in nn.__all__:
        thing = getattr(nn, name)
        kind = isinstance(thing, type) and not getattr(thing, "_is_protocol", False)
        if kind and hasattr(thing, "forward"):
            assert f"digitus.nn.{name}.forward" in tried, name
    assert {f"digitus.nn.{loss.__name__}" for loss in public("loss")} <= tried


OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.Gt: ast.Lt,
}


def broken(code: str) -> Iterator[str]:
    """The code with one mistake: a wrong sign, a product for a quotient, a transpose forgotten."""
    whole = ast.parse(code)
    # A sheet of zeros that is larger than it need be is not a mistake.
    sheets = [
        n for n in ast.walk(whole) if isinstance(n, ast.Call) and "zeros" in ast.unparse(n.func)
    ]
    harmless = {id(inner) for sheet in sheets for inner in ast.walk(sheet)}
    for node in ast.walk(whole):
        if isinstance(node, ast.BinOp | ast.Compare | ast.Attribute) and id(node) not in harmless:
            tree = ast.parse(code)
            (twin,) = (
                n
                for n in ast.walk(tree)
                if type(n) is type(node)
                and ast.unparse(n) == ast.unparse(node)
                and (n.lineno, n.col_offset, n.end_col_offset)
                == (node.lineno, node.col_offset, node.end_col_offset)
            )
            if isinstance(twin, ast.BinOp) and isinstance(twin.op, ast.MatMult):
                twin.left, twin.right = twin.right, twin.left
            elif isinstance(twin, ast.BinOp) and type(twin.op) in OPERATORS:
                twin.op = OPERATORS[type(twin.op)]()
            elif isinstance(twin, ast.Compare) and type(twin.ops[0]) in OPERATORS:
                twin.ops[0] = OPERATORS[type(twin.ops[0])]()
            elif isinstance(twin, ast.Attribute) and twin.attr == "T":
                twin.attr = "real"  # the same numbers, not transposed
            else:
                continue
            yield ast.unparse(tree) + "\n"


@pytest.mark.parametrize("equation", [e for e in GRADIENTS if e.checks], ids=lambda e: e.number)
def test_a_wrong_formula_fails(equation: Equation) -> None:
    case = {check.partition(".")[0] for check in equation.checks}
    kin = [e for e in EQUATIONS if case & {c.partition(".")[0] for c in e.checks}]
    kept = equation.code
    for code in broken(kept):
        equation.code = code
        try:
            with np.errstate(all="ignore"):
                try_all(kin, only=equation.number)
        except (WrongError, ValueError, TypeError, IndexError):
            continue
        finally:
            equation.code = kept
        pytest.fail(f"({equation.number}) passes as\n{code}")


def test_numbers_are_unique_and_in_order() -> None:
    for section in {e.number.partition(".")[0] for e in EQUATIONS}:
        own = [e.number for e in EQUATIONS if e.number.startswith(f"{section}.")]
        assert own == [f"{section}.{k}" for k in range(1, len(own) + 1)]
    assert all(e.latex for e in EQUATIONS)


def test_references_lead_somewhere() -> None:
    numbers = {e.number for e in EQUATIONS}
    defined = dict(re.findall(r"^\[([\w. ]+)\]: #(\S+)$", TEXT, flags=re.M))
    used = set(re.findall(r"(?<!\!)\[(\d+\.\d+|section \d+)\](?![:(])", prose(TEXT)))
    assert used == defined.keys()
    anchors = {heading_anchor(h) for h in re.findall(r"^#+ (.*)$", TEXT, flags=re.M)}
    for name, anchor in defined.items():
        if name in numbers:
            assert anchor == f"eq-{name.replace('.', '-')}"
        else:
            assert anchor in anchors
            assert anchor.startswith(name.removeprefix("section ") + "-")
    for anchor in re.findall(r"\]\(#(\S+?)\)", TEXT):
        assert anchor in anchors
    contents = re.findall(r"^\d+\. \[(.*?)\]\(#", TEXT, flags=re.M)
    assert contents == re.findall(r"^## \d+\. (.*)$", TEXT, flags=re.M)
    # A number in brackets that is not a link would be a reference that nobody can follow.
    assert not re.search(r"(?<!\*)\(\d{1,2}\.\d{1,2}\)(?!\*)", prose(TEXT))


def heading_anchor(heading: str) -> str:
    """GitHub's anchor of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def names_in(text: str) -> set[str]:
    return set(re.findall(r"`(digitus(?:\.\w+)+)`", text))


@pytest.mark.parametrize("name", sorted(names_in(TEXT)))
def test_every_name_is_code(name: str) -> None:
    parts = name.split(".")
    thing, rest = None, parts
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        rest = parts[length:]
        break
    for attribute in rest:
        thing = getattr(thing, attribute)
    assert thing is not None


def test_every_equation_names_its_code_and_every_public_name_has_an_equation() -> None:
    assert all(e.names for e in EQUATIONS)
    index = TEXT.partition("## 19.")[2]
    in_equations = {name for e in EQUATIONS for name in e.names}
    for name in set(nn.__all__) - NOT_COMPUTED:
        row = re.search(rf"^\| `digitus\.nn\.{name}` \| (.+) \|$", index, flags=re.M)
        assert row, f"{name} is not in the index"
        own = [
            e.number
            for e in EQUATIONS
            if any((n + ".").startswith(f"digitus.nn.{name}.") for n in e.names)
        ]
        assert re.findall(r"\[(\d+\.\d+)\]", row[1]) == own, name
        thing = getattr(nn, name)
        if isinstance(thing, type) and not getattr(thing, "_is_protocol", False):
            computes = ("forward", "__call__", "update", "weight")
            if any(hasattr(thing, c) for c in computes if c != "__call__" or c in vars(thing)):
                assert any((n + ".").startswith(f"digitus.nn.{name}.") for n in in_equations)
