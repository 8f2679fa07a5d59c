"""Servers on this machine that publish a data set of 20 pictures, and may misbehave."""

from __future__ import annotations

import gzip
import io
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from digitus.datasets import idx, sources
from digitus.datasets.catalogue import Source
from digitus.datasets.digits import Digits

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 28, 28), np.uint8)
LABELS = np.arange(20, dtype=np.uint8) % 10
ENDLESS: dict[str, dict[str, Any]] = {
    "without end": {"header": "X", "value": "", "part": bytes(10_000), "pause": 0},
    "in chunks without end": {
        "header": "Transfer-Encoding",
        "value": "chunked",
        "part": b"2710\r\n" + bytes(10_000) + b"\r\n",
        "pause": 0,
    },
    # What is packed a thousandfold is taken as it is.
    "packed": {
        "header": "Content-Encoding",
        "value": "gzip",
        "part": gzip.compress(bytes(10**7)),
        "pause": 0,
    },
    "slowly": {"header": "Content-Length", "value": "{size}", "part": b"x", "pause": 0.01},
}
HTML = b"<!DOCTYPE html><html>Please log in</html>"


def packed(tmp_path: Path, name: str, array: np.ndarray) -> bytes:
    idx.write_idx(tmp_path / name, array)
    return (tmp_path / name).read_bytes()


def check_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


class Mirror:
    """A server whose answers a test chooses, by file name, and which notes what was asked."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answer = "well"
        self.asked: list[str] = []
        self.sent = 0  # bytes of answers that do not end
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(name := self.path.rsplit("/", 1)[-1])
                content = mirror.files.get(name, b"")
                if mirror.answer == "nothing" or not content:
                    self.send_error(404)
                    return
                if mirror.answer == "a page":
                    content = HTML
                if mirror.answer in ENDLESS:
                    self.endless(content, **ENDLESS[mirror.answer])
                    return
                if mirror.answer == "another file":
                    content = content[:-1] + b"?"
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                half = len(content) // 2 if mirror.answer.startswith("half") else None
                self.wfile.write(content[:half])
                if mirror.answer == "half then well":
                    mirror.answer = "well"

            def endless(
                self, content: bytes, header: str, value: str, part: bytes, pause: float
            ) -> None:
                """Goes on until the client has enough."""
                self.send_response(200)
                self.send_header(header, value.format(size=len(content)))
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(part)
                        mirror.sent += len(part)
                        time.sleep(pause)
                except OSError:
                    pass

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/digits/"


def tiny() -> Source:
    return sources.SOURCES["tiny"]


def cached(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "cache").rglob("*") if p.is_file())


def is_tiny(digits: Digits) -> bool:
    return np.array_equal(digits.images, IMAGES) and np.array_equal(digits.labels, LABELS)


def own_folder(tmp_path: Path, place: str, *, unpacked: bool = False) -> Path:
    folder = tmp_path / "own" / place
    folder.mkdir(parents=True)
    for file in (tiny().train.images, tiny().train.labels):
        content = (tmp_path / file.name).read_bytes()
        if unpacked:
            (folder / file.name).with_suffix("").write_bytes(gzip.decompress(content))
        else:
            (folder / file.name).write_bytes(content)
    return folder


def archive_of(tmp_path: Path, folder: str = "gzip/") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("gzip/readme.txt", "nothing")
        for name in ("tr-images-idx3-ubyte.gz", "tr-labels-idx1-ubyte.gz"):
            archive.writestr(folder + name, (tmp_path / name).read_bytes())
    return content.getvalue()
