"""Threads for what is asked of a network that learns nothing, and whose limits hold when."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import permutations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from threadpoolctl import threadpool_info

from digitus import threads
from digitus.reading import read as reading
from digitus.threads import Claims, limited, single_threaded, workers
from digitus.training import step
from digitus.training.loop import train
from digitus.training.step import gradient
from small import digits, recipe

BEFORE = 3  # threads of a process that no claim has touched


def in_force() -> tuple[int, int]:
    """Threads of BLAS and of OpenCV at this moment."""
    blas = {
        library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"
    }
    assert len(blas) == 1
    return blas.pop(), cv2.getNumThreads()


@pytest.fixture
def fresh() -> Iterator[None]:
    """A process with several threads for both, whatever the other tests run with."""
    with limited(BEFORE, opencv=BEFORE):
        assert in_force() == (BEFORE, BEFORE)
        yield


def test_a_batch_of_a_shard_leaves_the_threads_to_blas() -> None:
    with workers(4, shards=1) as each:
        assert each is map
        assert in_force() == (4, 4)
    with workers(1, shards=9) as each:
        assert each is map
        assert in_force() == (1, 1)
    with workers(4, shards=9) as each:
        assert list(each(abs, [-1, -2, 3])) == [1, 2, 3]
        assert in_force() == (1, 4)


@pytest.mark.usefixtures("fresh")
def test_what_was_there_before_comes_back() -> None:
    for count, shards in ((4, 1), (1, 1), (4, 9)):
        with workers(count, shards=shards):
            assert in_force() != (BEFORE, BEFORE)
        assert in_force() == (BEFORE, BEFORE)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_claims_may_end_in_any_order(order: tuple[int, ...]) -> None:
    claims = [ExitStack() for _ in order]
    for i, claim in enumerate(claims):
        claim.enter_context(limited(4 + i, opencv=7 + i))
        assert in_force() == (4 + i, 7 + i)
    standing = {0, 1, 2}
    for i in order:
        claims[i].close()
        standing.remove(i)
        latest = max(standing, default=None)
        assert in_force() == ((BEFORE, BEFORE) if latest is None else (4 + latest, 7 + latest))


@pytest.mark.usefixtures("fresh")
def test_runs_have_their_threads_only_while_they_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while they are suspended: not in turns, not when one is left in the middle."""
    seen = []

    def noted(*given: Any, **named: Any) -> Any:
        seen.append(in_force())
        return gradient(*given, **named)

    monkeypatch.setattr(step, "gradient", noted)
    ended, left = (train(recipe(epochs=1), digits(), threads=n) for n in (1, 2))
    for turn, _ in enumerate(ended):
        assert in_force() == (BEFORE, BEFORE)
        if turn < 3:
            next(left)
            assert in_force() == (BEFORE, BEFORE)
    assert seen == [(1, 1), (2, 2), (1, 1), (2, 2), (1, 1), (1, 1)]
    left.close()  # type: ignore[attr-defined]
    assert in_force() == (BEFORE, BEFORE)


@pytest.mark.usefixtures("fresh")
def test_a_picture_is_read_by_one_thread_of_blas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_read_by_one_thread", lambda *_: in_force())
    (found,) = reading.read_pages(np.zeros((9, 9), np.uint8))
    assert found == (1, BEFORE)  # type: ignore[comparison-overlap]
    assert in_force() == (BEFORE, BEFORE)


def test_a_program_begins_with_one_thread_unless_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for told, begun in (
        ({}, "1"),
        ({"OMP_NUM_THREADS": "3"}, None),
        ({"OPENBLAS_NUM_THREADS": "2"}, "2"),
    ):
        monkeypatch.setattr(threads.os, "environ", environment := dict(told))
        threads.begin_with_one()
        assert environment.get("OPENBLAS_NUM_THREADS") == begun
        assert told.items() <= environment.items()


@pytest.mark.usefixtures("fresh")
def test_any_thread_may_claim() -> None:
    """Also while another one's claim stands: runs of the server train in threads of their own."""

    def seen() -> tuple[int, int]:
        with limited(2, opencv=2):
            return in_force()

    with ThreadPoolExecutor(1) as other:
        assert other.submit(seen).result() == (2, 2)
    assert in_force() == (BEFORE, BEFORE)


def test_a_claim_ends_with_an_error() -> None:
    value = ["before"]
    claims = Claims(lambda: value[0], lambda new: value.__setitem__(0, new))
    with pytest.raises(KeyError, match="mine"), claims.claim("mine"):
        raise KeyError(*value)
    assert value == ["before"]


def test_a_process_of_many_keeps_its_one_thread() -> None:
    with limited(BEFORE, opencv=BEFORE):
        single_threaded()
        with workers(2, shards=1):
            assert in_force() == (2, 2)
        assert in_force() == (1, 1)
    assert in_force() == (1, 1)
    threads._for_good.close()


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("1600000 100000", 8), ("", 8)],
)
def test_a_containers_quota_counts(
    quota: str, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(threads, "QUOTA", tmp_path / "cpu.max")
    (tmp_path / "cpu.max").write_text(quota)
    assert threads.cores(0) == expected
    assert threads.cores(3) == 3
    (tmp_path / "cpu.max").unlink()
    assert threads.cores(0) == 8
