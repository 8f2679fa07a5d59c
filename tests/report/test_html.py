"""HTML from templates: text stays text, lines are joined, what is missing is an error."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup

from digitus.report.html import PARTS, Section, fill, standalone
from digitus.report.templates import environment
from html_page import Page

EVIL = "<b onclick='x'>\"&"


def test_text_is_escaped_and_markup_is_not() -> None:
    row = [EVIL, Markup("<i>{}</i>").format(EVIL)]
    table = Page(fill(PARTS, "table", caption=EVIL, head=["", EVIL], rows=[row]))
    assert {tag for tag, _ in table.tags} == {
        "div", "table", "caption", "thead", "tbody", "tr", "td", "th", "i"
    }  # fmt: skip
    assert table.rows == [["", EVIL], [EVIL, EVIL]]


def test_a_whole_file() -> None:
    section = Section("one", EVIL, Markup("<p>body</p>"))
    style = Markup(".own{color:red}")
    text = standalone(EVIL, Markup("<h1>head</h1>"), [section], EVIL, style=style)
    page = Page(text)
    assert page.text.count(EVIL) == 4  # title, contents, heading, footer
    assert ".own{color:red}</style>" in text
    assert "<script" not in text
    assert text.startswith("<!doctype html>\n")
    assert text.endswith("</html>\n")


def test_an_indented_line_continues_the_line_before() -> None:
    source = """<ul>
  {% for x in [1, 2] %}
    <li>some
      words {{ x }}
    </li>
  {% endfor %}
</ul>"""
    joined = "<ul>{% for x in [1, 2] %}<li>some words {{ x }}</li>{% endfor %}\n</ul>"
    assert environment().preprocess(source, "x.html") == joined
    assert environment().preprocess(source, "x.css") == source


def test_what_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="caption"):
        fill(PARTS, "table", head=[], rows=[])


def test_every_template_can_be_compiled() -> None:
    names = environment().list_templates(["html", "css", "js"])
    ours = [n for n in names if n.startswith(("report/", "papers/"))]
    assert {"report/frame.html", "report/report.css", "report/review.js"} <= set(ours)
    for name in ours:
        environment().get_template(name)
        if name.endswith(".html"):
            source, _, _ = environment().loader.get_source(environment(), name)  # type: ignore[union-attr]
            assert not re.search(r"\|\s*safe\b", source), f"{name} takes something for markup"


def test_templates_wait_for_a_report() -> None:
    """Jinja2 is imported when HTML is written, not by what could write it."""
    code = """
import sys
import digitus.cli.read, digitus.cli.read_one, digitus.cli.train, digitus.report.show
assert "jinja2" not in sys.modules
from digitus.report.review import review
review([])
assert "jinja2" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
