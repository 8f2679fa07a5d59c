"""Whether the server is there, and with which model: /api/health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digitus import __version__
from digitus.recognizer import Recognizer
from digitus.serve.operation import operation
from digitus.serve.values import Answer, Share, Whole


class Model(Answer, frozen=True):
    """What is told of the recognizer."""

    name: str
    about: str
    parameters: Whole
    threshold: Share
    temperature: float
    data: str


class Health(Answer, frozen=True):
    """The server answers."""

    status: Literal["ok"]
    version: str
    model: Model


@dataclass(frozen=True)
class HealthHandler:
    """The handler."""

    recognizer: Recognizer

    @operation()
    async def health(self) -> Health:
        """Whether the server is there, and with which model."""
        recipe = self.recognizer.recipe
        model = Model(
            recipe.name,
            recipe.about,
            self.recognizer.parameter_count,
            self.recognizer.threshold,
            self.recognizer.temperature,
            recipe.data,
        )
        return Health("ok", __version__, model)
