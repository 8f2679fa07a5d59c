"""What can be asked and what is answered, for programs: /openapi.json (OpenAPI 3.1).

Inside: the description, written by hand so that it can be read, with the limits from where they are
kept. A test holds the server to it. Not inside: the page for people (`static/api.html`).
"""

from __future__ import annotations

from typing import Any

from digitus import __version__
from digitus.serve.bodies import MOST, MOST_IMAGES
from digitus.serve.inside import MOST_EDITS
from digitus.serve.recognizing import LONGEST_PATTERN
from digitus.serve.runs import WISHES
from digitus.serve.schemas import (
    BASE64,
    DIGIT,
    FLOATS,
    IMAGE,
    NUMBER,
    PACE,
    PAGE,
    RAW,
    RUN_ID,
    SCHEMAS,
    SETTINGS,
    SHARE,
    TEXT,
    WHOLE,
    Table,
    answers,
    array,
    as_json,
    query,
    record,
    ref,
)


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


def _run(words: str, responses: Table, body: Table | None = None, **more: Any) -> Table:
    """Something done to a run."""
    found: Table = {"summary": words, "responses": responses, **more}
    if body is not None:
        found["requestBody"] = {"required": True, "content": as_json(body)}
    return found


PATHS: Table = {
    "/api/recognize": {
        "post": {
            "summary": f"Recognize 1 to {MOST_IMAGES} images of 28 x 28, white ink on black.",
            "requestBody": {
                "required": True,
                "content": {
                    **RAW,
                    **as_json(record({"images": array(IMAGE, 1, MOST_IMAGES)}, closed=False)),
                },
            },
            "responses": answers(ref("Answers"), 413),
        }
    },
    "/api/read": {
        "post": {
            "summary": "Read a picture: PNG, JPEG, BMP, TIFF or WebP as the body.",
            "parameters": [
                query(
                    "digits",
                    "So many digits are in it.",
                    {"type": "integer", "minimum": 1, "maximum": LONGEST_PATTERN},
                ),
                query(
                    "pattern",
                    "The form of the number: # for a digit.",
                    {"type": "string", "pattern": "^[ -~]*#[ -~]*$", "maxLength": LONGEST_PATTERN},
                ),
                query("images", "1: with what the network saw of each digit.", {"enum": [0, 1]}),
            ],
            "requestBody": {
                "required": True,
                "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
            },
            "responses": answers(ref("Reading"), 413),
        }
    },
    "/api/draw": {
        "post": {
            "summary": "Read a drawing, grey bytes row by row: ink on one plain ground.",
            "parameters": [
                *(
                    {
                        **query(
                            side, "In pixels.", {"type": "integer", "minimum": 1, "maximum": 10_000}
                        ),
                        "required": True,
                    }
                    for side in ("width", "height")
                ),
                query("steps", "1: with the steps on the way.", {"enum": [0, 1]}),
            ],
            "requestBody": {"required": True, "content": RAW},
            "responses": answers(
                record(
                    {
                        "reading": ref("Reading"),
                        "milliseconds": NUMBER,
                    },
                    {
                        "steps": array(
                            record(
                                {
                                    "name": TEXT,
                                    "about": TEXT,
                                    "width": WHOLE,
                                    "height": WHOLE,
                                    "data": BASE64,
                                }
                            )
                        ),
                    },
                ),
                413,
            ),
        }
    },
    "/api/inside": {
        "post": {
            "summary": "What every layer makes of one image, and which pixels speak for a digit.",
            "parameters": [query("layers", "Only these layers' activations, as in 1,3.", TEXT)],
            "requestBody": {
                "required": True,
                "content": {
                    **RAW,
                    **as_json(
                        record(
                            {"pixels": IMAGE},
                            {
                                "edits": array(
                                    record(
                                        {"name": TEXT, "index": array(WHOLE), "value": NUMBER},
                                        closed=False,
                                    ),
                                    0,
                                    MOST_EDITS,
                                )
                            },
                            closed=False,
                        )
                    ),
                },
            },
            "responses": answers({"type": "object"}, 413),
        }
    },
    "/api/weights/{name}": {
        "get": {
            "summary": "The numbers of one parameter, as float32, little-endian.",
            "parameters": [{"name": "name", "in": "path", "required": True, "schema": TEXT}],
            "responses": answers(FLOATS, 404),
        }
    },
    "/api/mistakes": {
        "get": {
            "summary": "Test digits that the model misreads, the most confident first.",
            "parameters": PAGE,
            "responses": answers(ref("Mistakes")),
        }
    },
    "/api/pen/{digit}": {
        "get": {
            "summary": "A digit written by a simulated pen: its path, and the image it leaves.",
            "parameters": [
                {"name": "digit", "in": "path", "required": True, "schema": DIGIT},
                query("seed", "Another seed, another hand.", {**WHOLE, "maximum": MOST}),
            ],
            "responses": answers(
                record({"strokes": array(array(array(NUMBER, 4, 4))), "image": BASE64}), 404
            ),
        }
    },
    "/api/recipes": {
        "get": {
            "summary": "What can be trained.",
            "responses": answers({"type": "object"}),
        }
    },
    "/api/runs": {
        "get": {
            "summary": "All training runs.",
            "responses": answers(
                record({"runs": array(ref("Summary")), "most": WHOLE, "most_going": WHOLE})
            ),
        },
        "post": _run(
            "Begin a run: a recipe's settings, some replaced.",
            answers(ref("Run"), 413, 415, good="201"),
            record({}, {**SETTINGS, "paused": {"type": "boolean"}, "pace": PACE}),
        ),
    },
    "/api/runs/{id}": {
        "parameters": [RUN_ID],
        "get": _run("How a run stands.", answers(ref("Run"), 404)),
        "delete": _run(
            "Remove a run.",
            {**answers({}, 404), "204": {"description": "Gone."}},
        ),
    },
    "/api/runs/{id}/events": {
        "parameters": [RUN_ID],
        "get": {
            "summary": "What happens in a run, as server-sent events; the first is its state.",
            "responses": {
                **answers({}, 404),
                "200": {"description": "Events.", "content": {"text/event-stream": {}}},
            },
        },
    },
    "/api/runs/{id}/mistakes": {
        "parameters": [RUN_ID],
        "get": _run(
            "Digits held back that the run misread after its latest epoch.",
            answers(ref("Mistakes"), 404, 409),
            None,
            parameters=PAGE,
        ),
    },
    "/api/runs/{id}/equation": {
        "parameters": [RUN_ID],
        "post": _run(
            "The next step of a paused run, equation by equation.",
            answers({"type": "object"}, 404, 409, 413, 415),
            record({}, closed=False),
        ),
    },
    "/api/runs/{id}/pace": {
        "parameters": [RUN_ID],
        "post": _run(
            "How fast a run goes.",
            answers(ref("Summary"), 404, 413, 415),
            record({"pace": PACE}, closed=False),
        ),
    },
    **{
        f"/api/runs/{{id}}/{wish}": {
            "parameters": [RUN_ID],
            "post": _run(
                words, answers(ref("Summary"), 404, 409, 413, 415), record({}, closed=False)
            ),
        }
        for wish, words in zip(
            WISHES,
            (
                "Pause a run.",
                "Let it go on.",
                "Take one step of a paused run.",
                "End a run for good.",
            ),
            strict=True,
        )
    },
    "/api/health": {
        "get": {
            "summary": "Whether the server is there, and with which model.",
            "responses": answers(
                record(
                    {
                        "status": {"const": "ok"},
                        "version": TEXT,
                        "model": record(
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
