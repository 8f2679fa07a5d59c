"""MATLAB's files of version 5, which `save -v6` and `save -v7` write, as named arrays of numbers.

A file is a list of elements: eight bytes that say of what kind the next bytes are and how many,
then these, which may be elements again. Arrays of numbers are read, and single structs of them;
text, cells, sparse matrices and the like are passed over without a look inside. Files come from
strangers: what an element says of itself is held against the bytes that are there, and nothing is
made that is larger than these. The format: MathWorks, "MAT-File Format", chapter 1.

Inside: bytes in, arrays out. Not inside: which of them are images and labels (`matlab`).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from digitus.limits import SET_BYTES
from digitus.types import Numbers

Value = Numbers | dict[str, "Value"]

HEADER_BYTES = 128
ORDERS = {b"IM": "<", b"MI": ">"}  # how the header ends: low bytes first, or high ones
STORED = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
MATRIX, COMPRESSED = 14, 15  # kinds of elements
STRUCT, FRACTIONS, NUMBERS = 2, (6, 7), range(6, 16)  # classes of matrices
LOGICAL, COMPLEX = 0x200, 0x800  # bits beside the class
MOST_AXES = 8
NESTING = 4  # structs within structs


class DamagedError(ValueError):
    """What is wrong with a file, in a few words."""


@dataclass
class _Elements:
    """Bytes whose elements are read one after the other."""

    content: memoryview
    order: str
    at: int = 0

    def __iter__(self) -> Iterator[tuple[int, memoryview]]:
        while self.at < len(self.content):
            yield self.next()

    def next(self) -> tuple[int, memoryview]:
        """The kind of the next element, and its bytes."""
        kind, size = self._whole(self.at), self._whole(self.at + 4)
        start, end = self.at + 8, self.at + 8 + size
        if kind >> 16:  # a small element: at most four bytes, in the place of the count
            kind, size = kind & 0xFFFF, kind >> 16
            start, end = self.at + 4, self.at + 4 + size
            if size > 4:
                raise DamagedError(f"a small element of {size} bytes")
        if end > len(self.content):
            raise DamagedError("it is cut short")
        self.at = end if kind == COMPRESSED else -(-end // 8) * 8
        return kind, self.content[start:end]

    def numbers(self) -> Numbers:
        """The next element, which must be numbers."""
        kind, content = self.next()
        if kind not in STORED:
            raise DamagedError(f"an element of kind {kind} where numbers should be")
        dtype = np.dtype(self.order + STORED[kind])
        if len(content) % dtype.itemsize:
            raise DamagedError("a number is cut short")
        return np.frombuffer(content, dtype)

    def _whole(self, at: int) -> int:
        if at + 4 > len(self.content):
            raise DamagedError("it is cut short")
        return int.from_bytes(self.content[at : at + 4], "little" if self.order == "<" else "big")


def arrays_of(content: bytes) -> dict[str, Value]:
    """The arrays and structs of a file by their names. Raises `DamagedError`.

    Whole numbers keep the type in which they are stored, whatever MATLAB takes them for; but bytes
    of 0 and 1 that MATLAB takes for fractions or truth values become booleans.
    """
    order = ORDERS.get(content[HEADER_BYTES - 2 : HEADER_BYTES])
    if order is None:
        raise DamagedError("it is not of MATLAB 5 to 7; save it with -v7")
    found: dict[str, Value] = {}
    left = SET_BYTES
    for kind, inside in _Elements(memoryview(content)[HEADER_BYTES:], order):
        if kind == COMPRESSED:
            whole = _inflated(inside, left)
            left -= len(whole)
            kind, inside = _Elements(memoryview(whole), order).next()
        name, value = _matrix(kind, inside, order)
        if value is not None:
            found[name] = value
    return found


def _inflated(packed: memoryview, most: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        whole = unpacking.decompress(packed, most + 1)
    except zlib.error as error:
        raise DamagedError(str(error)) from None
    if len(whole) > most:
        raise DamagedError(f"it unpacks to more than {SET_BYTES // 2**30} GiB")
    if not unpacking.eof:
        raise DamagedError("it is cut short")
    return whole


def _matrix(kind: int, content: memoryview, order: str, depth: int = 0) -> tuple[str, Value | None]:
    """The name and the value of an element; none where it is neither numbers nor a struct."""
    if kind != MATRIX:
        raise DamagedError(f"an element of kind {kind} where a matrix should be")
    if not content:
        return "", np.empty(0)
    parts = _Elements(content, order)
    flags = int(parts.numbers()[:1].sum())
    shape = tuple(int(n) for n in parts.numbers())
    if not 2 <= len(shape) <= MOST_AXES or min(shape) < 0:
        raise DamagedError("a matrix without a shape")
    name = bytes(parts.next()[1]).decode("latin-1")
    matrix_class = flags & 0xFF
    if matrix_class in NUMBERS and not flags & COMPLEX:
        values = _typed(parts.numbers(), bool(matrix_class in FRACTIONS or flags & LOGICAL))
        if values.size != math.prod(shape):
            raise DamagedError(f"{values.size} numbers for a matrix of {math.prod(shape)}")
        return name, values.reshape(shape, order="F")
    if matrix_class == STRUCT and math.prod(shape) == 1:
        if depth == NESTING:
            raise DamagedError(f"more than {NESTING} structs within one another")
        fields = list(_names(parts))
        return name, {field: _field(parts, order, depth) for field in fields}
    return name, None


def _typed(values: Numbers, fractions: bool) -> Numbers:
    """Bytes of 0 and 1 as booleans where fractions are meant: they are black and white."""
    if fractions and values.dtype == np.uint8 and values.max(initial=0) <= 1:
        return values.astype(np.bool_)
    return values


def _names(parts: _Elements) -> Iterator[str]:
    """The names of a struct's fields, which all take the same number of bytes."""
    length = int(parts.numbers()[:1].sum())
    packed = bytes(parts.next()[1])
    if length <= 0 or len(packed) % length:
        raise DamagedError("a struct without names")
    for start in range(0, len(packed), length):
        yield packed[start : start + length].split(b"\0")[0].decode("latin-1")


def _field(parts: _Elements, order: str, depth: int) -> Value:
    """The next value; an empty array where it is neither numbers nor a struct."""
    _, value = _matrix(*parts.next(), order, depth + 1)
    return np.empty(0) if value is None else value
