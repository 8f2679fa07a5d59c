"""Downloads, from servers on this machine that misbehave."""

from __future__ import annotations

import io
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from digitus.datasets import download as fetching
from digitus.datasets import sources
from digitus.datasets.download import fetch
from digitus.errors import DataError, DownloadError
from digitus.limits import LARGEST_DOWNLOAD
from measured import growth
from mirrors import Mirror, cached, is_tiny, tiny


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


@pytest.mark.parametrize("answer", ["without end", "in chunks without end", "packed"])
def test_downloads_of_more_than_there_is_are_passed_by(
    mirrors: list[Mirror], tmp_path: Path, answer: str
) -> None:
    mirrors[0].answer, mirrors[0].sent = answer, 0
    with growth() as grown:
        assert is_tiny(sources.load("tiny", "train"))
    assert len(mirrors[0].asked) == 4
    assert mirrors[0].sent < 4 * 10**7  # what fits between two sockets, four times
    assert grown.bytes < 50 * 10**6
    assert cached(tmp_path) == ["tr-images-idx3-ubyte.gz", "tr-labels-idx1-ubyte.gz"]


def test_a_mirror_that_sends_a_byte_at_a_time_is_passed_by(
    mirrors: list[Mirror], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "DOWNLOAD_SECONDS", 0.05)
    mirrors[0].answer = mirrors[1].answer = "slowly"
    start = time.monotonic()
    with pytest.raises(DownloadError, match=r"sent only \d+ bytes in 0 s; 127"):
        sources.load("tiny", "train")
    assert time.monotonic() - start < 10
    assert cached(tmp_path) == []


def test_no_mirror_is_asked_to_pack_or_read_over_an_open_line() -> None:
    """The sizes in the catalogue are of the files as they are; and others see what is asked for."""
    for source in sources.SOURCES.values():
        files = [source.archive] if source.archive else [source.train.images, source.train.labels]
        assert all(0 < file.size <= LARGEST_DOWNLOAD for file in files if file)
        assert all(mirror.startswith("https://") for mirror in source.mirrors)


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
    assert fetching._reason(requests.exceptions.InvalidURL()) == "InvalidURL"


def test_a_cache_that_cannot_be_written(mirrors: list[Mirror], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(DownloadError, match="cannot write"):
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
