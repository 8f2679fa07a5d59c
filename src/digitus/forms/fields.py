"""The fields of a straight page, read: digits in cells, what is empty, what was crossed out.

Each field is cut out and aligned by its own printed lines, which takes away the last pixels by
which it is off. All are put side by side in one mosaic, at the size at which the page network sees
digits best. There the three networks say what each find is (`detection`), as in any picture.

Inside: that, from a page to what each field may say. Not inside: finding the page (`straighten`),
and what a form demands of several fields (`choose`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitus.cancellation import check
from digitus.detection.detector import merged
from digitus.detection.maps import peaks
from digitus.detection.model import shipped
from digitus.forms.align import Shift, shifts
from digitus.forms.choose import Answer, Option, answers
from digitus.forms.form import EMPTY, UNREADABLE, Field, Place
from digitus.forms.printed import (
    AROUND,
    PAPER,
    Dark,
    box,
    dark_on,
    print_on,
    without_print,
)
from digitus.forms.raster import SCALE
from digitus.forms.straighten import on_white
from digitus.reading.look import LIKELY, Look, look_at, recognized, seen
from digitus.reading.options import ReadingOptions
from digitus.types import Bytes, Floats32, Floats64, Images, Ints, Mask

HIGH = 44  # pixels of a field's height: digits are about two thirds of it
MOSAIC_WIDTH = 1000  # pixels of the fields side by side
BETWEEN = 16  # pixels between them
BLOCK = 16  # pixels: the mosaic's sides are multiples of it
LEAST_HEAT = 0.05
POSSIBLE = 0.05  # the probability of a digit from which on the recognizer looks too
EMPTY_INK = 0.8  # mm²: a cell with less is empty
SEEN = 0.5  # of an empty field's printed corners: where fewer are found, it is somewhere else
INSET = 0.12  # of a cell's sides: ink so near to them may be walls, or the next cell's
# A stroke as long as both of these crosses a field out:
STRUCK = 0.8  # of its written width
STRUCK_CELLS = 1.8  # cells
FREE_AT_LEAST = 1e5  # pixels: a free field takes their work at least, however small it is
GAP = 11  # pixels: parts of a stroke this near are joined, since printed lines cut it


@dataclass(frozen=True, eq=False)
class FieldFound:
    """What a field may say, likeliest first, where it is on the page, and what was seen of it.

    `mark` is "crossed out", "not found" or nothing; `images` [k 28 28] are what the recognizer saw
    of the digits in a field's cells, from left to right.
    """

    answers: list[Answer]
    shift: Shift
    mark: str = ""
    images: Images | None = None


@dataclass(frozen=True, eq=False)
class _Part:
    """A field in the mosaic: its corner there, and how much larger it is."""

    field: Field
    left: int
    top: int
    zoom: float
    corner: tuple[float, float]  # of what was cut out, in pixels of the page

    def place(self, cell: Place, shift: Shift) -> tuple[float, float, float, float]:
        """A cell, in mm, in the mosaic: left, top, right, bottom."""
        moved = _moved(cell, shift)
        x, y = ((moved[i] * SCALE - self.corner[i]) * self.zoom for i in (0, 1))
        x, y = x + self.left, y + self.top
        return x, y, x + cell[2] * SCALE * self.zoom, y + cell[3] * SCALE * self.zoom

    def written(self, finds: Ints, boxes: Floats32, dark: Dark) -> Ints:
        """Those of the finds, by index, that are no print."""
        corner = np.array([self.left, self.top])
        middle, size = np.hsplit(boxes[finds], 2)
        middle = (middle - corner) / self.zoom + np.array(self.corner)
        on_page = np.hstack([middle, size / self.zoom]).tolist()
        return finds[[not dark.is_print(*find) for find in on_page]]


def read_fields(
    straight: Bytes, blank: Bytes, fields: Sequence[Field], options: ReadingOptions
) -> dict[str, FieldFound]:
    """What each field of a page says; `blank` is the page without what was written."""
    clear = on_white(straight)
    moved = shifts(clear, blank, fields)
    together = [field for field in fields if field.kind != "free"]
    printed = print_on(blank, together, moved)
    dark = dark_on(clear, printed)
    mosaic, parts = _mosaic(clear, together)
    found = peaks(shipped().detector.answers(mosaic[None])[0], LEAST_HEAT)
    look = seen(mosaic, 0, merged(found), [])
    which = np.flatnonzero(look.likely >= POSSIBLE).tolist()
    bare, _ = _mosaic(without_print(clear, printed), together)
    look = recognized(replace(look, grey=bare), which, options)
    read = {}
    for part in parts:
        check()
        read[part.field.name] = _read(part, look, dark, moved[part.field.name])
    for field in fields:
        check()
        if field.kind == "free":
            read[field.name] = _read_free(clear, dark, field, moved[field.name], options)
    return read


def pixels_of(fields: Sequence[Field]) -> float:
    """About how many pixels of a page's fields are looked at, as a measure of the work."""

    def pixels(field: Field) -> float:
        _, _, w, h = field.place
        if field.kind == "free":
            return max(w * h * SCALE**2, FREE_AT_LEAST)
        return (w + 2 * AROUND) * (h + 2 * AROUND) * (HIGH / h) ** 2

    return sum(map(pixels, fields))


