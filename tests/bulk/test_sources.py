"""Which pictures are meant by what somebody names, and what is in them."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import fsspec
import pytest

from bulked import NAMES
from digitus.bulk import sources
from digitus.bulk.containers import contents, kind_of
from digitus.bulk.item import Item
from digitus.bulk.parts import in_parts
from digitus.bulk.sources import items
from digitus.errors import DataError


def names(*sources: str) -> list[str]:
    return [item.source for item in items(sources)]


def test_a_folder_is_all_that_is_in_it(pictures: Path, pngs: list[bytes]) -> None:
    found = [*items(["in"])]
    assert [item.source for item in found] == [f"in/{name}" for name in NAMES]
    held = [content for _, content in contents(found)]
    known = {hashlib.sha256(png).digest() for png in pngs}
    assert [content for content in held if content == b"no picture"] == [b"no picture"]
    assert {hashlib.sha256(c).digest() for c in held if isinstance(c, bytes)} >= known
    # In another order the rows of a table are found as well.
    backwards = [content for _, content in contents(reversed(found))]
    assert backwards[::-1] == held


def test_lists_patterns_and_names_once(pictures: Path) -> None:
    Path("list.txt").write_text("in/deep/*.png\n\nin/0.png\nnowhere-*.png\n")
    assert names("list.txt", "in/0.png", "in/?.png") == [
        "in/deep/9.png", "in/deep/10.png", "in/0.png", "nowhere-*.png", "in/1.png", "in/2.png",
    ]  # fmt: skip
    assert names("in/**/1*.png") == ["in/1.png", "in/deep/10.png"]


def test_a_list_in_a_list_is_told(pictures: Path) -> None:
    """Its pictures were left out without a word."""
    Path("few.txt").write_text("in/0.png\n")
    Path("list.txt").write_text("few.txt\nin/1.png\nlist.txt\n")
    found = [*items(["list.txt"])]
    assert [item.source for item in found] == ["few.txt", "in/1.png", "list.txt"]
    assert told(found[0]) == "few.txt: is a list in a list; name it beside that one"


@pytest.mark.parametrize("where", ["list.txt", "memory://mend/list.txt"])
def test_a_list_that_is_too_long_is_refused_and_not_cut(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Its last name was cut in half, the pictures after it were left out, and all was well."""
    list_ = b"in/0.png\nin/1.png\n"
    if where.startswith("memory"):
        fsspec.filesystem("memory").pipe_file("/mend/list.txt", list_)
    else:
        Path(where).write_bytes(list_)
    monkeypatch.setattr(sources, "LIST_BYTES", len(list_))
    assert names(where) == ["in/0.png", "in/1.png"]
    monkeypatch.setattr(sources, "LIST_BYTES", len(list_) - 1)
    with pytest.raises(DataError, match=r"list\.txt: is longer than 17 bytes; make several"):
        names(where)


def test_few_pictures_are_parted_among_cores_and_many_have_few_parts() -> None:
    """Pages take long, so that a part has fewer of them; parts grow with their number."""
    pages = [Item(f"{n}.jpg", "file", f"{n}.jpg", None, 50_000) for n in range(3000)]
    digits = [Item(f"{n}.png", "file", f"{n}.png", None, 400) for n in range(200_000)]
    assert [len(part.items) for part in in_parts(pages[:20])] == [8, 8, 4]
    assert max(len(part.items) for part in in_parts(pages)) < 64
    sizes = [len(part.items) for part in in_parts(digits)]
    assert (sum(sizes), max(sizes), len(sizes) < 350) == (200_000, 1000, True)


def told(item: Item) -> str:
    ((_, content),) = contents([item])
    assert isinstance(content, DataError)
    return str(content)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.tar", b"none" * 300, "is damaged"),
        ("a.zip", b"none", "is damaged"),
        ("a.parquet", b"none", "is damaged"),
        ("a.tar.gz", b"", "unpack it"),
        ("empty.tar", bytes(10240), "holds no pictures"),
        ("absent.png", None, "cannot be read (No such file"),
    ],
)
def test_what_cannot_be_used_is_an_item_with_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    (item,) = items([name])
    assert told(item).startswith(name)
    assert words in told(item)


def test_a_picture_that_is_damaged_in_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it was packed: each way has errors of its own."""
    monkeypatch.chdir(tmp_path)
    for way in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile("a.zip", "w", way) as archive:
            archive.writestr("a.png", bytes(range(256)) * 20)
        content = Path("a.zip").read_bytes()
        damaged = bytes(byte ^ 255 for byte in content[44:60])
        Path("a.zip").write_bytes(content[:44] + damaged + content[60:])
        (item,) = items(["a.zip"])
        assert told(item).startswith("a.zip/a.png: ")


def test_an_archive_that_is_cut_off_after_it_was_planned(pictures: Path) -> None:
    found = [*items(["in/shard.tar"])]
    tar = pictures / "shard.tar"
    tar.write_bytes(tar.read_bytes()[: 512 + 512 + 512 + 40])
    assert "is cut off" in told(found[0])
    tar.unlink()
    assert "No such file" in told(found[0])


def test_folders_without_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    (item,) = items(["empty"])
    assert "without pictures" in told(item)
    with pytest.raises(DataError, match=r"absent\.txt: cannot be read"):
        [*items(["absent.txt"])]


def test_an_address_with_a_signature_is_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "?" was taken for a sign of a pattern, and the ending for ".jpg?signature"."""
    monkeypatch.setattr(sources, "file_system", lambda source: (None, source))
    signed = "https://box.example/a.jpg?signature=a.b*/c"
    assert [item.kind for item in items([signed])] == ["file"]
    assert kind_of("https://box.example/a.tar?signature=a.b/c.png") == "tar"
    assert kind_of("a?b.tar") == "tar"


def test_what_is_not_there_is_no_picture(pictures: Path) -> None:
    (item,) = items(["in/nowhere"])
    assert item.kind == "error"
    assert told(item) == "in/nowhere: cannot be read (No such file or directory)"
