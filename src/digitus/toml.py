"""TOML from strangers, forms and recipes: of bounded length, and without keys of many parts.

The time that Python's parser takes grows with the square of the parts of a dotted key: one of 1 MB,
`a.a.a. ...`, takes half an hour, in which no other thread goes on. So the parts of keys are counted
before it begins, in the same tokens that it sees: strings, comments, keys, dots.

Not inside: what may stand in a recipe or a form (`recipe.table`, `forms.table`).
"""

from __future__ import annotations

import re

from digitus.limits import TOML_BYTES, TOML_KEY_PARTS

_TOKENS = re.compile(
    r'"""(?:[^"\\]+|\\.|"{1,2}(?!"))*"{0,5}'
    r"|'''(?:[^']+|'{1,2}(?!'))*'{0,5}"
    r'|"(?:[^"\\\n]+|\\.)*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*"
    r"|[A-Za-z0-9_-]+"
    r"|[ \t]+"
    r"|.",
    re.DOTALL,
)


def tables(content: bytes) -> dict[str, object]:
    """What a file says. Raises `ValueError` or `RecursionError`, with why, where it is no TOML.

    Also where it is longer than `TOML_BYTES`, or a key has more parts than `TOML_KEY_PARTS`.
    """
    import tomllib

    if len(content) > TOML_BYTES:
        raise ValueError(f"it is larger than {TOML_BYTES // 10**6} MB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    if text.count(".") > TOML_KEY_PARTS:
        _check_keys(text)
    return tomllib.loads(text)


def _check_keys(text: str) -> None:
    dots = 0
    for match in _TOKENS.finditer(text):
        token = match[0]
        if token == ".":
            dots += 1
            if dots == TOML_KEY_PARTS:
                raise ValueError(f"a key has more than {TOML_KEY_PARTS} parts")
        elif not (token[0] in " \t\"'_-" or token[0].isalnum()):
            dots = 0
