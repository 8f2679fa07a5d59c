"""The IDX format, in which MNIST and its relatives come: read strictly, written exactly.

Inside: the reader and the writer of files of bytes, images (three dimensions) and labels (one),
gzipped or not. Not inside: which files there are and where to get them (`sources`).

A file is four bytes (0, 0, 8 for "unsigned bytes", the number of dimensions), the size of each
dimension as a big-endian 32-bit number, and the values. A reader of strangers' files trusts none
of it: the header is checked before anything is allocated, and a stream is decompressed as far as
the header promises and one byte further, so that a small file cannot unfold into a large memory.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from digitus.datasets.arrays import as_labels
from digitus.datasets.digits import DIGITS, Digits, file_name
from digitus.datasets.mapped import Mapped
from digitus.errors import DataError
from digitus.files import open_file, write_bytes
from digitus.limits import SET_BYTES, SET_UNMAPPED_BYTES
from digitus.types import Bytes, Images, Labels

READ_AT_ONCE = 2**20  # bytes
GZIPPED = b"\x1f\x8b"
MAGIC = {0x801: "labels (magic number 2049)", 0x803: "images (magic number 2051)"}


def read_images(path: Path) -> Images:
    """The images [n h w] of a file, of whatever size they are. Raises `DataError`.

    A large file that is not packed stays where it is: they are `Mapped`, which stands for an array.
    """
    with _open(path) as stream:
        if os.fstat(stream.fileno()).st_size > SET_UNMAPPED_BYTES and stream.read(2) != GZIPPED:
            stream.seek(0)
            return cast(Images, _mapped(stream, path))
    return read_stream(_open(path), str(path), dimensions=3)


def read_labels(path: Path) -> Labels:
    """The labels [n] of a file. Raises `DataError`."""
    return read_stream(_open(path), str(path), dimensions=1)


def read_digits(
    images_path: Path,
    labels_path: Path,
    name: str = "",
    origin: str = "",
    classes: str = DIGITS,
) -> Digits:
    """Images with their labels, from the two files; letters may be counted from 1, as in EMNIST.

    Raises `DataError`.
    """
    return Digits(
        read_images(images_path),
        as_labels(read_labels(labels_path), str(labels_path), classes=classes),
        name or file_name(images_path),
        origin or str(images_path.parent),
        classes,
    )


def read_stream(stream: IO[bytes], where: str, dimensions: int) -> Bytes:
    """An array of bytes with that many dimensions from a stream, which is closed afterwards.

    The content, not a name, decides whether it is gzipped. `where` is what errors call the file.
    Raises `DataError`.
    """
    try:
        with stream:
            if stream.read(2) == GZIPPED:
                stream.seek(0)
                with gzip.GzipFile(fileobj=stream) as unpacked:
                    return _parse(unpacked, where, dimensions)
            stream.seek(0)
            return _parse(stream, where, dimensions)
    except EOFError:
        raise DataError(f"{where}: the gzip data break off; fetch the file again") from None
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{where}: is damaged ({error}); fetch the file again") from None
    except OSError as error:
        raise DataError(f"{where}: cannot be read ({error.strerror or error})") from None


def write_idx(path: Path, array: Bytes) -> None:
    """Writes bytes [n h w] or [n] so that they appear whole or not at all; gzip for `….gz`.

    The same array makes the same file: gzip's time stamp and file name are left empty.
    Raises `ValueError` for another kind of array and `OutputError` where it cannot be written.
    """
    if array.dtype != np.uint8 or array.ndim not in (1, 3):
        raise ValueError(f"an IDX file holds bytes [n h w] or [n], not {array.dtype} {array.shape}")
    header = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
    content = header + array.tobytes()
    write_bytes(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def _open(path: Path) -> IO[bytes]:
    try:
        return open_file(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None


def _mapped(stream: IO[bytes], path: Path) -> Mapped:
    """The images of a file that stays where it is, of any length, if its header says the same."""
    shape = _shape(stream, str(path), dimensions=3)
    start, size = stream.tell(), math.prod(shape)
    found = os.fstat(stream.fileno()).st_size - start
    if found != size:
        raise DataError(
            f"{path}: holds {found} of the {size} bytes that its header announces; the file is "
            "damaged or its header is wrong"
        )
    return Mapped(np.asarray(np.memmap(stream, np.uint8, "r", start, shape)))


def _shape(stream: IO[bytes] | gzip.GzipFile, where: str, dimensions: int) -> tuple[int, ...]:
    """The header: how many numbers there are along each dimension."""
    expected = 0x800 + dimensions
    header = stream.read(4 + 4 * dimensions)
    if not header:
        raise DataError(f"{where}: is empty; fetch it again")
    magic = int.from_bytes(header[:4], "big")
    if magic in MAGIC and magic != expected:
        raise DataError(
            f"{where}: holds {MAGIC[magic]} where {MAGIC[expected]} were expected; "
            "were the two files swapped?"
        )
    if magic != expected:
        raise DataError(
            f"{where}: starts with {header[:4]!r} instead of IDX {MAGIC[expected]}; "
            "is it an IDX file, and not a web page or a link that was saved in its place?"
        )
    if len(header) < 4 + 4 * dimensions:
        raise DataError(f"{where}: breaks off within its header; fetch it again")
    return struct.unpack(f">{dimensions}I", header[4:])


def _parse(stream: IO[bytes] | gzip.GzipFile, where: str, dimensions: int) -> Bytes:
    shape = _shape(stream, where, dimensions)
    size = math.prod(shape)
    if size > SET_BYTES or 0 in shape[1:]:
        raise DataError(
            f"{where}: announces {' x '.join(map(str, shape))} bytes, which no set of digits has; "
            "the file is damaged"
        )
    values = bytearray()
    while len(values) < size:  # grows with what is there, not with what the header claims
        chunk = stream.read(min(READ_AT_ONCE, size - len(values)))
        if not chunk:
            raise DataError(
                f"{where}: ends after {len(values)} of the {size} bytes that its header announces; "
                "fetch it again"
            )
        values += chunk
    if stream.read(1):  # at the end of a gzip stream, this also compares its checksum
        raise DataError(
            f"{where}: goes on after the {size} bytes that its header announces; "
            "the file is damaged or its header is wrong"
        )
    return np.frombuffer(values, np.uint8).reshape(shape)
