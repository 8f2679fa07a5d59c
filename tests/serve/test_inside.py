"""Inside the network: activations, weights, and gradients that differences agree with."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from digitus.nn import Chain, namespace, softmax
from digitus.recipe import LAYERS
from digitus.serve.inside import as_numbers
from digitus.serve.inside import look as look_in_structs
from digitus.serve.layer_words import Equations, named
from digitus.serve.responses import json_text
from digitus.training.exemplars import remembering
from serving import Serving
from small import EVERYTHING, digits, recipe, recognizer, trained

IMAGE = digits().images[7]
# No two pixels of a 4 x 4 window are equal: at a tie a max-pool has no derivative.
WINDOWS = np.random.default_rng(0).permuted(np.tile(np.arange(16) * 16, (49, 1)), axis=1)
UNTIED = WINDOWS.reshape(7, 7, 4, 4).swapaxes(1, 2).reshape(28, 28).astype(np.uint8)
ALL = frozenset(range(20))


def floats(about: dict[str, Any]) -> np.ndarray:
    raw = base64.b64decode(about["data"], validate=True)
    return np.frombuffer(raw, "<f4").reshape(about["shape"])


def look(*arguments: Any) -> dict[str, Any]:
    """As it is sent."""
    found: dict[str, Any] = json.loads(json_text(look_in_structs(*arguments)))
    return found


@pytest.fixture(scope="module")
def everything() -> Any:
    return trained(recipe(EVERYTHING, epochs=1), digits())[0]


@pytest.fixture(params=["dense", "everything", "memory"])
def model(request: pytest.FixtureRequest) -> Any:
    if request.param == "everything":
        return request.getfixturevalue("everything")
    remembered = {"corrections": digits().take(slice(80, 99)), "known": digits().images[20:80]}
    return recognizer() if request.param == "dense" else remembering(recognizer(), **remembered)


def test_layer_by_layer_it_is_the_network(model: Any) -> None:
    found = look(model, model.params, IMAGE, ALL)
    x = as_numbers(IMAGE[None], model.params)
    assert found["shape"] == [28, 28, 1]
    for i, (layer, about) in enumerate(
        zip(model.recipe.network.layers, found["layers"], strict=True)
    ):
        own = {k.partition(".")[2]: w for k, w in model.params.items() if k.startswith(f"{i}.")}
        assert about["shape_in"] == list(x.shape[1:])
        x, _ = layer.forward(own, x)
        assert about["shape_out"] == list(x.shape[1:])
        np.testing.assert_allclose(floats(about["activation"]), x[0], rtol=1e-5, atol=1e-6)
        assert about["params"] == {f"{i}.{k}": list(w.shape) for k, w in own.items()}
        assert about["settings"].items() == vars(layer).items()
        assert about["kind"] == type(layer).__name__
    np.testing.assert_allclose(found["outputs"], model.outputs(IMAGE[None])[0], atol=1e-4)
    np.testing.assert_allclose(
        found["probabilities"], model.probabilities(IMAGE[None])[0], atol=1e-5
    )
    assert (found["value"], pytest.approx(found["confidence"], abs=1e-5)) == next(
        model.read(IMAGE[None])
    )


def test_gradients_agree_with_differences(model: Any) -> None:
    # In double precision, so that a difference over a hundredth of a grey level is exact enough.
    params = {name: w.astype(np.float64) for name, w in model.params.items()}
    found = look(model, params, UNTIED, frozenset())
    gradient = floats(found["gradient"])
    assert gradient.shape == (10, 28, 28)
    x = as_numbers(UNTIED[None], params)
    forward = model.recipe.network.forward
    for row, column in [(14, 14), (9, 17), (20, 11), (0, 0), (13, 5)]:
        step = np.zeros_like(x)
        step[0, row, column, 0] = 1e-4
        slope = (forward(params, x + step)[0] - forward(params, x - step)[0])[0] / 2e-4
        np.testing.assert_allclose(gradient[:, row, column], slope, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(floats(found["evidence"]), gradient * UNTIED, rtol=1e-5, atol=1e-6)


def test_without_biases_the_evidence_adds_up_to_the_outputs() -> None:
    model = recognizer()
    params = {name: w * (not name.endswith("b")) for name, w in model.params.items()}
    found = look(model, params, IMAGE, frozenset())
    np.testing.assert_allclose(floats(found["evidence"]).sum((1, 2)), found["outputs"], atol=1e-3)


def test_over_http(served: Serving) -> None:
    raw = served.client.post("/api/inside", content=IMAGE.tobytes()).json()
    assert raw == look(recognizer(), recognizer().params, IMAGE, ALL)
    table = {"pixels": IMAGE.ravel().tolist()}
    assert served.client.post("/api/inside", json=table).json() == raw
    some = served.client.post("/api/inside?layers=1,3", content=IMAGE.tobytes()).json()
    assert [i for i, layer in enumerate(some["layers"]) if "activation" in layer] == [1, 3]


def test_an_edited_weight_changes_the_answer_and_nothing_else(served: Serving) -> None:
    table = {"pixels": IMAGE.ravel().tolist()}
    before = served.client.post("/api/inside", json=table).json()
    w = floats(served.client.get("/api/weights/5.b").json())
    edits = [{"name": "5.b", "index": [3], "value": float(w[3]) + 1.5}]
    after = served.client.post("/api/inside", json={**table, "edits": edits}).json()
    change = np.subtract(after["outputs"], before["outputs"])
    np.testing.assert_allclose(change, 1.5 * np.eye(10)[3], atol=1e-4)
    assert served.client.post("/api/inside", json=table).json() == before


def test_weights(served: Serving) -> None:
    for name, w in recognizer().params.items():
        answer = served.client.get(f"/api/weights/{name}")
        np.testing.assert_array_equal(floats(answer.json()), w)
    assert served.client.get("/api/weights/9.W").status_code == 404


@pytest.mark.parametrize(
    "edits",
    [
        {},
        [3],
        [{}],
        [{"name": "9.W", "index": [0], "value": 1}],
        [{"name": "5.b", "index": [10], "value": 1}],
        [{"name": "5.b", "index": [-1], "value": 1}],
        [{"name": "5.b", "index": [0, 0], "value": 1}],
        [{"name": "5.b", "index": 0, "value": 1}],
        [{"name": "5.b", "index": [0.5], "value": 1}],
        [{"name": "5.b", "index": [True], "value": 1}],
        [{"name": "5.b", "index": [0]}],
        [{"name": "5.b", "index": [0], "value": "1"}],
        [{"name": "5.b", "index": [0], "value": 1e30}],
        [{"name": "5.b", "index": [0], "value": 10**400}],
        [{"name": ["5.b"], "index": [0], "value": 1}],
        [{"name": "5.b", "index": [0], "value": 1}] * 1001,
    ],
    ids=lambda edits: str(edits)[:60],
)
def test_edits_that_make_no_sense(served: Serving, edits: Any) -> None:
    table = {"pixels": IMAGE.ravel().tolist(), "edits": edits}
    answer = served.client.post("/api/inside", json=table)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()) == ["error"]


def test_other_requests_that_make_no_sense(served: Serving) -> None:
    ask = served.client.post
    assert ask("/api/inside", content=bytes(783)).status_code == 400
    assert ask("/api/inside", json={"pixels": [0] * 783}).status_code == 400
    assert ask("/api/inside?layers=x", content=bytes(784)).status_code == 400
    assert ask("/api/inside?layers=-1", content=bytes(784)).status_code == 400


def test_numbers_that_overflow_are_refused() -> None:
    model = recognizer()
    params = {name: w * np.float32(1e25) for name, w in model.params.items()}
    with pytest.raises(Exception, match="not finite"):
        look(model, params, IMAGE, ALL)


@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_every_layer_has_its_equations(kind: type) -> None:
    needed: Any = {"Dense": (10,), "Conv": (8,)}
    needed |= {"Exemplars": (10, 3), "Residual": (Chain([]),), "Concat": (Chain([]), Chain([]))}
    layer = kind(*needed.get(kind.__name__, ()))
    words = Equations.of(layer)
    assert words.forward.startswith(("y", "[h w c]"))
    assert words.backward, "the docstring has no gradient"
    assert ";" not in words.forward
    assert named(layer).startswith(kind.__name__)


def test_probabilities_use_the_temperature() -> None:
    model = replace(recognizer(), temperature=3.0)
    found = look(model, model.params, IMAGE, ALL)
    z = np.array(found["outputs"])
    np.testing.assert_allclose(found["probabilities"], softmax(z / 3), atol=1e-5)
    assert namespace(z) is np
