"""What is to be read beside the page: every link leads somewhere, every layer is derived."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import digitus.nn
from digitus import serve
from digitus.course.text import lessons
from digitus.nn.branches import walk
from digitus.recipe import LAYERS
from digitus.serve.handbook import markdown, mathematics
from digitus.serve.handbook.code import written
from digitus.serve.handbook.handlers import TAUGHT
from serving import Serving

KINDS = [layer.__name__ for layer in LAYERS]


@pytest.fixture
def _quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without setting formulas, which takes most of the time."""
    monkeypatch.setattr(markdown, "_mathml", lambda formula, display="inline": "<math/>")
    mathematics.section_html.cache_clear()
    yield
    mathematics.section_html.cache_clear()


@pytest.mark.usefixtures("_quickly")
def test_every_section_is_shown_and_every_link_leads_somewhere() -> None:
    pages = {number: mathematics.section_html(number) for number in mathematics.sections()}
    assert list(pages) == list(range(1, len(pages) + 1))
    assert len(pages) > 20
    anchors = {number: set(re.findall(r'id="([^"]+)"', page)) for number, page in pages.items()}
    for number, page in pages.items():
        assert "```" not in page
        assert "$" not in re.sub(r"<(pre|code).*?</\\1>", "", page, flags=re.DOTALL)
        assert "<!--" not in page
        for target in re.findall(r'href="(?!/#inside)([^"]+)"', page):
            kind, name, anchor = re.fullmatch(r"/(\w+)/([\w.]+)#?(.*)", target).groups()
            if kind == "code":
                assert written(name), target
            else:
                assert anchor in anchors[int(name)], f"section {number} leads to {target}"
        for name in re.findall(r'src="/mathematics/pictures/([^"]+)"', page):
            assert mathematics.pictures()[name].startswith((b"<svg", b"<?xml"))
    assert sum(page.count('class="formula"') for page in pages.values()) > 140


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_derived_and_its_code_can_be_read(kind: str) -> None:
    address = mathematics.address(kind)
    assert address
    section, _, anchor = address.removeprefix("/mathematics/").partition("#")
    source = mathematics.sections()[int(section)].source
    assert f'id="{anchor}"' in source
    assert f"class {kind}" in str(written(f"digitus.nn.{kind}"))
    assert f"digitus.nn.{kind}" in mathematics.named()


@pytest.mark.usefixtures("_quickly")
def test_equations_code_and_the_view_inside_lead_to_one_another(served: Serving) -> None:
    shown = {type(layer).__name__ for layer in walk(digitus.load().recipe.network)}
    assert shown - {"Chain", "Dropout"} == mathematics.AT_WORK
    pages = [mathematics.section_html(number) for number in mathematics.sections()]
    script = (Path(str(serve.__file__)).parent / "static" / "inside.js").read_text("utf-8")
    assert "`/${to}/${kind}$" in script  # Inside leads to the equation, and to the code
    assert "`/code/digitus.nn.${kind}`" in script
    for kind in mathematics.AT_WORK:
        inside = f'href="/#inside?layer={kind}"'
        address = str(mathematics.address(kind))
        section = pages[int(address.removeprefix("/mathematics/").partition("#")[0]) - 1]
        line = section.partition(f'id="{address.partition("#")[2]}"')[2].partition("</p>")[0]
        assert inside in line
        assert f'href="/code/digitus.nn.{kind}' in line
        code = served.client.get(f"/code/digitus.nn.{kind}").text
        assert inside in code
        assert f'href="{address}"' in code


def test_a_section_with_its_formulas(served: Serving) -> None:
    page = served.client.get("/mathematics/10").text  # a short one
    assert page.count("<math ") > 2
    assert "{{" not in page
    assert "style=" not in page  # which the page's policy forbids
    assert '<a href="/mathematics/11" rel="next">' in page
    led = served.client.get("/mathematics/Dropout")
    assert led.headers["location"] == "/mathematics/10#eq-10-1"
    assert 'id="eq-10-1"' in page
    assert "/mathematics/20" in served.client.get("/mathematics").text
    figure = served.client.get("/mathematics/pictures/math-convolution.svg")
    assert figure.headers["content-type"] == "image/svg+xml"


def test_code_as_it_is_written(served: Serving) -> None:
    page = served.client.get("/code/digitus.nn.Dense").text
    assert "y = x W + b;   dx = dy Wᵀ" in page
    assert 'href="/mathematics/2#eq-2-1"' in page
    for name in ("os.system", "digitus.cli.main", "digitus", "digitus.nn", "digitus.nn.Nothing"):
        assert served.client.get(f"/code/{name}").status_code == 404


def test_a_lesson_to_read(served: Serving) -> None:
    assert served.client.get("/lesson/Dense").headers["location"] == "/lesson/6?language=en"
    page = served.client.get("/lesson/6").text
    assert "<h1>" in page
    assert "digitus course open 6" in page
    assert "style=" not in page
    assert re.search(r'href="/mathematics/\d+#', page)
    german = served.client.get("/lesson/6?language=de").text
    assert '<html lang="de">' in german
    assert "Der Weg zurück" in german
    assert "The way back" in served.client.get("/lesson/6?language=xx").text
    for place in ("0", "99", "x", "6.", "-1"):
        assert served.client.get(f"/lesson/{place}").status_code == 404
        assert served.client.get(f"/mathematics/{place}").status_code == 404


def test_what_a_lesson_teaches_is_linked_by_the_page_too() -> None:
    assert set(TAUGHT.values()) <= {lesson.number for lesson in lessons()}
    assert all(hasattr(digitus.nn, name) for name in TAUGHT)
    script = (Path(str(serve.__file__)).parent / "static" / "inside.js").read_text("utf-8")
    listed = re.search(r"TAUGHT = new Set\(\[(.*?)\]\)", script)
    assert listed
    assert set(re.findall(r'"(\w+)"', listed[1])) == {name for name in TAUGHT if name in KINDS}
