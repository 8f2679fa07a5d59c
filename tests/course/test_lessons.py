"""The lessons: each runs, its words are explained, and it becomes a notebook and a page."""

from __future__ import annotations

import ast
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from digitus.course import execution, messages, notebook, progress, text, web_page
from digitus.course.exercises import verdict
from digitus.course.text import Cell, Lesson, lessons

NUMBERS = [lesson.number for lesson in lessons()]
LONG = (6, 7, 8, 9, 11)  # in these much is learnt
ALL = "\n".join(path.read_text("utf-8") for path in sorted((text.FOLDER / "en").glob("*.md")))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=[pytest.mark.slow] * (n in LONG)) for n in NUMBERS]
)
def test_a_lesson_runs_within_a_minute_and_its_page_shows_what_came_out(number: int) -> None:
    begun = time.process_time()  # whatever else the machine does
    shown = web_page.web_page(text.lesson(number))  # for which all its code is carried out
    assert time.process_time() - begun < 60
    assert shown.count("<svg") + shown.count("<img") >= 2
    assert shown.count("There is no answer yet") == len(text.lesson(number).exercises)
    assert "```" not in shown
    assert "http" not in re.sub(r'data:[^"]*', "", shown)
    anchors = set(re.findall(r'id="([\w-]+)"', shown))
    assert set(re.findall(r'href="#([\w-]+)"', shown)) <= anchors


@pytest.mark.parametrize("number", NUMBERS)
def test_a_notebook_has_the_cells_and_no_outputs(number: int) -> None:
    lesson = text.lesson(number)
    made = json.loads(notebook.notebook(lesson))
    assert (made["nbformat"], made["nbformat_minor"]) == (4, 5)
    code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    assert len(code) == sum(cell.kind != "text" for cell in lesson.cells)
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert len({cell["id"] for cell in made["cells"]}) == len(made["cells"])
    assert "../" not in "".join(s for c in made["cells"] for s in c["source"])


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lesson_has_what_a_lesson_needs(number: int) -> None:
    lesson = text.lesson(number)
    said = "\n".join(cell.source for cell in lesson.cells if cell.kind == "text")
    assert 20 <= lesson.minutes <= 40
    assert len(lesson.exercises) >= 3
    assert "At the end of this lesson" in " ".join(said.split())
    assert "**A common mistake.**" in said
    assert "**What you know now:**" in said
    assert "<details>" in said


def printed_answers(lesson: Lesson) -> dict[str, Any]:
    """The hidden answers that are whole functions, each with what its lesson has defined."""
    known: dict[str, Any] = {}
    for cell in lesson.cells:
        if cell.kind == "code":
            kept = (ast.Import, ast.ImportFrom, ast.FunctionDef)
            tree = ast.parse(cell.source)
            tree.body = [node for node in tree.body if isinstance(node, kept)]
            exec(compile(tree, "<lesson>", "exec"), known)
    said, found = "\n".join(c.source for c in lesson.cells if c.kind == "text"), {}
    hidden = said.partition("<details>")[2].partition("</details>")[0]
    for name, answer in re.findall(r"^(\d+[a-z]): (.*?)\n\n", hidden, re.MULTILINE | re.DOTALL):
        lines = [" ".join(line.split()) for line in re.findall(r"`([^`]+)`", answer)]
        ends = [i for i, line in enumerate(lines) if line.startswith("return ")]
        stub = lesson.exercises[name].source
        if ends and stub.startswith("def ") and not re.search(r"a loop that|Schleife, die", answer):
            body = "\n".join(f"    {line}" for line in lines[: ends[0] + 1])
            exec(f"{stub.partition(chr(10))[0]}\n{body}", known)
            found[name] = known[re.findall(r"def (\w+)", stub)[0]]
    return found


@pytest.mark.parametrize("language", messages.languages())
def test_hidden_answers_are_right_as_they_stand(language: str) -> None:
    """With the names that the lesson has defined, and no other."""
    found = {
        name: answer
        for lesson in lessons(language)
        for name, answer in printed_answers(lesson).items()
    }
    assert len(found) >= 28
    wrong = {name: verdict(name, answer)[1] for name, answer in found.items()}
    assert set(wrong.values()) == {"Right."}, wrong


def test_every_word_that_is_pointed_at_is_explained_and_none_else() -> None:
    assert set(text.LINKED.findall(ALL)) == set(messages.glossary())
    assert all('"' not in word.text for word in messages.glossary().values())


