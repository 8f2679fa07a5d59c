"""PDFs from strangers: every way in which a page can be drawn, changed where PDFium looks.

A PDF is text around streams, so the changes that get far are of numbers, names and references, not
of bytes: sizes without end, pages that are their own parents, forms that draw themselves, filters
on filters. Not inside: pictures in other files (`reading`).
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Iterable, Sequence
from itertools import accumulate

from digitus.vision.decode import decode_pages
from fuzzing.target import Target

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources 5 0 R >>"
RESOURCES = (
    b"<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>"
    b" /XObject << /I 6 0 R /X 7 0 R >> /Pattern << /P 8 0 R >> /Shading << /S 9 0 R >>"
    b" /ExtGState << /G << /ca 0.5 /BM /Multiply /SMask /None >> >> >>"
)
NUMBERS = (b"0", b"-1", b"1", b"0.001", b"99", b"65536", b"2147483647", b"-2147483648", b"1e9")
NAMES = (
    b"/FlateDecode", b"/LZWDecode", b"/RunLengthDecode", b"/ASCII85Decode", b"/ASCIIHexDecode",
    b"/DCTDecode", b"/CCITTFaxDecode", b"/JBIG2Decode", b"/JPXDecode", b"/Page", b"/Pages",
    b"/Form", b"/Image", b"/DeviceRGB", b"/DeviceCMYK", b"/Indexed", b"/Separation", b"/Parent",
)  # fmt: skip
# Text, lines, a picture, a form, a pattern, a shading, and an inline picture.
DRAWN = (
    b"BT /F 24 Tf 20 40 Td (0417) Tj ET",
    b"2 w 10 10 m 60 90 l 90 10 190 90 150 50 c S",
    b"q 40 0 0 40 100 30 cm /I Do Q",
    b"q /G gs /X Do Q",
    b"/Pattern cs /P scn 0 0 90 50 re f",
    b"q 0 0 99 99 re W n /S sh Q",
    b"q 20 0 0 20 9 9 cm BI /W 4 /H 4 /BPC 8 /CS /G ID 0123456789abcdef EI Q",
)


def stream(about: bytes, content: bytes) -> bytes:
    """An object of bytes."""
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (about, len(content), content)


def pdf(objects: Sequence[bytes]) -> bytes:
    """A file of these objects, numbered from 1; the first is its root."""
    parts = [b"%PDF-1.7\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % numbered for numbered in enumerate(objects, 1)]
    *starts, end = accumulate(map(len, parts))
    table = b"".join(b"%010d 00000 n \n" % at for at in starts)
    count = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, end)
    return b"".join([*parts, b"xref\n0 %d\n0000000000 65535 f \n" % count, table, trailer])


def document(content: bytes, *, packed: bool) -> bytes:
    """A page with these contents, and all resources that they may name."""
    how = b"/Filter /FlateDecode" if packed else b""
    image = b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8"
    form = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 50 50] /Resources << /XObject << /I 6 0 R >> >>"
    )
    tile = (
        b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9]"
        b" /XStep 9 /YStep 9 /Resources << >>"
    )
    blend = b"/FunctionType 2 /Domain [0 1] /C0 [1 0 0] /C1 [0 0 1] /N 1"
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            PAGE,
            stream(how, zlib.compress(content) if packed else content),
            RESOURCES,
            stream(image + b" /ColorSpace /DeviceGray", bytes(range(0, 256, 4))),
            stream(form, b"q 30 0 0 30 0 0 cm /I Do Q 5 5 40 40 re S"),
            stream(tile, b"0 0 5 5 re f"),
            b"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 90 90] /Function << %s >> >>"
            % blend,
        ]
    )


def some() -> Iterable[bytes]:
    """Everything on one page, then each alone."""
    yield document(b"\n".join(DRAWN), packed=False)
    for n, one in enumerate(DRAWN):
        yield document(one, packed=n % 2 > 0)


def changed(data: bytes, rng: random.Random) -> bytes:
    """Changes a number, name, reference or object, in one place or a few."""
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        match rng.randrange(5):
            case 0:
                data = _replaced(data, rb"-?\d+\.?\d*", rng.choice(NUMBERS), rng)
            case 1:
                data = _replaced(data, rb"/\w+", rng.choice(NAMES), rng)
            case 2:
                data = _replaced(data, rb"\d+ 0 R", b"%d 0 R" % rng.randrange(1, 11), rng)
            case 3:
                data = _replaced(data, rb"(?s)\d+ 0 obj.*?endobj", b"", rng)
            case 4:
                drawn = rng.choice(DRAWN) * rng.choice((1, 2, 50))
                data = _replaced(data, rb" [a-zA-Z*]{1,2} ", b" %s " % drawn, rng)
    return data


def _replaced(data: bytes, pattern: bytes, by: bytes, rng: random.Random) -> bytes:
    """The data with one of the places that match the pattern replaced."""
    places = [match.span() for match in re.finditer(pattern, data)]
    if not places:
        return data
    start, end = rng.choice(places)
    return data[:start] + by + data[end:]


def read(data: bytes) -> int:
    """Every page's pixels."""
    start = b"" if data.startswith(b"%PDF") else b"%PDF-1.7\n"
    return sum(page.pixels.size for page in decode_pages(start + data, side=300))


TARGETS: dict[str, Target] = {"pdf": Target(read, some, changed, 20_000, 300)}
