"""Digits read over HTTP: the answers are the recognizer's, and nonsense is one line."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import digitus.reading.read
from conftest import examples
from digitus.serve import decoding
from serving import Serving
from small import digits, recognizer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def complaint(answer: httpx.Response, *statuses: int) -> str:
    """The one line that an error is."""
    assert answer.status_code in (statuses or (400,)), answer.text
    line = answer.json()["error"]
    assert answer.json().keys() <= {"error", "code", "values"}
    assert line.isprintable()
    assert 0 < len(line) < 300
    return str(line)


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), np.uint8)


def page() -> np.ndarray:
    """Four digits of the pen in a row, dark on light, as somebody would draw them."""
    images = digits().images[:4]
    row = np.hstack([cv2.resize(image, (112, 112)) for image in images])
    return np.asarray(255 - row, np.uint8)


def test_the_answers_are_the_recognizers(served: Serving) -> None:
    images = digits().images[:50]
    answers = served.client.post("/api/recognize", content=images.tobytes()).json()["answers"]
    expected = recognizer().probabilities(images)
    found = np.array([answer["probabilities"] for answer in answers])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    for answer, (value, confidence) in zip(answers, recognizer().read(images), strict=True):
        assert answer["value"] == value
        assert answer["confidence"] == pytest.approx(confidence, abs=1e-6)
    assert None in [answer["value"] for answer in answers] or recognizer().threshold < 0.3
    table = {"images": images.reshape(-1, 784).tolist()}
    assert served.client.post("/api/recognize", json=table).json()["answers"] == answers


def test_everybody_gets_his_own_answer(served: Serving) -> None:
    images = digits().images
    expected = recognizer().probabilities(images)

    def ask(worker: int) -> None:
        rng = np.random.default_rng(worker)
        with httpx.Client(verify=False, base_url=served.address) as client:
            for _ in range(20):
                chosen = rng.integers(0, len(images), rng.integers(1, 40))
                answer = client.post("/api/recognize", content=images[chosen].tobytes())
                found = [a["probabilities"] for a in answer.json()["answers"]]
                np.testing.assert_allclose(found, expected[chosen], atol=1e-6)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "1 to 2000 images"),
        (bytes(783), 400, "783 bytes"),
        (bytes(785), 400, "784 bytes each"),
        (bytes(784 * 2001), 413, "not 2001"),
    ],
)
def test_bytes_that_are_no_images(served: Serving, body: bytes, status: int, words: str) -> None:
    assert words in complaint(served.client.post("/api/recognize", content=body), status)


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"images": 3},
        {"images": []},
        {"images": [[0] * 783]},
        {"images": [[0] * 784, [0] * 783]},
        {"images": [[0] * 783 + [256]]},
        {"images": [[0] * 783 + [-1]]},
        {"images": [[0] * 783 + ["0"]]},
        {"images": [[0] * 783 + [None]]},
        {"images": [[0] * 783 + [10**400]]},
        {"images": [[False] * 784]},
        {"images": [[[0]] * 784]},
        {"images": [{"0": 1}]},
        [1, 2],
        "images",
        None,
    ],
    ids=str,
)
def test_json_that_is_no_images(served: Serving, table: Any) -> None:
    complaint(served.client.post("/api/recognize", json=table))


@pytest.mark.parametrize(
    "text",
    [b"{", b"\xff\xfe", b"[" * 100_000, b'{"images": NaN}', b'{"images": [' + b"9" * 5000 + b"]}"],
    ids=["cut", "not text", "deep", "not a number", "long"],
)
def test_json_that_is_none(served: Serving, text: bytes) -> None:
    headers = {"content-type": "application/json"}
    complaint(served.client.post("/api/recognize", content=text, headers=headers))


@given(table=JSON)
@examples(40)
def test_any_json_is_an_answer_or_a_line(table: Any) -> None:
    content = json.dumps(table)
    for path in ("/api/recognize", "/api/inside", "/api/runs"):
        answer = SERVED.client.post(
            path, content=content, headers={"content-type": "application/json"}
        )
        if path == "/api/runs" and answer.status_code == 201:  # {} is a run
            SERVED.client.delete(f"/api/runs/{answer.json()['id']}")
            continue
        complaint(answer)


SERVED: Serving  # for tests with examples, which take no fixtures


@pytest.fixture(autouse=True)
def _serve(served: Serving) -> None:
    global SERVED  # noqa: PLW0603
    SERVED = served


def test_too_much_json(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "JSON_BYTES", 1000)
    answer = served.client.post("/api/recognize", json={"images": [[0] * 784]})
    complaint(answer, 413)


def test_a_drawing_is_read_and_every_step_shown(served: Serving) -> None:
    drawing = page()
    height, width = drawing.shape
    address = f"/api/draw?width={width}&height={height}"
    answer = served.client.post(f"{address}&steps=1", content=drawing.tobytes()).json()
    without = served.client.post(address, content=drawing.tobytes()).json()
    assert without["reading"] == answer["reading"]
    assert "steps" not in without
    reading = digitus.reading.read.read(drawing, recognizer=recognizer(), drawn=True)
    assert reading.digits
    shown = answer["reading"]
    assert {k: shown[k] for k in ("width", "height", "lines")} == {
        "width": width, "height": height, "lines": list(reading.lines),
    }  # fmt: skip
    for found, digit in zip(shown["digits"], reading.digits, strict=True):
        assert found["value"] == digit.value
        assert found["box"] == list(digit.box)
        np.testing.assert_array_equal(unpacked(found["image"]), digit.image.ravel())
        np.testing.assert_allclose(found["probabilities"], digit.probabilities, atol=1e-6)
    assert [step["name"] for step in answer["steps"]] == ["picture", "ink"]
    for step in answer["steps"]:
        assert (step["width"], step["height"]) == (width, height)
        assert len(unpacked(step["data"])) == width * height
    np.testing.assert_array_equal(unpacked(answer["steps"][0]["data"]), drawing.ravel())


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_an_empty_sheet_has_no_digits(served: Serving, grey: int) -> None:
    answer = served.client.post("/api/draw?width=60&height=40", content=bytes([grey]) * 2400)
    assert answer.json()["reading"]["digits"] == []


@pytest.mark.parametrize(
    ("query", "size", "status"),
    [
        ("", 1, 400),
        ("?width=2", 2, 400),
        ("?width=2&height=0", 0, 400),
        ("?width=2&height=2", 5, 400),
        ("?width=-2&height=-2", 4, 400),
        ("?width=2.0&height=2", 4, 400),
        ("?width=%D9%A2&height=2", 4, 400),
        ("?width=99999999999999999999&height=2", 4, 400),
        ("?width=10001&height=1", 10001, 400),
        ("?width=10000&height=10000", 4, 413),
    ],
)
def test_drawings_that_are_none(served: Serving, query: str, size: int, status: int) -> None:
    complaint(served.client.post(f"/api/draw{query}", content=bytes(size)), status)


def test_a_picture_is_read_as_the_command_reads_it(served: Serving) -> None:
    picture = cv2.imencode(".png", page())[1].tobytes()
    expected = digitus.reading.read.read(picture, recognizer=recognizer()).to_json()
    assert served.client.post("/api/read", content=picture).json() == expected
    assert expected["file"] is None
    # curl --data-binary says that it sends a form
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert served.client.post("/api/read", content=picture, headers=form).json() == expected
    more = served.client.post("/api/read?images=1", content=picture).json()
    for digit in more["digits"]:
        assert len(unpacked(digit.pop("image"))) == 784
        assert len(digit.pop("probabilities")) == 10
    assert more == expected


def test_the_form_of_the_number_is_used(served: Serving) -> None:
    picture = cv2.imencode(".png", page())[1].tobytes()
    for query, pattern in (("?digits=4", "####"), ("?pattern=%23%23-%23%23", "##-##")):
        expected = digitus.reading.read.read(picture, recognizer=recognizer(), pattern=pattern)
        answer = served.client.post(f"/api/read{query}", content=picture).json()
        assert answer == expected.to_json()


@pytest.mark.parametrize(
    "query",
    ["?images=2", "?images=true", "?digits=4&digits=4", "?pattern=%23&pattern=%23", "?digits=0",
     "?digits=x", "?digits=101", "?pattern=", "?pattern=abc", "?digits=2&pattern=%23",
     "?pattern=%23%0a", "?pattern=" + 101 * "%23"],
)  # fmt: skip
def test_forms_that_no_number_has(served: Serving, query: str) -> None:
    picture = cv2.imencode(".png", page())[1].tobytes()
    complaint(served.client.post(f"/api/read{query}", content=picture))


@pytest.mark.parametrize(
    "body",
    [b"", b"GIF?", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"],
)
def test_pictures_that_are_none(served: Serving, body: bytes) -> None:
    line = complaint(served.client.post("/api/read", content=body))
    assert "picture" in line


@given(st.binary(max_size=300), st.integers(0, 200))
def test_damaged_pictures_are_one_line(noise: bytes, at: int) -> None:
    whole = cv2.imencode(".png", page())[1].tobytes()
    answer = SERVED.client.post("/api/read", content=whole[:at] + noise)
    if answer.status_code != 200:
        complaint(answer)


def test_only_the_right_method(served: Serving) -> None:
    for method, path in (("GET", "/api/recognize"), ("PUT", "/api/read"), ("POST", "/")):
        complaint(served.client.request(method, path), 405)
    complaint(served.client.get("/api/nothing"), 404)
