"""What the server has done so far, in Prometheus' text format (version 0.0.4).

Inside: counting, and the text. Not inside: who may read it (`gate`).
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from starlette.types import Scope

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)  # seconds
MEMORY = Path("/proc/self/statm")  # pages; where there is none, the figure is left out
PAGE = 4096


class Counters:
    """Requests by route and status, and how long they took. Changed by one thread only."""

    def __init__(self) -> None:
        self._start = time.time()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._within: dict[str, list[int]] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self.going_on = 0

    def began(self) -> None:
        """A request has arrived."""
        self.going_on += 1

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """It has been answered. A stream's time is none to be proud of and is not counted."""
        self.going_on -= 1
        # The route's path, not the client's: what clients make up must not grow this table.
        route = getattr(scope.get("endpoint"), "__name__", "none")
        method = scope["method"] if scope["method"] in ("GET", "POST", "DELETE") else "other"
        self._requests[route, method, status] += 1
        if route.endswith("/events"):
            return
        within = self._within.setdefault(route, [0] * (len(BOUNDS) + 1))
        within[next((i for i, b in enumerate(BOUNDS) if seconds <= b), len(BOUNDS))] += 1
        self._seconds[route] += seconds

    def text(self, figures: Mapping[str, tuple[str, str, float]]) -> str:
        """Everything; `figures` are more, by name: kind ("gauge" ...), words, value."""
        lines = [
            "# HELP digitus_requests_total Requests answered.",
            "# TYPE digitus_requests_total counter",
        ]
        for (route, method, status), count in sorted(self._requests.items()):
            labels = f'route="{route}",method="{method}",status="{status}"'
            lines.append(f"digitus_requests_total{{{labels}}} {count}")
        lines += [
            "# HELP digitus_request_seconds How long answers took.",
            "# TYPE digitus_request_seconds histogram",
        ]
        for route, within in sorted(self._within.items()):
            below = 0
            for bound, count in zip((*BOUNDS, "+Inf"), within, strict=True):
                below += count
                labels = f'route="{route}",le="{bound}"'
                lines.append(f"digitus_request_seconds_bucket{{{labels}}} {below}")
            lines.append(f'digitus_request_seconds_count{{route="{route}"}} {below}')
            lines.append(f'digitus_request_seconds_sum{{route="{route}"}} {self._seconds[route]}')
        for name, (kind, words, value) in {**self._own(), **figures}.items():
            lines += [
                f"# HELP digitus_{name} {words}",
                f"# TYPE digitus_{name} {kind}",
                f"digitus_{name} {value:g}" if value < 1e6 else f"digitus_{name} {value:.0f}",
            ]
        return "\n".join(lines) + "\n"

    def _own(self) -> dict[str, tuple[str, str, float]]:
        own = {
            "requests_going_on": (
                "gauge",
                "Requests that are being answered.",
                float(self.going_on),
            ),
            "start_time_seconds": ("gauge", "When the server began, since 1970.", self._start),
        }
        if MEMORY.exists():
            resident = int(MEMORY.read_text("ascii").split()[1]) * PAGE
            own["resident_bytes"] = ("gauge", "Memory in use.", float(resident))
        return own
