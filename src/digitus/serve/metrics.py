"""What the server has done so far: /metrics, in Prometheus' text format (version 0.0.4).

Inside: counting requests, and the figures that others keep. Not inside: who may read it
(`middleware`), and the text itself (prometheus-client).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

CONTENT_TYPE = "text/plain; version=0.0.4"
BOUNDS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
STATM = Path("/proc/self/statm")  # where there is none, the figure is left out
METHODS = ("GET", "POST", "DELETE")

# Leaves out when each series began: as many lines again, and of no use here.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The figures of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "digitus_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "digitus_request_seconds",
            "How long answers took.",
            ("route",),
            buckets=BOUNDS_SECONDS,
            registry=self._registry,
        )
        self._going_on = Gauge(
            "digitus_requests_going_on",
            "Requests that are being answered.",
            registry=self._registry,
        )
        start = time.time()
        self.gauge("start_time_seconds", "When the server began, since 1970.", lambda: start)
        if STATM.exists():
            self.gauge("resident_bytes", "Memory in use.", _resident_bytes)

    def began(self) -> None:
        """A request has arrived."""
        self._going_on.inc()

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """A request has been answered. How long a stream was open says nothing and is left out."""
        self._going_on.dec()
        # The route's path, not the client's: what clients make up must not grow this table.
        route = getattr(scope.get("endpoint"), "__name__", "none")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._requests.labels(route, method, str(status)).inc()
        if not route.endswith("/events"):
            self._seconds.labels(route).observe(seconds)

    def gauge(self, name: str, words: str, value: Callable[[], float]) -> None:
        """A figure that somebody else keeps and that may fall."""
        Gauge(f"digitus_{name}", words, registry=self._registry).set_function(value)

    def counter(self, name: str, words: str, value: Callable[[], float]) -> None:
        """A figure that somebody else keeps and that only rises."""
        self._registry.register(_KeptElsewhere(f"digitus_{name}", words, value))

    def text(self) -> bytes:
        """All figures as text."""
        return generate_latest(self._registry)


class _KeptElsewhere(Collector):
    """A counter whose value is asked for; prometheus-client has that for gauges only."""

    def __init__(self, name: str, words: str, value: Callable[[], float]) -> None:
        self._name, self._words, self._value = name, words, value

    def collect(self) -> Iterable[Metric]:
        """The counter with its value."""
        yield CounterMetricFamily(self._name, self._words, value=self._value())


def _resident_bytes() -> float:
    """Resident memory is the second number of the file, in the system's own units."""
    return int(STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
