"""What a lesson shows: digits, weights, curves and bars, in a notebook and on a web page.

Each is an object with `_repr_html_`, which Jupyter and `web_page` show; it takes its colours from
the web page around it, so that it can be seen on white and on black, and its words and numbers are
in the language of the learner's folder. They need nothing but NumPy: lessons are carried out in a
browser too. Inside: these. Not inside: drawings of reports (`report`), which have a style sheet to
themselves.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt

from digitus.course.messages import FIRST_LANGUAGE, say
from digitus.course.progress import load
from digitus.errors import CourseError
from digitus.plotting import NEGATIVE, POSITIVE, Axis, axis_for, number
from digitus.plotting import Series as _Series
from digitus.types import Bytes, Numbers

COLOURS = ("#2d72d2", "#d2552d", "#238551", "#9d3f9d", "#8f6a00", "#667080")
WIDTH, HEIGHT = 360, 250  # of a drawing, in the pixels of a telephone
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 12, 38  # margins, in the same pixels
SPACE = "\u00a0"
TILE = 84  # pixels of a shown picture
MOST_POINTS = 400  # of a curve


@dataclass(frozen=True)
class Drawing:
    """Something to look at; `words` describe it to those who cannot see it."""

    html: str
    words: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.words


def pictures(images: npt.ArrayLike, captions: Sequence[object] | None = None) -> Drawing:
    """Images [h w] or [n h w] of numbers from 0, paper, to 255, ink, with a caption below each."""
    shown = _stacked(images)
    grey = 255 - np.clip(shown, 0, 255)
    return _tiles(np.repeat(grey[..., None], 3, axis=-1), captions, _said("digit"))


def weights(arrays: npt.ArrayLike, captions: Sequence[object] | None = None) -> Drawing:
    """Numbers [h w] or [n h w]: blue above 0, red below, white at 0, on one scale."""
    shown = _stacked(arrays)
    levels = shown / (np.abs(shown).max() or 1)
    colours = np.where(levels[..., None] > 0, np.array(POSITIVE), np.array(NEGATIVE))
    return _tiles(255 - np.abs(levels)[..., None] * (255 - colours), captions, _said("weights"))


def _stacked(images: npt.ArrayLike) -> Numbers:
    shown = np.asarray(images, float)
    return shown[None] if shown.ndim == 2 else shown


def _tiles(colours: Numbers, captions: Sequence[object] | None, what: str) -> Drawing:
    """Small pictures [n h w 3] in red, green and blue, side by side."""
    names = [str(c) for c in captions] if captions is not None else [""] * len(colours)
    n, h, w = colours.shape[:3]
    side = TILE if n > 1 else 2 * TILE
    parts = [
        '<figure style="display:inline-block;margin:4px;text-align:center">'
        f'<img src="{_png_uri(tile)}" alt="{escape(f"{what} {name}".strip())}" width="{side}" '
        f'height="{side * h // w}" style="image-rendering:pixelated;outline:1px solid #8886">'
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for tile, name in zip(np.round(colours).astype(np.uint8), names, strict=True)
    ]
    words = _said("pictures", n=n, h=h, w=w) + (f": {', '.join(names)}" if any(names) else "")
    return Drawing("".join(parts), words)


def _png_uri(picture: Bytes) -> str:
    """A picture [h w 3] as the data URI of a PNG, each pixel as it is."""
    height, width, _ = picture.shape
    lines = np.pad(picture.reshape(height, -1), ((0, 0), (1, 0)))  # a 0 first: no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),  # 3 bytes each
        (b"IDAT", zlib.compress(lines.tobytes())),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
    packed = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return f"data:image/png;base64,{packed.decode('ascii')}"


def curve(
    curves: Mapping[str, npt.ArrayLike],
    x: npt.ArrayLike | None = None,
    label: str = "",
    points: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]] | None = None,
) -> Drawing:
    """Curves by their names over a common x; `points` are dots by their names, x and y of each.

    `label` names the x axis. Without `x` the values are counted from 0. What is not finite
    is left out. Both axes are even: a straight line is drawn straight.
    """
    values = {name: np.asarray(v, float) for name, v in curves.items()}
    length = max((len(v) for v in values.values()), default=0)
    along = np.arange(length) if x is None else np.asarray(x, float)
    dots = {name: np.asarray(of, float) for name, of in (points or {}).items()}
    every = [_Series("", "", v) for v in [*values.values(), *(of[1] for of in dots.values())]]
    up = axis_for(every, even=True)
    across = _across(np.concatenate([along, *(of[0] for of in dots.values())]))
    # Dots first, so that they have the same colours in a drawing with curves and without.
    parts, names = [_frame(across, up, label)], [*dots, *values]
    colours = dict(zip(names, COLOURS, strict=False))
    for name, v in values.items():
        chosen = np.unique(np.linspace(0, len(v) - 1, min(len(v), MOST_POINTS)).astype(int))
        chosen = chosen[np.isfinite(v[chosen])]
        line = " ".join(f"{_x(across, along[i]):.1f},{_y(up, v[i]):.1f}" for i in chosen)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"/>'
        )
    for name, of in dots.items():
        parts += [
            f'<circle cx="{_x(across, a):.1f}" cy="{_y(up, b):.1f}" r="3" fill="{colours[name]}"/>'
            for a, b in of.T
        ]
    return _figure("".join(parts), names, _said("curves", label=label, names=", ".join(names)))


def bars(
    values: npt.ArrayLike, captions: Sequence[object] | None = None, label: str = ""
) -> Drawing:
    """A bar for each number, from 0."""
    heights = np.asarray(values, float)
    names = [
        _pointed(str(caption)) if isinstance(caption, float) else str(caption)
        for caption in (range(len(heights)) if captions is None else captions)
    ]
    up = axis_for([_Series("", "", np.append(heights, 0.0))])
    across = Axis(-0.5, len(heights) - 0.5, number)
    parts = [_frame(across, up, label, ticks=False)]
    zero, width = _y(up, max(up.low, 0.0)), 0.7 * (WIDTH - LEFT - RIGHT) / len(heights)
    for i, (height, name) in enumerate(zip(heights, names, strict=True)):
        at, top = _x(across, i), _y(up, height)
        parts.append(
            f'<rect x="{at - width / 2:.1f}" y="{min(top, zero):.1f}" width="{width:.1f}" '
            f'height="{abs(zero - top):.1f}" fill="{COLOURS[0]}"/>'
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">'
            f"{escape(name)}</text>"
        )
    pairs = (f"{n} {_pointed(f'{v:.3g}')}" for n, v in zip(names, heights, strict=True))
    return _figure("".join(parts), [], _said("bars", pairs="; ".join(pairs)))


def _said(key: str, **values: object) -> str:
    return say(f"show.{key}", _language(), **values)


def _pointed(written: str) -> str:
    """A number as the language writes it."""
    return written.replace(".", say("worksheet.point", _language()))


def _language() -> str:
    """The learner's language, or the first one where `progress.json` is no learner's file."""
    try:
        return load(Path()).language
    except CourseError:
        return FIRST_LANGUAGE


def _across(x: Numbers) -> Axis:
    low, high = float(x.min()), float(x.max())
    return Axis(low, high if high > low else low + 1, number)


def _x(axis: Axis, value: float) -> float:
    return LEFT + axis.share(value) * (WIDTH - LEFT - RIGHT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - axis.share(value) * (HEIGHT - TOP - BOTTOM)


def _frame(across: Axis, up: Axis, label: str, *, ticks: bool = True) -> str:
    """Grid lines, ticks and the name of the x axis."""
    parts = [
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(up, t):.1f}" y2="{_y(up, t):.1f}" '
        f'stroke="currentColor" stroke-opacity=".2"/>'
        f'<text x="{LEFT - 6}" y="{_y(up, t) + 4:.1f}" text-anchor="end">'
        f"{_pointed(number(t))}</text>"
        for t in up.ticks()
    ]
    if ticks:
        parts += [
            f'<text x="{_x(across, t):.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">'
            f"{_pointed(number(t))}</text>"
            for t in across.ticks()
        ]
    place = f'x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end"'
    return "".join(parts) + (f"<text {place}>{escape(label)}{SPACE}→</text>" if label else "")


def _figure(drawing: str, names: Sequence[str], words: str) -> Drawing:
    legend = " ".join(
        f'<span style="color:{colour}">■</span> {escape(name)}'
        for name, colour in zip(names, COLOURS, strict=False)
    )
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(words)}" '
        f'font-size="11" fill="currentColor" style="max-width:{WIDTH * 1.4:.0f}px;width:100%">'
        f"{drawing}</svg>"
    )
    caption = f"<figcaption>{legend}</figcaption>" if legend else ""
    return Drawing(f'<figure style="margin:8px 0">{svg}{caption}</figure>', words)
