"""The parts behind the handlers: batches, bounds, events, counting, mistakes."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.exceptions import HTTPException

import small
from digitus.datasets import sources
from digitus.errors import ModelError
from digitus.evaluation import evaluate
from digitus.recognizer import Recognizer
from digitus.serve import channel, mistakes, work
from digitus.serve.channel import Channel
from digitus.serve.metrics import Metrics
from digitus.serve.mistakes import Wanted, page
from digitus.serve.work import BATCH, Batcher, Workshop
from serving import Serving, serving

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
        asked = [batcher.probabilities(IMAGES[i : i + 1]) for i in range(BATCH)]
        found = np.concatenate(await asyncio.gather(*asked))
        np.testing.assert_allclose(found, small.recognizer().probabilities(IMAGES[:BATCH]), 1e-5)
        assert (batcher.batches, batcher.images, batcher.queued) == (1, BATCH, 0)

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
    monkeypatch.setattr(work, "MOST_WAITING", 10)

    async def use(batcher: Batcher) -> None:
        asked = [batcher.probabilities(IMAGES[:1]) for _ in range(15)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        refused = [f for f in found if isinstance(f, HTTPException)]
        assert len(refused) == 5
        assert {f.status_code for f in refused} == {503}
        assert refused[0].headers == {"Retry-After": "1"}
        assert (await batcher.probabilities(IMAGES[:1])).shape == (1, 10)

    batched(use)


def test_a_workshop_is_bounded() -> None:
    async def use() -> None:
        workshop, gate = Workshop(), threading.Event()
        waiting = [
            asyncio.ensure_future(workshop.do(gate.wait))
            for _ in range(work.THREADS + work.WAITING)
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
    monkeypatch.setattr(work, "SECONDS", 0.05)

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
    monkeypatch.setattr(work, "WAITING", -work.THREADS)
    answer = served.client.post("/api/inside", content=bytes(784))
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert "too much to do" in answer.json()["error"]


def test_slow_followers_get_the_state_instead_of_what_they_missed() -> None:
    async def use() -> None:
        told = Channel(asyncio.get_running_loop(), lambda: {"whole": True})
        follow = told.follow()
        assert (await anext(follow)).startswith("retry: ")
        assert "event: state" in await anext(follow)
        told.publish("stepped", {"n": 1})
        told.publish("stepped", {"n": 2})
        assert '{"n":1}' in await anext(follow)
        for n in range(2 * channel.KEPT):
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
    monkeypatch.setattr(channel, "HEARTBEAT", 0.02)

    async def use() -> None:
        told = Channel(asyncio.get_running_loop(), dict)
        follow = told.follow()
        texts = [await anext(follow) for _ in range(4)]
        assert texts[2:] == [": still here\n\n"] * 2
        asyncio.get_running_loop().call_later(0.01, told.publish, "stepped", {})
        while "stepped" not in await anext(follow):
            pass

    asyncio.run(use())


def test_metrics_are_prometheus_text(served: Serving) -> None:
    for path in ("/nowhere", "/another", "/api/health", '/x"'):
        served.client.get(path)
    served.client.post("/api/recognize", content=bytes(784 * 3))
    text = served.client.get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    count = {
        tuple(sample.labels[name] for name in ("route", "method", "status")): sample.value
        for sample in families["digitus_requests"].samples
    }
    assert count["none", "GET", "404"] == 3  # one line, whatever paths clients make up
    assert count["/api/recognize", "POST", "200"] == 1
    assert families["digitus_images"].samples[0].value == 3
    assert families["digitus_requests_going_on"].samples[0].value == 1
    assert families["digitus_resident_bytes"].samples[0].value > 10**7
    assert {family.name: family.type for family in families.values()} == {
        "digitus_requests": "counter",
        "digitus_request_seconds": "histogram",
        "digitus_requests_going_on": "gauge",
        "digitus_start_time_seconds": "gauge",
        "digitus_resident_bytes": "gauge",
        "digitus_images": "counter",
        "digitus_batches": "counter",
        "digitus_images_waiting": "gauge",
        "digitus_runs": "gauge",
        "digitus_tasks": "gauge",
    }
    buckets = [
        sample.value
        for sample in families["digitus_request_seconds"].samples
        if sample.name.endswith("_bucket") and sample.labels["route"] == "none"
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 3


def test_strange_methods_are_counted_as_one() -> None:
    metrics = Metrics()
    for method in ("BREW", "WHEN", "PROPFIND"):
        metrics.began()
        metrics.ended({"method": method}, 405, 0.001)
    counted = '{method="other",route="none",status="405"} 3.0'
    assert f"digitus_requests_total{counted}" in metrics.text().decode()


def test_mistakes(served: Serving) -> None:
    found = served.client.get("/api/mistakes").json()
    digits = small.digits(400, seed=9)
    read = small.recognizer().probabilities(digits.images).argmax(1)
    wrong = np.flatnonzero(read != digits.labels)
    assert found["total"] == len(wrong)
    assert found["count"] == 400
    assert len(found["mistakes"]) == min(60, len(wrong))
    assert {m["index"] for m in found["mistakes"]} <= set(wrong.tolist())
    confidences = [m["confidence"] for m in found["mistakes"]]
    assert confidences == sorted(confidences, reverse=True)
    for m in found["mistakes"]:
        assert (m["true"], m["read"]) == (digits.labels[m["index"]], read[m["index"]])
        raw = np.frombuffer(base64.b64decode(m["pixels"]), np.uint8)
        np.testing.assert_array_equal(raw, digits.images[m["index"]].ravel())
        assert m["refused"] == (m["confidence"] < found["threshold"])
    pages = [
        served.client.get(f"/api/mistakes?limit=7&offset={k}").json()["mistakes"]
        for k in range(0, len(wrong), 7)
    ]
    assert sum(map(len, pages)) == len(wrong)
    assert [m for part in pages for m in part][:60] == found["mistakes"]
    for query in ("true=10", "read=-1", "limit=0", "limit=201", "offset=x", "true="):
        assert served.client.get(f"/api/mistakes?{query}").status_code == 400


def test_whose_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    asked = []

    def nothing_here(name: str, part: str, **settings: Any) -> Any:
        asked.append((name, part, settings))
        if name == "mnist":
            raise sources.DataError("nowhere")
        return small.digits(50)

    monkeypatch.setattr(mistakes, "load", nothing_here)
    assert len(mistakes.test_digits()) == 50
    assert asked[0] == ("mnist", "test", {"download": False})
    assert asked[1][:2] == ("strokes", "test")


def test_no_mistakes_at_all() -> None:
    digits = small.digits(100)
    found = page(evaluate(Perfect(*_parts()), digits), Wanted(None, None, 0, 10))
    assert (found["total"], found["mistakes"]) == (0, [])


def _parts() -> tuple[Any, Any]:
    return small.recognizer().recipe, small.recognizer().params


class Perfect(Recognizer):
    """Knows the answers."""

    def probabilities(self, images: Any, each: Any = map) -> Any:
        return np.eye(10)[small.digits(100).labels]


def test_health_and_the_pen(served: Serving) -> None:
    health = served.client.get("/api/health").json()
    assert health["status"] == "ok"
    assert health["model"]["parameters"] == small.recognizer().parameter_count
    for digit in range(10):
        first = served.client.get(f"/api/pen/{digit}?seed=3").json()
        assert first == served.client.get(f"/api/pen/{digit}?seed=3").json()
        assert first != served.client.get(f"/api/pen/{digit}?seed=4").json()
        assert all(len(row) == 4 for stroke in first["strokes"] for row in stroke)
        assert len(base64.b64decode(first["image"])) == 784
    for name in ("10", "x", "-1", "%D9%A3"):
        assert served.client.get(f"/api/pen/{name}").status_code == 404


def test_files_of_the_page(served: Serving) -> None:
    page_ = served.client.get("/")
    assert page_.headers["content-type"] == "text/html; charset=utf-8"
    again = served.client.get("/", headers={"if-none-match": page_.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert served.client.get("/static/index.html").content == page_.content
    kinds = {"main.js": "text/javascript", "app.css": "text/css", "icon.svg": "image/svg+xml"}
    for name, kind in kinds.items():
        assert served.client.get(f"/static/{name}").headers["content-type"].startswith(kind)
    programs = served.client.get("/api").text
    assert f"{served.address}/api/read" in programs
    assert "{{" not in programs


def test_our_own_mistakes_are_a_500(
    served: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("digitus.serve.penned.render", lambda _: 1 / 0)
    answer = served.client.get("/api/pen/3")
    assert answer.status_code == 500
    assert answer.json() == {"error": "the server made a mistake; its log says more"}
    assert "content-security-policy" in answer.headers
    assert "ZeroDivisionError" in caplog.text


def test_memory_does_not_grow(served: Serving) -> None:
    def resident() -> float:
        lines = served.client.get("/metrics").text.splitlines()
        (line,) = [line for line in lines if line.startswith("digitus_resident_bytes ")]
        return float(line.split()[1])

    def ask(times: int) -> None:
        for k in range(times):
            served.client.post("/api/recognize", content=IMAGES[k % 300].tobytes())
            if k % 10 == 0:
                served.client.post("/api/inside", content=IMAGES[k % 300].tobytes())
                served.client.get(f"/nowhere/{k}")

    ask(200)
    before = resident()
    ask(1000)
    assert resident() - before < 8e6


def test_two_at_once_find_the_mistakes_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    found = []

    def slow() -> Any:
        found.append(1)
        time.sleep(0.2)
        return small.digits(100)

    monkeypatch.setattr(mistakes, "test_digits", slow)
    with serving(tmp_path) as ours:
        threads = [
            threading.Thread(target=ours.client.get, args=("/api/mistakes",)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [1]
