"""Fails where the built documentation site is not whole.

    python -m sphinx -W --keep-going docs docs/_build/html && python .ci/site.py

Every link and every anchor leads somewhere; no page shows how it was written; nothing is loaded
from another host; each equation of the mathematics leads to the code that computes it, and that
code's description leads back; checks in a lesson speak its page's language, and so do the list of
pages beside it, which has each page once, the theme, and the search; a link that leads out of a
page's language says so; and no words are lost in a table.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from digitus.course.messages import FIRST_LANGUAGE, languages, say

ROOT = Path(__file__).parent.parent
SITE = ROOT / "docs" / "_build" / "html"
LOADED = {("script", "src"), ("img", "src"), ("link", "href"), ("iframe", "src"), ("source", "src")}
CODE = {"pre", "code", "script", "style"}
TRIED = "try.html"  # a link's fragment names the language that it speaks, and no anchor
WORDS = ROOT / "docs" / "site" / "words"
DIRECTIVE = re.compile(r":::|`{3}|\{\w+\}`|\{\{")
SAID = re.compile(r'(?:\b_|gettext)\(\s*"([^"]+)"')  # words in Sphinx's programs
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
NOT_LOADED = {"canonical", "index", "search", "next", "prev", "author"}  # <link> that names a page


class Page(HTMLParser):
    """The anchors of a page, where it leads, and what it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.text = ""
        self.code = 0  # within how many elements of code
        self.feed(path.read_text("utf-8"))

    def handle_data(self, data: str) -> None:
        """Notes text that is no code."""
        self.text += data * (not self.code)

    def handle_endtag(self, tag: str) -> None:
        """Notes where code ends."""
        self.code -= tag in CODE

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what an element says."""
        self.code += tag in CODE
        named = {name: value or "" for name, value in attrs}
        self.anchors.update(named[name] for name in ("id", "name") if name in named)
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if named.get("rel") not in NOT_LOADED:
            self.loaded += [named[name] for of, name in LOADED if of == tag and name in named]


def broken(pages: dict[Path, Page]) -> Iterator[str]:
    """The links that lead nowhere, and what would be asked of other hosts."""
    for path, page in pages.items():
        here = path.relative_to(SITE)
        for target in page.links + page.loaded:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not there.exists():
                yield f"{here} leads to {target}"
            elif (
                there in pages
                and there.name != TRIED
                and unquote(parts.fragment) not in {"", *pages[there].anchors}
            ):
                yield f"{here} leads to {target}, and there is no such anchor"
        for target in page.loaded:
            if urlsplit(target).netloc:
                yield f"{here} loads {target} from another host"


def foreign() -> Iterator[str]:
    """The lessons in which a check answers in another language than its page's."""
    said = say("check.unanswered")
    for language in languages()[1:]:
        for path in sorted((SITE / "course" / language).glob("*.html")):
            if said in path.read_text("utf-8"):
                yield f"{path.relative_to(SITE)} says {said!r}"


def in_others_words(pages: dict[Path, Page]) -> Iterator[str]:
    """Lists of pages that lead out of a page's language though the page is there in it."""
    for language in languages()[1:]:
        for home, folder in (
            (SITE, SITE / language),
            (SITE / "course", SITE / "course" / language),
        ):
            for path in sorted(folder.glob("*.html")):
                tree = path.read_text("utf-8").partition('<div class="sidebar-tree">')[2]
                for target in re.findall(r'href="([^"#]+)"', tree.partition("</div>")[0]):
                    there = (path.parent / unquote(target)).resolve()
                    if there.parent == home and (folder / there.name) in pages:
                        yield f"{path.relative_to(SITE)} lists {target}, which it has in {language}"


def half_translated(pages: dict[Path, Page]) -> Iterator[str]:
    """What is in the first language on a page in another one, and not marked as such."""
    own = _words(FIRST_LANGUAGE)["language"]
    for language in languages()[1:]:
        words = _words(language)
        folders = (SITE / language, SITE / "course" / language)
        search = SITE / f"search-{language}.html"
        for path in (path for path in pages if path.parent in folders or path == search):
            html, here = SCRIPT.sub("", path.read_text("utf-8")), path.relative_to(SITE)
            for there in _led_out(path, html, own, pages):
                if there.parent not in folders and there != path:
                    yield f"{here} leads out of its language to {there.relative_to(SITE)}"
            tree = html.partition('<div class="sidebar-tree">')[2].partition("</div>")[0]
            listed = re.findall(r'<a [^>]*href="([^"#]+)"', tree)
            yield from (f"{here} lists {p} twice" for p in set(listed) if listed.count(p) > 1)
            for word in words["theme"]:
                if found := re.search(rf'[">]\s*{re.escape(word)}\b[^<"]*', html):
                    yield f"{here} says {found[0]!r}"


def unsaid() -> Iterator[str]:
    """What the program of a search says that a language has no words for."""
    programs = ("searchtools.js", "sphinx_highlight.js")
    code = "".join((SITE / "_static" / name).read_text("utf-8") for name in programs)
    for language in languages()[1:]:
        for said in sorted({*SAID.findall(code)} - {*_words(language)["search"]["messages"]}):
            yield f"a search says {said!r}, which {language} has no words for"


def _words(language: str) -> dict[str, Any]:
    """The site's own words in a language."""
    return tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))


def _led_out(path: Path, html: str, own: str, pages: dict[Path, Page]) -> Iterator[Path]:
    """The targets of links that do not say in which language these are."""
    for attributes, said in re.findall(r"<a ([^>]*)>(.*?)</a>", html, re.DOTALL):
        target = re.search(r'href="([^"#:]+)', attributes)
        there = (path.parent / unquote(target[1])).resolve() if target else path
        named = "hreflang" in attributes or re.sub("<[^>]+>", "", said).strip() == own
        if there in pages and there.name != TRIED and not named:
            yield there


def swallowed() -> Iterator[str]:
    """Words right below a table, without an empty line between, which become a row of it."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if "_build" not in path.parts:
            text = re.sub(
                r"^```.*?^```", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
            )
            if found := re.search(r"^\|.*\n(?![|\n<])(.+)", text, re.MULTILINE):
                yield f"{path.relative_to(ROOT)}: {found[1]!r} is a row of the table above it"


def unmade(pages: dict[Path, Page]) -> Iterator[str]:
    """The pages that show a directive as text, since nothing has carried it out."""
    for path, page in pages.items():
        if found := DIRECTIVE.search(page.text):
            yield f"{path.relative_to(SITE)} shows {found[0]!r}"


def one_way(pages: dict[Path, Page]) -> Iterator[str]:
    """The equations that do not lead to code, and those to which no code leads back."""
    mathematics = pages[SITE / "mathematics.html"]
    if not any("reference/nn.html#digitus.nn" in link for link in mathematics.links):
        yield "no equation leads to its code"
    linked = {
        link.partition("mathematics.html#")[2]
        for path, page in pages.items()
        if path.parent.name == "reference"
        for link in page.links
    }
    for anchor in sorted(mathematics.anchors):
        if anchor.startswith("eq-") and anchor not in linked:
            yield f"no code leads to equation {anchor}"


def main() -> None:
    """Reads all pages and says what is wrong."""
    pages = {
        path: Page(path) for path in sorted(SITE.rglob("*.html")) if "_static" not in path.parts
    }
    wrong = [*broken(pages), *unmade(pages), *foreign(), *in_others_words(pages)]
    wrong += [*half_translated(pages), *unsaid()]
    wrong += [*swallowed(), *one_way(pages)]
    print("\n".join(wrong) or f"{len(pages)} pages, every link leads somewhere")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
