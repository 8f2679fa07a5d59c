"""Where the values of a network lie in one block of memory while it computes.

A value is needed from the operation that makes it to the last one that reads it. Two values may
share a place where these spans do not meet. Larger ones are placed first, each as low as it fits:
not always the least memory, which would be a search, but for chains it is.

Inside: `laid_out`. Not inside: what an element is (a float, a byte), which is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]  # the first and the last moment at which a value is needed


@dataclass(frozen=True)
class Step:
    """An operation, for this purpose: what it reads, and the number of elements that it makes.

    `same` makes nothing: its value is the one that it reads. `in_place` may write over what it
    reads, element by element.
    """

    inputs: tuple[int, ...]
    size: int
    same: bool = False
    in_place: bool = False


def laid_out(first: int, steps: Sequence[Step]) -> tuple[list[int | None], int]:
    """The first element of each value, and how many there are in all.

    Value 0 has `first` elements. With none it lies elsewhere, where nothing is written; its place
    is None, and so is that of values that are the same. Step i makes value i + 1, and the last
    value stays to the end.
    """
    count = len(steps) + 1
    last = [max((i for i, s in enumerate(steps) if v in s.inputs), default=v) for v in range(count)]
    last[-1] = len(steps)
    owner = _owners(first, steps, last)
    roots = sorted(set(owner))
    spans = [(root - 1, max(last[v] for v in range(count) if owner[v] == root)) for root in roots]
    starts, total = places([steps[root - 1].size if root else first for root in roots], spans)
    where = dict(zip(roots, starts, strict=True))
    return [where[root] if root or first else None for root in owner], total


def _owners(first: int, steps: Sequence[Step], last: Sequence[int]) -> list[int]:
    """For each value the first of those that lie where it lies."""
    owner = [0]
    for i, step in enumerate(steps):
        root = owner[step.inputs[0]]
        read_later = any(owner[v] == root and last[v] > i for v in range(i + 1))
        over = step.in_place and not read_later and bool(root or first)
        owner.append(root if step.same or over else i + 1)
    return owner


def places(sizes: Sequence[int], spans: Sequence[Span]) -> tuple[list[int], int]:
    """The first element of each of some values with these spans, and how many there are in all."""
    starts = [0] * len(sizes)
    placed: list[int] = []
    for i in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        at = 0
        beside = [k for k in placed if _meet(spans[i], spans[k])]
        for k in sorted(beside, key=lambda k: starts[k]):
            if at + sizes[i] <= starts[k]:
                break
            at = max(at, starts[k] + sizes[k])
        starts[i] = at
        placed.append(i)
    return starts, max((s + n for s, n in zip(starts, sizes, strict=True)), default=0)


def _meet(one: Span, other: Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
