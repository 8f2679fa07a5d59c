"""`Committee`: several networks that read together.

The mean of the probabilities of networks with different seeds is right more often than any one of
them, since they do not err on the same digits (Cireşan, Meier & Schmidhuber 2012). Inside: the
mean. Not inside: how the members were trained; each is an ordinary `Recognizer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from digitus.errors import ModelError
from digitus.threads import Map
from digitus.types import Images, Matrix

if TYPE_CHECKING:
    from digitus.export import Exported, Kind, Precision


class Member(Protocol):
    """What a committee needs of its members; a `Recognizer` has it."""

    @property
    def size(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def threshold(self) -> float: ...  # noqa: D102
    @property
    def classes(self) -> str: ...  # noqa: D102
    def probabilities(self, images: Images, each: Map = map) -> Matrix: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Committee:
    """Recognizers of images of the same size. Raises `ModelError` for other sizes, or for none."""

    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        if not self.members:
            raise ModelError("a committee needs at least one model")
        if len(sizes := sorted({member.size for member in self.members})) > 1:
            found = " and ".join(f"{h} x {w}" for h, w in sizes)
            raise ModelError(f"these models read images of different sizes, {found}")
        if len({member.classes for member in self.members}) > 1:
            raise ModelError("these models tell different classes apart")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.members[0].size

    @property
    def classes(self) -> str:
        """The classes that the members tell apart."""
        return self.members[0].classes

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is refused: the mean of the members'."""
        return float(np.mean([member.threshold for member in self.members]))

    def probabilities(self, images: Images, each: Map = map) -> Matrix:
        """The mean of the members' probabilities for bytes [n h w]: rows [n 10] that sum to 1."""
        return np.mean([member.probabilities(images, each) for member in self.members], axis=0)

    def export(
        self,
        to: Kind,
        out: Path | str | None = None,
        *,
        precision: Precision | None = None,
        check: bool = True,
    ) -> Exported:
        """As `Recognizer.export`, all members in one file."""
        from digitus.export import export

        return export(self, to, out, precision=precision, check=check)
