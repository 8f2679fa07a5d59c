"""The digits that a recognizer misreads, to be looked at.

Inside: which digits are tried (MNIST's test part where it is at hand, else those of the simulated
pen), the answers to all of them, found once, and a page of the wrong ones. Not inside: scores with
their intervals (`digitus.evaluation`).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from digitus.datasets.digits import Digits
from digitus.datasets.sources import load
from digitus.errors import DataError
from digitus.evaluation import Evaluation, evaluate
from digitus.recognizer import Recognizer
from digitus.serve import bodies
from digitus.serve.bodies import answer, packed
from digitus.serve.recognizing import rounded
from digitus.serve.work import Workshop

PEN_DIGITS = 5000  # of the simulated pen, where there is no MNIST
MOST_SHOWN = 200
PATIENCE = 120.0  # seconds: who asks first waits until 10,000 digits are read, 5 s on a free core


@dataclass(frozen=True)
class Mistakes:
    """The handler; the answers are found when somebody first asks."""

    recognizer: Recognizer
    workshop: Workshop
    _found: list[Evaluation] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def mistakes(self, request: Request) -> Response:
        """GET /api/mistakes."""
        wanted = Wanted.of(request)
        return answer(await self.workshop.do(self._page, wanted, patience=PATIENCE))

    def _page(self, wanted: Wanted) -> dict[str, Any]:
        with self._lock:
            if not self._found:
                self._found.append(evaluate(self.recognizer, test_digits()))
        return page(self._found[0], wanted)


@dataclass(frozen=True)
class Wanted:
    """Which mistakes are asked for."""

    true: int | None
    read: int | None
    offset: int
    limit: int

    @classmethod
    def of(cls, request: Request) -> Wanted:
        """From the query."""
        return cls(
            bodies.digit(request, "true"),
            bodies.digit(request, "read"),
            bodies.whole(request, "offset", 0),
            bodies.whole(request, "limit", 60, least=1, most=MOST_SHOWN),
        )


def test_digits() -> Digits:
    """MNIST's test part, if it is on this machine; else digits of the simulated pen."""
    try:
        return load("mnist", "test", download=False)
    except DataError:
        return load("strokes", "test", count=PEN_DIGITS)


def page(evaluation: Evaluation, wanted: Wanted) -> dict[str, Any]:
    """The wrong answers asked for, the most confident first: they have most to tell."""
    digits, read = evaluation.digits, evaluation.answers
    chosen = digits.labels != read
    if wanted.true is not None:
        chosen &= digits.labels == wanted.true
    if wanted.read is not None:
        chosen &= read == wanted.read
    places = np.flatnonzero(chosen)
    places = places[np.argsort(-evaluation.confidence[places], kind="stable")]
    shown = places[wanted.offset : wanted.offset + wanted.limit]
    return {
        "data": digits.name,
        "count": len(digits),
        "total": len(places),
        "confusion": evaluation.confusion.tolist(),
        "threshold": evaluation.threshold,
        "mistakes": [
            {
                "index": int(i),
                "true": int(digits.labels[i]),
                "read": int(read[i]),
                "confidence": round(float(evaluation.confidence[i]), 6),
                "refused": bool(evaluation.confidence[i] < evaluation.threshold),
                "probabilities": rounded(evaluation.probabilities[i]),
                "pixels": packed(digits.images[i]),
            }
            for i in shown
        ],
    }
