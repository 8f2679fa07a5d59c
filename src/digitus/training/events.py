"""What training tells while it goes on: frozen values, yielded between two changes of the state.

Inside: the events of any task. Not inside: when they come (`session`, `loop`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from digitus.history import EpochRecord
from digitus.recipe import Recipe
from digitus.types import Matrix


class Model(Protocol):
    """What training makes: something that can be saved."""

    def save(self, path: Path) -> None:
        """Writes it to one file, atomically. Raises `OutputError`."""


Trained_co = TypeVar("Trained_co", bound=Model, covariant=True)


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
    """After each epoch: its record, and the network's answers on the development split."""

    epoch: int
    loss: float
    accuracy: float
    development_loss: float
    development_accuracy: float
    rate: float
    seconds: float
    images_per_second: float
    outputs: Matrix | None = field(default=None, repr=False, compare=False)
    development_parts: dict[str, float] | None = None

    def record(self) -> EpochRecord:
        """Everything but the outputs."""
        record: EpochRecord = {
            "epoch": self.epoch,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "development_loss": self.development_loss,
            "development_accuracy": self.development_accuracy,
            "rate": self.rate,
            "seconds": self.seconds,
            "images_per_second": self.images_per_second,
        }
        if self.development_parts is not None:
            record["development_parts"] = self.development_parts
        return record


@dataclass(frozen=True)
class Finished(Generic[Trained_co]):
    """At the end: what was trained."""

    recognizer: Trained_co
