"""The search for data: folders, the cache, archives, and what is said where there is none."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitus.datasets import idx, sources
from digitus.datasets.catalogue import EMNIST, MNIST, SOURCES, Part
from digitus.datasets.download import RemoteFile
from digitus.errors import DataError
from mirrors import (
    HTML,
    IMAGES,
    LABELS,
    Mirror,
    archive_of,
    cached,
    check_one_line,
    is_tiny,
    own_folder,
    packed,
    tiny,
)


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
    joined = sources.load("tiny+tiny", "train", count=23).images
    assert np.array_equal(joined, np.concatenate([IMAGES, IMAGES])[:23])
    with pytest.raises(DataError, match="fewer than the 41 asked"):
        sources.load("tiny+tiny", "train", count=41)


def test_unknown_names_meet_the_nearest_known_one() -> None:
    with pytest.raises(DataError, match="no data set 'minst'; did you mean 'mnist'"):
        sources.load("minst", "train")
    with pytest.raises(DataError, match="did you mean 'emnist-digits'"):
        sources.load("emnist_digits", "train")
    known = "mnist, fashion-mnist, emnist-digits, emnist-letters, emnist-balanced, strokes"
    with pytest.raises(DataError, match=f"Known: {known}"):
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


@pytest.mark.parametrize(
    "spelling",
    ["{}-{}.{}-ubyte", "{}_{}_{}_ubyte.gz", "{}-{}-{}.gz", "{}-{}.{}",
     "{0}-{1}-{2}-ubyte/{0}-{1}.{2}-ubyte", "{0}-{1}-{2}-ubyte/{0}-{1}-{2}-ubyte",
     "{}-{}-{}-UBYTE.GZ"],
)  # fmt: skip
def test_names_are_spelt_in_many_ways(tmp_path: Path, spelling: str) -> None:
    images, labels = np.zeros((3, 28, 28), np.uint8), np.array([3, 1, 4], np.uint8)
    for part in ("train", "t10k"):
        for kind, array in (("images", images), ("labels", labels)):
            path = tmp_path / spelling.format(part, kind, f"idx{array.ndim}")
            path.parent.mkdir(exist_ok=True)
            idx.write_idx(path if path.suffix != ".GZ" else path.with_suffix(".gz"), array)
            if path.suffix == ".GZ":
                path.with_suffix(".gz").rename(path)
    for part in ("train", "test"):
        found = sources.load("mnist", part, data_dir=tmp_path, download=False)
        assert found.labels.tolist() == [3, 1, 4]
