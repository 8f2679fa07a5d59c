"""Markdown as HTML, its formulas as MathML, which browsers set without a script.

Inside: the dialect of our own texts: tables, `$...$` and fences of the language `math`. A text is
trusted, since it comes with the package; HTML in it stays. Not inside: which text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"<h([23])>(.*?)</h\1>")
TAG = re.compile(r"<[^>]+>")


def html(source: str) -> str:
    """The text as HTML; headings have the anchors that a code host gives them."""
    made = _markdown().render(COMMENT.sub("", source))
    return HEADING.sub(
        lambda m: f'<h{m[1]} id="{anchor(TAG.sub("", m[2]))}">{m[2]}</h{m[1]}>', made
    )


def anchor(heading: str) -> str:
    """A heading's anchor, as it stands in addresses after #."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt  # imported late: the server starts without it

    made = MarkdownIt("commonmark").enable("table")
    made.inline.ruler.before("escape", "formula", _formula)
    made.add_render_rule("formula", _rule(lambda token: _mathml(token.content)))
    made.add_render_rule("fence", _rule(_fence))
    return made


def _rule(show: Callable[[Token], str]) -> Callable[..., str]:
    """Wraps `show` to take the arguments that markdown-it passes to a rule."""

    def render(_: object, tokens: Sequence[Token], at: int, *rest: object) -> str:
        return show(tokens[at])

    return render


def _formula(state: StateInline, silent: bool) -> bool:
    """Reads `$...$`, if one begins where the parser is."""
    if state.src[state.pos] != "$":
        return False
    end = state.src.find("$", state.pos + 1)
    if end < 0:
        return False
    if not silent:
        state.push("formula", "", 0).content = state.src[state.pos + 1 : end]
    state.pos = end + 1
    return True


def _mathml(formula: str, display: str = "inline") -> str:
    from latex2mathml.converter import convert

    return convert(formula, display=display)


def _fence(token: Token) -> str:
    """A displayed formula, or code; both can be scrolled by keys where they are wide."""
    if token.info.strip() == "math":
        formula = _mathml(token.content.strip(), display="block")
        return f'<div class="formula" tabindex="0">{formula}</div>\n'
    return f'<pre tabindex="0"><code>{escape(token.content)}</code></pre>\n'
