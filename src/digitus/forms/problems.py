"""What can be wrong with a picture of a sheet as a whole: lines for a person, and their codes.

Tables and commands show the lines; the web page says them in its reader's language, by code.
Not inside: finding out what is wrong (`straighten`, `rows`), flags of single fields (`rows`).
"""

from __future__ import annotations

import re

LINES = {
    "other-form": "is a sheet of another form",
    "several": "shows more than one sheet; take one picture of each",
    "few-marks": "only {n} of the 8 marks can be seen; show the whole sheet",
    "no-marks": "is no sheet of this form: none of its marks can be seen",
    "no-print": "is no sheet of this form: what is printed on it is not found",
    "cut-off": "is not whole in the picture",
    "bent": "is bent where a mark cannot be seen, so values may be read at the wrong place",
    "page": "page {pages} is missing",
    "pages": "pages {pages} are missing",
}
_PATTERNS = {
    code: re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[\\d, ]+)", re.escape(line)))
    for code, line in LINES.items()
}


def line_of(code: str, **values: int | str) -> str:
    """The line of a code."""
    return LINES[code].format(**values)


def codes(problems: str) -> list[tuple[str, dict[str, str]]]:
    """The codes in one line or several, each with its values; "" with a text that has no code."""
    found = []
    for code, pattern in _PATTERNS.items():
        found += [(code, match.groupdict()) for match in pattern.finditer(problems)]
        problems = pattern.sub("", problems)
    text = "; ".join(filter(None, problems.split("; ")))
    return [*found, ("", {"text": text})] if text else found
