"""What docs/reading.md says in numbers, from results/ (reading, hardening, legibility)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from digitus.metrics import interval95
from digitus.synthetic.pages.kinds import KINDS

ABOUT = {
    "single": "one digit, 28 to 700 pixels high",
    "small": "one digit of 9 to 28 pixels on a far larger page",
    "large": "one digit of 700 to 1,900 pixels",
    "tiny": "8 to 64 pixels in all, one digit that fills them",
    "number": "one line of 2 to 12 digits in groups",
    "lines": "2 to 6 lines",
    "many": "60 to 130 digits",
    "boxes": "the boxes of a form",
    "comb": "a comb: boxes without a top",
    "blank": "no digit at all",
    "crop": "a number cut out, 12 to 45 pixels high, the digits at the edges",
    "cheque": "the amount of a cheque: security paper, points, closing dashes",
    "canvas": "two or three digits on 28 to 64 pixels",
    "crowded": "200 to 400 small digits",
    "table": "2 to 11 rows of numbers in columns",
    "touching": "about half of all neighbours touch or overlap",
    "curved": "lines that rise and fall by half a digit",
    "slant": "digits that lean by 14 to 29 degrees",
    "thin": "strokes of 1 to 3 % of the height",
    "thick": "strokes of 13 to 18 % of the height",
    "broken": "gaps in the strokes of two digits in five",
    "pencil": "pale and grainy ink",
    "colour pen": "ink in colour, sometimes on coloured paper",
    "inverted": "light ink on dark paper",
    "screen": "a drawing: no camera, no paper",
    "ruled": "ruled paper",
    "squared": "squared paper",
    "printed": "printed words beside the digits",
    "letters": "words in the same hand",
    "smudges": "stains, specks, the ring of a cup",
    "signs": "amounts, sums, dates: signs between the digits",
    "underlined": "lines drawn below the numbers",
    "uneven": "digits of unlike height that dance on the line",
    "tight": "cut out so close that digits touch the edges",
    "low resolution": "made smaller until digits are 12 to 30 pixels high",
    "security pattern": "fine printed waves and meshes behind the digits",
    "felt pen": "strokes of 16 to 21 % of the height",
    "wide gaps": "gaps between groups of one to eight digits' width in one line",
    "in squares": "squared paper, a digit in each square",
    "dark lines": "rules, boxes and squares as dark as the ink",
    "watercolour paper": "paper of coarse grain, which the ink skips over",
    "cramped": "boxes hardly larger than the digits, which touch the walls",
    "roomy boxes": "boxes about twice as high as the digits; some are empty",
    "dashed": "boxes and rules of dashes or dots",
    "crossed out": "digits struck through, which are not to be read",
    "labels": "printed words right before the numbers",
    "coloured fields": "fields of forms in colour, lines marked with a highlighter",
    "stamp": "a stamp below the ink",
    "window": "a drawing program, with a bar and buttons",
    "faint": "ink hardly darker than the paper",
    "chalkboard": "chalk on a wiped board",
    "whiteboard": "felt pen on a shining board",
    "glare": "the reflection of a lamp",
    "screen photo": "the photo of a screen: its pixels, moiré, blue light",
    "joined": "strokes from digit to digit: the pen was not lifted",
    "scattered": "lines that begin anywhere, with gaps between them",
    "apart": "every digit by itself, a digit's height or more from the next",
    "cut neighbours": "parts of other digits at the edge, which are not to be read",
    "curled": "a bent sheet, whose lines rise and fall",
    "gradient": "light from one side",
    "vignette": "dark corners",
    "shadow": "the shadow of a hand or a head",
    "rough paper": "grain, clouds, creases",
    "rotated": "turned by 4 to 14 degrees",
    "perspective": "seen at an angle",
    "desk": "the desk around the sheet",
    "fingers": "fingers, a pen or a phone at the edge",
    "turned": "on its side or head",
    "blur": "out of focus, or shaken",
    "noise": "the noise of a sensor in the dark",
    "jpeg": "JPEG of low quality",
}


# Targets of `fuzz.py` that are pictures.
FUZZED = ("picture", "reading", "pixels", "drawing")
# Sets of pictures beside the photos, by the names of their folders.
OTHERS = {
    "numbers": "numbers: photos, scans, ledgers, marks sheets of 21 sources",
    "cheques": "amounts of real bank cheques (ORAND-CAR-A)",
}


def section(reading: dict[str, Any], fuzz: dict[str, Any], legibility: dict[str, Any]) -> str:
    """The figures of docs/reading.md."""
    everything, speed = reading["all"], reading["speed"]
    lines = [
        f"{everything['pages']:,} made pages "
        "([digitus.synthetic.pages](../src/digitus/synthetic/pages/pages.py)) "
        f"with {everything['digits']:,} digits, half of",
        "the pages written by the simulated pen and half with those of MNIST's training digits",
        "that the training of both networks held back. `python benchmarks/reading.py` wrote the",
        "figures into [results/reading.json](../results/reading.json). A page is *exact* when",
        "all its digits are right and nothing is added; *lines* when the lines are right too,",
        "*groups* when the spaces in them are as well. *Error* is the edit distance for each true",
        "digit. *Wrong and sure* are pages that are wrong though nothing on them was refused;",
        "*invented* are digits where there is none, for each page. A page has one of the kinds up",
        "to *blank* and any of the others.",
        *calibration(reading),
        "",
        *table(everything, reading["kinds"]),
        "",
        *legible(legibility),
        "",
    ]
    if "photos" in reading:
        lines += [
            "Other people's photos, scans and drawings, none of which was ever learnt from:",
            "",
            *photo_table(reading["photos"], reading.get("others", {})),
            "",
            *stricter_table(reading["photos"].get("all", {}), reading.get("others", {})),
        ]
    return "\n".join(
        [
            *lines,
            f"On one core of {reading['machine']['processor']}, in processor time: a photo of 12 "
            "megapixels",
            f"with ten digits takes {speed['photo_seconds']:.2f} s",
            f"and {speed['photo_process_megabytes']} MB, an image of 28 x 28 pixels "
            f"{1000 * speed['digit_seconds']:.1f} ms, a fresh process that reads one",
            f"{speed['process_seconds']:.2f} s.",
            *dense(speed),
            "",
            *tried([fuzz[name] for name in FUZZED if name in fuzz]),
            "",
        ]
    )


def tried(targets: Sequence[dict[str, Any]]) -> list[str]:
    """What became of hostile pictures."""

    def total(key: str) -> int:
        return sum(target[key] for target in targets)

    bad = sum(len(target["crashes"]) for target in targets)
    return [
        f"{total('inputs'):,} damaged files and strange pictures, found by the lines of code that",
        "they reach (`python benchmarks/fuzz.py`, "
        "[results/hardening.json](../results/hardening.json)): "
        f"{total('read'):,} were",
        f"read, {total('refused'):,} refused in one line, and {bad} did anything else; the slowest "
        f"took {max(t['slowest_seconds'] for t in targets):.1f} s of processor",
        f"time, and memory stayed below {max(t['peak_megabytes'] for t in targets) + 1} MB.",
    ]


def legible(asked: dict[str, Any]) -> list[str]:
    """How many of the digits that reading misnames others can tell."""
    readers = asked["readers"].values()

    def counted(kind: str, what: str) -> int:
        return sum(reader[kind][what] for reader in readers)

    def share(kind: str, as_what: str) -> str:
        n, of = counted(kind, as_what), counted(kind, "asked")
        low, high = (f"{100 * end:.0f}" for end in interval95(n, of))
        return f"{percent(n / of)} ({low} to {high})"

    return [
        "A made page is not made to be legible: its truth is what was meant, by hands whose 4 is",
        f"another's 9, under blots, out of focus. On {asked['pages']:,} development pages reading "
        "misnames",
        f"{percent(asked['misnamed'] / asked['named'])} of the {asked['named']:,} digits that it "
        "finds and names.",
        f"{len(readers)} readers that learnt from no made page, general models and no people,",
        f"saw {counted('misnamed', 'asked')} of these, each among its neighbours and mixed with "
        f"{counted('named', 'asked')} more, without",
        "knowing which was which. Of what reading misnames they named",
        f"{share('misnamed', 'as_truth')} as it was meant and {share('misnamed', 'as_reading')}",
        f"as reading does; of what reading names right {share('named', 'as_truth')}",
        "(with 95 % intervals; `python benchmarks/legibility.py`,",
        "[results/legibility.json](../results/legibility.json)).",
    ]


def calibration(reading: dict[str, Any]) -> list[str]:
    """How far confidence and accuracy are apart, where that was measured."""
    on_pages = reading["all"].get("ece")
    on_photos = reading.get("photos", {}).get("all", {}).get("ece")
    if on_pages is None:
        return []
    more = "" if on_photos is None else f", over those on the photos below {on_photos:.3f}"
    return [
        "The confidence of a digit that is said and the share of such digits that are right are",
        f"{on_pages:.3f} apart on average (ECE) over the made pages{more}.",
    ]


def dense(speed: dict[str, Any]) -> list[str]:
    """How long full pages take, where that was measured."""
    if "boxes_seconds" not in speed:
        return []
    return [
        f"A made page of about 100 digits takes {speed['hundred_digits_seconds']:.2f} s; at 1200 x "
        "1600 pixels 300 boxes",
        f"with a digit each {speed['boxes_seconds']:.2f} s, and squared paper with 100 digits "
        f"{speed['squared_seconds']:.2f} s.",
    ]


def table(everything: dict[str, Any], kinds: dict[str, Any]) -> list[str]:
    """A row for all pages and for each kind."""
    names = ("exact", "lines", "groups", "error", "refused", "wrong and sure", "invented")
    head = f"| pages | | number | {' | '.join(names)} |"
    rows = [("all", "", everything)]
    rows += [(kind, ABOUT[kind], kinds[kind]) for kind in KINDS if kind in kinds]
    return [head, "|---|---|" + "---:|" * 8, *(line(*row) for row in rows)]


def line(name: str, about: str, row: dict[str, Any]) -> str:
    """A row of the table."""
    names = ("exact", "lines", "groups", "error", "refused", "wrong_and_sure")
    shares = (percent(row[k]) for k in names)
    return f"| {name} | {about} | {row['pages']:,} | {' | '.join(shares)} | {row['invented']:.2f} |"


def photo_table(photos: dict[str, Any], others: dict[str, Any]) -> list[str]:
    """A row for single digits, one for several, and one for each other set of pictures."""
    names = {"single": "one digit", "multi": "several digits", "all": "all"} | OTHERS
    rows = [
        f"| {names[kind]} | {row['pages']} | "
        + " | ".join(percent(row[k]) for k in ("exact", "lines", "error", "wrong_and_sure"))
        + " |"
        for kind, row in sorted(
            [*photos.items(), *others.items()], key=lambda item: list(names).index(item[0])
        )
    ]
    head = "| pictures | number | exact | lines | error | wrong and sure |"
    return [head, "|---|" + "---:|" * 5, *rows]


def stricter_table(photos: dict[str, Any], others: dict[str, Any]) -> list[str]:
    """What a higher `--min-confidence` gains and costs, where that was measured."""
    leasts = [name for name in photos if name.startswith("at ")]
    if not leasts:
        return []
    head = " | ".join(f"exact {name} | wrong and sure {name}" for name in leasts)
    rows = [
        f"| {name} | "
        + " | ".join(percent(row[at][k]) for at in leasts for k in ("exact", "wrong_and_sure"))
        + " |"
        for name, row in {"photos": photos, **others}.items()
    ]
    return [
        "A digit is refused where it is more likely wrong than right. Whoever can look at a `?`",
        "may ask for more confidence, by `--min-confidence`, and gets fewer answers, and fewer",
        "wrong ones without a `?`:",
        "",
        f"| pictures | {head} |",
        "|---|" + "---:|" * 2 * len(leasts),
        *rows,
        "",
    ]


def percent(share: float | None) -> str:
    """0.9876 as "98.8 %"."""
    return "–" if share is None else f"{100 * share:.1f} %"
