"""Server-sent events: the slow, the past, the heartbeat."""

from __future__ import annotations

import asyncio

import pytest

from digitus.serve.live import channel
from digitus.serve.live.channel import Channel


def test_slow_followers_get_the_state_instead_of_what_they_missed() -> None:
    async def use() -> None:
        told = Channel(asyncio.get_running_loop(), lambda: {"whole": True})
        follow = told.follow()
        assert (await anext(follow)).startswith("retry: ")
        assert "event: state" in await anext(follow)
        told.publish("stepped", {"n": 1})
        told.publish("stepped", {"n": 2})
        assert '{"n":1}' in await anext(follow)
        for n in range(2 * channel.KEPT_EVENTS):
            told.publish("stepped", {"n": n})
        assert '{"n":2}' in await anext(follow)  # was already on its way
        assert "event: state" in await anext(follow)
        told.close()
        assert [text async for text in follow] == []
        assert told.watched == 0

    asyncio.run(use())


def test_of_large_pictures_only_the_last_is_kept() -> None:
    async def use() -> None:
        told = Channel(asyncio.get_running_loop(), dict)
        follow = told.follow()
        await anext(follow)
        last = (await anext(follow)).splitlines()[0].removeprefix("id: ")
        for n in range(5):
            told.publish("weights", {"n": n})
            told.publish("stepped", {"n": n})
        again = told.follow(last)
        assert (await anext(again)).startswith("retry: ")
        texts = [await anext(again) for _ in range(6)]
        assert sum("event: weights" in text for text in texts) == 1
        assert '{"n":4}' in next(text for text in texts if "weights" in text)
        ids = [int(text.splitlines()[0].rpartition("-")[2]) for text in texts]
        assert ids == sorted(ids)

    asyncio.run(use())


def test_a_heartbeat_while_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "HEARTBEAT_SECONDS", 0.02)

    async def use() -> None:
        told = Channel(asyncio.get_running_loop(), dict)
        follow = told.follow()
        texts = [await anext(follow) for _ in range(4)]
        assert texts[2:] == [": still here\n\n"] * 2
        asyncio.get_running_loop().call_later(0.01, told.publish, "stepped", {})
        while "stepped" not in await anext(follow):
            pass

    asyncio.run(use())
