"""What notebooks show of recognizers, scores and readings: tables, and a picture with its boxes.

Inside: HTML of small pieces, without styles of its own but for the boxes, so that it looks as the
notebook does. Not inside: reports for a browser (`report`), and what is in the tables.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

from digitus.types import Box, Bytes

LONGEST_PIXELS = 800  # the longer side of the picture that is shown
SURE, DOUBTFUL = "#1c5cbe", "#c83214"


class Boxed(Protocol):
    """What is drawn of a digit that was read."""

    @property
    def value(self) -> int | None: ...  # noqa: D102
    @property
    def confidence(self) -> float: ...  # noqa: D102
    @property
    def doubtful(self) -> bool: ...  # noqa: D102
    @property
    def box(self) -> Box: ...  # noqa: D102


def table(head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> str:
    """An HTML table; its texts may be anything."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    above = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f"<table>{above}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def picture(pixels: Bytes, width: int, height: int, digits: Iterable[Boxed]) -> str:
    """A picture of `width` x `height` pixels, of which `pixels` is a copy, a box around each digit.

    A doubtful digit has a red, dashed box; one that is refused, a "?".
    """
    import cv2

    bgr = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    encoded, packed = cv2.imencode(".png", bgr)
    assert encoded
    data = base64.b64encode(packed.tobytes()).decode("ascii")
    longest = max(width, height, 1)
    shown = min(LONGEST_PIXELS, max(longest, 280)) / longest
    boxes = "".join(_box(digit, 1 / shown) for digit in digits)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width * shown:.0f}" height="{height * shown:.0f}">'
        f'<image href="data:image/png;base64,{data}" width="{width}" height="{height}" '
        f'preserveAspectRatio="none"/>{boxes}</svg>'
    )


def _box(digit: Boxed, pixel: float) -> str:
    """A frame with the value; `pixel` is the size of a screen pixel, in pixels of the picture."""
    x, y, w, h = digit.box
    said = "?" if digit.value is None else str(digit.value)
    colour = DOUBTFUL if digit.doubtful else SURE
    dash = f' stroke-dasharray="{4 * pixel:.2f}"' if digit.doubtful else ""
    return (
        f"<g><title>{said} {100 * digit.confidence:.1f} %</title>"
        f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="none" stroke="{colour}" '
        f'stroke-width="{1.5 * pixel:.2f}"{dash}/>'
        f'<text x="{x}" y="{max(y - 2 * pixel, 12 * pixel):.1f}" fill="{colour}" '
        f'font-size="{13 * pixel:.1f}" font-family="sans-serif">{said}</text></g>'
    )
