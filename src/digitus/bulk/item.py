"""A picture of a bulk job, before anybody has opened it.

Inside: `Item`. Not inside: which there are (`sources`), and their bytes (`containers`).
"""

from __future__ import annotations

from typing import NamedTuple


class Item(NamedTuple):
    """A picture to read: what rows call it, the file that it is or is in, and where in it.

    `kind` is "file", that of an archive or table, or "error", with the message in `at`. `size` is
    in bytes, 0 where nobody knows.
    """

    source: str
    kind: str
    file: str
    at: str | list[int] | None
    size: int
