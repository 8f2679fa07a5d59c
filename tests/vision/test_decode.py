"""Opening pictures: every format and mode, which way is up, and what is no picture."""

from __future__ import annotations

import io
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, features

from conftest import missing
from digitus.errors import DataError
from digitus.vision import decode as module
from digitus.vision import pdf
from digitus.vision.decode import FORMATS, decode, decode_pages
from fuzzing import documents

RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def check_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


def complaint(content: bytes | Path) -> str:
    with pytest.raises(DataError) as caught:
        decode(content)
    check_one_line(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format(form: str) -> None:
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(form, {})
    image = decode(encoded(Image.fromarray(RAMP), form, **lossless))
    assert image.dtype == np.uint8
    assert image.shape == RAMP.shape
    assert np.abs(image.astype(int) - RAMP).max() <= (2 if form == "JPEG" else 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_mode_keeps_black_and_white(mode: str) -> None:
    grey = Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 6, axis=1))
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = grey.convert("RGB").convert(mode)
    form = "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"
    decoded = decode(encoded(image, form))
    assert decoded.shape == (1, 12)
    assert np.abs(decoded.astype(int) - np.asarray(grey)).max() <= 2


def test_colours_become_their_luminance() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert decode(encoded(Image.fromarray(colours))).tolist() == [[76, 150, 29]]


@pytest.mark.parametrize(("ink", "ground"), [(255, 0), (230, 0), (120, 255), (0, 255)])
def test_ink_on_a_transparent_ground_can_be_seen(ink: int, ground: int) -> None:
    pixels = np.zeros((20, 20, 4), np.uint8)
    pixels[5:15, 8:11] = (ink, ink, ink, 255)
    grey = decode(encoded(Image.fromarray(pixels)))
    assert grey[0, 0] == ground
    assert grey[10, 9] == ink


def test_a_light_page_with_transparent_corners_stays_on_white() -> None:
    pixels = np.full((20, 20, 4), 250, np.uint8)
    pixels[:2, :2, 3] = 0
    assert decode(encoded(Image.fromarray(pixels)))[0, 0] == 255


def test_what_is_transparent_shows_white_paper() -> None:
    drawing = Image.new("RGBA", (3, 1), (0, 0, 0, 0))
    drawing.putpixel((1, 0), (0, 0, 0, 255))
    drawing.putpixel((2, 0), (0, 0, 0, 51))
    assert decode(encoded(drawing)).tolist() == [[255, 0, 204]]
    palette = Image.new("P", (2, 1), 1)
    palette.putpalette([0, 0, 0, 9, 9, 9])
    palette.putpixel((1, 0), 0)
    assert decode(encoded(palette, transparency=1)).tolist() == [[255, 0]]


