"""All words of the course that are not in a lesson, by language, and its glossary.

`messages/LANGUAGE.toml` and `glossary/LANGUAGE.toml` hold them; a language is added by adding
files, and what a file lacks is said in the first language. Inside: looking them up. Not inside:
lessons.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FIRST_LANGUAGE = "en"
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Word:
    """A word of the glossary: how it is written, and what it means."""

    word: str
    text: str


def languages() -> list[str]:
    """The languages that have messages, the first language first."""
    found = sorted(path.stem for path in (FOLDER / "messages").glob("*.toml"))
    return sorted(found, key=lambda language: language != FIRST_LANGUAGE)


def say(key: str, language: str = FIRST_LANGUAGE, **values: object) -> str:
    """A message by its key ("check.right"), its {places} filled with the values."""
    for one in (language, FIRST_LANGUAGE):
        found: object = _table("messages", one)
        for part in key.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found:
            return str(found).format(**values)
    raise KeyError(key)


@cache
def glossary(language: str = FIRST_LANGUAGE) -> dict[str, Word]:
    """The words by their keys, in alphabetical order of the words."""
    merged = _table("glossary", FIRST_LANGUAGE) | _table("glossary", language)
    words = {key: Word(**entry) for key, entry in merged.items()}
    return dict(sorted(words.items(), key=lambda item: item[1].word.lower()))


@cache
def _table(kind: str, language: str) -> dict[str, Any]:
    path = FOLDER / kind / f"{language}.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
