"""The shapes of what the server takes and gives, as JSON Schema (draft 2020-12).

Inside: numbers, images, settings, runs, and how such schemas are written briefly. Not inside: the
addresses that use them (`description`).
"""

from __future__ import annotations

from typing import Any

from digitus.serve.bodies import MOST, PIXELS
from digitus.serve.lessons import ACTIVATIONS, AUGMENTS, LIMITS, OPTIMIZERS, OWN, names
from digitus.serve.live import STATUSES
from digitus.serve.mistakes import MOST_SHOWN
from digitus.serve.runs import FASTEST

Table = dict[str, Any]


def record(required: Table, optional: Table | None = None, *, closed: bool = True) -> Table:
    """These properties, and where it is closed no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        **({"additionalProperties": False} if closed else {}),
    }


def array(of: Table, least: int = 0, most: int | None = None) -> Table:
    """A list of so many."""
    limits = {"minItems": least} | ({} if most is None else {"maxItems": most})
    return {"type": "array", "items": of, **limits}


def ref(name: str) -> Table:
    """One of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def maybe(of: Table) -> Table:
    """That, or null."""
    return {"anyOf": [of, {"type": "null"}]}


def as_json(schema: Table) -> Table:
    """The content of a body."""
    return {"application/json": {"schema": schema}}


def answers(schema: Table, *statuses: int, good: str = "200") -> Table:
    """The good answer, and errors: 4xx and 5xx with one line."""
    found: Table = {good: {"description": "Done.", "content": as_json(schema)}}
    for status in (400, *statuses, 403, 503):
        found[str(status)] = {
            "description": ERRORS[status],
            "content": as_json(ref("Error")),
        }
    return found


def query(name: str, words: str, schema: Table) -> Table:
    """A parameter after the question mark."""
    return {"name": name, "in": "query", "description": words, "schema": schema}


ERRORS = {
    400: "The request makes no sense; `error` says why in a line.",
    403: "Asked by a page of another site, or by a name that is not this server's.",
    404: "There is no such thing.",
    409: "Not in the state that the run is in.",
    413: "Too large.",
    415: "Not with this Content-Type.",
    503: "Too much to do; try again after Retry-After seconds.",
}
NUMBER: Table = {"type": "number"}
WHOLE: Table = {"type": "integer", "minimum": 0}
TEXT: Table = {"type": "string"}
SHARE: Table = {"type": "number", "minimum": 0, "maximum": 1}
DIGIT: Table = {"type": "integer", "minimum": 0, "maximum": 9}
BASE64: Table = {"type": "string", "contentEncoding": "base64"}
TEN: Table = array(SHARE, 10, 10)
CONFUSION: Table = array(array(WHOLE, 10, 10), 10, 10)
BYTE: Table = {"type": "number", "minimum": 0, "maximum": 255}
IMAGE: Table = array(BYTE, PIXELS, PIXELS)
FLOATS = record({"shape": array(WHOLE), "data": BASE64})
RAW: Table = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
RUN_ID: Table = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{8}$"},
}
PAGE = [
    query("true", "Only digits that are this.", DIGIT),
    query("read", "Only digits that were read as this.", DIGIT),
    query("offset", "Leave out so many.", {**WHOLE, "maximum": MOST}),
    query("limit", "Show so many.", {"type": "integer", "minimum": 1, "maximum": MOST_SHOWN}),
]
LIMITED = {
    key: {
        "type": "number" if key == "rate" else "integer",
        "minimum": least,
        "maximum": most,
    }
    for key, (least, most) in LIMITS.items()
}
PACE: Table = {
    "description": f"Steps a second at most, from 0.1 to {FASTEST:g}; 0: as fast as it can.",
    "anyOf": [{"const": 0}, {"type": "number", "minimum": 0.1, "maximum": FASTEST}],
}
SETTINGS: Table = {
    "recipe": {"enum": list(names())},
    "layers": {
        "type": "string",
        "pattern": "^784(-([1-9][0-9]{0,3}c?|p))*-10$",
        "examples": ["784-32-10", "784-8c-p-10"],
    },
    "activation": {"enum": list(ACTIVATIONS)},
    "optimizer": {"enum": list(OPTIMIZERS)},
    "augment": {"enum": [*AUGMENTS, OWN]},
    "data": {"enum": ["strokes", "mnist"]},
    **LIMITED,
}
SUMMARY: Table = {
    "id": TEXT,
    "status": {"enum": list(STATUSES)},
    "error": maybe(TEXT),
    "pace": NUMBER,
    "settings": record(SETTINGS),
    "layers": array(TEXT),
    "parameters": WHOLE,
    "epochs": WHOLE,
    "batches": WHOLE,
    "steps": WHOLE,
    "examples": WHOLE,
    "development": WHOLE,
    "epoch": WHOLE,
    "step": WHOLE,
    "loss": maybe(NUMBER),
    "accuracy": maybe(SHARE),
    "development_accuracy": maybe(SHARE),
}
SCHEMAS: Table = {
    "Error": record({"error": {"type": "string", "minLength": 1}}),
    "Reading": record(
        {
            "file": {"type": "null"},
            "width": WHOLE,
            "height": WHOLE,
            "lines": array(TEXT),
            "digits": array(
                record(
                    {
                        "value": maybe(DIGIT),
                        "confidence": SHARE,
                        "box": array({"type": "integer"}, 4, 4),
                        "line": WHOLE,
                    },
                    {"image": BASE64, "probabilities": TEN},
                )
            ),
        }
    ),
    "Answers": record(
        {
            "answers": array(
                record({"value": maybe(DIGIT), "confidence": SHARE, "probabilities": TEN})
            )
        }
    ),
    "Mistakes": record(
        {
            "data": TEXT,
            "count": WHOLE,
            "total": WHOLE,
            "threshold": SHARE,
            "confusion": CONFUSION,
            "mistakes": array(
                record(
                    {
                        "index": WHOLE,
                        "true": DIGIT,
                        "read": DIGIT,
                        "confidence": SHARE,
                        "refused": {"type": "boolean"},
                        "probabilities": TEN,
                        "pixels": BASE64,
                    }
                )
            ),
        }
    ),
    "Summary": record(SUMMARY),
    "Run": record(
        {
            **SUMMARY,
            "curve": array(array(NUMBER, 4, 4)),
            "records": array({"type": "object"}),
            "scores": maybe({"type": "object"}),
            "weights": maybe({"type": "object"}),
        }
    ),
}
