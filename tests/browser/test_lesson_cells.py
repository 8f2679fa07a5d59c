"""A lesson in the browser: Python that does not start, a cell that is stopped, what is kept.

Not inside: what cells give (`tests/course/test_browser.py`, by Pyodide). Here a few lines stand in
Pyodide's place, so that these tests need none.
"""

from __future__ import annotations

import json
import shutil
import threading
import tomllib
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.conftest import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

SITE = Path(__file__).parents[2] / "docs" / "site"
WORDS = tomllib.loads((SITE / "words" / "en.toml").read_text("utf-8"))["run"]
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lesson</title><body>
<h1>A lesson</h1>
<div class="cell"><div class="cell_input"><pre>while True: pass</pre></div></div>
<div class="cell"><div class="cell_input"><pre>1 + 1</pre></div></div>
<div class="cell"><div class="cell_input"><pre>check("9a", ...)</pre></div></div>
<script type="application/json" id="lesson-words">{words}</script>
<script src="lesson.js"></script></body></html>"""
PYODIDE = """
export async function loadPyodide() {
  let right;
  const begin = (language, before) => (right = JSON.parse(before));
  const cell = (source) => {
    while (source.startsWith("while True"));
    if (source.includes("42")) right["9a"] = "2026-05-03";
    return JSON.stringify({ printed: "", html: "", text: source, right });
  };
  return {
    loadPackage: async () => {}, FS: { writeFile() {} }, runPython() {},
    globals: { get: (name) => (name === "cell" ? cell : begin) },
  };
}
"""


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - as the standard library has it
        ".js": "text/javascript", ".mjs": "text/javascript", ".html": "text/html", "": "text/plain",
    }  # fmt: skip

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def lesson(tmp_path: Path, visit: Visit) -> Iterator[Page]:
    """A lesson with two cells, the first without an end; Pyodide is not there yet."""
    for name in ("lesson.js", "lesson-worker.js"):
        shutil.copyfile(SITE / name, tmp_path / name)
    said = json.dumps({**WORDS, "language": "en"})
    (tmp_path / "index.html").write_text(PAGE.format(words=said), "utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=tmp_path))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        page = visit.context.new_page()  # of another host than the visit's
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        yield page
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def with_pyodide(folder: Path) -> None:
    (folder / "pyodide").mkdir()
    (folder / "pyodide" / "pyodide.mjs").write_text(PYODIDE, "utf-8")
    (folder / "pyodide" / "digitus.zip").write_bytes(b"")


def test_python_that_did_not_start_is_tried_again(lesson: Page, tmp_path: Path) -> None:
    lesson.locator("pre").first.evaluate("(code) => { code.textContent = '2'; }")
    button = lesson.get_by_role("button", name="Run cell 2")
    button.click()
    lesson.get_by_text(WORDS["failed"]).wait_for()
    assert button.is_enabled()
    with_pyodide(tmp_path)
    button.click()
    lesson.locator(".cell_output").nth(1).wait_for()
    assert lesson.locator(".cell_output").all_inner_texts() == ["2", "1 + 1"]


def test_a_cell_without_an_end_is_stopped(lesson: Page, tmp_path: Path) -> None:
    with_pyodide(tmp_path)
    button = lesson.locator("button.run").first
    button.click()
    lesson.get_by_role("button", name=WORDS["stop"]).click()
    lesson.get_by_text(WORDS["stopped"]).wait_for()
    assert button.inner_text() == WORDS["run"]
    lesson.locator("pre").first.evaluate("(code) => { code.textContent = '2'; }")
    lesson.get_by_role("button", name="Run cell 2").click()
    lesson.locator(".cell_output").nth(1).wait_for()
    assert lesson.locator(".cell_output").all_inner_texts() == ["2", "1 + 1"]


def test_what_was_changed_and_solved_is_there_again(lesson: Page, tmp_path: Path) -> None:
    with_pyodide(tmp_path)
    top, marks = lesson.locator(".lesson-progress"), lesson.locator(".solved")
    assert WORDS["kept"].format(right=0, all=1) in top.inner_text()
    assert top.get_by_role("button").is_hidden()
    code = lesson.locator("div.cell pre[contenteditable]")
    code.first.fill("3")
    answer = code.nth(2)
    answer.fill('check("9a", 41)')
    lesson.get_by_role("button", name="Run cell 3").click()
    lesson.locator(".cell_output").nth(2).wait_for()
    assert marks.all_inner_texts() == ["", "", ""]
    answer.fill('check("9a", 42)')
    lesson.get_by_role("button", name="Run cell 3").click()
    solved = f"\u2713 {WORDS['solved'].format(name='9a')}"
    lesson.get_by_text(solved).wait_for()

    lesson.reload()
    assert code.all_inner_texts() == ["3", "1 + 1", 'check("9a", 42)']
    assert marks.all_inner_texts() == ["", "", solved]
    assert WORDS["kept"].format(right=1, all=1) in top.inner_text()
    code.nth(2).fill('check("9a", 41)')  # what was right once stays so
    lesson.get_by_role("button", name="Run cell 3").click()
    lesson.locator(".cell_output").nth(2).wait_for()
    assert marks.all_inner_texts() == ["", "", solved]

    top.get_by_role("button").click()
    assert top.get_by_role("button").inner_text() == WORDS["really"]
    code.first.focus()  # somebody who did not mean it
    assert top.get_by_role("button").inner_text() == WORDS["over"]
    top.get_by_role("button").click()
    with lesson.expect_navigation():
        top.get_by_role("button").click()
    assert code.all_inner_texts() == ["while True: pass", "1 + 1", 'check("9a", ...)']
    assert WORDS["kept"].format(right=0, all=1) in top.inner_text()


def test_a_lesson_runs_where_nothing_can_be_kept(lesson: Page, tmp_path: Path) -> None:
    with_pyodide(tmp_path)
    lesson.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"
    )
    lesson.reload()
    lesson.locator("pre").first.fill("3")
    lesson.get_by_role("button", name="Run cell 2").click()
    lesson.locator(".cell_output").nth(1).wait_for()
    assert lesson.locator(".cell_output").all_inner_texts() == ["3", "1 + 1"]


def test_what_others_have_kept_harms_nothing(lesson: Page, tmp_path: Path) -> None:
    with_pyodide(tmp_path)
    of_a_lesson = json.dumps({"index": {"changed": None, "right": 7}})
    for kept in ("no JSON", "null", "[]", '{"index": null}', of_a_lesson):
        lesson.evaluate("(kept) => localStorage.setItem('digitus-course', kept)", kept)
        lesson.reload()
        code = lesson.locator("div.cell pre[contenteditable]").first
        assert code.inner_text() == "while True: pass", kept
        code.fill("3")
        assert WORDS["kept"].format(right=0, all=1) in lesson.inner_text(".lesson-progress"), kept
        lesson.reload()
        assert code.inner_text() == "3", kept
