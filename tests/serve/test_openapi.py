"""The server does what /openapi.json says, also for requests that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from conftest import examples
from digitus.serve.access import AccessPolicy
from digitus.serve.app import Backend, application
from digitus.serve.openapi import document
from digitus.serve.recognition import MOST_IMAGES
from later import Later
from serving import Serving, metric, serving, wait_for
from small import recognizer

schemathesis = Later("schemathesis")
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
ASKED = {
    "generation": {"mode": "all"},
    "phases": {"coverage": {"enabled": ALL}},
    "request-timeout": 60,  # a machine with other work may take its time
    "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
}


@cache
def told(*, token: bool = False) -> dict[str, Any]:
    """The description, made by the process that tests it."""
    return document(Backend(recognizer(), Path("never-opened")).addresses(), token=token)


@pytest.fixture(scope="module")
def read() -> Any:
    """The description as Schemathesis has it, which takes seconds."""
    return schemathesis.openapi.from_dict(told(), config=schemathesis.Config.from_dict(ASKED))


@pytest.fixture
def _named(request: pytest.FixtureRequest) -> None:
    """Schemathesis looks for a node's name where pytest 9.2 has it no longer."""
    request.node._nodeid = request.node.nodeid


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("runs")) as ours:
        yield ours


@pytest.mark.slow
@pytest.mark.hypothesis
@pytest.mark.usefixtures("_named")
def test_every_address_does_what_is_said_of_it(
    request: pytest.FixtureRequest, described: Serving
) -> None:
    checks = Later("schemathesis.specs.openapi.checks")

    @schemathesis.pytest.from_fixture("read").exclude(path=WATCHED).parametrize()
    @settings(examples(10), suppress_health_check=list(HealthCheck), deadline=None)
    def ask(case: Any) -> None:
        unknown = [checks.positive_data_acceptance] if case.path in UNFORESEEN else []
        case.call_and_validate(base_url=described.address, excluded_checks=unknown)
        if (case.method.upper(), case.path) == ("POST", "/api/runs"):  # there is room for a few
            runs = described.client.get("/api/runs").json()["runs"]
            for run in runs:
                described.client.delete(f"/api/runs/{run['id']}")
            if runs:
                wait_for(lambda: metric(described, "digitus_runs_ending") == 0, 300)  # after a step

    ask(request=request)


def test_what_may_differ_is_said() -> None:
    said = told()["paths"]["/api/recognize"]["post"]
    assert said["summary"] == "Recognize 1 to 2000 images of 28 x 28, white ink on black."
    assert "the last of the six decimals of a probability may depend on" in said["description"]
    assert "description" not in told()["paths"]["/api/health"]["get"]


def test_every_address_is_described(tmp_path: Path) -> None:
    app = application(recognizer(), AccessPolicy(), tmp_path)
    found = {
        (route.path, method)  # type: ignore[attr-defined]
        for route in app.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
        if route.path.startswith("/api/")  # type: ignore[attr-defined]
    }
    said = {
        (path, method.upper()) for path, methods in told()["paths"].items() for method in methods
    }
    assert found == said


def test_the_description_says_who_may_ask() -> None:
    assert "security" not in told()
    guarded = told(token=True)
    assert guarded["security"] == [{"token": []}]
    assert guarded["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert guarded["paths"] == told()["paths"]


def test_every_operation_is_summed_up_in_a_line() -> None:
    for methods in told()["paths"].values():
        for operation in methods.values():
            assert operation["summary"].endswith(".")
            assert "\n" not in operation["summary"]
    assert f"1 to {MOST_IMAGES} images" in told()["paths"]["/api/recognize"]["post"]["summary"]


def test_what_a_worked_line_and_the_set_of_mistakes_are_is_said() -> None:
    schemas = told()["components"]["schemas"]
    worked = schemas["Equation"]["properties"]["worked"]
    assert "⋯×781 stands for 781 more" in worked["description"]
    data = schemas["Mistakes"]["properties"]["data"]
    assert "mnist, or strokes" in data["description"]
