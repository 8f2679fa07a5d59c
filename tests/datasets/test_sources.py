"""The search for data and the downloads, against servers on this machine that misbehave."""

from __future__ import annotations

import gzip
import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.datasets import download as fetching
from digitus.datasets import idx, sources
from digitus.datasets.catalogue import EMNIST, MNIST, SOURCES, Part, Source
from digitus.datasets.digits import Digits
from digitus.datasets.download import RemoteFile, fetch
from digitus.errors import DataError, DownloadError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (20, 28, 28), np.uint8)
LABELS = np.arange(20, dtype=np.uint8) % 10
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
                if mirror.answer == "another file":
                    content = content[:-1] + b"?"
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                half = len(content) // 2 if mirror.answer.startswith("half") else None
                self.wfile.write(content[:half])
                if mirror.answer == "half then well":
                    mirror.answer = "well"

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/digits/"


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
    images, labels = (RemoteFile(n, hashlib.sha256(c).hexdigest()) for n, c in files.items())
    part = Part(images, labels, len(LABELS))
    tiny = Source("tiny", "Tiny", "", "", "", tuple(m.url for m in servers), part, part)
    monkeypatch.setitem(sources.SOURCES, "tiny", tiny)
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr("pooch.core.time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for mirror in servers:
        mirror.files, mirror.answer, mirror.asked = dict(files), "well", []
    return servers


def tiny() -> Source:
    return sources.SOURCES["tiny"]


def cached(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "cache").rglob("*") if p.is_file())


def is_tiny(digits: Digits) -> bool:
    return np.array_equal(digits.images, IMAGES) and np.array_equal(digits.labels, LABELS)


def test_download_once_and_never_again(mirrors: list[Mirror], tmp_path: Path) -> None:
    digits = sources.load("tiny", "train")
    assert is_tiny(digits)
    assert digits.name == "Tiny, training part"
    assert digits.origin == f"{tmp_path / 'cache' / 'tiny'}, the published files"
    assert is_tiny(sources.load("tiny", "train", download=False))
    assert len(mirrors[0].asked) == 2
    assert mirrors[1].asked == []
    assert cached(tmp_path) == ["tr-images-idx3-ubyte.gz", "tr-labels-idx1-ubyte.gz"]


@pytest.mark.parametrize("answer", ["nothing", "a page", "another file", "half"])
def test_a_bad_mirror_is_tried_twice_and_passed_by(
    mirrors: list[Mirror], tmp_path: Path, answer: str
) -> None:
    mirrors[0].answer = answer
    assert is_tiny(sources.load("tiny", "train"))
    assert len(mirrors[0].asked) == 4
    assert len(mirrors[1].asked) == 2
    assert cached(tmp_path) == ["tr-images-idx3-ubyte.gz", "tr-labels-idx1-ubyte.gz"]


def test_a_retry_heals_a_broken_transfer(mirrors: list[Mirror]) -> None:
    mirrors[0].answer = "half then well"
    assert is_tiny(sources.load("tiny", "train"))
    assert mirrors[1].asked == []


