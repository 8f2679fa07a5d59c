"""What training says while it goes on: frozen values, yielded between two changes of the state.

Inside: the events of any task. Not inside: when they come (`session`, `loop`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from digitus.recipe import Recipe


class Model(Protocol):
    """What training makes: it can be kept."""

    def save(self, path: Path) -> None:
        """Writes it to one file, atomically. Raises `OutputError`."""


Trained = TypeVar("Trained", bound=Model)


@dataclass(frozen=True)
class Started:
    """Before the first step of this call: what is about to happen."""

    recipe: Recipe
    parameters: int
    examples: int
    development: int
    batches: int  # in an epoch
    resumed_at: int  # steps that an earlier call has done


@dataclass(frozen=True)
class Stepped:
    """After each step. Loss and accuracy are those of the epoch so far."""

    epoch: int  # from 1
    batch: int  # from 1
    step: int
    loss: float
    accuracy: float
    rate: float
    images_per_second: float


@dataclass(frozen=True)
class EpochEnded:
    """After each epoch: its record, and what the network answers to the development split."""

    epoch: int
    loss: float
    accuracy: float
    development_loss: float
    development_accuracy: float
    rate: float
    seconds: float
    images_per_second: float
    outputs: Any = field(default=None, repr=False, compare=False)
    development_parts: dict[str, float] | None = None

    def record(self) -> dict[str, Any]:
        """What there is but the outputs, as it is kept in `State.epochs` and in logs."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "outputs"}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Finished(Generic[Trained]):
    """At the end: what reads, once trained."""

    recognizer: Trained
