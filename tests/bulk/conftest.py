"""Pictures in every form in which a bulk job takes them, small enough to be read at once."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import cv2
import pytest

from digitus.synthetic.strokes import strokes
from later import Later

pa, pq = Later("pyarrow"), Later("pyarrow.parquet")

COUNT = 12


@pytest.fixture(scope="session")
def pngs() -> list[bytes]:
    return [cv2.imencode(".png", 255 - image)[1].tobytes() for image in strokes(COUNT, 0).images]


@pytest.fixture
def pictures(tmp_path: Path, pngs: list[bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder `in` with pictures 0 to 11: files, a tar, a zip, a Parquet file; one is damaged."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for number in range(3):
        (folder / f"{number}.png").write_bytes(pngs[number])
    (folder / "deep" / "10.png").write_bytes(pngs[3])
    (folder / "deep" / "9.png").write_bytes(b"no picture")
    (folder / "deep" / ".hidden.png").write_bytes(pngs[3])
    with tarfile.open(folder / "shard.tar", "w") as tar:
        for number in range(4, 7):
            for suffix, content in ((".cls", b"7"), (".png", pngs[number])):
                member = tarfile.TarInfo(f"{number}{suffix}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    with zipfile.ZipFile(folder / "some.zip", "w") as archive:
        for number in range(7, 9):
            archive.writestr(f"f/{number}.png", pngs[number])
    held = [{"bytes": png, "path": None} for png in pngs[9:]]
    pq.write_table(pa.table({"image": held}), folder / "table.parquet", row_group_size=2)
    return folder
