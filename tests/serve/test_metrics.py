"""/metrics, and that memory does not grow by it or anything else."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

import small
from digitus.serve.metrics import Metrics
from serving import Serving

IMAGES = small.digits().images


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
        "digitus_runs_ending": "gauge",
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


@pytest.mark.slow
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
    ask(500)
    assert resident() - before < 4e6
