"""What can be asked and what is answered, for programs: /openapi.json (OpenAPI 3.1).

Inside: the description, written by hand so that it can be read, with the limits from where they are
kept. A test holds the server to it. Not inside: the page for people (`static/api.html`).
"""

from __future__ import annotations

from typing import Any

from digitus import __version__
from digitus.serve.bodies import MOST_IMAGES, PIXELS
from digitus.serve.inside import MOST_EDITS
from digitus.serve.lessons import ACTIVATIONS, AUGMENTS, LIMITS, OPTIMIZERS, OWN
from digitus.serve.live import STATUSES
from digitus.serve.mistakes import MOST_SHOWN
from digitus.serve.recognizing import LONGEST_PATTERN
from digitus.serve.runs import FASTEST, WISHES

Table = dict[str, Any]


def description(*, token: bool) -> Table:
    """The whole document; `token`: whether visitors need one."""
    document: Table = {
        "openapi": "3.1.0",
        "info": {
            "title": "digitus",
            "version": __version__,
            "summary": "Reads handwritten digits.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": PATHS,
        "components": {"schemas": SCHEMAS},
    }
    if token:
        document["components"] = {
            **document["components"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        }
        document["security"] = [{"token": []}]
    return document


def _object(required: Table, optional: Table | None = None) -> Table:
    """Exactly these properties."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(of: Table, least: int = 0, most: int | None = None) -> Table:
    limits = {"minItems": least} | ({} if most is None else {"maxItems": most})
    return {"type": "array", "items": of, **limits}


def _ref(name: str) -> Table:
    return {"$ref": f"#/components/schemas/{name}"}


def _maybe(of: Table) -> Table:
    return {"anyOf": [of, {"type": "null"}]}


def _json(schema: Table) -> Table:
    return {"application/json": {"schema": schema}}


def _answers(schema: Table, *statuses: int, good: str = "200") -> Table:
    """The good answer, and errors: 4xx and 5xx with one line."""
    found: Table = {good: {"description": "Done.", "content": _json(schema)}}
    for status in (400, *statuses, 403, 503):
        found[str(status)] = {
            "description": ERRORS[status],
            "content": _json(_ref("Error")),
        }
    return found


def _query(name: str, words: str, schema: Table) -> Table:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _run(words: str, answers: Table, body: Table | None = None, **more: Any) -> Table:
    """Something done to a run."""
    found: Table = {"summary": words, "responses": answers, **more}
    if body is not None:
        found["requestBody"] = {"required": True, "content": _json(body)}
    return found


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
TEN: Table = _list(SHARE, 10, 10)
CONFUSION: Table = _list(_list(WHOLE, 10, 10), 10, 10)
BYTE: Table = {"type": "number", "minimum": 0, "maximum": 255}
IMAGE: Table = _list(BYTE, PIXELS, PIXELS)
FLOATS = _object({"shape": _list(WHOLE), "data": BASE64})
RAW: Table = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
RUN_ID: Table = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[0-9a-f]{8}$"},
}
PAGE = [
    _query("true", "Only digits that are this.", DIGIT),
    _query("read", "Only digits that were read as this.", DIGIT),
    _query("offset", "Leave out so many.", {**WHOLE, "maximum": 10**8}),
    _query("limit", "Show so many.", {"type": "integer", "minimum": 1, "maximum": MOST_SHOWN}),
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
    "recipe": TEXT,
    "layers": {"type": "string", "examples": ["784-32-10", "784-8c-p-10"]},
    "activation": {"enum": list(ACTIVATIONS)},
    "optimizer": {"enum": list(OPTIMIZERS)},
    "augment": {"enum": [*AUGMENTS, OWN]},
    "data": {"enum": ["strokes", "mnist"]},
    **LIMITED,
}
SUMMARY: Table = {
    "id": TEXT,
    "status": {"enum": list(STATUSES)},
    "error": _maybe(TEXT),
    "pace": NUMBER,
    "settings": _object(SETTINGS),
    "layers": _list(TEXT),
    "parameters": WHOLE,
    "epochs": WHOLE,
    "batches": WHOLE,
    "steps": WHOLE,
    "examples": WHOLE,
    "development": WHOLE,
    "epoch": WHOLE,
    "step": WHOLE,
    "loss": _maybe(NUMBER),
    "accuracy": _maybe(SHARE),
    "development_accuracy": _maybe(SHARE),
}
SCHEMAS: Table = {
    "Error": _object({"error": {"type": "string", "minLength": 1}}),
    "Reading": _object(
        {
            "file": {"type": "null"},
            "width": WHOLE,
            "height": WHOLE,
            "lines": _list(TEXT),
            "digits": _list(
                _object(
                    {
                        "value": _maybe(DIGIT),
                        "confidence": SHARE,
                        "box": _list({"type": "integer"}, 4, 4),
                        "line": WHOLE,
                    },
                    {"image": BASE64, "probabilities": TEN},
                )
            ),
        }
    ),
    "Answers": _object(
        {
            "answers": _list(
                _object({"value": _maybe(DIGIT), "confidence": SHARE, "probabilities": TEN})
            )
        }
    ),
    "Mistakes": _object(
        {
            "data": TEXT,
            "count": WHOLE,
            "total": WHOLE,
            "threshold": SHARE,
            "confusion": CONFUSION,
            "mistakes": _list(
                _object(
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
    "Summary": _object(SUMMARY),
    "Run": _object(
        {
            **SUMMARY,
            "curve": _list(_list(NUMBER, 4, 4)),
            "records": _list({"type": "object"}),
            "scores": _maybe({"type": "object"}),
            "weights": _maybe({"type": "object"}),
        }
    ),
}
PATHS: Table = {
    "/api/recognize": {
        "post": {
            "summary": f"Recognize 1 to {MOST_IMAGES} images of 28 x 28, white ink on black.",
            "requestBody": {
                "required": True,
                "content": {
                    **RAW,
                    **_json(_object({"images": _list(IMAGE, 1, MOST_IMAGES)})),
                },
            },
            "responses": _answers(_ref("Answers"), 413),
        }
    },
    "/api/read": {
        "post": {
            "summary": "Read a picture: PNG, JPEG, BMP, TIFF or WebP as the body.",
            "parameters": [
                _query(
                    "digits",
                    "So many digits are in it.",
                    {"type": "integer", "minimum": 1, "maximum": LONGEST_PATTERN},
                ),
                _query(
                    "pattern",
                    "The form of the number: # for a digit.",
                    {"type": "string", "pattern": "^[ -~]*#[ -~]*$", "maxLength": LONGEST_PATTERN},
                ),
                _query("images", "1: with what the network saw of each digit.", {"enum": [0, 1]}),
            ],
            "requestBody": {
                "required": True,
                "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
            },
            "responses": _answers(_ref("Reading"), 413),
        }
    },
    "/api/draw": {
        "post": {
            "summary": "Read a drawing, grey bytes row by row, and see each step.",
            "parameters": [
                {
                    **_query(
                        side, "In pixels.", {"type": "integer", "minimum": 1, "maximum": 10_000}
                    ),
                    "required": True,
                }
                for side in ("width", "height")
            ],
            "requestBody": {"required": True, "content": RAW},
            "responses": _answers(
                _object(
                    {
                        "reading": _ref("Reading"),
                        "steps": _list(
                            _object(
                                {
                                    "name": TEXT,
                                    "about": TEXT,
                                    "width": WHOLE,
                                    "height": WHOLE,
                                    "data": BASE64,
                                }
                            )
                        ),
                        "milliseconds": NUMBER,
                    }
                ),
                413,
            ),
        }
    },
    "/api/inside": {
        "post": {
            "summary": "What every layer makes of one image, and which pixels speak for a digit.",
            "parameters": [_query("layers", "Only these layers' activations, as in 1,3.", TEXT)],
            "requestBody": {
                "required": True,
                "content": {
                    **RAW,
                    **_json(
                        _object(
                            {"pixels": IMAGE},
                            {
                                "edits": _list(
                                    _object({"name": TEXT, "index": _list(WHOLE), "value": NUMBER}),
                                    0,
                                    MOST_EDITS,
                                )
                            },
                        )
                    ),
                },
            },
            "responses": _answers({"type": "object"}, 413),
        }
    },
    "/api/weights/{name}": {
        "get": {
            "summary": "The numbers of one parameter, as float32, little-endian.",
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": TEXT}],
            "responses": _answers(FLOATS, 404),
        }
    },
    "/api/mistakes": {
        "get": {
            "summary": "Test digits that the model misreads, the most confident first.",
            "parameters": PAGE,
            "responses": _answers(_ref("Mistakes")),
        }
    },
    "/api/pen/{digit}": {
        "get": {
            "summary": "A digit written by a simulated pen: its path, and the image it leaves.",
            "parameters": [
                {"name": "digit", "in": "path", "required": True, "schema": DIGIT},
                _query("seed", "Another seed, another hand.", {**WHOLE, "maximum": 10**8}),
            ],
            "responses": _answers(
                _object({"strokes": _list(_list(_list(NUMBER, 4, 4))), "image": BASE64}), 404
            ),
        }
    },
    "/api/recipes": {
        "get": {
            "summary": "What can be trained.",
            "responses": _answers({"type": "object"}),
        }
    },
    "/api/runs": {
        "get": {
            "summary": "All training runs.",
            "responses": _answers(
                _object({"runs": _list(_ref("Summary")), "most": WHOLE, "most_going": WHOLE})
            ),
        },
        "post": _run(
            "Begin a run: a recipe's settings, some replaced.",
            _answers(_ref("Run"), 413, 415, good="201"),
            _object({}, {**SETTINGS, "paused": {"type": "boolean"}, "pace": PACE}),
        ),
    },
    "/api/runs/{id}": {
        "parameters": [RUN_ID],
        "get": _run("How a run stands.", _answers(_ref("Run"), 404)),
        "delete": _run(
            "Remove a run.",
            {**_answers({}, 404), "204": {"description": "Gone."}},
        ),
    },
    "/api/runs/{id}/events": {
        "parameters": [RUN_ID],
        "get": {
            "summary": "What happens in a run, as server-sent events; the first is its state.",
            "responses": {
                **_answers({}, 404),
                "200": {"description": "Events.", "content": {"text/event-stream": {}}},
            },
        },
    },
    "/api/runs/{id}/mistakes": {
        "parameters": [RUN_ID],
        "get": _run(
            "Digits held back that the run misread after its latest epoch.",
            _answers(_ref("Mistakes"), 404, 409),
            None,
            parameters=PAGE,
        ),
    },
    "/api/runs/{id}/equation": {
        "parameters": [RUN_ID],
        "post": _run(
            "The next step of a paused run, equation by equation.",
            _answers({"type": "object"}, 404, 409, 413, 415),
            _object({}),
        ),
    },
    "/api/runs/{id}/pace": {
        "parameters": [RUN_ID],
        "post": _run(
            "How fast a run goes.",
            _answers(_ref("Summary"), 404, 413, 415),
            _object({"pace": PACE}),
        ),
    },
    "/api/runs/{id}/{wish}": {
        "parameters": [
            RUN_ID,
            {"name": "wish", "in": "path", "required": True, "schema": {"enum": list(WISHES)}},
        ],
        "post": _run(
            "Pause a run, resume it, take one step, or stop it for good.",
            _answers(_ref("Summary"), 404, 409, 413, 415),
            _object({}),
        ),
    },
    "/api/health": {
        "get": {
            "summary": "Whether the server is there, and with which model.",
            "responses": _answers(
                _object(
                    {
                        "status": {"const": "ok"},
                        "version": TEXT,
                        "model": _object(
                            {
                                "name": TEXT,
                                "about": TEXT,
                                "parameters": WHOLE,
                                "threshold": SHARE,
                                "temperature": NUMBER,
                                "data": TEXT,
                            }
                        ),
                    }
                )
            ),
        }
    },
}
