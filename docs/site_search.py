"""Search in each language: results are presented in it, and pages in it come first.

Inside: a Sphinx extension that makes a page of results for each language but the first, which has
Sphinx's own, and gives Sphinx's program the words (`site/words/`, table `search`) and the order
(`site/search.js`). Not inside: which page a search leads to (`site_languages`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx

from digitus.course.messages import languages
from site_languages import FIRST, language_of, search_page, words

TEMPLATE = "search.html"


def _pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pages with results."""
    yield from ((search_page(language), {}, TEMPLATE) for language in languages()[1:])


def _made_to_speak(app: Sphinx, page: str, template: str, context: Any, tree: Any) -> None:
    """A search's words in the page's language: with results, and where these are highlighted."""
    if app.builder.format != "html":
        return
    if (language := language_of(page)) != FIRST:
        own = words(language)["search"]
        said = {"locale": language, "plural_expr": own["plural"], "messages": own["messages"]}
        body = f"Documentation.addTranslations({json.dumps(said, ensure_ascii=False)});"
        app.add_js_file(None, body=body)
    if template == TEMPLATE:
        app.add_js_file("search.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connects the above to Sphinx."""
    app.connect("html-collect-pages", _pages)
    app.connect("html-page-context", _made_to_speak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
