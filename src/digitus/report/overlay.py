"""Pictures in a report with frames and links over them, which keep their width at any size.

Inside: what is drawn over a picture, for the macro `overlay` of `parts.html`. Not inside: which
frames there are (`explain`, `finding`), pictures without any (`pictures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digitus.report.pictures import photo_uri
from digitus.types import Box, Bytes, Grey


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame, in the picture's pixels, what is said of it, and its class in the style sheet."""

    box: Box
    words: str
    kind: str


@dataclass(frozen=True, eq=False)
class Link:
    """An arrow from one place (x, y) to another; `kind` is "joins" or "parts"."""

    start: tuple[float, float]
    end: tuple[float, float]
    words: str
    kind: str


@dataclass(frozen=True, eq=False)
class Overlay:
    """A picture of `width` x `height` pixels with frames and links over it."""

    uri: str
    width: int
    height: int
    caption: str
    frames: Sequence[Frame] = ()
    links: Sequence[Link] = ()


def overlay(
    picture: Grey | Bytes, caption: str, frames: Sequence[Frame] = (), links: Sequence[Link] = ()
) -> Overlay:
    """What is to be drawn over a picture, grey [h w] or RGB [h w 3]."""
    h, w = picture.shape[:2]
    return Overlay(photo_uri(picture), w, h, caption, frames, links)
