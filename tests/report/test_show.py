"""Files beside the reading: what is asked for is written, under names of their own."""

from __future__ import annotations

import pytest
from PIL import Image

from digitus.errors import OutputError
from digitus.report.show import Show, distinct
from shown import REFUSED, SURE, picture, reading, steps


def test_show_writes_what_is_asked_for(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(picture()).save(path)
    r = reading(SURE, REFUSED, lines=("3?",), steps=steps())
    show = Show(tmp_path / "drawn", tmp_path / "why", review=True)
    (doubts,) = show(path, [r], path.read_bytes())
    assert doubts.name == str(path)
    with Image.open(tmp_path / "drawn" / "a.png") as drawn:
        assert drawn.size > (200, 100)
    assert "a.png" in (tmp_path / "why" / "a.html").read_text("utf-8")
    assert Show()(path, [r], path.read_bytes()) == []
    with pytest.raises(OutputError, match="cannot write"):
        Show(annotate=path)(path, [r], path.read_bytes())


def test_pages_of_a_file_have_names_of_their_own(tmp_path):
    path = tmp_path / "a.tif"
    pages = [Image.fromarray(picture(colour=False)) for _ in range(2)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    Show(annotate=tmp_path)(path, [reading(SURE, lines=("3",))] * 2, path.read_bytes())
    assert sorted(p.name for p in tmp_path.glob("*.png")) == [
        "a-page-1.png",
        "a-page-2.png",
    ]


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path):
    names = ["x/1.png", "y/1.png", "1-2.jpg", "2.png", "x/A.png", "x/a.jpg"]
    paths = [tmp_path / name for name in names]
    assert [*distinct(paths).values()] == ["1", "1-2", "1-2-2", "2", "A", "a-2"]
