"""The server does what /openapi.json says, also for requests that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from digitus.serve.app import application
from digitus.serve.description import description
from digitus.serve.door import Door
from serving import Serving, serving
from small import recognizer

# What a run does while the next request is made up cannot be foretold.
WATCHED = "/api/runs/{id}/events"
# The schema does not say how many bytes a picture has, nor which layers fit on each other.
UNFORESEEN = ("/api/recognize", "/api/read", "/api/draw", "/api/inside", "/api/runs")
REFUSED = [400, 404, 405, 409, 413, 415, 503]
config = schemathesis.Config.from_dict(
    {
        "generation": {"mode": "all"},
        "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
    }
)
schema = schemathesis.openapi.from_dict(description(token=False), config=config)


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("runs")) as ours:
        yield ours


@schema.exclude(path=WATCHED).parametrize()
@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
def test_every_address_does_what_is_said_of_it(case: schemathesis.Case, described: Serving) -> None:
    unknown = [positive_data_acceptance] if case.path in UNFORESEEN else []
    case.call_and_validate(base_url=described.address, excluded_checks=unknown)
    for run in described.client.get("/api/runs").json()["runs"]:
        described.client.delete(f"/api/runs/{run['id']}")


def test_every_address_is_described(tmp_path: Path) -> None:
    app = application(recognizer(), Door(), tmp_path)
    found = {
        (route.path, method)  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
        if route.path.startswith("/api/")  # type: ignore[attr-defined]
    }
    document = description(token=False)
    said = {
        (path, method.upper())
        for path, methods in document["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert found == said
