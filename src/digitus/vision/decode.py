"""Files of pictures into grey pixels: the only place of this package that opens an image.

Inside: limits, the formats that are let in, and the many ways in which files store grey. Not
inside: anything about what the picture shows.

Pictures come from strangers, so Pillow is kept to common formats (most of its security fixes
concern rare ones), and size is judged by the header, before a pixel is decoded.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError, features

from digitus.errors import DataError
from digitus.files import read_at_most
from digitus.limits import (
    DECODED_AT_ONCE,
    PICTURE_BYTES,
    PICTURE_PAGES,
    PICTURE_PIXELS,
    WEBP_PIXELS,
)
from digitus.types import Bytes, Numbers

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
HEIC = "HEIF"  # Pillow's name, once the extra `heic` is installed
AVIF = "AVIF"  # in Pillow since 11.3, which the extra `avif` asks for
PDF, PNG = b"%PDF", b"\x89PNG\r\n\x1a\n"  # what such files begin with
SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".heic", ".avif", ".pdf")
)
GREY_MODES = ("1", "L", "LA")
MOST_INK_SHARE = 0.5  # of a transparent picture: what covers more of it is no ink
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
    the picture is light ink on nothing; of several pages, the first is taken. White is 65535 in
    16-bit pictures; in deeper ones, which do not say, it is the smallest of 1, 255 and 65535 that
    no pixel exceeds, or else the largest. `name` is what errors call a picture that is no file.

    Raises `DataError` where it is not a picture in one of `FORMATS`, is damaged, is an animation,
    or exceeds `PICTURE_BYTES` or `PICTURE_PIXELS`.
    """
    return next(decode_pages(source, name, colours=False)).pixels


def decode_pages(
    source: Path | bytes, name: str = "", *, side: int | None = None, colours: bool = True
) -> Iterator[Picture]:
    """The pages of a TIFF or a PDF, one after the other, or the one picture of any other file.

    Grey, unless `colours` are wanted and there. With `side`, a JPEG is decoded no finer than
    needed for that many pixels on its longer side (12 megapixels for a side of 2,000: 60 ms
    instead of 150). Otherwise as `decode`; more than `PICTURE_PAGES` pages are an error too.
    """
    name = name or (str(source) if isinstance(source, Path) else "picture")
    content = read_picture(source, name) if isinstance(source, Path) else source
    if len(content) > PICTURE_BYTES:
        raise _too_large(name)
    if not content:
        raise DataError(f"{name}: is empty", "empty")
    if content.startswith(PDF):
        from digitus.vision.pdf import pdf_pages  # it imports what starts processes: 4 ms

        pages = pdf_pages(content, name, side)
        return (_page(Image.fromarray(page), name, None, colours) for page in pages)
    return _decoded(content, name, side, colours)


def of_image(image: Image.Image, name: str = "picture") -> Picture:
    """An image that Pillow has opened already, or made. Raises `DataError` as `decode` does."""
    with _as_data_errors(b"", name):
        return _page(image, name, None, True)


def _decoded(content: bytes, name: str, side: int | None, colours: bool) -> Iterator[Picture]:
    """Each page of a file, decoded when it is asked for."""
    with _as_data_errors(content, name), _opened(content) as image:
        # An MPO is a JPEG in which a camera put a second picture, which is passed over.
        if image.format not in ("TIFF", "MPO") and getattr(image, "is_animated", False):
            raise DataError(f"{name}: is an animation; save the frame that is meant", "animation")
        yield _page(image, name, side, colours)
        page = 1
        while image.format == "TIFF" and _turned_to(image, page):
            if page == PICTURE_PAGES:
                why = f"has more than {PICTURE_PAGES} pages; split it"
                raise DataError(f"{name}: {why}", "pages", n=PICTURE_PAGES)
            yield _page(image, name, side, colours)
            page += 1


def _opened(content: bytes) -> Image.Image:
    """Opens a PNG without loading Pillow's other formats: 9 of 12 ms for the first picture."""
    if not content.startswith(PNG):
        return Image.open(io.BytesIO(content), formats=_formats())
    from PIL.PngImagePlugin import PngImageFile

    return PngImageFile(io.BytesIO(content))


