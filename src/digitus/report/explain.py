"""How a picture was read, step by step, as one page: so that a misread digit can be understood.

Inside: `explain`, from a reading that kept its steps to HTML that holds its pictures. Not inside:
the picture with the answers alone (`annotate`) and correcting them (`review`).
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import cv2
import numpy as np

from digitus.errors import DataError
from digitus.reading.result import Candidate, Digit, Reading, Steps
from digitus.report.annotate import annotate, doubtful
from digitus.report.page import Section, count, details, document, part, percent, table
from digitus.report.pictures import Sheet, ink_sheet, ink_uri, photo_uri
from digitus.types import Bools, Bytes

SHOWN = 1000  # pixels: maps are shown at most so large
PROBABLE = 3  # answers shown with their probabilities
REJECTED = 24  # ways to cut a line that were not taken: the best of them are shown
FRAMES = 1500  # frames drawn over a map: more would be noise


def explain(picture: Bytes, reading: Reading, name: str) -> str:
    """One HTML file on how the picture, grey [h w] or RGB [h w 3], was read; `name` is its title.

    Raises `DataError` where the reading did not keep its steps.
    """
    if reading.steps is None:
        raise DataError(f"{name}: was read without keeping the steps, so they cannot be shown")
    page = _Page(reading, reading.steps)
    sections = [
        page.answer(annotate(picture, reading)),
        page.light(),
        page.pieces(),
        page.cuts(),
    ]
    found = count(len(reading.digits), "digit")
    about = (
        f"{reading.width} x {reading.height} pixels, {found} in {count(len(reading.lines), 'line')}"
    )
    return document(
        title=f"{name} · digitus",
        header=f'<p class="kicker">digitus · how a picture was read</p><h1>{escape(name)}</h1>'
        f'<p class="about">{escape(about)}</p><p class="answer">{_answer(reading)}</p>',
        sections=sections,
        style=part("explain.css") + page.digits.css + page.tried.css,
        footer="<p>Everything on this page is in this one file.</p>",
        script=None,
    )


def _answer(reading: Reading) -> str:
    """The lines, with what is doubtful marked."""
    if not reading.digits:
        return "no digits"
    rest = iter(reading.digits)
    lines = []
    for line in reading.lines:
        marks = []
        for c in line:
            look = c != " " and doubtful(next(rest))
            marks.append(f"<mark>{escape(c)}</mark>" if look else escape(c))
        lines.append("".join(marks))
    return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class _Page:
    """The sections of one page."""

    reading: Reading
    steps: Steps

    @property
    def digits(self) -> Sheet:
        """What the network saw of each digit that was found."""
        return ink_sheet("found", _stack(d.image for d in self.reading.digits))

    @property
    def tried(self) -> Sheet:
        """What it saw of each candidate."""
        return ink_sheet("tried-ink", _stack(c.image for c in self.steps.candidates))

    def answer(self, annotated: bytes) -> Section:
        """What was read, where, and what the network made of it."""
        uri = f"data:image/png;base64,{base64.b64encode(annotated).decode('ascii')}"
        shot = f'<img class="shot" alt="the picture with frames around its digits" src="{uri}">'
        sheet = self.digits
        cards = "".join(
            _card(sheet, k, f"{k + 1}. in line {d.line + 1}", _verdict(d), d.probabilities.tolist())
            for k, d in enumerate(self.reading.digits)
        )
        words = "Blue frames are digits; red, broken ones are doubtful, and “?” means refused."
        saw = f'<h3>What the network saw</h3><ul class="ways">{cards}</ul>' if cards else ""
        return Section("answer", "What was read", f"<p>{words}</p>{shot}{saw}")

    def light(self) -> Section:
        """From the picture to its ink."""
        s = self.steps
        polarity = "dark ink on light paper" if s.dark_ink else "light ink on dark paper"
        smaller = f", made {s.zoom:.3g} times smaller" if s.zoom > 1.01 else ""
        turned = f", turned by {90 * s.turns} degrees anticlockwise" if s.turns else ""
        share = percent(float(s.rules.mean()), 1)
        ruled = "" if s.rules.any() else " No rules or boxes were found on it."
        body = (
            f"<p>It was taken for {polarity}{smaller}{turned}.{ruled}</p>"
            '<div class="maps">'
            + _map(photo_uri(_fit(s.grey)), s.grey, "grey: what came in")
            + _map(photo_uri(_fit(s.paper)), s.paper, "paper: its light without ink")
            + (
                _map(ink_uri(_fit(s.rules.view(np.uint8) * 255)), s.rules,
                     f"rules taken out: {share} of the picture", inked=True)
                if s.rules.any() else ""
            )
            + _map(ink_uri(_fit(s.ink)), s.ink, "ink that is left", inked=True)
            + "</div>"
        )  # fmt: skip
        return Section("light", "Light and ink", body)

    def pieces(self) -> Section:
        """Connected ink, and what became of it."""
        s = self.steps
        kept = [box for box, what in s.pieces if what == "digit"]
        left_out = [(box, what) for box, what in s.pieces if what != "digit"]
        frames = [_rect(box, "", "digit") for box in kept[:FRAMES]]
        frames += [_rect(box, "out", what) for box, what in left_out[: FRAMES - len(frames)]]
        reasons = Counter(what for _, what in left_out).most_common()
        rows = [[escape(what), count(n)] for what, n in reasons]
        why = table("why ink was left out", ["reason", "pieces"], rows) if rows else ""
        caption = (
            f"{count(len(kept), 'piece')} of ink taken for digits, {len(left_out)} left out (red)"
        )
        body = _map(ink_uri(_fit(s.ink)), s.ink, caption, "".join(frames), inked=True) + why
        return Section("pieces", "Pieces of ink", body)

    def cuts(self) -> Section:
        """Each line: the way that was chosen, and the best of those that were not."""
        sheet, parts = self.tried, []
        for line, boxes in enumerate(self.steps.lines):
            ways = [(k, c) for k, c in enumerate(self.steps.candidates) if c.line == line]
            chosen = [(k, c) for k, c in ways if c.chosen]
            others = sorted(
                ((k, c) for k, c in ways if not c.chosen), key=lambda way: -way[1].score
            )
            parts.append(
                f"<h3>Line {line + 1}</h3>"
                + self._strip(boxes, chosen)
                + _ways(sheet, chosen, "")
                + (
                    details(
                        f"{count(len(others), 'other way')} of cutting this line, the best first",
                        _ways(sheet, others[:REJECTED], "not"),
                    )
                    if others
                    else ""
                )
            )
        words = (
            "Ink between two cuts was shown to the network as one digit. The way through the line "
            "with the highest sum of scores was taken."
        )
        return Section("cuts", "Lines and cuts", f"<p>{words}</p>" + "".join(parts))

    def _strip(
        self, boxes: Sequence[tuple[int, int, int, int]], chosen: Sequence[tuple[int, Candidate]]
    ) -> str:
        """The ink of a line, with a frame around each chosen digit."""
        if not boxes:
            return ""
        x, y, w, h = np.array(boxes).T
        height, width = self.steps.ink.shape
        left, top = max(int(x.min()) - 6, 0), max(int(y.min()) - 6, 0)
        right, bottom = min(int((x + w).max()) + 6, width), min(int((y + h).max()) + 6, height)
        inked = self.steps.ink[top:bottom, left:right]
        frames = [
            _rect((c.box[0] - left, c.box[1] - top, *c.box[2:]), "", f"score {c.score:.2f}")
            for _, c in chosen
        ]
        caption = "the line's ink, and the digits it was cut into"
        strip = _map(ink_uri(_fit(inked)), inked, caption, "".join(frames), inked=True)
        return f'<div class="strip">{strip}</div>'


def _stack(images: Iterable[Bytes]) -> Bytes:
    """Images as one array [n 28 28], of none too."""
    return np.array([*images], np.uint8).reshape(-1, 28, 28)


def _fit(picture: Bytes) -> Bytes:
    """A map no larger than it is shown."""
    zoom = SHOWN / max(picture.shape)
    if zoom >= 1:
        return picture
    size = tuple(max(1, round(side * zoom)) for side in picture.shape[::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _map(
    uri: str,
    picture: Bytes | Bools,
    caption: str,
    frames: str = "",
    *,
    inked: bool = False,
) -> str:
    """A map with frames over it, in the map's own coordinates; `inked` ones follow the theme."""
    h, w = picture.shape
    look = ' class="inked"' if inked else ""
    return (
        f'<figure><svg class="map" viewBox="0 0 {w} {h}" role="img" aria-label="{escape(caption)}">'
        f'<image{look} href="{uri}" width="{w}" height="{h}"/>{frames}</svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _rect(box: tuple[int, int, int, int], kind: str, words: str) -> str:
    x, y, w, h = box
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{w}" height="{h}">'
        f"<title>{escape(words)}</title></rect>"
    )