def test_a_mirror_that_is_not_there_is_passed_by(
    mirrors: list[Mirror], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    monkeypatch.setitem(sources.SOURCES, "tiny", replace(tiny(), mirrors=(gone, mirrors[1].url)))
    assert is_tiny(sources.load("tiny", "train"))


def test_when_all_fail_one_line_says_why_and_what_to_do(
    mirrors: list[Mirror], tmp_path: Path
) -> None:
    mirrors[0].answer, mirrors[1].answer = "nothing", "a page"
    with pytest.raises(DownloadError) as caught:
        sources.load("tiny", "train")
    message = str(caught.value)
    assert "\n" not in message
    assert "cannot download tr-images-idx3-ubyte.gz: 127.0.0.1" in message
    assert "HTTP 404; 127.0.0.1" in message
    assert "sent something else" in message
    assert "to work offline, put tr-images-idx3-ubyte.gz and the others into a folder" in message
    assert cached(tmp_path) == []


def test_other_reasons_have_words() -> None:
    import requests

    assert fetching._reason(requests.ReadTimeout("x")) == "no answer in time"
    assert fetching._reason(requests.ConnectionError("x" * 999)) == "no connection"
    assert fetching._reason(requests.exceptions.ChunkedEncodingError()) == "the transfer broke off"
    assert fetching._reason(requests.exceptions.InvalidURL()) == "InvalidURL"


def test_a_cache_that_cannot_be_written(mirrors: list[Mirror], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match="cannot be written"):
        sources.load("tiny", "train")


def test_a_damaged_cache_is_fetched_again(mirrors: list[Mirror], tmp_path: Path) -> None:
    sources.load("tiny", "train")
    path = tmp_path / "cache" / "tiny" / "tr-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="Tiny is not on this machine"):
        sources.load("tiny", "train", download=False)
    assert is_tiny(sources.load("tiny", "train"))
    assert mirrors[0].asked.count("tr-images-idx3-ubyte.gz") == 2
    assert mirrors[0].asked.count("tr-labels-idx1-ubyte.gz") == 1


def test_the_bar_follows_the_download(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    fetch(tiny().train.images, tiny().mirrors, tmp_path / "here", "")
    assert "tr-images-idx3-ubyte.gz" in screen.getvalue()


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


@pytest.mark.parametrize("place", [".", "tiny"])
@pytest.mark.parametrize("named", ["argument", "variable"])
def test_a_folder_needs_no_network(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, named: str
) -> None:
    folder = own_folder(tmp_path, place)
    if named == "variable":
        monkeypatch.setenv("DIGITUS_DATA", str(tmp_path / "own"))
    digits = sources.load(
        "tiny", "train", data_dir=tmp_path / "own" if named == "argument" else None
    )
    assert is_tiny(digits)
    assert digits.origin == f"{folder}, the published files"
    assert mirrors[0].asked == []


def test_an_unpacked_copy_is_read_and_said_to_be_one(mirrors: list[Mirror], tmp_path: Path) -> None:
    folder = own_folder(tmp_path, "tiny", unpacked=True)
    digits = sources.load("tiny", "train", data_dir=tmp_path / "own")
    assert is_tiny(digits)
    assert digits.origin.startswith(f"{folder}, checked by structure only: tr-images-idx3-ubyte")


def test_other_files_of_the_same_name_are_read_and_said_to_be_others(
    mirrors: list[Mirror], tmp_path: Path
) -> None:
    folder = own_folder(tmp_path, ".")
    idx.write_idx(folder / "tr-images-idx3-ubyte.gz", 255 - IMAGES)
    digits = sources.load("tiny", "train", data_dir=folder)
    assert np.array_equal(digits.images, 255 - IMAGES)
    assert "tr-images-idx3-ubyte.gz not as published" in digits.origin
    assert "labels" not in digits.origin


def test_damaged_files_of_the_user_are_reported_not_replaced(
    mirrors: list[Mirror], tmp_path: Path
) -> None:
    folder = own_folder(tmp_path, ".")
    (folder / "tr-labels-idx1-ubyte.gz").write_bytes(HTML)
    with pytest.raises(DataError, match="starts with b'<!DO'"):
        sources.load("tiny", "train", data_dir=folder)
    assert mirrors[0].asked == []


def test_the_argument_comes_before_the_variable_before_the_cache(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.load("tiny", "train")
    first, second = tmp_path / "first", tmp_path / "second"
    for value, folder in enumerate([first, second]):
        folder.mkdir()
        idx.write_idx(folder / "tr-images-idx3-ubyte.gz", np.full_like(IMAGES, value))
        idx.write_idx(folder / "tr-labels-idx1-ubyte.gz", LABELS)
    monkeypatch.setenv("DIGITUS_DATA", str(second))
    assert sources.load("tiny", "train", data_dir=first).images.max() == 0
    assert sources.load("tiny", "train").images.max() == 1
    (second / "tr-labels-idx1-ubyte.gz").unlink()
    assert is_tiny(sources.load("tiny", "train"))


def test_a_folder_that_is_not_there_is_a_slip(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"--data-dir is .*nowhere, which is not a folder"):
        sources.load("tiny", "train", data_dir=tmp_path / "nowhere")
    monkeypatch.setenv("DIGITUS_DATA", "/no/such/folder")
    with pytest.raises(DataError, match="DIGITUS_DATA is /no/such/folder"):
        sources.load("tiny", "train")


def test_sets_with_the_same_file_names_are_told_apart(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_folder(tmp_path, ".")
    other = RemoteFile(tiny().train.labels.name, "0" * 64)
    part = replace(tiny().train, labels=other)
    twin = replace(tiny(), name="twin", title="Twin", train=part, test=part)
    monkeypatch.setitem(sources.SOURCES, "twin", twin)
    with pytest.raises(DataError, match="Twin is not on this machine"):
        sources.load("twin", "train", data_dir=folder, download=False)
    found = {listing.name: listing.found for listing in sources.available(folder)}
    assert (found["tiny"], found["twin"]) == (folder, None)


def archive_of(tmp_path: Path, folder: str = "gzip/") -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("gzip/readme.txt", "nothing")
        for name in ("tr-images-idx3-ubyte.gz", "tr-labels-idx1-ubyte.gz"):
            archive.writestr(folder + name, (tmp_path / name).read_bytes())
    return content.getvalue()


def test_a_set_in_an_archive_is_read_out_of_it_and_turned_upright(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = archive_of(tmp_path)
    archive = RemoteFile("all.zip", hashlib.sha256(content).hexdigest())
    source = replace(tiny(), archive=archive, transposed=True)
    monkeypatch.setitem(sources.SOURCES, "tiny", source)
    mirrors[0].files["all.zip"] = content
    digits = sources.load("tiny", "train")
    assert np.array_equal(digits.images, IMAGES.transpose(0, 2, 1))
    assert digits.images.flags.c_contiguous
    assert mirrors[0].asked == cached(tmp_path) == ["all.zip"]

    for damage, words in [
        (lambda c: b"PK rubbish", "cannot be unpacked"),
        (lambda c: archive_of(tmp_path).replace(b"tr-labels", b"tr-libels"), "does not contain"),
        (lambda c: c[:2000] + bytes(50) + c[2050:], "damaged"),
    ]:
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / "all.zip").write_bytes(damage(content))
        with pytest.raises(DataError, match=words):
            sources.load("tiny", "train", data_dir=tmp_path / "own")


@given(at=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.integers(0, 300))
def test_damaged_archives_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, at: int, value: int, cut: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    packed(folder, "tr-images-idx3-ubyte.gz", IMAGES[:1, :2, :2])
    packed(folder, "tr-labels-idx1-ubyte.gz", LABELS[:1])
    content = bytearray(archive_of(folder))
    content[at % len(content)] = value
    (folder / "all.zip").write_bytes(content[: len(content) - cut * (cut % 2)])
    files = (RemoteFile(f"tr-{kind}-ubyte.gz", "") for kind in ("images-idx3", "labels-idx1"))
    try:
        sources._read_archive(folder / "all.zip", Part(*files, 1))
    except DataError as error:
        check_one_line(error)


def test_count_takes_the_first(mirrors: list[Mirror]) -> None:
    assert np.array_equal(sources.load("tiny", "train", count=3).images, IMAGES[:3])
    with pytest.raises(DataError, match="has 20 examples, fewer than the 21 asked"):
        sources.load("tiny", "train", count=21)
    with pytest.raises(ValueError, match="0 examples"):
        sources.load("tiny", "train", count=0)


def test_unknown_names_meet_the_nearest_known_one() -> None:
    with pytest.raises(DataError, match="no data set 'minst'; did you mean 'mnist'"):
        sources.load("minst", "train")
    with pytest.raises(DataError, match="did you mean 'emnist-digits'"):
        sources.load("emnist_digits", "train")
    with pytest.raises(DataError, match="Known: mnist, fashion-mnist, emnist-digits, strokes"):
        sources.load("", "train")
    with pytest.raises(ValueError, match="'training'"):
        sources.load("mnist", "training")  # type: ignore[arg-type]


def test_strokes_are_drawn_and_differ_between_the_parts() -> None:
    train, test = (sources.load("strokes", part, count=3) for part in ("train", "test"))
    assert len(train) == len(test) == 3
    assert not np.array_equal(train.images, test.images)


def test_available_says_what_is_where(mirrors: list[Mirror], tmp_path: Path) -> None:
    listings = {listing.name: listing for listing in sources.available()}
    assert listings["tiny"].found is None
    assert "downloaded on first use" in listings["tiny"].how
    assert listings["mnist"].train == 60_000
    assert "put gzip.zip into a folder" in listings["emnist-digits"].how
    assert listings["strokes"].how == "drawn on the spot; nothing to download"
    sources.load("tiny", "train")
    listings = {listing.name: listing for listing in sources.available()}
    assert listings["tiny"].found == tmp_path / "cache" / "tiny"
    assert mirrors[1].asked == []


def test_the_catalogue_is_complete() -> None:
    for source in SOURCES.values():
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in source.mirrors)
        parts = (source.train, source.test)
        files = [f for part in parts for f in (part.images, part.labels)]
        for file in [source.archive] if source.archive else files:
            assert len(bytes.fromhex(file.sha256)) == 32
    assert len(MNIST.mirrors) >= 2
    assert EMNIST.transposed


def test_the_real_mnist_is_the_published_one(
    mnist_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DIGITUS_DATA", raising=False)
    for part, count in (("train", 60_000), ("test", 10_000)):
        digits = sources.load("mnist", part, data_dir=mnist_dir, download=False)
        assert digits.origin == f"{mnist_dir}, the published files"
        assert digits.images.shape == (count, 28, 28)
    monkeypatch.setattr(sources, "cache_folder", lambda: mnist_dir / "none")
    with pytest.raises(DataError, match="Fashion-MNIST is not on this machine"):
        sources.load("fashion-mnist", "test", data_dir=mnist_dir, download=False)
