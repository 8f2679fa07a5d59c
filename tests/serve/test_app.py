"""The other addresses: health, the pen, the files of the page, and our own mistakes."""

from __future__ import annotations

import base64
import errno
import json
import os
import pkgutil
import re
from pathlib import Path
from types import ModuleType

import pytest

import small
from digitus import serve
from digitus.serve import live
from serving import Serving


@pytest.mark.parametrize("package", [serve, live], ids=lambda package: package.__name__)
def test_the_docstring_lists_the_modules(package: ModuleType) -> None:
    listed = re.findall(r"^    (\w+)/?  ", package.__doc__ or "", re.MULTILINE)
    modules = [module.name for module in pkgutil.iter_modules(package.__path__)]
    assert sorted({*listed} - {"static"}) == sorted(modules)
    assert len(set(listed)) == len(listed)


def test_every_module_is_used_by_another() -> None:
    # What a rename leaves behind goes on being linted and typed, and nobody notices.
    folder = Path(str(serve.__file__)).parent
    imported = "".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    entered = {"app", "server"}  # by the command
    for package, prefix in ((serve, "digitus.serve"), (live, "digitus.serve.live")):
        for module in pkgutil.iter_modules(package.__path__):
            used = rf"from {prefix}(\.{module.name}\b| import .*\b{module.name}\b)"
            assert module.name in entered or re.search(used, imported), module.name


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
    monkeypatch.setattr("digitus.serve.pen.render", lambda _: 1 / 0)
    answer = served.client.get("/api/pen/3")
    assert answer.status_code == 500
    assert answer.json()["error"] == "the server made a mistake; its log says more"
    assert answer.json()["code"] == "mistake"
    assert "content-security-policy" in answer.headers
    assert "ZeroDivisionError" in caplog.text


def test_what_the_system_refuses_is_no_mistake_of_ours(
    served: Serving, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refusing(_: int) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("digitus.serve.pen.render", refusing)
    answer = served.client.get("/api/pen/3")
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "the system refused what this needs: Too many open files", "code": "system"},
    )
    assert "Too many open files" in caplog.text


def test_the_modules_of_a_view_are_known_ahead(served: Serving) -> None:
    page = served.client.get("/").text
    (table,) = re.findall(r'id="views">(.*?)</script>', page)
    views = json.loads(table)
    assert {"draw", "read", "forms", "inside", "learn", "mistakes", "worked"} == set(views)
    for view, modules in views.items():
        assert f"{view}.js" in modules
        assert f"/static/{view}.js" not in page.partition("</head>")[0]  # fetched when asked for
        listed = {*modules, *re.findall(r'modulepreload" href="/static/([\w.]+)"', page)}
        for name in modules:
            text = served.client.get(f"/static/{name}").text
            assert set(re.findall(r'^import .*"\./([\w.]+)";$', text, re.MULTILINE)) <= listed