def _ways(sheet: Sheet, ways: Sequence[tuple[int, Candidate]], kind: str) -> str:
    cards = "".join(
        _card(
            sheet, k, f"score {c.score:.2f}",
            (str(int(c.probabilities.argmax())), kind), c.probabilities.tolist(),
        )
        for k, c in ways
    )  # fmt: skip
    return f'<ul class="ways">{cards}</ul>'


def _verdict(digit: Digit) -> tuple[str, str]:
    """What a digit was read as, and the kind of its card."""
    if digit.value is None:
        return "?", "doubt"
    return str(digit.value), "doubt" if doubtful(digit) else ""


def _card(
    sheet: Sheet, k: int, words: str, verdict: tuple[str, str], probabilities: Sequence[float]
) -> str:
    """What the network saw, what it was read as, and the likeliest answers."""
    value, kind = verdict
    likely = sorted(range(10), key=lambda d: -probabilities[d])[:PROBABLE]
    rows = "".join(f"<li>{d}<span>{percent(probabilities[d], 1)}</span></li>" for d in likely)
    tile = sheet.show(k, f"what the network saw, read as {value}")
    tile = tile.replace('class="tile ', 'class="tile seen ', 1)
    return (
        f'<li class="way {kind}">{tile}<div><b>{escape(value)}</b>'
        f"<small>{escape(words)}</small><ul>{rows}</ul></div></li>"
    )
