"""The files of the web page, read once: what a client asks for is a key of a table, never a path.

Inside: that table and its answers. Not inside: the files themselves (`static/`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from digitus.serve.responses import refusal
from digitus.serve.visitor import asking

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}

ENTRY = "main.js"
VIEW = re.compile(rb'(\w+): \(\) => import\("\./([\w.-]+)"\)')
IMPORT = re.compile(rb'^import .*"\./([\w.-]+)";$', re.MULTILINE)


@dataclass(frozen=True)
class File:
    """A file as it is sent."""

    content: bytes
    kind: str
    tag: str  # changes with the content, so that a browser asks again after an update

    def respond(self, request: Request) -> Response:
        """The file, or that the browser has it already."""
        headers = {"etag": self.tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.kind, headers=headers)


@dataclass(frozen=True)
class StaticFiles:
    """All files of the web page by name."""

    files: dict[str, File]
    reload: bool  # reads them anew at every request, for people who work on them

    async def index(self, request: Request) -> Response:
        """GET /: the web page, which is told who opened it; to strangers, the way in."""
        role = asking().role
        if role == "stranger":
            file = self._file("join.html")
            return Response(file.content, 401, media_type=file.kind)
        file = self._file("index.html")
        if role != "alone":
            content = file.content.replace(b"<body>", f'<body data-role="{role}">'.encode())
            file = File(content, file.kind, f'{file.tag[:-1]}-{role}"')
        return file.respond(request)

    async def api(self, request: Request) -> Response:
        """GET /api: how to call it, with the address by which it was called."""
        address = escape(f"{request.url.scheme}://{request.url.netloc}")
        return self.filled("api.html", address=address)

    def filled(self, name: str, **values: str) -> Response:
        """An HTML file with HTML in its {{places}}."""
        file = self._file(name)
        content = file.content
        for place, value in values.items():
            content = content.replace(f"{{{{{place}}}}}".encode(), value.encode())
        return Response(content, media_type=file.kind)

    async def static(self, request: Request) -> Response:
        """GET /static/NAME."""
        return self._file(request.path_params["name"]).respond(request)

    def _file(self, name: str) -> File:
        files = read_files() if self.reload else self.files
        if name not in files:
            raise refusal(404, "there is no such file")
        return files[name]


def _with(files: Mapping[str, bytes], *entries: str) -> set[str]:
    """Modules, and all that they import, and so on."""
    wanted, todo = set[str](), set(entries)
    while todo:
        wanted |= todo
        imported = (IMPORT.findall(files[name]) for name in todo)
        todo = {name.decode() for names in imported for name in names} - wanted
    return wanted


def _ahead(files: Mapping[str, bytes]) -> bytes:
    """Links by which a browser asks at once for all modules that the first needs.

    Otherwise it would learn of each only from those that import it, one round trip after the other.
    """
    links = (f'<link rel="modulepreload" href="/static/{n}">' for n in sorted(_with(files, ENTRY)))
    return "\n".join(links).encode()


def _views(files: Mapping[str, bytes]) -> bytes:
    """The further modules of each view, as JSON; `theme.js` asks for those of the view to open."""
    first = _with(files, ENTRY)
    views = {view.decode(): name.decode() for view, name in VIEW.findall(files[ENTRY])}
    table = {view: sorted(_with(files, name) - first) for view, name in views.items()}
    return json.dumps(table, separators=(",", ":")).encode()


def read_files() -> dict[str, File]:
    """The files that come with the package."""
    folder = resources.files("digitus.serve") / "static"
    found = {}
    contents = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    index = contents["index.html"].replace(b"<!-- modules -->", _ahead(contents))
    contents["index.html"] = index.replace(b"{{views}}", _views(contents))
    for name, content in contents.items():
        suffix = name[name.rfind(".") :]
        if suffix in MEDIA_TYPES:
            tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
            found[name] = File(content, MEDIA_TYPES[suffix], tag)
    return found
