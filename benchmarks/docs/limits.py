"""docs/limits.md: the budgets, and what the worst inputs cost of them.

Inside: the page. Not inside: measuring (`budgets`).
"""

from __future__ import annotations

from typing import Any

from digitus import limits
from digitus.limits import BUDGETS

TEXT = """# Limits

Whatever comes from outside (files, downloads, requests) has a budget, which stands in one place,
[`digitus/limits.py`](../src/digitus/limits.py). What would cost more is refused in one line, as
soon as its size, its count or its shape is known and before the work begins, so the same input
always gets the same answer. Work in the server ends when its time is over or its client has gone.
Memory is counted beyond what the program takes by itself; seconds are those of one core.

| what comes in | bytes at most | memory | seconds | disk | kept by |
|---|---:|---:|---:|---:|---|
{budgets}

The worst inputs that are let in, each in a process of its own (`python benchmarks/budgets.py`,
[results/limits.json](../results/limits.json)). Where the largest would not fit into most machines,
one that is smaller by the factor in the last column but one is measured, against a budget smaller
by the same factor.

| input | what it is | memory | budget | seconds | budget | smaller by | on |
|---|---|---:|---:|---:|---:|---:|---|
{cases}

A download is held to its size in the catalogue, and to {speed} KB a second on average after the
first {patience} seconds. The limits of the web page's server are in [serve.md](serve.md).
"""


def page(record: dict[str, Any]) -> str:
    """docs/limits.md."""
    return TEXT.format(
        budgets="\n".join(map(_budget_row, BUDGETS)),
        cases="\n".join(_case_row(name, found) for name, found in record["cases"].items()),
        speed=limits.DOWNLOAD_BYTES_PER_SECOND // 1000,
        patience=f"{limits.DOWNLOAD_SECONDS:.0f}",
    )


def _budget_row(entry: str) -> str:
    budget = BUDGETS[entry]
    kept = ", ".join(f"`{name}`" for name in budget.limits)
    disk = _size(budget.disk) if budget.disk else ""
    cells = (_size(budget.taken), _size(budget.memory), f"{budget.seconds:g}", disk, kept)
    return f"| {entry} | {' | '.join(cells)} |"


def _case_row(name: str, found: dict[str, Any]) -> str:
    budget = BUDGETS[found["entry"]]
    memory = f"{found['megabytes'] * 1e8 * found['of'] / budget.memory:.0f} %"
    seconds = f"{100 * found['seconds'] * found['of'] / budget.seconds:.0f} %"
    of = str(found["of"]) if found["of"] > 1 else ""
    took = f"{found['megabytes']:.0f} MB | {memory} | {found['seconds']:.1f} | {seconds}"
    return f"| {name} | {found['entry']} | {took} | {of} | {_machine(found['machine'])} |"


def _machine(found: dict[str, Any]) -> str:
    return f"{found['cores']} cores of {found['processor']}"


def _size(size: float) -> str:
    """2,147,483,648 as 2.1 GB."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "KB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} B"
