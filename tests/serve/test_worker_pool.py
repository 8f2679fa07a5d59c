"""A bound on work at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.exceptions import HTTPException

from digitus.limits import WORK_WAITING, WORKERS
from digitus.serve import worker_pool as module
from digitus.serve.worker_pool import WorkerPool
from serving import Serving


def test_a_pool_is_bounded() -> None:
    async def use() -> None:
        pool, gate = WorkerPool(), threading.Event()
        waiting = [
            asyncio.ensure_future(pool.run(gate.wait)) for _ in range(WORKERS + WORK_WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(HTTPException) as refused:
            await pool.run(gate.wait)
        assert refused.value.status_code == 503
        gate.set()
        assert await asyncio.gather(*waiting) == [True] * len(waiting)
        assert await pool.run(sum, [1, 2]) == 3
        with pytest.raises(ZeroDivisionError):
            await pool.run(divmod, 1, 0)
        await asyncio.sleep(0)
        assert pool.busy == 0
        pool.close()

    asyncio.run(use())


def test_what_takes_too_long_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORK_SECONDS", 0.05)

    async def use() -> None:
        pool, gate = WorkerPool(), threading.Event()
        with pytest.raises(HTTPException) as refused:
            await pool.run(gate.wait)
        assert "took longer" in refused.value.detail
        assert not refused.value.headers  # asked again, it would take as long again
        assert pool.busy == 1
        gate.set()
        while pool.busy:
            await asyncio.sleep(0.01)
        pool.close()

    asyncio.run(use())


def test_too_much_work_is_a_503_with_the_time_to_come_back(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WORK_WAITING", -WORKERS)
    answer = served.client.post("/api/inside", content=bytes(784))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "too much to do" in answer.json()["error"]
