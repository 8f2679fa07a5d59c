"""Two mirrors of a small data set, for the tests that search and download."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitus.datasets import download, sources
from digitus.datasets.catalogue import Part, Source
from digitus.datasets.download import RemoteFile
from mirrors import IMAGES, LABELS, Mirror, packed


@pytest.fixture(scope="module")
def servers() -> Iterator[list[Mirror]]:
    mirrors = [Mirror(), Mirror()]
    threads = [
        threading.Thread(target=m.server.serve_forever, kwargs={"poll_interval": 0.01})
        for m in mirrors
    ]
    for thread in threads:
        thread.start()
    yield mirrors
    for mirror, thread in zip(mirrors, threads, strict=True):
        mirror.server.shutdown()
        mirror.server.server_close()
        thread.join()


@pytest.fixture
def mirrors(servers: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Mirror]:
    """Two good mirrors of a small set named `tiny`, an empty cache, and no waiting."""
    files = {
        name: packed(tmp_path, name, array)
        for name, array in [
            ("tr-images-idx3-ubyte.gz", IMAGES),
            ("tr-labels-idx1-ubyte.gz", LABELS),
        ]
    }
    images, labels = (
        RemoteFile(name, hashlib.sha256(content).hexdigest(), len(content))
        for name, content in files.items()
    )
    part = Part(images, labels, len(LABELS))
    tiny = Source("tiny", "Tiny", "", "", "", tuple(m.url for m in servers), part, part)
    monkeypatch.setitem(sources.SOURCES, "tiny", tiny)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(download, "PAUSE_SECONDS", 0)
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for mirror in servers:
        mirror.files, mirror.answer, mirror.asked = dict(files), "well", []
    return servers