def test_lessons_lead_to_places_that_are_there() -> None:
    mathematics = (Path(__file__).parents[2] / "docs/mathematics.md").read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", mathematics, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    targets = re.findall(r"\]\(\.\./\.\./docs/mathematics\.md#([\w-]+)\)", ALL)
    assert targets
    assert set(targets) <= anchors


@pytest.mark.parametrize("number", NUMBERS)
def test_the_answers_file_is_the_beginning_of_all_answers(number: int, tmp_path: Path) -> None:
    lesson = text.lesson(number)
    path = tmp_path / "lesson.py"
    path.write_text(progress.answers_file(lesson), "utf-8")
    done = progress.Progress(tmp_path)
    results = list(progress.checked(lesson, path, done))
    assert [name for name, _, _ in results] == list(lesson.exercises)
    assert {words for _, _, words in results} == {messages.say("check.unanswered")}
    assert done.right == {}


TRANSLATIONS = [
    (language, path.name)
    for language in messages.languages()[1:]
    for path in sorted((text.FOLDER / messages.FIRST_LANGUAGE).glob("*.md"))
]


def without_words(code: str) -> str:
    """A cell as a tree, less what it says to people."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


@pytest.mark.parametrize(("language", "name"), TRANSLATIONS)
def test_a_translation_is_whole_and_its_code_does_the_same(language: str, name: str) -> None:
    path = text.FOLDER / language / name
    assert path.is_file()
    raw, number = path.read_text("utf-8"), int(name[:2])
    first, other = text.lesson(number), text.lesson(number, language)
    assert [cell.kind for cell in other.cells] == [cell.kind for cell in first.cells]
    said = text.IN_THE_CODE.search(raw)
    assert said
    code = "\n".join(cell.source for cell in first.cells if cell.kind != "text")
    for line in said[1].splitlines():
        assert line.partition(" = ")[0] in code
    for one, translated in zip(first.cells, other.cells, strict=True):
        if one.kind == "text":
            assert set(text.LINKED.findall(one.source)) == set(
                text.LINKED.findall(translated.source)
            )
            assert one.source.count("**") == translated.source.count("**")
            headings = (re.findall(r"^#+", cell.source, re.MULTILINE) for cell in (one, translated))
            assert next(headings) == next(headings)
            assert text.PLACE.search(translated.source) is None
        else:
            assert without_words(one.source) == without_words(translated.source)


def test_a_language_without_lessons_is_english_and_says_so_where_it_can(monkeypatch: Any) -> None:
    tables = {("messages", "xx"): {"check": {"right": "Richtig."}}}
    known = messages._table.__wrapped__
    monkeypatch.setattr(
        messages, "_table", lambda kind, of: tables.get((kind, of)) or known(kind, of)
    )
    assert messages.say("check.right", "xx") == "Richtig."
    assert messages.say("check.unanswered", "xx") == messages.say("check.unanswered")
    assert text.lessons("xx")[0].title == text.lessons()[0].title


@pytest.fixture
def third(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language that is there because its files are."""
    folder = tmp_path / "course"
    for kind in ("messages", "glossary", "lessons"):
        shutil.copytree(messages.FOLDER / kind, folder / kind)
        for path in (folder / kind).glob("de*"):
            other = path.with_name(path.name.replace("de", "xx"))
            (shutil.copytree if path.is_dir() else shutil.copyfile)(path, other)
    said = (folder / "messages/xx.toml").read_text("utf-8")
    (folder / "messages/xx.toml").write_text(said.replace('"Richtig."', '"Xichtig."'), "utf-8")
    lesson = folder / "lessons/xx/01-pixels.md"
    lesson.write_text(lesson.read_text("utf-8").replace("# Pixel und", "# Xixel und", 1), "utf-8")
    monkeypatch.setattr(messages, "FOLDER", folder)
    monkeypatch.setattr(text, "FOLDER", folder / "lessons")
    kept = (messages._table, messages.glossary, text.lessons)
    for cache in kept:
        cache.cache_clear()
    yield "xx"
    for cache in kept:
        cache.cache_clear()


def test_a_third_language_needs_files_alone(third: str, capsys: Any) -> None:
    assert messages.languages() == ["en", "de", third]
    assert text.lesson(1, third).title == "Xixel und Arrays"
    assert "Wörter dieser Lektion" in notebook.notebook(text.lesson(1, third))
    progress.Progress(Path(), third).save()
    progress.check("1a", 500 * 28 * 28)
    assert capsys.readouterr().out == "1a: Xichtig.\n"


def test_a_cell_shows_its_last_value() -> None:
    cells = (Cell("code", "a = 2\nprint(a)\na + 1"), Cell("code", "a = 5"), Cell("code", "'<b>'"))
    lesson = Lesson(1, "", 20, "en", cells)
    outputs = [output for _, output in execution.outputs(lesson)]
    assert [(o.printed, o.text) for o in outputs if o] == [("2\n", "3"), ("", ""), ("", "'<b>'")]
    assert "&lt;b&gt;" in web_page.web_page(lesson)


def test_a_right_answer_in_a_notebook_is_remembered_in_a_learners_folder_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    progress.check("5a", lambda x: 6 * (3 * x + 1))
    assert capsys.readouterr().out == "5a: Right.\n"
    assert not list(tmp_path.iterdir())
    progress.Progress(tmp_path).save()
    progress.check("5a", lambda x: 3)
    assert progress.load(tmp_path).right == {}
    progress.check("5a", lambda x: 6 * (3 * x + 1))
    assert set(progress.load(tmp_path).right) == {"5a"}


def _said(table: dict[str, Any], prefix: str = "") -> dict[str, set[str]]:
    """The messages of a table by their keys, each as the places that are filled in."""
    found: dict[str, set[str]] = {}
    for key, entry in table.items():
        if isinstance(entry, dict):
            found |= _said(entry, f"{prefix}{key}.")
        else:
            found[prefix + key] = set(re.findall(r"\{(\w+)", entry))
    return found


@pytest.mark.parametrize("language", messages.languages()[1:])
def test_another_language_says_everything_with_the_same_values(language: str) -> None:
    first = messages.FIRST_LANGUAGE
    assert _said(messages._table("messages", language)) == _said(messages._table("messages", first))
    words = messages._table("glossary", language)
    assert set(words) == set(messages.glossary())
    assert all('"' not in word["text"] for word in words.values())
