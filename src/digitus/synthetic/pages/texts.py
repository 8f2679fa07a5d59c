"""Texts: what is written on a page, line by line, how high, and what of it is to be read.

Inside: numbers in groups; amounts, sums, dates, measures and what else people write with signs; the
truth of a line. Not inside: where it stands (`layout`), the signs' ink (`synthetic.signs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

Writer: TypeAlias = Callable[[np.random.Generator], str]

UNDERLINE, JOIN, CUT = "_‿…"  # a line below digits, a stroke between two, what the edge cuts off
CLOSING = "—"  # a stroke, often begun as a point, that leaves no room for another digit
JOINING = ".,'"  # marks inside an amount, whose digits they do not part
FIGURES = "0123456789"
CROSSED_OUT = "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡"  # digits that were written and then struck through
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"  # small digits above the line, as cents are written
LOWERED = str.maketrans(RAISED, FIGURES)
VALUES = str.maketrans(RAISED + CROSSED_OUT, 2 * FIGURES)
DIGITS = frozenset(FIGURES + RAISED + CROSSED_OUT)
APART_WIDTH = 600  # pixels of all digits of a line that stand apart, without what is between them


def truth(line: str) -> str:
    """The digits of a line, with one space where a gap or a sign parts them.

    Those that were crossed out are left out.
    """
    silent = JOINING + CROSSED_OUT
    parts = [c if c in FIGURES else "" if c in silent else " " for c in line.translate(LOWERED)]
    return " ".join("".join(parts).split())


def height(low: float, high: float, rng: np.random.Generator) -> float:
    """A height in pixels, its logarithm uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def number(low: int, high: int, rng: np.random.Generator) -> str:
    """A number of `low` to `high` digits."""
    return "".join(map(str, rng.integers(0, 10, int(rng.integers(low, high + 1)))))


def groups(low: int, high: int, rng: np.random.Generator, most: int = 3) -> str:
    """`low` to `high` digits in up to `most` groups."""
    parts = max(1, int(rng.integers(-1, most + 1)))
    sizes = rng.multinomial(max(int(rng.integers(low, high + 1)) - parts, 0), [1 / parts] * parts)
    return " ".join("".join(map(str, rng.integers(0, 10, n + 1))) for n in sizes)