def shifted(straight: Bytes, blank: Bytes, fields: Sequence[Field]) -> dict[str, Shift]:
    """The movement of each field, for callers that need nothing else."""
    return shifts(on_white(straight), blank, fields)


def _mosaic(clear: Bytes, fields: Sequence[Field]) -> tuple[Bytes, list[_Part]]:
    """Fields side by side in rows, each at the size at which digits are seen best."""
    cut, parts, x, y, high, wide = [], [], BETWEEN, BETWEEN, 0, 0
    for field in fields:
        check()
        rows, columns = box(field.place, AROUND, clear.shape)
        zoom = HIGH / (field.place[3] * SCALE)
        how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
        piece = cv2.resize(clear[rows, columns], None, fx=zoom, fy=zoom, interpolation=how)
        h, w = piece.shape
        if x > BETWEEN and x + w + BETWEEN > MOSAIC_WIDTH:
            x, y, high = BETWEEN, y + high + BETWEEN, 0
        parts.append(_Part(field, x, y, zoom, (columns.start, rows.start)))
        cut.append(piece)
        x, high, wide = x + w + BETWEEN, max(high, h), max(wide, x + w + BETWEEN)
    rows_, columns_ = (-(-s // BLOCK) * BLOCK for s in (y + high + BETWEEN, wide + BETWEEN))
    mosaic = np.full((rows_, columns_), PAPER, np.uint8)
    for part, piece in zip(parts, cut, strict=True):
        mosaic[part.top :, part.left :][: piece.shape[0], : piece.shape[1]] = piece
    return mosaic, parts


def _read(part: _Part, look: Look, dark: Dark, shift: Shift) -> FieldFound:
    """What a field says; its finds are among those of the mosaic, by place."""
    field, boxes, joint, ink = part.field, look.found.boxes, look.joint, dark.written
    if not field.in_cells:
        left, top, right, bottom = part.place(field.place, shift)
        above = 0.3 * (bottom - top)
        inside = _within(boxes, (left, top - above, right, bottom + above))
        inside = inside[boxes[inside, 1] + boxes[inside, 3] / 2 > top]  # a caption ends above
        inside = part.written(inside, boxes, dark)
        order = inside[np.argsort(boxes[inside, 0])]
        wanted = field.signs.count("#")
        written = _area(ink, field.place, shift) >= EMPTY_INK
        return FieldFound(_on_line(field, joint[order], wanted, written), shift)
    options, inked, unread = [], 0, 0
    shown: list[int] = []
    for cell in field.digit_places:
        here = part.written(_within(boxes, part.place(cell, shift)), boxes, dark)
        area = _area(ink, cell, shift)
        best = here[joint[here].sum(1).argmax()] if len(here) else None
        likely = float(joint[best].sum()) if best is not None else 0.0
        written = area >= EMPTY_INK
        inked += written
        unread += written and likely < LIKELY
        if best is None or (not written and likely < LIKELY):
            options.append([(UNREADABLE if written else EMPTY, 1.0)])
        else:
            options.append(_options(joint[best]))
            shown.append(best)
    struck = _struck(ink, field, shift) or (inked > 0 and unread * 2 > inked)
    mark = "crossed out" if struck else ""
    if not inked and shift.seen < SEEN:
        mark = "not found"
    return FieldFound(answers(field, options), shift, mark, look.images[shown])


def _options(joint: Floats64) -> list[Option]:
    found = [(str(digit), float(p)) for digit, p in enumerate(joint)]
    return [*found, (UNREADABLE, max(0.0, 1 - float(joint.sum())))]


def _within(boxes: Floats32, place: tuple[float, float, float, float]) -> Ints:
    """The finds whose middles are in a place, by index."""
    left, top, right, bottom = place
    x, y = boxes[:, 0], boxes[:, 1]
    return np.flatnonzero((x >= left) & (x < right) & (y >= top) & (y < bottom))


def _on_line(field: Field, joint: Floats64, wanted: int, written: bool) -> list[Answer]:
    """What digits in a row say: the likeliest `wanted` of them, or all that are digits."""
    likely = joint.sum(1)
    if wanted and len(joint) > wanted:
        kept = np.sort(np.argsort(-likely)[:wanted])
    else:
        kept = np.flatnonzero(likely >= LIKELY)
    cells = [_options(joint[i]) for i in kept]
    if not any(likely[i] >= LIKELY for i in kept):
        none = 1.0 - float(likely.max(initial=0.0))
        return [Answer(UNREADABLE, none, "unreadable") if written else Answer(EMPTY, none)]
    return answers(field, cells + [[(EMPTY, 1.0)]] * max(0, wanted - len(cells)))


def _read_free(
    clear: Bytes, dark: Dark, field: Field, shift: Shift, options: ReadingOptions
) -> FieldFound:
    """What a free field says: digits of any size may stand anywhere in it."""
    if _area(dark.written, field.place, shift) < EMPTY_INK:
        return FieldFound([Answer("", 1.0)], shift)
    rows, columns = box(field.place, 0.0, clear.shape)
    look = look_at(np.ascontiguousarray(clear[rows, columns]), 0, options)
    lines = look.lines(field.signs or None)
    part = _Part(field, 0, 0, 1.0, (columns.start, rows.start))
    kept = part.written(np.array([i for line in lines for i in line], int), look.found.boxes, dark)
    joint = recognized(look, kept.tolist(), options).joint[kept]
    return FieldFound(_on_line(field, joint, field.signs.count("#"), True), shift)


def _moved(place: Place, shift: Shift) -> Place:
    """A place, in mm, moved to where its middle really is."""
    x, y, w, h = place
    (moved,) = shift(np.array([[x + w / 2, y + h / 2]]) * SCALE) / SCALE
    return x + float(moved[0]), y + float(moved[1]), w, h


def _area(ink: Mask, cell: Place, shift: Shift) -> float:
    """The ink in a cell, in mm²."""
    x, y, w, h = cell
    inner = x + INSET * w, y + INSET * h, w * (1 - 2 * INSET), h * (1 - 2 * INSET)
    return float(ink[box(_moved(inner, shift), 0.0, ink.shape)].sum()) / SCALE**2


def _struck(ink: Mask, field: Field, shift: Shift) -> bool:
    """Whether one stroke goes across what is written in a field of several cells."""
    here = ink[box(_moved(field.place, shift), 0.0, ink.shape)].view(np.uint8)
    if not here.any() or len(field.digit_places) < 2:
        return False
    joined = cv2.morphologyEx(here, cv2.MORPH_CLOSE, np.ones((3, GAP), np.uint8))
    written = np.flatnonzero(here.any(0))
    extent = written[-1] - written[0] + 1
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    longest = int(stats[1:, cv2.CC_STAT_WIDTH].max())
    cell = field.digit_places[0][2] * SCALE
    return longest >= max(STRUCK * extent, STRUCK_CELLS * cell)
