"""Pages of the site in other languages than the first: what is theirs, and what leads out of them.

Inside: which page is the same one in another language, the site's own words by language, and a
page's HTML made one of its language: the theme's words, the list of pages beside it, the way home,
and a mark at each link that leads to a page of the first language. Nothing of Sphinx: pages are
text here. Not inside: the chapters of the course (`site_course`), what pages say (`site_pages`),
what a search says (`site_search`).
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from digitus.course import messages

HERE = Path(__file__).parent
FIRST = messages.FIRST_LANGUAGE
COURSE = "course"
SEARCH = "search"
ELSEWHERE = re.compile(
    r"^(?:course/|search-)?(\w\w)(?:/|$)"
)  # another language's folder, or search
# The theme's list of all pages, a line of it, one with lines below it, and any other link.
TREE = re.compile(r'<div class="sidebar-tree">.*?</div>', re.DOTALL)
ENTRY = re.compile(r'<li class="([^"]*)"><a class="([^"]*)" href="([^"#]+)\.html">(.*?)</a>')
BRANCH = re.compile(
    r'<li class="toctree-l2[^"]*has-children[^"]*"><a [^>]*href="([^"]*)">[^<]*</a>'
    r"(?:(?!<ul).)*<ul[^>]*>(?:(?!</ul>).)*</ul>\s*</li>",
    re.DOTALL,
)
FOLDED = re.compile(r'>([^<>]+)</a><input aria-label="Toggle navigation of [^"]*"( checked="")?')
RESULTS = re.compile(r'(?<=")((?:\.\./)*)search(?=\.html")')  # where a search leads
HOME = re.compile(r'(<a class="sidebar-brand" href="|<div class="header-center">\s*<a href=")[^"]*')
LINK = re.compile(
    r'<a (?P<kind>(?:class="[^"]*" )?)href="(?P<to>[^"#:]+)\.html(?P<rest>[^>]*>(?P<said>.*?)</a>)',
    re.DOTALL,
)
TAG = re.compile(r"<[^>]+>")


@cache
def words(language: str) -> dict[str, Any]:
    """What the site says in a language. Raises `FileNotFoundError` where nobody has said it yet."""
    return tomllib.loads((HERE / f"site/words/{language}.toml").read_text("utf-8"))


def language_of(docname: str) -> str:
    """In which language a page is."""
    found = ELSEWHERE.match(docname)
    return found[1] if found and found[1] in messages.languages() else FIRST


def counterpart(docname: str, language: str) -> str:
    """The name that a page of the first language has in another one, or back from there."""
    here = language_of(docname)
    if here != FIRST:
        docname = docname.replace(f"{here}/", "", 1)
    if language == FIRST:
        return docname
    folder, _, name = docname.rpartition("/")
    return f"{folder}/{language}/{name}" if folder == COURSE else f"{language}/{docname}"


def search_page(language: str) -> str:
    """The page with a search's results, which lies at the top in every language.

    Its program names all pages relative to there.
    """
    return SEARCH if language == FIRST else f"{SEARCH}-{language}"


def others(docname: str, there: Callable[[str], bool]) -> str:
    """Links, as Markdown, to the same page in the other languages that have it."""
    here, links = language_of(docname), []
    for language in messages.languages():
        other = counterpart(docname, language)
        if language != here and there(other):
            address = posixpath.relpath(other, posixpath.dirname(docname) or ".")
            links.append(f" [{words(language)['language']}]({address}.md)")
    return "".join(links)


def of_its_language(page: str, docname: str, titles: Mapping[str, str]) -> str:
    """A page's HTML with its language, the theme's words in it, and its links told apart.

    `titles` are those of all pages, by their names.
    """
    language = language_of(docname)
    if language == FIRST:
        return page
    page = page.replace('<html class="no-js" lang="en"', f'<html class="no-js" lang="{language}"')
    page = TREE.sub(lambda tree: _listed(tree[0], docname, titles), page)
    home = posixpath.relpath(counterpart("index", language), posixpath.dirname(docname))
    page = HOME.sub(rf"\g<1>{home}.html", page)
    page = RESULTS.sub(rf"\g<1>{search_page(language)}", page)
    page = _marked(page, docname, titles)
    for word, other in words(language)["theme"].items():
        said = rf'([">]\s*){re.escape(word)}(?=\s*["<]| - digitus)'  # the last of a page's title
        page = re.sub(said, rf"\g<1>{other}", page)
    return page


def _listed(tree: str, docname: str, titles: Mapping[str, str]) -> str:
    """The list of pages: each once, in this language if it exists in it, else marked."""
    language, here = language_of(docname), posixpath.dirname(docname)

    def branch(found: re.Match[str]) -> str:
        """Nothing for this language's pages: they already replace those of the first one."""
        page = posixpath.normpath(posixpath.join(here, found[1].removesuffix(".html")))
        own = found[1] == "#" or language_of(page) == language
        return "" if own else found[0]

    def entry(found: re.Match[str]) -> str:
        """A line of the list."""
        kind, link, target, _ = found.groups()
        other = counterpart(posixpath.normpath(posixpath.join(here, target)), language)
        if other not in titles:
            return found[0].replace("<a ", f'<a hreflang="{FIRST}" lang="{FIRST}" ', 1)
        kind += " current-page" * (other == docname)
        address = f"{posixpath.relpath(other, here)}.html"
        return f'<li class="{kind}"><a class="{link}" href="{address}">{escape(titles[other])}</a>'

    def folded(found: re.Match[str]) -> str:
        """The button that opens the lines below one; they are open if the page is among them."""
        said = words(language)["theme"]["Toggle navigation of"]
        opened = (found[2] or "") * (here == counterpart(f"{COURSE}/index", language)[:-6])
        return f'>{found[1]}</a><input aria-label="{said} {found[1]}"{opened}'

    return FOLDED.sub(folded, ENTRY.sub(entry, BRANCH.sub(branch, tree)))


def _marked(page: str, docname: str, titles: Mapping[str, str]) -> str:
    """The page with a mark at each link that leads to a page of the first language."""
    here, own = posixpath.dirname(docname), words(FIRST)["language"]

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(here, found["to"]))
        named = TAG.sub("", found["said"]).strip() == own  # by the name of that language
        if target not in titles or language_of(target) != FIRST or named:
            return found[0]
        return found[0].replace("<a ", f'<a hreflang="{FIRST}" ', 1)

    return LINK.sub(link, page)