def test_deep_pictures() -> None:
    sixteen = np.array([[0, 256, 257, 32896, 65535]], np.uint16)
    assert decode(encoded(Image.fromarray(sixteen))).tolist() == [[0, 0, 1, 128, 255]]
    for dtype, values, expected in [
        (np.int32, [0, 128, 255], [0, 128, 255]),
        (np.int32, [0, 32896, 65535], [0, 128, 255]),
        (np.int32, [0, 500_000, 1_000_000], [0, 128, 255]),
        (np.float32, [0, 0.5, 1], [0, 128, 255]),
        (np.float32, [0, 0, 0], [0, 0, 0]),
    ]:
        image = Image.fromarray(np.array([values], dtype))
        assert decode(encoded(image, "TIFF")).tolist() == [expected]
    for wrong in ([0, np.nan], [-1, 2]):
        image = Image.fromarray(np.array([wrong], np.float32))
        assert "negative or not numbers" in complaint(encoded(image, "TIFF"))
    signalling = Image.fromarray(np.array([[0x7FA00000, 0]], np.uint32).view(np.float32))
    assert "negative or not numbers" in complaint(encoded(signalling, "TIFF"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_says_which_way_is_up(orientation: int) -> None:
    stored = np.zeros((4, 6), np.uint8)
    stored[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode(encoded(Image.fromarray(stored), exif=exif))
    assert upright.shape == ((4, 6) if orientation < 5 else (6, 4))
    rows, columns = {1: (0, 0), 2: (0, -1), 3: (-1, -1), 4: (-1, 0)}.get(
        orientation, {5: (0, 0), 6: (0, -1), 7: (-1, -1), 8: (-1, 0)}.get(orientation)
    )
    assert upright[rows, columns] == 255
    assert upright.sum() == 255


def test_the_first_of_several_frames() -> None:
    frames = [Image.new("L", (2, 2), value) for value in (10, 200)]
    content = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert (decode(content) == 10).all()


def test_files_are_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(encoded(Image.fromarray(RAMP)))
    assert np.array_equal(decode(path), RAMP)
    path.write_bytes(b"")
    assert complaint(path) == f"{path}: is empty"
    assert "is a folder" in complaint(tmp_path)
    assert "No such file" in complaint(tmp_path / "absent.png")
    with pytest.raises(DataError, match="upload 3: is empty"):
        decode(b"", "upload 3")


def test_what_is_no_picture() -> None:
    assert "is not a picture in a known format (PNG, JPEG" in complaint(b"hello")
    whole = encoded(Image.fromarray(np.tile(RAMP, (8, 8))), "JPEG")
    assert "is damaged" in complaint(whole[: len(whole) // 2])
    png = encoded(Image.fromarray(RAMP), "PNG")
    assert "is damaged" in complaint(png[:12] + b"IHDX" + png[16:])


def test_a_photo_in_heic_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_formats", lambda: FORMATS)
    assert "pip install 'digitus[heic,avif]'" in complaint(b"\0\0\0\x18ftypheic" + bytes(20))


def test_a_photo_in_avif(monkeypatch: pytest.MonkeyPatch) -> None:
    if "avif" not in features.get_supported_modules():
        missing("avif", "this Pillow was built without AVIF")
    ramp = np.tile(RAMP, (8, 8))
    content = encoded(Image.fromarray(ramp), "AVIF", quality=100)
    assert np.abs(decode(content).astype(int) - ramp).max() < 20
    moving = encoded(
        Image.fromarray(ramp), "AVIF", save_all=True, append_images=[Image.fromarray(255 - ramp)]
    )
    assert "is an animation" in complaint(moving)
    monkeypatch.setattr(module, "WEBP_PIXELS", 10)
    assert "in AVIF; make the picture smaller" in complaint(content)


def test_each_page_of_a_pdf() -> None:
    grounds = [Image.new("L", (60, 30), grey) for grey in (40, 200)]
    content = encoded(grounds[0], "PDF", save_all=True, append_images=grounds[1:])
    pages = list(decode_pages(content, side=120))
    assert [page.pixels.shape for page in pages] == [(60, 120, 3)] * 2
    assert (pages[0].width, pages[0].height) == (120, 60)
    assert [int(page.pixels[30, 60, 0]) for page in pages] == [40, 200]
    assert max(decode(content).shape) == 2000  # grey, and fine enough to be read


@pytest.mark.slow
def test_a_pdf_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is damaged; save its pages as pictures" in complaint(b"%PDF-1.7\n" + bytes(40))
    page = encoded(Image.new("L", (8, 8)), "PDF")
    monkeypatch.setattr(pdf, "PICTURE_PAGES", 0)
    assert "more than 0 pages; split it" in complaint(page)
    monkeypatch.undo()
    for name, most in (("PDF_PAGE_SECONDS", 1), ("PDF_MEMORY_BYTES", 300 * 10**6)):
        with monkeypatch.context() as patched:
            patched.setattr(pdf, name, most)
            assert "takes too much work to draw" in complaint(forms_within_forms(8))
    monkeypatch.setitem(sys.modules, "pypdfium2", None)  # as where the extra is missing
    assert "pip install 'digitus[pdf]'" in complaint(page)
    assert "pdftoppm" in complaint(page)


def forms_within_forms(deep: int) -> bytes:
    """A page of a form that draws another ten times, which draws another ten times ..."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources 5 0 R >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page,
        documents.stream(b"", b"/F Do"), b"<< /XObject << /F 6 0 R >> >>",
    ]  # fmt: skip
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]"
    for inner in range(7, 7 + deep):
        within = form + b" /Resources << /XObject << /F %d 0 R >> >>" % inner
        objects.append(documents.stream(within, b"/F Do " * 10))
    return documents.pdf([*objects, documents.stream(form, b"0 0 9 9 re f")])


def test_an_animation_is_refused() -> None:
    frames = [Image.new("L", (4, 4), value) for value in (10, 200)]
    for form in ("GIF", "WEBP", "PNG"):
        moving = encoded(frames[0], form, save_all=True, append_images=frames[1:])
        assert "is an animation" in complaint(moving)


def test_every_page_of_a_tiff(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [Image.new("L", (3, 2), value) for value in (10, 200, 30)]
    content = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    found = list(decode_pages(content))
    assert [int(page.pixels[0, 0]) for page in found] == [10, 200, 30]
    assert {(page.width, page.height) for page in found} == {(3, 2)}
    monkeypatch.setattr(module, "PICTURE_PAGES", 2)
    with pytest.raises(DataError, match="more than 2 pages"):
        list(decode_pages(content))


def test_colours_stay_where_they_are_wanted() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    (picture,) = decode_pages(encoded(Image.fromarray(colours)))
    assert np.array_equal(picture.pixels, colours)
    (picture,) = decode_pages(encoded(Image.fromarray(RAMP)))
    assert np.array_equal(picture.pixels, RAMP)


def test_a_large_jpeg_is_decoded_no_finer_than_needed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(Image.new("RGB", (1600, 800), "red"), "JPEG", exif=exif)
    (picture,) = decode_pages(content, side=500)
    assert (picture.width, picture.height) == (800, 1600)
    assert picture.pixels.shape == (800, 400, 3)


def test_what_is_rare_is_refused_in_one_line() -> None:
    assert "of a rare kind" in complaint(encoded(Image.new("LAB", (2, 2)), "TIFF"))


def test_limits_hold_before_a_pixel_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = encoded(Image.new("1", (1, 1)))

    def refuse(*args: object) -> None:
        raise AssertionError("a picture above the limit was decoded")

    monkeypatch.setattr(Image.Image, "load", refuse)
    for side, words in [
        (8_000, "8000 x 8000 pixels"),
        (12_000, "60 million"),
        (30_000, "60 million"),
    ]:
        header = bytearray(small)
        header[16:24] = side.to_bytes(4, "big") * 2
        header[29:33] = zlib.crc32(header[12:29]).to_bytes(4, "big")
        assert words in complaint(bytes(header))
    monkeypatch.setattr(module, "PICTURE_BYTES", 1000)
    (tmp_path / "large.png").write_bytes(bytes(1001))
    assert "larger than" in complaint(tmp_path / "large.png")
    assert "larger than" in complaint(bytes(1001))


@pytest.mark.slow
@given(data=st.data())
def test_damaged_pictures_are_read_or_refused(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(FORMATS))
    content = bytearray(encoded(Image.fromarray(RAMP), form))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode(bytes(content[: data.draw(st.integers(1, len(content)))]))
        assert image.dtype == np.uint8
        assert image.ndim == 2
    except DataError as error:
        check_one_line(error)
