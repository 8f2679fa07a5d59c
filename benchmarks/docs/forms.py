"""What docs/forms.md says of how well forms are read, and of what corrections change."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from .results import percent

TOLD = "20"  # corrections of each digit
HEAD = "form", "sheets", "fields", "right", "rows right", "to look at", "within 2 pixels"


def section(
    read: dict[str, Any],
    trust: dict[str, Any],
    adapting: dict[str, Any],
    strangers: dict[str, Any],
    speed: dict[str, Any],
    kills: dict[str, Any] | None,
) -> str:
    """The numbers, from the results files; that of kills takes long and need not be there."""
    more = [_review(read["all"], trust), _speed(speed), _strangers(strangers)]
    parts = [_read(read), *([words] for words in more), [_kills(kills)] if kills else []]
    told = [line for part in parts if part for line in [*part, ""]]
    return "\n".join([*told, *_adapted(adapting), ""])


def _review(every: dict[str, Any], trust: dict[str, Any]) -> str:
    asked = every["by_confidences"]
    return _words(
        "The review, which does not know the truth, asks for",
        f"{percent(asked['reviewed'], 1)} of the fields. Then {percent(asked['wrong_after'], 2)}",
        "stay wrong, where it promises at most",
        f"{percent(asked['expected_wrong_after'], 2)}. What a confidence is worth was measured on",
        f"{trust['sheets']} other sheets, {trust['fields']:,} fields without a flag of their own,",
        f"of which {trust['wrong']} were wrong (`python benchmarks/forms_trust.py`,",
        "[results/forms_trust.json](../results/forms_trust.json)).",
    )


def _speed(found: dict[str, Any]) -> str:
    one, two = (found["sheets_a_minute"][cores] for cores in ("1", "2"))
    return _words(
        f"`digitus form read` makes a table of {found['sheets']} photos: {one:.0f} a minute",
        f"on one core, and {two:.0f} on two, of {found['machine']['processor']} (`python",
        "benchmarks/forms_speed.py`, [results/forms_speed.json](../results/forms_speed.json)).",
    )


def _strangers(found: dict[str, Any]) -> str:
    return _words(
        f"Marks sheets of strangers, {found['pictures']} tables cut out of small photos, with",
        f"{found['fields']} cells of two digits and fields laid over them by hand:",
        f"{percent(found['fields_right'], 1)} are right, and of the {percent(found['sure'], 1)}",
        f"with a confidence above 95 %, {percent(found['right_of_sure'], 1)}",
        "(`python benchmarks/forms_strangers.py`,",
        "[results/forms_strangers.json](../results/forms_strangers.json)).",
    )


def _kills(found: dict[str, Any]) -> str:
    return _words(
        f"{found['sheets']:,} sheets, {found['photos']} photos of five forms again and again, read",
        f"by a program that was killed {found['kills']} times at random moments:",
        f"{found['lost']} rows lost, {found['twice']} there twice,",
        f"{found['differing']} that differ from what an undisturbed job writes for the same photo",
        "(`python benchmarks/forms_kills.py`,",
        "[results/forms_kills.json](../results/forms_kills.json)).",
    )


def _words(*parts: str) -> str:
    """Sentences as a paragraph of lines."""
    return fill(" ".join(parts), 100, break_long_words=False, break_on_hyphens=False)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _read(read: dict[str, Any]) -> list[str]:
    every = read["all"]
    kinds = [*read["forms"].items(), ("all", every), ("those that lie flat", read["flat"])]
    rows = [
        _row(
            name,
            str(found["sheets"]),
            f"{found['fields']:,}",
            *(percent(found[key], 1) for key in ("fields_right", "rows_right")),
            percent(found["reviewed_for_1_in_1000"], 1),
            percent(found["within_2_pixels"], 1),
        )
        for name, found in kinds
    ]
    return [
        _words(
            f"{every['sheets']} sheets of five forms, printed, filled in and photographed by code,",
            "half written by the simulated pen, half with digits of MNIST that no network learnt",
            "from. Some fields are empty, one in a hundred is crossed out, one sheet in seven is",
            "bent. By `python benchmarks/forms.py` ([results/forms.json](../results/forms.json)).",
        ),
        "",
        _row(*HEAD),
        _row(*("---" for _ in HEAD)),
        *rows,
        "",
        _words(
            "*To look at* is the share of most doubtful fields after which no more than one in",
            "1,000 stays wrong; before anybody looks,",
            f"{percent(every['fields_right'], 1)} are right, and {every['wrong_without_flag']} of",
            f"{every['fields']:,} are wrong without a flag. *Within 2 pixels*, of 150 dots per",
            "inch, lies the worst corner of a sheet's fields.",
        ),
    ]


def _adapted(adapting: dict[str, Any]) -> list[str]:
    hands = adapting["hands"]
    counts = sorted({count for hand in hands for count in hand["after"]}, key=int)
    rows = []
    for hand in hands:
        cells = [_cell(hand["after"].get(count)) for count in counts]
        before = f"{percent(hand['before'])} ({percent(hand['others_before'])})"
        rows.append(_row(hand["hand"], before, *cells))
    return [
        _words(
            "What corrections change: the share of a hand's digits that is misread, before and",
            "after so many corrections of each digit, and in brackets that of MNIST's test set, by",
            "other people. Made hands have one shape of each digit, and habits that no network",
            "learnt; USPS is by other people and another scanner; a stretch of MNIST's test",
            "set is by a few people. By `python benchmarks/adapting.py --usps FOLDER`",
            f"([results/adapting.json](../results/adapting.json)). {_rule(adapting['allowed'])}",
        ),
        "",
        _row("hand", "before", *(f"{count} of each" for count in counts)),
        _row("---", "---", *("---" for _ in counts)),
        *rows,
        *_made(adapting["made"]),
    ]


def _cell(after: dict[str, Any] | None) -> str:
    if after is None:
        return ""
    told = f"{percent(after['own'])} ({percent(after['others'])})"
    return told + " not given out" * (not after["given_out"])


def _rule(allowed: dict[str, float]) -> str:
    """By which rule networks were given out."""
    return (
        "A network was given out where old digits showed with "
        f"{percent(allowed['confidence'], 0)} confidence that it is not worse by more than "
        f"{100 * allowed['worse']:g} points."
    )


def _made(made: dict[str, Any]) -> list[str]:
    """What all made hands say together."""
    found = made[TOLD]
    return [
        "",
        _words(
            f"Over the {made['hands']} made hands {TOLD} corrections of each digit take away",
            f"{percent(found['fewer'], 0)} ± {percent(found['fewer_within'], 0)} of a hand's",
            f"errors (95 % interval over hands): {percent(found['own'])} are misread instead of",
            f"{percent(made['before'])}. {found['with_memory']} of the networks were given out",
            "with a memory; made hands 8 to 13 had chosen how far a correction reaches in it,",
            "and what its vote weighs.",
        ),
    ]