@contextmanager
def _as_data_errors(content: bytes, name: str) -> Iterator[None]:
    """Whatever Pillow raises, as one line for a person."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise _what_instead(content, name) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        most = PICTURE_PIXELS // 10**6
        why = f"has more than {most} million pixels; make the picture smaller"
        raise DataError(f"{name}: {why}", "pixels", n=most) from None
    except Exception as error:  # a damaged file makes decoders raise nearly anything
        why = f"is damaged or of a rare kind ({_one_line(error)})"
        raise DataError(f"{name}: {why}", "damaged") from None


@cache
def _formats() -> tuple[str, ...]:
    formats = list(FORMATS)
    if "avif" in features.modules and features.check_module("avif"):  # an older Pillow has none
        formats.append(AVIF)
    with suppress(ImportError):
        from pi_heif import register_heif_opener

        register_heif_opener()
        formats.append(HEIC)
    return tuple(formats)


def _turned_to(image: Image.Image, page: int) -> bool:
    try:
        image.seek(page)
    except EOFError:
        return False
    return True


def _page(image: Image.Image, name: str, side: int | None, colours: bool) -> Picture:
    width, height = image.size
    video = image.format in ("WEBP", AVIF)  # whose decoders keep further copies of the picture
    most = WEBP_PIXELS if video else PICTURE_PIXELS
    if width * height > most:
        most //= 10**6
        why = f"{most} million{f' in {image.format}' if video else ''}; make the picture smaller"
        raise DataError(f"{name}: {width} x {height} pixels are more than {why}", "pixels", n=most)
    if side is not None and image.format in ("JPEG", "MPO"):
        share = side / max(width, height)
        image.draft(None, (int(width * share), int(height * share)))
    image.load()
    if image.format == "TIFF":  # is turned as it is loaded
        width, height = image.size
    pixels = _pixels(image, name, colours)
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    return Picture(_upright(pixels, orientation), width, height)


def read_picture(path: Path, name: str = "") -> bytes:
    """The bytes of a file or pipe, at most one more than are allowed.

    Raises `DataError` where it cannot be read.
    """
    try:
        return read_at_most(path, PICTURE_BYTES + 1)
    except IsADirectoryError:
        raise DataError(f"{name or path}: is a folder; name the pictures in it") from None
    except (OSError, ValueError) as error:  # the second for an impossible name
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{name or path}: cannot be read ({why})") from None


def _too_large(name: str) -> DataError:
    most = PICTURE_BYTES // 10**6
    return DataError(f"{name}: is larger than {most} MB; make the picture smaller")


def _what_instead(content: bytes, name: str) -> DataError:
    if content[4:8] == b"ftyp" and not {HEIC, AVIF} <= {*_formats()}:
        why = "to read it, pip install 'digitus[heic,avif]', or save it as JPEG"
        return DataError(f"{name}: is an HEIC or AVIF photo; {why}", "heic")
    known = ", ".join(_formats())
    return DataError(
        f"{name}: is not a picture in a known format ({known})", "unknown", known=known
    )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:100] or type(error).__name__


def _pixels(image: Image.Image, name: str, colours: bool) -> Bytes:
    """The pixels as they are stored: bytes [h w 3], or grey [h w]."""
    if image.mode in ("I", "F"):
        white = _white(image, name)
        return _joined(image, lambda part: _scaled(part, white))
    if image.mode.startswith("I;16"):
        return _joined(image, lambda part: np.asarray(part).astype(np.uint16) // 257)
    mode = "RGB" if colours and image.mode not in GREY_MODES else "L"
    if not image.has_transparency_data:
        return _joined(image, lambda part: np.asarray(part.convert(mode)))
    ground = "black" if _is_light_ink(image) else "white"
    return _joined(image, lambda part: np.asarray(_on(part, ground).convert(mode)))


def _strips(image: Image.Image) -> Iterator[Image.Image]:
    """A picture in strips, so that what is made on the way is never as large as all of it."""
    rows = max(1, DECODED_AT_ONCE // image.width)
    if rows >= image.height:
        yield image
        return
    for top in range(0, image.height, rows):
        yield image.crop((0, top, image.width, min(top + rows, image.height)))


def _joined(image: Image.Image, made: Callable[[Image.Image], Numbers]) -> Bytes:
    """What is made of each strip, as bytes [h w ...]."""
    whole: Bytes = np.empty(0, np.uint8)
    top = 0
    for strip in _strips(image):
        part = made(strip)
        if not top:
            whole = np.empty((image.height, *part.shape[1:]), np.uint8)
        whole[top : top + len(part)] = part
        top += len(part)
    return whole


def _on(image: Image.Image, ground: str) -> Image.Image:
    """A picture with transparent parts, on a ground of this colour."""
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, ground), image)


def _is_light_ink(image: Image.Image) -> bool:
    """Whether a picture is little light ink on nothing, which on white could not be seen."""
    inked = bright = 0.0
    for strip in _strips(image):
        part = strip.convert("RGBA")
        alpha = np.asarray(part.getchannel("A"), np.float32) / 255
        inked += float(alpha.sum(dtype=np.float64))
        light = np.asarray(part.convert("RGB").convert("L"), np.float32)
        bright += float((light * alpha).sum(dtype=np.float64))
    if not 0 < inked / (image.width * image.height) < MOST_INK_SHARE:
        return False
    return bright / inked > LIGHT_INK_GREY


def _white(image: Image.Image, name: str) -> float:
    """What is white in a deep picture, which does not say."""
    most = 0.0
    for strip in _strips(image):
        deep = np.asarray(strip)
        if not np.isfinite(deep).all() or deep.min() < 0:
            raise DataError(f"{name}: has pixels that are negative or not numbers")
        most = max(most, float(deep.max()))
    return next((top for top in (1, 255, 65535) if most <= top), most)


def _scaled(image: Image.Image, white: float) -> Numbers:
    return np.rint(np.asarray(image, np.float64) * (255 / white))


def _upright(pixels: Bytes, orientation: int) -> Bytes:
    """Pixels as the camera was held (EXIF 2.3, 4.6.4 A): mirrored, turned, or both."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)
