"""`digitus course`: lessons listed and opened, answers checked, progress kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from course.answers import RIGHT
from digitus.course import progress, text

RIGHT_1 = """
import numpy as np
numbers = 500 * 28 * 28
def inverted(image):
    return 255 - image
def ink_rows(image):
    rows = np.flatnonzero(image.sum(axis=1))
    return rows[0], rows[-1]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DIGITUS_COURSE", raising=False)
    return tmp_path / "digitus-course"


def test_lessons_are_listed_with_what_is_done(digitus: Any, folder: Path) -> None:
    progress.Progress(folder, right={"1b": "2024-01-01"}).save()
    assert "●○○" in digitus("course").out
    listed = json.loads(digitus("course", "--json").out)["lessons"]
    assert [row["lesson"] for row in listed] == [lesson.number for lesson in text.lessons()]
    assert listed[0]["right"] == ["1b"]


def test_opening_writes_the_lesson_and_never_over_an_answer(digitus: Any, folder: Path) -> None:
    assert digitus("course", "open", "3", "--page", "--no-start").code == 0
    assert (folder / "lesson-03.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    answers = folder / "lesson-03.py"
    assert "def one_hot(labels):" in answers.read_text("utf-8")
    answers.write_text("mine")
    assert digitus("course", "open", "3", "--page", "--no-start").code == 0
    assert answers.read_text("utf-8") == "mine"


def test_right_answers_are_remembered(digitus: Any, folder: Path) -> None:
    folder.mkdir()
    (folder / "lesson-01.py").write_text(RIGHT_1)
    result = digitus("course", "check", "1")
    assert result.code == 0
    assert result.out.count("●") == 3
    assert "Lesson 1 is done." in result.out
    assert set(progress.load(folder).right) == {"1a", "1b", "1c"}


def test_wrong_answers_are_told_and_forgotten(digitus: Any, folder: Path) -> None:
    folder.mkdir()
    wrong = RIGHT_1.replace("255 - image", "-image").replace("numbers", "number")
    (folder / "lesson-01.py").write_text(wrong)
    result = digitus("course", "check", "1")
    assert result.code == 1
    assert "no longer defines numbers" in result.out
    assert "Paper (0) became 0" in result.out
    assert set(progress.load(folder).right) == {"1c"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def f(:\n", "line 1: Python cannot read this"),
        ("x = 1\nx.y\n", "line 2: AttributeError"),
        (None, "digitus course open 1"),
    ],
)
def test_a_file_that_does_not_run_is_told_with_its_line(
    digitus: Any, folder: Path, content: str | None, said: str
) -> None:
    folder.mkdir()
    if content is not None:
        (folder / "lesson-01.py").write_text(content)
    result = digitus("course", "check", "1")
    assert result.code == 1
    assert said in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"version": 2}', '{"version": 1, "right": 3}']
)
def test_damaged_progress_is_told_in_one_line(digitus: Any, folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / progress.FILE).write_text(content)
    result = digitus("course")
    assert result.code == 1
    assert str(progress.FILE) in result.err
    assert result.err.count("\n") == 1


def test_what_is_not_there_is_told(digitus: Any, folder: Path) -> None:
    assert "there is no lesson 99" in digitus("course", "open", "99").err
    assert "there is no course in 'xx'" in digitus("course", "open", "1", "--language", "xx").err


def test_a_worksheet_is_written_and_replaces_only_a_worksheet(digitus: Any, folder: Path) -> None:
    assert digitus("course", "worksheet", "--count", "3", "--language", "de").code == 0
    assert digitus("course", "worksheet").code == 0
    assert Path("worksheet.pdf").read_bytes().startswith(b"%PDF")
    Path("mine.pdf").write_text("mine")
    assert digitus("course", "worksheet", "--out", "mine.pdf").code == 1
    assert Path("mine.pdf").read_text() == "mine"
    assert "there is no course in 'xx'" in digitus("course", "worksheet", "--language", "xx").err


def test_what_a_folder_says_is_in_its_language(digitus: Any, folder: Path) -> None:
    said = digitus("course", "open", "1", "--page", "--no-start", "--language", "de").out
    assert "deine Antworten:" in said
    assert "Was ein Computer sieht" in (folder / "lesson-01.html").read_text("utf-8")
    assert "Pixel und Arrays" in digitus("course").out
    assert "noch keine Antwort" in digitus("course", "check", "1").out
    (folder / "lesson-01.py").write_text("x = 1\nx.y\n")
    assert "lesson-01.py, Zeile 2: AttributeError" in digitus("course", "check", "1").err
    (folder / "lesson-01.py").write_text("def f(:\n")
    assert "Zeile 1: Das kann Python nicht lesen" in digitus("course", "check", "1").err
    assert "gibt es nicht; `digitus course open 2`" in digitus("course", "check", "2").err
    assert "Lektion 99 gibt es nicht" in digitus("course", "check", "99").err


def test_the_list_says_what_is_next_and_in_which_other_language(digitus: Any, folder: Path) -> None:
    done = dict.fromkeys(text.lesson(1).exercises, "2024-01-01")
    progress.Progress(folder, right=done).save()
    said = digitus("course").out
    assert "digitus course open 2\n" in said
    assert "Auf Deutsch: digitus course open 2 --language de\n" in said
    progress.Progress(folder, "de", dict.fromkeys(RIGHT, "2024-01-01")).save()
    assert "In English: digitus course open 1 --language en\n" in digitus("course").out


def test_a_file_elsewhere_that_is_not_there_is_not_promised(digitus: Any, folder: Path) -> None:
    assert digitus("course", "check", "1", "mine.py").err == "digitus: there is no mine.py\n"
