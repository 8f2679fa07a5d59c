"""Codes of the refusals that the web page words in its reader's language.

Each code has a sentence in every table of words (`static/words.*.js`), "refused." before it; a test
compares them, and their values with those that are sent. Programs can tell refusals apart by their
codes. What only a program can do wrong has no code: its line in English is enough.

Inside: the codes. Not inside: how a refusal is made and sent (`responses`).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Code: TypeAlias = Literal[
    # Any request.
    "busy",
    "late",
    "mistake",
    "system",
    "large",
    "slow",
    "token",
    # A class.
    "join",
    "word",
    "words",
    "full",
    "no-pupil",
    # Training runs, and weights that are tried.
    "network",
    "layers",
    "units",
    "maps",
    "order",
    "shape",
    "parameters",
    "no-run",
    "no-epoch",
    "ended",
    "not-paused",
    "going",
    "ending",
    "diverged",
    "disk-full",
    "not-written",
    "in-use",
    "not-finite",
    # Pictures.
    "empty",
    "unknown",
    "heic",
    "pdf",
    "damaged",
    "animation",
    "pixels",
    "pages",
    "locked",
    "heavy",
    # Forms.
    "blank",
    "paper",
    "fields",
    "form-pages",
    "form-name",
    "form-taken",
    "form-needs",
    "form-pattern",
    "form-range",
    "form-check",
    "form-number",
    "form-reach",
    "form-allowed",
    "form-refused",
    "form-sum",
    "form-field",
    "form-mark",
    "form-overlap",
    "form-letters",
]
