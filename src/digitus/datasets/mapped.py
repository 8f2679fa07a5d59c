"""Images that stay in their file: a set larger than memory is read batch by batch.

The operating system maps the file into memory and keeps of it what there is room for. Inside:
`Mapped`, which stands where an array of images would, and hands out arrays. Not inside: formats
(`idx` opens large files this way), and who asks for which images (`batches`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from digitus.types import Bytes, Index, Ints, Numbers


@dataclass(frozen=True, eq=False)
class Mapped:
    """Some images, by `rows` [n], of a file's bytes [m h w]; all of them without `rows`.

    `mapped[index]` is an array in memory, for a slice, an array of numbers or a mask.
    """

    file: Bytes
    rows: Ints | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return (len(self), *self.file.shape[1:])

    @property
    def ndim(self) -> int:
        """As of an array."""
        return self.file.ndim

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """As of an array."""
        return self.file.dtype

    def __len__(self) -> int:
        return len(self.file if self.rows is None else self.rows)

    def __getitem__(self, index: Index) -> Bytes:
        chosen = self.file[index if self.rows is None else self.rows[index]]
        return chosen if chosen.base is None else chosen.copy()

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Numbers:
        """All of them in memory, for whoever cannot do with less."""
        return np.asarray(self[:], dtype)

    def take(self, index: Index) -> Mapped:
        """These images only, without reading them."""
        rows = np.arange(len(self.file)) if self.rows is None else self.rows
        return Mapped(self.file, rows[index])