def texts(name: str, kinds: frozenset[str], rng: np.random.Generator) -> tuple[list[str], float]:
    """What is written, line by line, and how high the digits are, in pixels."""
    lines, digit = _texts(name, kinds, rng)
    if "crossed out" in kinds:
        corrected = rng.random(len(lines)) < 0.5
        corrected[rng.integers(len(lines))] = True
        lines = [_corrected(s, rng) if c else s for s, c in zip(lines, corrected, strict=True)]
    if "apart" in kinds:  # each digit a group of its own
        lines = [" ".join(line.replace(" ", "")) for line in lines]
        digit = min(digit, APART_WIDTH / max(len(line) // 2 + 1 for line in lines))
    return lines, digit


def _corrected(line: str, rng: np.random.Generator) -> str:
    """The line with one to four digits crossed out before another, or as a group of their own."""
    wrong = "".join(CROSSED_OUT[d] for d in rng.integers(0, 10, int(rng.integers(1, 5))))
    before = [i for i, c in enumerate(line) if c in FIGURES]
    at = before[rng.integers(len(before))] if rng.random() < 0.5 else 0
    return line[:at] + wrong + (" " if at == 0 else "") + line[at:]


def _texts(name: str, kinds: frozenset[str], rng: np.random.Generator) -> tuple[list[str], float]:
    """What was meant to be written, and how high the digits are, in pixels."""
    signs = "signs" in kinds
    match name:
        case "single" | "small" | "large":
            low, high = {"single": (28, 700), "small": (9, 28), "large": (700, 1900)}[name]
            return [str(rng.integers(0, 10))], height(low, high, rng)
        case "number":
            fewest = 3 if "touching" in kinds else 2
            return [with_signs(rng) if signs else groups(fewest, 12, rng)], height(20, 180, rng)
        case "lines":
            write = _with_some_signs(rng) if signs else lambda rng: groups(1, 9, rng)
            return [write(rng) for _ in range(rng.integers(2, 7))], height(16, 80, rng)
        case "crop":
            line = with_signs(rng) if signs else groups(1, 7, rng, 1)
            return [line], min(height(12, 45, rng), 240 / (0.7 * len(line)))
        case "cheque":
            line = _cheque(rng)
            return [line], min(height(18, 50, rng), 250 / (0.7 * len(line)))
        case "many" | "crowded" | "table":
            return _in_columns(name, rng)
    least, most = (12, 45) if "roomy boxes" in kinds else (18, 100)
    lines = [groups(3, 12, rng, 2) for _ in range(rng.choice([1, 1, 2, 3]))]
    return lines, height(least, most, rng)


def _in_columns(name: str, rng: np.random.Generator) -> tuple[list[str], float]:
    """Pages of about a hundred digits and of about three hundred, and tables."""
    if name == "table":
        columns, longest = int(rng.integers(2, 9)), int(rng.integers(1, 5))
        fewest = longest if rng.random() < 0.5 else 1
        table = [[number(fewest, longest, rng) for _ in range(columns)]
                 for _ in range(rng.integers(2, 12))]  # fmt: skip
        return [" ".join(row) for row in table], height(10, 45, rng)
    if name == "many":
        rows = int(rng.integers(6, 12))
        columns = int(rng.integers(60, 130)) // rows
        return [number(columns, columns, rng) for _ in range(rows)], height(14, 50, rng)
    rows = int(rng.integers(12, 25))
    columns = int(rng.integers(200, 401)) // rows
    apart = 1 if rng.random() < 0.5 else max(1, columns // 4)
    return [groups(columns, columns, rng, apart) for _ in range(rows)], height(11, 26, rng)


def with_signs(rng: np.random.Generator) -> str:
    """A line with digits and signs."""
    writers = (amount, amount, _sum, _sum, _sum, _date, _measure, _item, _call)
    return writers[rng.integers(len(writers))](rng)


def _with_some_signs(rng: np.random.Generator) -> Writer:
    """How the lines of one page are written: all alike, as in a list, or each in its way."""
    if rng.random() < 0.3:
        return with_signs
    return (amount, _sum, _date, _measure, _item)[rng.integers(5)]


def amount(rng: np.random.Generator) -> str:
    """An amount: 1.234,50 or -12.5 or =120.000.= or $4,000 or 1'250.- or 99⁵⁰."""
    digits = number(1, 6, rng)
    mark = str(rng.choice([".", ".", ",", "'", ""]))
    if len(digits) > 3 and mark:
        digits = digits[:-3] + mark + digits[-3:]
    cents = number(2, 2, rng)
    digits += str(rng.choice(["", "", "", "," + cents, "." + cents, "," + cents[:1], _up(cents)]))
    before = str(rng.choice(["", "", "", "", "=", "- ", "-", "+", "€ ", "$", "£"]))
    after = str(rng.choice(["", "", "", "", ".-", ",-", "-", "—", "=", " €", "€", "%", ".", "/"]))
    return before + digits + after


def _cheque(rng: np.random.Generator) -> str:
    """An amount as on a cheque, closed against forgers: 12.345.- or 12.345— or 4.000⁵⁰."""
    digits = str(rng.integers(1, 10)) + number(2, 5, rng)
    if rng.random() < 0.25:  # round amounts are many
        zeros = int(rng.integers(1, len(digits)))
        digits = digits[:-zeros] + "0" * zeros
    if len(digits) > 3 and rng.random() < 0.6:
        gap = "" if rng.random() < 0.8 else " "
        digits = digits[:-3] + str(rng.choice([".", ".", ".", "'", ","])) + gap + digits[-3:]
    ends = [*["", ".", ".-", "—"] * 3, ",", ",-", " -", "-", "=", " =", ".=", "--", "#", " #", " :",
            " —", ".—", "-—", _up(number(2, 2, rng))]  # fmt: skip
    return str(rng.choice(["", "", "", "", "", "=", "-"])) + digits + str(rng.choice(ends))


def _up(digits: str) -> str:
    """The same digits, raised."""
    return "".join(RAISED[int(d)] for d in digits)


def _sum(rng: np.random.Generator) -> str:
    """A sum: 12+34 or 2 x (3 + 4) = 14 or 5 x 5 + 1789."""
    apart = str(rng.choice(["", " "]))
    terms = [number(1, 4, rng) for _ in range(rng.choice([2, 2, 2, 3, 3, 4]))]
    if len(terms) > 2 and rng.random() < 0.4:
        terms[-2:] = [f"({terms[-2]}{apart}{rng.choice(list('+-'))}{apart}{terms[-1]})"]
    line = terms[0]
    for term in terms[1:]:
        line += apart + str(rng.choice(list("+++--xx÷*:/"))) + apart + term
    ends = ["", "", apart + "=", f"{apart}={apart}{number(1, 4, rng)}"]
    return line + str(rng.choice(ends))


def _date(rng: np.random.Generator) -> str:
    """A date or a time: 2024-12-31 or 31.12.24 or 3/4/1999 or 12:30."""
    day, month = f"{rng.integers(1, 32)}", f"{rng.integers(1, 13)}"
    if rng.random() < 0.5:
        day, month = day.zfill(2), month.zfill(2)
    year = str(rng.integers(1900, 2100))
    year = year if rng.random() < 0.6 else year[2:]
    mark = str(rng.choice(list("-//.:")))
    clock = f"{rng.integers(0, 24):02}:{rng.integers(0, 60):02}"
    forms = [[year, month, day], [day, month, year], [month, day, year], [day, month]]
    parts = mark.join(forms[rng.integers(len(forms))])
    return str(rng.choice([parts, parts, parts, clock, f"{parts} {clock}"]))


def _measure(rng: np.random.Generator) -> str:
    """A number with its unit: 12,5 km or 21° or 15 % or 8 x 12 cm."""
    whole, part = number(1, 4, rng), number(1, 2, rng)
    value = str(rng.choice([whole, f"{whole},{part}", f"{whole}.{part}", f"{whole} x {part}"]))
    return value + str(rng.choice([" km", "cm", " m", " h", " kr", "°", "%", " %", "mm"]))


def _item(rng: np.random.Generator) -> str:
    """A line of a list: 1) 234 or - 56 or (7) 89 or ✓ 12 or #45 or 12; 34."""
    one, other = number(1, 2, rng), number(1, 5, rng)
    forms = [f"{one}) {other}", f"- {other}", f"({one}) {other}", f"✓ {other}", f"{other} ✓",
             f"#{other}", f"{one}; {other}", f"{one}, {other}", f"{one}: {other}",
             f"{one} = {other}", f"{one}. {other}", f"({other})"]  # fmt: skip
    return forms[rng.integers(len(forms))]


def _call(rng: np.random.Generator) -> str:
    """A telephone number: +49 170/1234567 or 030-4455 or (02) 1234."""
    code, rest = number(2, 4, rng), number(3, 7, rng)
    forms = [f"+{code} {rest}", f"{code}/{rest}", f"{code}-{rest}", f"({code}) {rest}",
             f"+{number(2, 2, rng)} {code}/{rest}-{number(1, 2, rng)}"]  # fmt: skip
    return forms[rng.integers(len(forms))]
