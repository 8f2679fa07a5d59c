"""What a reader of the page is refused is said in every language, with the values that are sent."""

from __future__ import annotations

import ast
import errno
import math
import os
from collections import defaultdict
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

import digitus
from digitus import errors, nn
from digitus.errors import DataError, DigitusError, OutputError, ShapeError
from digitus.files import not_written, write_text
from digitus.locks import locked
from digitus.recipe import planned
from digitus.serve import worker_pool
from digitus.serve.openapi import document
from digitus.serve.refusals import Code
from digitus.serve.responses import Error, json_text, refused
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
    return found


def test_every_code_is_sent_and_said_with_the_same_values() -> None:
    said = {key.removeprefix("refused."): sentences for key, sentences in table("en").items()
            if key.startswith("refused.")}  # fmt: skip
    assert set(get_args(Code)) == said.keys()
    assert sent() == {
        code: {frozenset(set().union(*map(names, sentences)))} for code, sentences in said.items()
    }


def test_no_value_is_a_sentence_of_its_own() -> None:
    numbers = {"n", "most", "least", "away", "width", "height", "rate"}
    names = {"field", "name", "one", "other", "text", "value"}  # which people have given
    notation = {"layer", "known", "check"}  # the same in every language: MaxPool(size=2), PNG, isbn
    values = {value for places in sent().values() for value in frozenset().union(*places)}
    assert values <= numbers | names | notation


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


@pytest.mark.parametrize(
    ("layers", "n"),
    [
        ("784-8c-p-p-p-p-p-10", 7),
        ("784-p-p-p-p-p-10", 5),
    ],
)
def test_who_asks_for_layers_that_do_not_fit_learns_which(
    served: Serving, layers: str, n: int
) -> None:
    answer = served.client.post("/api/runs", json={"layers": layers}).json()
    why = f"layer {n}, MaxPool(size=2): its 2 x 2 window is larger"
    assert answer["error"].startswith(why)
    assert (answer["code"], answer["values"]) == ("shape", {"n": n, "layer": "MaxPool(size=2)"})


def test_a_sentence_that_would_be_wrong_has_no_code() -> None:
    large = nn.Chain([nn.Flatten(), nn.Dense(10**8), nn.Dense(10)])
    with pytest.raises(ShapeError, match="parameters") as caught:
        planned(large, (28, 28))
    assert refused(caught.value).error == Error(str(caught.value))
    for kind in (value for value in vars(errors).values() if isinstance(value, type)):
        assert refused(kind("so it is")).error == Error("so it is")


def test_only_what_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for write in (write_text, lambda path, _: locked(path, "digitus serve").__enter__()):
        with pytest.raises(OutputError) as caught:
            write(tmp_path / "file" / "below", "text")
        assert refused(caught.value).status_code == 507
        assert refused(caught.value).error.code == "not-written"


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk-full"), (errno.EDQUOT, "disk-full"), (errno.EIO, "not-written")],
)
def test_a_full_disk_is_called_so(number: int, code: str) -> None:
    error = not_written(Path("run"), OSError(number, os.strerror(number)))
    assert str(error) == f"cannot write run: {os.strerror(number)}"
    assert refused(error).error.code == code


def test_a_folder_in_use_is_no_full_disk(tmp_path: Path) -> None:
    with locked(tmp_path, "digitus train"), pytest.raises(OutputError) as caught:
        locked(tmp_path, "digitus serve").__enter__()
    found = refused(caught.value).error
    assert found.code == "in-use"
    assert f"in use by digitus train, process {os.getpid()} on " in found.error


@pytest.mark.parametrize("error", [DataError(), ShapeError()], ids=repr)
def test_an_error_without_words_is_told_by_its_name(error: DigitusError) -> None:
    assert refused(error).error == Error(type(error).__name__)


@pytest.mark.parametrize(
    ("value", "said"),
    [(3, "3"), (np.int64(3), "3"), (0.5, "0.5"), (np.float32(0.5), "0.5"), (math.inf, '"inf"'),
     ("three", '"three"')],
    ids=repr,
)  # fmt: skip
def test_every_value_can_be_sent(value: Any, said: str) -> None:
    error = refused(DataError("x", "pixels", n=value)).error
    assert json_text(error) == f'{{"error":"x","code":"pixels","values":{{"n":{said}}}}}'


def test_whole_numbers_stay_whole(served: Serving) -> None:
    answer = served.client.post("/api/runs", json={"layers": "784-2000-10"})
    assert '"most":1024}' in answer.text
    kept = msgspec.json.decode(answer.content, type=Error).values
    assert isinstance(kept, dict)
    assert isinstance(kept["most"], int)


def test_the_description_names_the_codes() -> None:
    error = document({}, token=False)["components"]["schemas"]["Error"]  # type: ignore[index]
    assert error["required"] == ["error"]
    assert set(error["properties"]["code"]["enum"]) == set(get_args(Code))
