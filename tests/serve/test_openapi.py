"""The server does what /openapi.json says, also for requests that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from conftest import examples
from digitus.serve.access import AccessPolicy
from digitus.serve.app import Backend, application
from digitus.serve.openapi import document
from digitus.serve.recognition import MOST_IMAGES
from serving import Serving, metric, serving, wait_for
from small import recognizer

# What a run does while the next request is made up cannot be foretold.
WATCHED = "/api/runs/{id}/events"
# The schema does not say how many bytes a picture has, nor which layers fit on each other, nor what
# fits into a form.
UNFORESEEN = (
    "/api/recognize", "/api/read", "/api/draw", "/api/inside", "/api/runs", "/api/forms/open",
    "/api/forms/check", "/api/forms/print", "/api/forms/pages", "/api/forms/propose",
    "/api/forms/read",
)  # fmt: skip
REFUSED = [400, 404, 405, 409, 413, 415, 503]
# Every bound of every schema is tried where all examples are asked for: two thousand requests.
ALL = settings.default.max_examples >= 100
config = schemathesis.Config.from_dict(
    {
        "generation": {"mode": "all"},
        "phases": {"coverage": {"enabled": ALL}},
        "request-timeout": 60,  # a machine with other work may take its time
        "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
    }
)
ADDRESSES = Backend(recognizer(), Path("never-opened")).addresses()
DOCUMENT = document(ADDRESSES, token=False)
schema = schemathesis.pytest.from_fixture("read")


@pytest.fixture(scope="module")
def read() -> schemathesis.BaseSchema:
    """Made by the process that tests it: each that collects would take seconds to make it."""
    return schemathesis.openapi.from_dict(DOCUMENT, config=config)


@pytest.fixture
def _named(request: pytest.FixtureRequest) -> None:
    """Schemathesis looks for a node's name where pytest 9.2 has it no longer."""
    request.node._nodeid = request.node.nodeid


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("runs")) as ours:
        yield ours


@schema.exclude(path=WATCHED).parametrize()
@settings(examples(10), suppress_health_check=list(HealthCheck), deadline=None)
@pytest.mark.usefixtures("_named")
def test_every_address_does_what_is_said_of_it(case: schemathesis.Case, described: Serving) -> None:
    unknown = [positive_data_acceptance] if case.path in UNFORESEEN else []
    case.call_and_validate(base_url=described.address, excluded_checks=unknown)
    if (case.method.upper(), case.path) == ("POST", "/api/runs"):  # there is room for a few
        runs = described.client.get("/api/runs").json()["runs"]
        for run in runs:
            described.client.delete(f"/api/runs/{run['id']}")
        if runs:
            wait_for(lambda: metric(described, "digitus_runs_ending") == 0, 300)  # after a step


def test_what_may_differ_is_said() -> None:
    said = DOCUMENT["paths"]["/api/recognize"]["post"]
    assert said["summary"] == "Recognize 1 to 2000 images of 28 x 28, white ink on black."
    assert "the last of the six decimals of a probability may depend on" in said["description"]
    assert "description" not in DOCUMENT["paths"]["/api/health"]["get"]


def test_every_address_is_described(tmp_path: Path) -> None:
    app = application(recognizer(), AccessPolicy(), tmp_path)
    found = {
        (route.path, method)  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
        if route.path.startswith("/api/")  # type: ignore[attr-defined]
    }
    said = {
        (path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods
    }
    assert found == said


def test_the_description_says_who_may_ask() -> None:
    assert "security" not in DOCUMENT
    guarded = document(ADDRESSES, token=True)
    assert guarded["security"] == [{"token": []}]
    assert guarded["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert guarded["paths"] == DOCUMENT["paths"]


def test_every_operation_is_summed_up_in_a_line() -> None:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert operation["summary"].endswith(".")
            assert "\n" not in operation["summary"]
    assert f"1 to {MOST_IMAGES} images" in DOCUMENT["paths"]["/api/recognize"]["post"]["summary"]


def test_what_a_worked_line_and_the_set_of_mistakes_are_is_said() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    worked = schemas["Equation"]["properties"]["worked"]
    assert "⋯×781 stands for 781 more" in worked["description"]
    data = schemas["Mistakes"]["properties"]["data"]
    assert "mnist, or strokes" in data["description"]
