"""What a reader of the page is refused is said in every language, with the values that are sent."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path
from typing import get_args

import pytest

import digitus
from digitus import errors
from digitus.serve import worker_pool
from digitus.serve.openapi import document
from digitus.serve.refusals import Code
from serve.test_words import names, table
from serving import Serving

# Of each call with a code, which argument it is.
PLACES = {"refusal": 2, **{name: 1 for name in vars(errors) if name.endswith("Error")}}
HOW = {"wait", "headers"}  # what a refusal is told beside its values


def sent() -> dict[str, set[frozenset[str]]]:
    """By code, the names of the values that the code sends with it: each place's."""
    found = defaultdict(set)
    for path in Path(digitus.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            place = PLACES.get(getattr(call.func, "id", ""))
            if place and len(call.args) > place:
                code = ast.literal_eval(call.args[place])
                found[code].add(frozenset(k.arg or "" for k in call.keywords) - HOW)
    for kind in vars(errors).values():
        if getattr(kind, "code", ""):
            found[kind.code].add(frozenset())
    return found


def test_every_code_is_sent_and_said_with_the_same_values() -> None:
    said = {key.removeprefix("refused."): sentences for key, sentences in table("en").items()
            if key.startswith("refused.")}  # fmt: skip
    assert set(get_args(Code)) == said.keys()
    assert sent() == {
        code: {frozenset(set().union(*map(names, sentences)))} for code, sentences in said.items()
    }


def test_a_program_gets_the_line_with_its_code_and_values(
    served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.client.get("/api/runs/00000000").json() == {
        "error": "there is no such run", "code": "no-run"
    }  # fmt: skip
    told = served.client.post("/api/read", content=b"GIF89a, but nothing more").json()
    assert told["code"] in get_args(Code)
    assert told["error"].startswith("picture: ")
    monkeypatch.setattr(worker_pool, "WORK_SECONDS", 0.0)
    answer = served.client.post("/api/inside", content=bytes(784)).json()
    assert (answer["code"], answer["values"]) == ("late", {"n": 0})
    # Of what only a program can do wrong, the line is enough.
    assert list(served.client.post("/api/inside", content=bytes(7)).json()) == ["error"]


def test_the_description_names_the_codes() -> None:
    error = document({}, token=False)["components"]["schemas"]["Error"]  # type: ignore[index]
    assert error["required"] == ["error"]
    assert set(error["properties"]["code"]["enum"]) == set(get_args(Code))
