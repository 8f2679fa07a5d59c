"""Pages of the site in another language: their list of pages, their links, the way home."""

from __future__ import annotations

import re

import site_languages

TITLES = {
    "index": "digitus",
    "start": "Start",
    "forms": "From paper to a table",
    "course/index": "The course",
    "course/01-pixels": "Pixels and arrays",
    "de/index": "digitus auf Deutsch",
    "de/start": "Anfangen",
    "course/de/index": "Der Kurs",
    "course/de/01-pixels": "Pixel & Arrays",
}
FOLDED = '<input aria-label="Toggle navigation of {}" checked="" type="checkbox"/>'
# As the theme makes it, of the page course/de/01-pixels.
PAGE = f"""<html class="no-js" lang="en">
<link rel="search" title="Search" href="../../search.html">
<title>Search - digitus 0.1.0</title>
<div class="header-center">
  <a href="../../index.html"></a></div>
<a class="sidebar-brand" href="../../index.html"></a>
<form method="get" action="../../search.html"></form>
<div class="sidebar-tree"><ul>
<li class="toctree-l1"><a class="reference internal" href="../../start.html">Start</a></li>
<li class="toctree-l1"><a class="reference internal" href="../../forms.html">From paper</a></li>
<li class="toctree-l1 has-children"><a class="reference internal" href="../index.html">All</a>\
{FOLDED.format("All")}<ul>
<li class="toctree-l2"><a class="reference internal" href="../01-pixels.html">Pixels</a></li>
<li class="toctree-l2 has-children"><a class="reference internal" href="index.html">Der Kurs</a>\
{FOLDED.format("Der Kurs")}<ul>
<li class="toctree-l3 current-page"><a class="current" href="#">Pixel &amp; Arrays</a></li>
<li class="toctree-l3"><a class="reference internal" href="../../de/start.html">Anfangen</a></li>
</ul>
</li>
</ul></li></ul></div>
<article><a class="reference internal" href="../../forms.html#a">Formulare</a>
<a class="reference internal" href="../01-pixels.html"><span>English</span></a>
<a class="reference internal" href="../../de/start.html">Anfangen</a>
<a class="reference external" href="https://example.org/forms.html">anderswo</a></article>
<span>
  On this page
</span>"""


def of_its_language(docname: str = "course/de/01-pixels") -> str:
    return site_languages.of_its_language(PAGE, docname, TITLES)


def test_a_page_of_the_first_language_stays_as_it_is() -> None:
    assert of_its_language("course/01-pixels") == PAGE


def test_the_list_has_each_page_once_in_the_pages_language_where_it_is() -> None:
    tree = of_its_language().partition("sidebar-tree")[2].partition("</div>")[0]
    listed = re.findall(r'href="([^"]*)">([^<]*)', tree)
    assert listed == [
        ("../../de/start.html", "Anfangen"),
        ("../../forms.html", "From paper"),
        ("index.html", "Der Kurs"),
        ("01-pixels.html", "Pixel &amp; Arrays"),
    ]
    assert re.findall(r"<a hreflang=\"en\" lang=\"en\"[^>]*>([^<]*)", tree) == ["From paper"]
    assert "toctree-l2 current-page" in tree
    assert tree.count("<li") == tree.count("</li>")
    assert tree.count("<ul") == tree.count("</ul>")
    assert 'aria-label="Unterseiten zeigen oder verbergen: Der Kurs" checked=""' in tree


def test_lines_below_one_are_open_where_the_page_is_among_them_alone() -> None:
    assert "checked" not in of_its_language("de/start")


def test_links_out_of_the_language_are_marked_but_for_the_one_that_is_named_by_it() -> None:
    article = of_its_language().partition("<article>")[2]
    marked = re.findall(r'<a hreflang="en"[^>]*>(.*?)</a>', article)
    assert marked == ["Formulare"]


def test_home_and_the_themes_words_are_of_the_language() -> None:
    page = of_its_language()
    assert page.count('href="../../de/index.html"') == 2
    assert 'lang="de"' in page.partition("\n")[0]
    assert re.search(r"<span>\s*Auf dieser Seite\s*</span>", page)


def test_a_page_leads_to_itself_in_other_languages() -> None:
    there = TITLES.__contains__
    assert site_languages.others("start", there) == " [Deutsch](de/start.md)"
    assert site_languages.others("de/start", there) == " [English](../start.md)"
    assert site_languages.others("course/01-pixels", there) == " [Deutsch](de/01-pixels.md)"
    assert site_languages.others("forms", there) == ""


def test_a_search_leads_to_what_is_found_in_the_pages_language() -> None:
    page = of_its_language()
    assert page.count('="../../search-de.html"') == 2
    assert "<title>Suchen - digitus 0.1.0</title>" in page
    assert site_languages.language_of("search-de") == "de"
    assert site_languages.language_of("search") == "en"
    assert 'lang="de"' in of_its_language("search-de")
    assert "search-de" not in of_its_language("start")
