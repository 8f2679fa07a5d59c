"""Files of pictures into grey pixels: the only place of this package that opens an image.

Inside: limits, the formats that are let in, and the many ways in which files store grey. Not
inside: anything about what the picture shows.

Pictures come from strangers, so Pillow is kept to common formats (most of its security fixes
concern rare ones), and size is judged by the header, before a pixel is decoded.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from digitus.errors import DataError
from digitus.types import Bytes, Floats64

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
HEIC = "HEIF"  # Pillow's name, once the extra `heic` is installed
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".heic"})
GREY_MODES = ("1", "L", "LA")
MAX_BYTES = 50 * 10**6
MAX_PIXELS = 60 * 10**6  # the largest telephone cameras; 60 MB as grey, 240 MB while decoding
MAX_PAGES = 100  # of a TIFF
MOST_INK_SHARE = 0.5  # of a picture: what covers more of a transparent ground is no ink
LIGHT_INK_GREY = 191  # lighter ink is not seen well on white


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of `width` x `height`, the way up that its camera noted.

    `pixels` are bytes, [h w 3] (red, green, blue) or grey [h w]. They may be fewer than the
    picture has: a large JPEG is decoded at a half, a quarter or an eighth of its size where that
    is enough.
    """

    pixels: Bytes
    width: int
    height: int


def decode(source: Path | bytes, name: str = "") -> Bytes:
    """A picture as grey bytes [h w], 0 black to 255 white, the way up that its camera noted.

    Colours become grey by their luminance; what is transparent shows white paper, or black where
    the picture is light ink on nothing; of several
    pages, the first is taken. White is 65535 in 16-bit pictures; in deeper ones, which do not say,
    it is the smallest of 1, 255 and 65535 that no pixel exceeds, or else the largest pixel.
    `name` is what errors call a picture that is not a file.

    Raises `DataError` where it is not a picture in one of `FORMATS`, is damaged, is an animation,
    or exceeds `MAX_BYTES` or `MAX_PIXELS`.
    """
    return next(decode_pages(source, name, colours=False)).pixels


def decode_pages(
    source: Path | bytes, name: str = "", *, side: int | None = None, colours: bool = True
) -> Iterator[Picture]:
    """The pages of a TIFF, one after the other, or the one picture of any other file.

    Grey, unless `colours` are wanted and there. With `side`, a JPEG is decoded no finer than
    needed for that many pixels on its longer side (12 megapixels for a side of 2,000: 60 ms
    instead of 150). Else as `decode`; more than `MAX_PAGES` pages are an error too.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    content = _read(source, name) if isinstance(source, Path) else source
    if len(content) > MAX_BYTES:
        raise _too_large(name)
    if not content:
        raise DataError(f"{name}: is empty")
    return _decoded(content, name, side, colours)


def _decoded(content: bytes, name: str, side: int | None, colours: bool) -> Iterator[Picture]:
    """Each page of a file, decoded when it is asked for."""
    with _told(content, name), Image.open(io.BytesIO(content), formats=_formats()) as image:
        # An MPO is a JPEG in which a camera put a second picture, which is passed over.
        if image.format not in ("TIFF", "MPO") and getattr(image, "is_animated", False):
            raise DataError(f"{name}: is an animation; save the frame that is meant")
        yield _page(image, name, side, colours)
        page = 1
        while image.format == "TIFF" and _turned_to(image, page):
            if page == MAX_PAGES:
                raise DataError(f"{name}: has more than {MAX_PAGES} pages; split it")
            yield _page(image, name, side, colours)
            page += 1


@contextmanager
def _told(content: bytes, name: str) -> Iterator[None]:
    """Whatever Pillow raises, as one line for a person."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"{name}: {_what_instead(content)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(
            f"{name}: has more than {MAX_PIXELS // 10**6} million pixels; make the picture smaller"
        ) from None
    except Exception as error:  # a damaged file makes decoders raise nearly anything
        raise DataError(f"{name}: is damaged or of a rare kind ({_one_line(error)})") from None


@cache
def _formats() -> tuple[str, ...]:
    with suppress(ImportError):
        from pi_heif import register_heif_opener

        register_heif_opener()
        return (*FORMATS, HEIC)
    return FORMATS


def _turned_to(image: Image.Image, page: int) -> bool:
    try:
        image.seek(page)
    except EOFError:
        return False
    return True


def _page(image: Image.Image, name: str, side: int | None, colours: bool) -> Picture:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{name}: {width} x {height} pixels are more than {MAX_PIXELS // 10**6} "
            "million; make the picture smaller"
        )
    if side is not None and image.format in ("JPEG", "MPO"):
        share = side / max(width, height)
        image.draft(None, (int(width * share), int(height * share)))
    if image.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8):
        width, height = height, width
    return Picture(_pixels(ImageOps.exif_transpose(image), name, colours), width, height)


def _read(path: Path, name: str) -> bytes:
    if path.is_dir():
        raise DataError(f"{name}: is a folder; name the pictures in it")
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror or error})") from None


def _too_large(name: str) -> DataError:
    return DataError(f"{name}: is larger than {MAX_BYTES // 10**6} MB; make the picture smaller")


def _what_instead(content: bytes) -> str:
    if content[4:8] == b"ftyp" and HEIC not in _formats():
        return (
            "is an HEIC or AVIF photo; to read HEIC, pip install 'digitus[heic]', or save it as "
            "JPEG"
        )
    return f"is not a picture in a known format ({', '.join(_formats())})"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def _pixels(image: Image.Image, name: str, colours: bool) -> Bytes:
    if image.mode.startswith("I;16"):
        return (np.asarray(image).astype(np.uint16) // 257).astype(np.uint8)
    if image.mode in ("I", "F"):
        with np.errstate(invalid="ignore"):  # of what is not a number; `_scaled` says so
            return _scaled(np.asarray(image, np.float64), name)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = "black" if _is_light_ink(image) else "white"
        image = Image.alpha_composite(Image.new("RGBA", image.size, ground), image)
    return np.array(image.convert("RGB" if colours and image.mode not in GREY_MODES else "L"))


def _is_light_ink(image: Image.Image) -> bool:
    """Whether a picture (RGBA) is little light ink on nothing, which on white could not be seen."""
    alpha = np.asarray(image.getchannel("A"), np.float32) / 255
    share = float(alpha.mean())
    if not 0 < share < MOST_INK_SHARE:
        return False
    light = np.asarray(image.convert("RGB").convert("L"), np.float32)
    return float((light * alpha).mean()) / share > LIGHT_INK_GREY


def _scaled(deep: Floats64, name: str) -> Bytes:
    if not np.isfinite(deep).all() or deep.min() < 0:
        raise DataError(f"{name}: has pixels that are negative or not numbers")
    white = next((top for top in (1, 255, 65535) if deep.max() <= top), deep.max())
    return np.rint(deep * (255 / white)).astype(np.uint8)
