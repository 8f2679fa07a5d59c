"""Recognitions in batches: what comes at once, errors, who leaves, too much."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from starlette.exceptions import HTTPException

import small
from digitus.errors import ModelError
from digitus.recognizer import Recognizer
from digitus.serve import batcher as module
from digitus.serve.batcher import BATCH_IMAGES, Batcher

IMAGES = small.digits().images


def batched(use: Callable[[Batcher], Coroutine[Any, Any, None]], model: Any = None) -> None:
    """Runs something with a batcher."""

    async def whole() -> None:
        batcher = Batcher(model or small.recognizer())
        try:
            await use(batcher)
        finally:
            batcher.close()

    asyncio.run(whole())


def test_what_comes_at_once_is_one_batch() -> None:
    async def use(batcher: Batcher) -> None:
        asked = [batcher.probabilities(IMAGES[i : i + 1]) for i in range(BATCH_IMAGES)]
        found = np.concatenate(await asyncio.gather(*asked))
        np.testing.assert_allclose(
            found, small.recognizer().probabilities(IMAGES[:BATCH_IMAGES]), 1e-5
        )
        assert (batcher.batches, batcher.images, batcher.queued) == (1, BATCH_IMAGES, 0)

    batched(use)


def test_a_large_request_lets_others_in_between() -> None:
    async def use(batcher: Batcher) -> None:
        large = asyncio.ensure_future(batcher.probabilities(IMAGES[:256]))
        await asyncio.sleep(0)
        await batcher.probabilities(IMAGES[:1])
        assert not large.done()
        np.testing.assert_allclose(
            await large, small.recognizer().probabilities(IMAGES[:256]), rtol=1e-5, atol=1e-7
        )

    batched(use)


class Broken(Recognizer):
    """Fails on images that are all white."""

    def probabilities(self, images: Any, each: Any = map) -> Any:
        if (images == 255).all():
            raise ModelError("the network's outputs are not finite")
        return super().probabilities(images)


def test_an_error_reaches_who_asked_and_nobody_later() -> None:
    good = small.recognizer()
    broken = Broken(good.recipe, good.params)

    async def use(batcher: Batcher) -> None:
        white = np.full((3, 28, 28), 255, np.uint8)
        for found in await asyncio.gather(
            *(batcher.probabilities(white) for _ in range(3)), return_exceptions=True
        ):
            assert isinstance(found, ModelError)
        assert (await batcher.probabilities(IMAGES[:2])).shape == (2, 10)

    batched(use, broken)


def test_who_leaves_takes_nobody_along() -> None:
    async def use(batcher: Batcher) -> None:
        leaving = asyncio.ensure_future(batcher.probabilities(IMAGES[:1]))
        staying = asyncio.ensure_future(batcher.probabilities(IMAGES[1:2]))
        await asyncio.sleep(0)
        leaving.cancel()
        assert (await staying).shape == (1, 10)
        assert batcher.queued == 0

    batched(use)


def test_too_many_images_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IMAGES_WAITING", 10)

    async def use(batcher: Batcher) -> None:
        asked = [batcher.probabilities(IMAGES[:1]) for _ in range(15)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        refused = [f for f in found if isinstance(f, HTTPException)]
        assert len(refused) == 5
        assert {f.status_code for f in refused} == {503}
        assert refused[0].headers == {"Retry-After": "1"}
        assert (await batcher.probabilities(IMAGES[:1])).shape == (1, 10)

    batched(use)
