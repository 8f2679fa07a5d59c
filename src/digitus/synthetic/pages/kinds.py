"""Kinds: what can be on a page and what can make it hard, how often, and what goes with what.

Inside: the tables, mixtures, and drawing the kinds of one page. Not inside: what each does to the
page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

# What is on the page, one of these: their shares of all pages.
SHARES = {
    "single": 22, "small": 6, "large": 3, "tiny": 8,
    "number": 21, "lines": 18, "many": 5, "boxes": 7, "comb": 4, "blank": 6,
    "crop": 10, "cheque": 14, "canvas": 4, "crowded": 2, "table": 9,
}  # fmt: skip
# What makes it hard, and how often. A page may have several.
CHANCES = {
    "touching": 0.15, "curved": 0.08, "slant": 0.12, "thin": 0.12, "thick": 0.10, "broken": 0.08,
    "pencil": 0.12, "colour pen": 0.2, "inverted": 0.12, "screen": 0.25,
    "ruled": 0.12, "squared": 0.1, "printed": 0.1, "letters": 0.06, "smudges": 0.12,
    "signs": 0.3, "underlined": 0.05, "uneven": 0.1, "tight": 0.1, "low resolution": 0.08,
    "security pattern": 0.04, "felt pen": 0.06, "wide gaps": 0.1, "in squares": 0.06,
    "dark lines": 0.25, "watercolour paper": 0.05,
    "cramped": 0.25, "roomy boxes": 0.3, "dashed": 0.2,
    "crossed out": 0.05, "labels": 0.06, "coloured fields": 0.06, "stamp": 0.04, "window": 0.04,
    "faint": 0.06, "chalkboard": 0.04, "whiteboard": 0.04, "glare": 0.04, "screen photo": 0.04,
    "joined": 0.06, "scattered": 0.15, "apart": 0.08, "cut neighbours": 0.15, "curled": 0.05,
    "gradient": 0.2, "vignette": 0.15, "shadow": 0.15, "rough paper": 0.2,
    "rotated": 0.08, "perspective": 0.12, "desk": 0.1, "fingers": 0.07, "turned": 0.06,
    "blur": 0.15, "noise": 0.15, "jpeg": 0.25,
}  # fmt: skip
# What some pages suffer from more often, or less, than others.
LIKELY: dict[str, dict[str, float]] = {
    "crop": {"jpeg": 0.5, "blur": 0.3, "touching": 0.25, "ruled": 0.25},
    "cheque": {"touching": 0.35, "slant": 0.3, "uneven": 0.3, "blur": 0.4, "jpeg": 0.5,
               "joined": 0.2},
    "canvas": {"felt pen": 0.25},
}  # fmt: skip
KINDS = (*SHARES, *CHANCES)

IN_LINES = frozenset(  # what needs several digits in a row
    {"touching", "curved", "turned", "signs", "underlined", "uneven", "wide gaps", "in squares",
     "crossed out", "labels", "joined", "scattered", "apart"}
)  # fmt: skip
AROUND = frozenset(
    {"printed", "letters", "desk", "fingers", "labels", "window"}
)  # what has no room in a small picture
PENS = frozenset({"thin", "thick", "felt pen"})
PAPERS = frozenset({"rough paper", "watercolour paper", "security pattern"})
BOARDS = frozenset({"chalkboard", "whiteboard"})
NOT_IN_SMALL = frozenset(CHANCES) - {"inverted", "noise", "screen", "slant"} - PENS
NOT_ON_FORMS = IN_LINES - {"turned"} | {"ruled", "squared", "printed", "letters"}
# Where the first is, the others make no sense.
EXCLUDED: dict[str, frozenset[str]] = {
    "screen": PAPERS | BOARDS | {"glare", "screen photo", "faint", "gradient", "vignette", "shadow",
                                 "perspective", "desk", "fingers", "pencil", "noise", "smudges",
                                 "rotated", "blur"},
    "tiny": NOT_IN_SMALL,
    "canvas": NOT_IN_SMALL - {"touching"},
    "blank": IN_LINES | PENS | {"curled"} | {"slant", "broken", "tight", "low resolution"},
    "apart": frozenset({"touching", "signs", "in squares", "crossed out", "joined"}),
    "single": IN_LINES - {"underlined"},
    "small": IN_LINES | {"blur", "thin", "broken", "pencil", "tight", "low resolution"},
    "large": IN_LINES | {"curled", "desk", "fingers", "printed", "letters"},
    "boxes": NOT_ON_FORMS | {"cut neighbours"},
    "comb": NOT_ON_FORMS | {"cut neighbours"},
    "table": frozenset({"cut neighbours"}) | IN_LINES - {"turned", "uneven"} | {"ruled", "squared"},
    "many": frozenset({"desk", "signs", "underlined", "labels", "joined", "scattered"}),
    "crowded": AROUND | {"joined", "scattered", "signs", "underlined", "low resolution",
                         "wide gaps", "apart", "thin"},
    "crop": AROUND | {"thin", "tight", "low resolution", "turned", "squared", "perspective",
                      "wide gaps", "apart", "in squares", "scattered", "curled"},
    "cheque": AROUND | PAPERS | BOARDS | {"coloured fields", "screen photo", "crossed out",
                                 "thin", "tight", "low resolution", "turned", "squared", "ruled",
                                 "screen", "perspective", "colour pen", "inverted", "signs",
                                 "smudges", "wide gaps", "apart", "in squares", "felt pen",
                                 "scattered", "curled"},
    "tight": AROUND,
    "pencil": BOARDS,
    "faint": BOARDS | {"pencil", "screen"},
    "chalkboard": PAPERS | {"whiteboard", "inverted", "desk", "ruled", "squared", "in squares",
                            "colour pen", "coloured fields", "stamp", "screen photo", "thin",
                            "dark lines", "printed", "smudges"},
    "whiteboard": PAPERS | {"inverted", "desk", "ruled", "squared", "in squares", "stamp",
                            "screen photo", "thin", "smudges", "printed"},
    "coloured fields": frozenset({"inverted"}),
    "signs": frozenset({"turned"}),
    "thick": frozenset({"thin", "broken", "slant", "felt pen"}),
    "felt pen": frozenset({"thin", "broken", "slant", "pencil"}),
    "ruled": frozenset({"squared"}),
    "labels": frozenset({"turned"}),
    "window": PAPERS | BOARDS | {"inverted", "turned", "ruled", "squared", "in squares", "pencil",
                                 "desk", "smudges", "stamp", "fingers"},
    "in squares": frozenset({"ruled", "squared", "touching", "curved", "underlined", "labels",
                             "crossed out", "joined"}),
    "curled": frozenset({"desk", "screen", "screen photo"}) | BOARDS,
    "cramped": frozenset({"roomy boxes"}),
    "inverted": frozenset({"pencil", "desk", "ruled", "squared", "in squares"}),
}  # fmt: skip
# The first makes sense only beside one of the others.
NEEDS: dict[str, frozenset[str]] = {
    "dark lines": frozenset({"ruled", "squared", "in squares", "boxes", "comb", "table"}),
    "scattered": frozenset({"lines"}),
    "cut neighbours": frozenset({"crop", "cheque", "tight"}),
    "cramped": frozenset({"boxes", "comb"}),
    "roomy boxes": frozenset({"boxes", "comb"}),
    "dashed": frozenset({"boxes", "comb", "table", "ruled", "squared", "in squares"}),
}


@dataclass(frozen=True)
class Mixture:
    """What pages are drawn: the shares of what is on them, and chances where they are others.

    A chance that it does not name is that of `CHANCES`, or of `LIKELY`.
    """

    shares: Mapping[str, float]
    chances: Mapping[str, float]


EVERY = Mixture(SHARES, {})
# Digits that stand apart, on every page; what else makes one hard is as frequent as on others, but
# for signs, which do not go with them.
APART = Mixture({"lines": 2, "number": 1}, {"apart": 1.0, "signs": 0.0})


def kinds_of(
    rng: np.random.Generator, wanted: Collection[str] | None, mixture: Mixture = EVERY
) -> tuple[str, frozenset[str]]:
    """What is on a page, and all of its kinds: drawn, or those `wanted` that make sense."""
    luck = rng.random(len(CHANCES))
    asked = set(wanted or ()) & CHANCES.keys()
    every = list(mixture.shares)
    allowed = [kind for kind in every if kind in (wanted or ())] or every
    if len(allowed) == len(every):  # drawn among those that go with what is asked for
        allowed = [kind for kind in every if asked <= _sensible({kind} | asked)] or allowed
    shares = np.array([mixture.shares[kind] for kind in allowed], float)
    name = allowed[rng.choice(len(allowed), p=shares / shares.sum())]
    likely = {**CHANCES, **LIKELY.get(name, {}), **mixture.chances}
    drawn = {kind for kind, p in zip(CHANCES, luck, strict=True) if p < likely[kind]}
    return name, _sensible({name} | (drawn if wanted is None else asked))


def _sensible(kinds: set[str]) -> frozenset[str]:
    """The kinds without those that others exclude, or that lack what they need."""
    left = set(kinds)
    for kind in KINDS:  # what is on the page decides first
        if kind in left:
            left -= EXCLUDED.get(kind, frozenset())
    return frozenset(kind for kind in left if left & NEEDS.get(kind, left))
