"""Standard input, output and error, whatever state the program was given them in.

A stream may be closed or full, its reader may have left, or its encoding may lack a character. An
answer that cannot be written is then one line and exit code 1, like any other failure. What is said
on standard error only helps, so where it cannot be written nothing fails.

Inside: that, and the last line of a program that fails. This is the one place where an error of the
system becomes a line, except for single pictures, where a bad one does not stop the others
(`reading.pool`). Not inside: what is written to the streams (the commands).
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

from digitus.cli.terminal import complain

ANSWERS = "standard output"  # its name in errors


class _Answers(io.FileIO):
    """Standard output, which its errors name."""

    def write(self, content: bytes) -> int | None:  # type: ignore[override]
        try:
            return super().write(content)
        except OSError as error:
            raise OSError(error.errno, error.strerror, ANSWERS) from None


class _Words(io.FileIO):
    """Standard error; what cannot be written there is dropped."""

    def write(self, content: bytes) -> int | None:  # type: ignore[override]
        with suppress(OSError):
            return super().write(content)
        return len(content)


def prepare() -> None:
    """Makes all three streams be there and fail as this module's docstring says."""
    for number, flags in enumerate((os.O_WRONLY, os.O_RDONLY, os.O_WRONLY)):
        _fill(number, flags)
    sys.stdin = sys.stdin or open(0, closefd=False)  # noqa: SIM115
    sys.stdout = _rebuilt(sys.stdout, 1, _Answers)
    sys.stderr = _rebuilt(sys.stderr, 2, _Words)


def mute_libraries() -> None:
    """Keeps libraries off standard error: libtiff prints a line for each damaged line of pixels."""
    try:
        ours = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # not a file: a test or a notebook captures it
        return
    sys.stderr = _text(_Words(ours, "w"), sys.stderr.encoding)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def fail(error: Exception) -> int:
    """Says what went wrong, in one line; returns the exit code."""
    words = str(error)
    if isinstance(error, OSError):
        name, why = error.filename, error.strerror or words
        words = f"{os.fsdecode(name)}: {why}" if isinstance(name, str | bytes) else why
    elif isinstance(error, MemoryError):
        words = f"not enough memory ({words or 'try smaller batches'})"
    complain(words)
    return 1


def finish(code: int | str | None, told: Exception | None = None) -> int | str | None:
    """Writes out the last of the answer; returns the exit code.

    An error is reported, unless it is the one that ended the program and was `told` then.
    """
    try:
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # else Python tries again at exit, and complains
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        # Where it is EPIPE, the reader has left on purpose, as in `digitus read *.jpg | head`.
        known = isinstance(told, OSError) and told.filename == ANSWERS
        if error.errno != errno.EPIPE and not known:
            fail(error)
        return code or 1
    return code


def _fill(number: int, flags: int) -> None:
    """Puts something under the number of a stream that is closed, so that no file gets it.

    A library that prints an error would write into that file. Standard input and output are opened
    the wrong way round, so that using them fails as using a closed stream does.
    """
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, flags)
        if nowhere != number:
            os.dup2(nowhere, number)
            os.close(nowhere)


def _rebuilt(stream: TextIO | None, number: int, kind: type[io.FileIO]) -> TextIO:
    """The stream on top of `kind`, with escapes for characters that its encoding lacks."""
    at_once = number == 2
    if stream is not None:
        try:
            bottom = getattr(stream.buffer, "raw", stream.buffer)  # unbuffered, it has no raw one
            if stream.fileno() != number or not isinstance(bottom, io.FileIO):
                return stream
        except (AttributeError, OSError, ValueError):  # not a file: a test or a notebook has it
            return stream
        at_once = at_once or stream.isatty() or bottom is stream.buffer
    encoding = stream.encoding if stream else "utf-8"
    return _text(kind(number, "w", closefd=False), encoding, at_once)


def _text(raw: io.FileIO, encoding: str, at_once: bool = True) -> TextIO:
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=at_once
    )
