"""Which values a sheet has: the likeliest combination that fulfils what the form demands.

A digit that was read has alternatives. Let p(v) be the probability of values v of some fields
together, the product over their cells; then

    w(v) = p(v)                  where v fulfils every check,
           UNFULFILLED p(v)      elsewhere: people make mistakes too,

the values with the largest w are chosen, and the confidence of a field's value is the share of w of
all v that agree on it. The v are tried from the likeliest on, until none of the rest can win, or
`MOST` have been tried.

Inside: that search, for the cells of one field and for fields that a sum joins. Not inside: what is
to be fulfilled (`form`).
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from digitus.forms.form import UNFINISHED, Field, Form, Sum, number

UNFULFILLED = 1e-3
CHANCE = 0.1  # the probability that a digit read where there is none fulfils a check
MOST = 3000  # combinations that are tried
KEPT = 20  # alternatives of a field
LEAST = 1e-9  # probability: smaller ones count as this


@dataclass(frozen=True)
class Answer:
    """A value that a field may have, its probability, and a word for the rule that it breaks."""

    text: str
    likely: float
    wrong: str = ""


Option = tuple[str, float]  # what stands in a cell, and how likely that is


def combinations(choices: Sequence[Sequence[float]]) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Indices into lists of probabilities, largest first in each, by their product, largest first.

    Each is reached once: from the one in which its last index that is not 0 is one less.
    """
    if not all(choices):
        return
    logs = [[math.log(max(p, LEAST)) for p in choice] for choice in choices]
    first = (0,) * len(choices)
    heap = [(-sum(log[0] for log in logs), first, 0)]
    while heap:
        cost, at, last = heapq.heappop(heap)
        yield math.exp(-cost), at
        for i in range(last, len(choices)):
            if at[i] + 1 < len(logs[i]):
                step = logs[i][at[i]] - logs[i][at[i] + 1]
                heapq.heappush(heap, (cost + step, (*at[:i], at[i] + 1, *at[i + 1 :]), i))


def answers(field: Field, cells: Sequence[Sequence[Option]]) -> list[Answer]:
    """What a field may say, likeliest first, each with its share of w, from its cells' options."""
    ordered = [sorted(options, key=lambda o: -o[1]) for options in cells]
    weights: dict[str, float] = defaultdict(float)
    wrong: dict[str, str] = {}
    seen = by_chance = 0.0
    for count, (p, at) in enumerate(combinations([[p for _, p in c] for c in ordered])):
        text = field.text([c[i][0] for c, i in zip(ordered, at, strict=True)])
        if text not in wrong:
            wrong[text] = field.wrong(text)
        weights[text] += p * (UNFULFILLED if field.has_rules and wrong[text] else 1)
        by_chance += p * CHANCE * (wrong[text] in UNFINISHED)
        seen += p
        least = UNFULFILLED * max(weights.values())
        if p < least or count == MOST or (len(weights) == KEPT and not field.has_rules):
            break
    rest = max(1 - seen, 0) * (UNFULFILLED if field.has_rules else 1)
    total = sum(weights.values()) + rest + by_chance * field.has_rules
    found = [Answer(text, w / total, wrong[text]) for text, w in weights.items()]
    return sorted(found, key=lambda a: -a.likely)[:KEPT]


def decided(form: Form, found: dict[str, list[Answer]]) -> dict[str, list[Answer]]:
    """The answers of all fields, led by the chosen ones, which make sums right where they can."""
    chosen = dict(found)
    for group in _groups(form.sums):
        names = list(dict.fromkeys(n for s in group for n in (s.total, *s.of)))
        if all(chosen.get(name) for name in names):
            chosen |= _together(names, group, {name: chosen[name] for name in names})
    return chosen


def _groups(sums: Sequence[Sum]) -> list[list[Sum]]:
    """Sums that share fields, directly or by way of others."""
    groups: list[list[Sum]] = []
    for one in sums:
        names = {one.total, *one.of}
        near = [g for g in groups if any(names & {s.total, *s.of} for s in g)]
        groups = [g for g in groups if g not in near] + [[*(s for g in near for s in g), one]]
    return groups


def _together(
    names: Sequence[str], sums: Sequence[Sum], lists: dict[str, list[Answer]]
) -> dict[str, list[Answer]]:
    weights: list[dict[int, float]] = [defaultdict(float) for _ in names]
    chosen, best, fulfilled = (0,) * len(names), 0.0, False
    choices = [[a.likely for a in lists[name]] for name in names]
    for count, (p, at) in enumerate(combinations(choices)):
        values = {name: lists[name][i].text for name, i in zip(names, at, strict=True)}
        good = all(adds_up(s, values.__getitem__) for s in sums)
        w = p * (1 if good else UNFULFILLED)
        for i, weight in zip(at, weights, strict=True):
            weight[i] += w
        if w > best:
            chosen, best, fulfilled = at, w, good
        if p < UNFULFILLED * best or count == MOST:
            break
    return {
        name: _led(lists[name], first, weight, "" if fulfilled else "sum")
        for name, first, weight in zip(names, chosen, weights, strict=True)
    }


def _led(answers: list[Answer], first: int, weights: dict[int, float], wrong: str) -> list[Answer]:
    """The answers with their shares of w, the chosen one first."""
    total = sum(weights.values())
    known = sum(a.likely for a in answers)  # the rest of 1 belongs to values that are not listed
    shared = [
        Answer(a.text, known * weights.get(i, 0.0) / total, a.wrong or wrong * (i == first))
        for i, a in enumerate(answers)
    ]
    return [shared[first], *(a for i, a in enumerate(shared) if i != first)]


def adds_up(one: Sum, text: Callable[[str], str]) -> bool:
    """Whether a sum is right: an empty value counts as 0, and without a total any values are."""
    if not text(one.total):
        return True
    values = [number(text(name) or "0") for name in one.of]
    total = number(text(one.total))
    return total is not None and None not in values and total == sum(v for v in values if v)


def plausible(answers: list[Answer], least: str, rise: Decimal | None = None) -> list[Answer]:
    """The answers, led by the likeliest that is no less than an earlier value, nor much more.

    `rise` is by how much it may be more, if that is known. Where none is likely enough, the first
    keeps its place and says that it "falls" or "jumps".
    """
    earlier, first = number(least), number(answers[0].text)
    if earlier is None or first is None:
        return answers
    highest = math.inf if rise is None else earlier + rise

    def fits(text: str) -> bool:
        value = number(text)
        return value is not None and earlier <= value <= highest

    if fits(answers[0].text):
        return answers
    for i, a in enumerate(answers):
        if fits(a.text) and a.likely >= UNFULFILLED * answers[0].likely:
            share = sum(b.likely for b in answers if fits(b.text))
            rest = UNFULFILLED * (1 - share)
            first_now = Answer(a.text, a.likely / (share + rest), a.wrong)
            return [first_now, *answers[:i], *answers[i + 1 :]]
    wrong = answers[0].wrong or ("falls" if first < earlier else "jumps")
    return [Answer(answers[0].text, answers[0].likely, wrong), *answers[1:]]
