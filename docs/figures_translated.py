"""Figures in other languages than English, by the tables in `site/words/LANGUAGE.toml`.

Inside: which there are, and their words. Not inside: what draws them (`figures`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path

WORDS = Path(__file__).parent / "site" / "words"
NUMBER = re.compile(r"[-−]?\d+\.\d+")
SAID = re.compile(r"(<title>|<text[^>]*>)([^<]+)(?=</)")
# Those that the pages of a language show.
TRANSLATED = {
    "de": (
        *("math-activations.svg", "math-broadcast.svg", "math-chain.svg", "math-convolution.svg"),
        *("math-dense.svg", "math-digit.svg", "math-loss.svg", "math-maxpool.svg"),
        *("math-neuron.svg", "math-schedules.svg"),
    )
}


def translated(draw: Callable[[], str], language: str) -> str:
    """A figure in another language, with that language's words and decimal sign."""
    table = tomllib.loads((WORDS / f"{language}.toml").read_text("utf-8"))["figures"]

    def other(found: re.Match[str]) -> str:
        words = unescape(found[2])
        if NUMBER.fullmatch(words):
            return found[1] + words.replace(".", ",")
        return found[1] + escape(table.get(words, words))

    return SAID.sub(other, draw())
