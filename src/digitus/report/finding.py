"""The report on a network that learnt from made pages: how it learnt, and what it finds.

Inside: `write_page_report`, with learning curves over the examples that were seen and made pages
with frames around what was found. Not inside: reports on recognizers (`digitus.report`), layers and
recipe (`model`), how a picture is read with the network (`explain`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import numpy as np
from markupsafe import Markup

from digitus import __version__
from digitus.detection.maps import Peaks
from digitus.detection.model import PageNetwork
from digitus.detection.source import TrainedPages
from digitus.detection.tasks import task_of
from digitus.files import write_marked
from digitus.history import EpochRecord
from digitus.plotting import Series, axis_for, percentage
from digitus.report import charts, model
from digitus.report.formats import duration, percent, quantity
from digitus.report.html import Section, fill, standalone
from digitus.report.overlay import Frame, Overlay, overlay
from digitus.synthetic.pages.pages import Page
from digitus.types import Box, Floats64
from digitus.vision.colour import as_grey
from digitus.vision.paper import at_most

TEMPLATE = "report/finding.html"
LEAST_HEAT = 0.5  # finds are shown that the network takes for digits rather than not
SEEN, MANY = "examples seen", 10_000  # from so many on they are counted by the thousand
SHOWN_SIDE = 1000  # pixels of the longer side of a page that is shown


@dataclass(frozen=True)
class Counts:
    """How many digits of some pages were found, taken for others, missed, or found in vain."""

    found: int = 0
    mistaken: int = 0
    missed: int = 0
    invented: int = 0

    @property
    def digits(self) -> int:
        """How many digits there are."""
        return self.found + self.mistaken + self.missed


def write_page_report(path: Path | str, trained: TrainedPages, pages: Sequence[Page]) -> None:
    """Writes the report to one HTML file, atomically, over nothing but an older one of ours.

    A network that finds digits is shown at work on `pages`, which are not learnt from.

    Raises `OutputError`.
    """
    write_marked(Path(path), page_report(trained, pages))


def page_report(trained: TrainedPages, pages: Sequence[Page]) -> str:
    """The report as text; see `write_page_report`."""
    recipe, history, task = trained.recipe, trained.history, task_of(trained.recipe)
    epochs, crops = history["epochs"], int(history["examples"])
    cells = " × ".join(str(n) for n in recipe.network.plan((task.side, task.side, 1))[1])
    share = epochs[-1]["development_accuracy"] if epochs else None
    header = fill(
        TEMPLATE,
        "header",
        name=recipe.name,
        about=recipe.about,
        found=share,
        held_back=f"{int(history['development']):,} {task.examples}",
        words=task.right,
        facts=_facts(trained, crops),
    )
    sections = [
        learning(epochs, crops),
        finds(PageNetwork(recipe, trained.params), pages) if pages else None,
        model.network(recipe, (task.side, task.side), f"{cells} outputs"),
        model.recipe(recipe, history),
    ]
    return standalone(
        f"{recipe.name}: {percent(share)} · digitus",
        header,
        [section for section in sections if section],
        f"Written by digitus {__version__}. Everything on this page is in this one file.",
        style_sheets=["report/overlay.css"],
    )


def _facts(trained: TrainedPages, crops: int) -> list[tuple[str, str]]:
    history = trained.history
    epochs = history["epochs"]
    return [
        ("parameters", quantity(sum(a.size for a in trained.params.values()))),
        ("learnt from", str(history["data"]["name"])),
        ("examples seen", quantity(crops * len(epochs))),
        ("training", duration(sum(float(epoch["seconds"]) for epoch in epochs))),
        ("date", date.today().isoformat()),
        ("versions", f"digitus {history['digitus']}, NumPy {history['numpy']}"),
    ]


def learning(epochs: Sequence[EpochRecord], crops: int) -> Section | None:
    """The curves of loss, of its parts and of what is right, over the examples seen."""
    if not epochs:
        return None
    seen = crops * np.array([epoch["epoch"] for epoch in epochs])
    words = SEEN
    if seen[-1] >= MANY:
        seen, words = seen / 1000, f"thousand {SEEN}"

    def column(key: str) -> Floats64:
        return np.array(
            [float(cast("Mapping[str, float]", epoch).get(key, np.nan)) for epoch in epochs]
        )

    loss, found = (
        [
            Series("training", "train", column(key)),
            Series("held back", "development", column(f"development_{key}")),
        ]
        for key in ("loss", "accuracy")
    )
    rate = [Series("learning rate", "rate", column("rate"))]
    drawn = [
        _curve("Loss", seen, words, loss),
        charts.curves("Share right", seen, found, axis_for(found, percentage), words),
        charts.curves("Learning rate", seen, rate, axis_for(rate, from_zero=True), words),
    ]
    parts = []
    for name in epochs[-1].get("development_parts", {}):
        values = [epoch.get("development_parts", {}).get(name, np.nan) for epoch in epochs]
        series = [Series("held back", "development", np.array(values, np.float64))]
        parts.append(_curve(name.capitalize(), seen, words, series))
    body = fill(TEMPLATE, "learning", epochs=len(epochs), charts=drawn, parts=parts)
    return Section("learning", "How it learnt", body)


def _curve(title: str, seen: Floats64, words: str, series: Sequence[Series]) -> Markup:
    return charts.curves(title, seen, series, axis_for(series), words)


def finds(network: PageNetwork, pages: Sequence[Page]) -> Section:
    """Pages with frames around what was found, and around what was not."""
    shown: list[Overlay] = []
    total: Counter[str] = Counter()
    for page in pages:
        found = network.detector.find(as_grey(page.picture), LEAST_HEAT)
        frames = frames_of(page, found)
        count = Counter(frame.kind for frame in frames)
        total += count
        picture = at_most(SHOWN_SIDE, page.picture)
        zoom = picture.shape[1] / page.picture.shape[1]
        small = [Frame(_scaled(f.box, zoom), f.words, f.kind) for f in frames]
        shown.append(overlay(picture, _in_words(counts(count), page), small))
    body = fill(TEMPLATE, "finds", pages=shown, words=_in_words(counts(total)))
    return Section("pages", "What it finds on pages held back", body)


def counts(kinds: Counter[str]) -> Counts:
    """From the number of frames of each kind."""
    return Counts(kinds["digit"], kinds["refused"], kinds["missed"], kinds["unlikely"])


def frames_of(page: Page, found: Peaks) -> list[Frame]:
    """A frame for each find and each digit that was missed.

    A find belongs to the digit in whose box its middle lies; of several, only the hottest does.
    """
    frames, taken = [], set()
    for k in np.argsort(-found.heat, kind="stable").tolist():
        x, y, w, h = found.boxes[k].tolist()
        said = int(found.digits[k].argmax())
        inside = [
            n
            for n, (_, (left, top, wide, high), _) in enumerate(page.digits)
            if n not in taken and left <= x <= left + wide and top <= y <= top + high
        ]
        box = round(x - w / 2), round(y - h / 2), max(1, round(w)), max(1, round(h))
        words, kind = f"{said}, where no digit is", "unlikely"
        if inside:
            taken.add(inside[0])
            value = page.digits[inside[0]][0]
            words, kind = str(said), "digit"
            if value != said:
                words, kind = f"{value} taken for {said}", "refused"
        frames.append(Frame(box, f"{words}; heat {percent(float(found.heat[k]), 1)}", kind))
    missed = (digit for n, digit in enumerate(page.digits) if n not in taken)
    frames += [Frame(box, f"{value}, not found", "missed") for value, box, _ in missed]
    return frames


def _scaled(box: Box, zoom: float) -> Box:
    x, y, w, h = (round(v * zoom) for v in box)
    return x, y, max(1, w), max(1, h)


def _in_words(count: Counts, page: Page | None = None) -> str:
    """What was found, and for a page its kinds."""
    words = (
        f"{quantity(count.found)} of {quantity(count.digits, 'digit')} found, "
        f"{quantity(count.mistaken)} taken for others, {quantity(count.missed)} missed; "
        f"{quantity(count.invented)} found where no digit is"
    )
    return words if page is None else f"{', '.join(sorted(page.kinds))}: {words}"
