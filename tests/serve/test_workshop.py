"""A bound on work at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest
from starlette.exceptions import HTTPException

from digitus.serve import workshop as module
from digitus.serve.workshop import Workshop
from serving import Serving


def test_a_workshop_is_bounded() -> None:
    async def use() -> None:
        workshop, gate = Workshop(), threading.Event()
        waiting = [
            asyncio.ensure_future(workshop.do(gate.wait))
            for _ in range(module.THREADS + module.MOST_TASKS_WAITING)
        ]
        await asyncio.sleep(0)
        with pytest.raises(HTTPException) as refused:
            await workshop.do(gate.wait)
        assert refused.value.status_code == 503
        gate.set()
        assert await asyncio.gather(*waiting) == [True] * len(waiting)
        assert await workshop.do(sum, [1, 2]) == 3
        with pytest.raises(ZeroDivisionError):
            await workshop.do(divmod, 1, 0)
        await asyncio.sleep(0)
        assert workshop.busy == 0
        workshop.close()

    asyncio.run(use())


def test_what_takes_too_long_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)

    async def use() -> None:
        workshop, gate = Workshop(), threading.Event()
        with pytest.raises(HTTPException, match="took longer"):
            await workshop.do(gate.wait)
        assert workshop.busy == 1
        gate.set()
        while workshop.busy:
            await asyncio.sleep(0.01)
        workshop.close()

    asyncio.run(use())


def test_too_much_work_is_a_503_with_the_time_to_come_back(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TASKS_WAITING", -module.THREADS)
    answer = served.client.post("/api/inside", content=bytes(784))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "too much to do" in answer.json()["error"]
