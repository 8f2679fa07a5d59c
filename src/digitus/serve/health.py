"""Whether the server is there, and with which model: /api/health."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from digitus import __version__
from digitus.reading.result import DOUBTFUL_BELOW
from digitus.serve.models import ModelQuery, Models
from digitus.serve.operation import operation
from digitus.serve.values import Answer, Share, Whole
from digitus.serve.worker_pool import WorkerPool


class Model(Answer, frozen=True):
    """The recognizer: its name, size, thresholds and the data that it learnt from."""

    name: str
    about: str
    parameters: Whole
    threshold: Share
    doubtful_below: Share  # a digit of a picture with less confidence should be looked at
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

    models: Models
    pool: WorkerPool

    @operation(errors=(404, 409))
    async def health(self, query: ModelQuery) -> Health:
        """Whether the server is there, and with which model."""
        recognizer = await self.models.asked(query, self.pool)
        recipe = recognizer.recipe
        model = Model(
            recipe.name,
            recipe.about,
            recognizer.parameter_count,
            recognizer.threshold,
            DOUBTFUL_BELOW,
            recognizer.temperature,
            recipe.data,
        )
        return Health("ok", __version__, model)
