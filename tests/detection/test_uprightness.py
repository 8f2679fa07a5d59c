"""How upright digits stand: the layer, its fit, and what it says beside the network that ships."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitus.detection import closeup
from digitus.detection.closeup import CloseUpNetwork, shipped
from digitus.detection.uprightness import fit, uprightness
from digitus.errors import ModelError
from digitus.nn import stream
from digitus.synthetic.strokes import draw
from digitus.types import Floats32


def test_a_fit_tells_what_stands_from_what_lies() -> None:
    rng = stream(4, "described")
    described = rng.normal(0, 3, (600, 8)).astype(np.float32)
    stands = (described[:, 0] + described[:, 3] + rng.normal(0, 1, 600) > 1).astype(float)
    layer = fit(described[:400], stands[:400], np.ones(400))
    assert (layer["W"].shape, layer["b"].shape) == ((8, 1), (1,))
    z = uprightness(layer, described[400:])
    np.testing.assert_allclose(z, described[400:] @ layer["W"][:, 0] + layer["b"], rtol=1e-5)
    assert ((z > 0) == stands[400:]).mean() > 0.85
    # As probabilities they are true: where the odds are even, half stand.
    p = 1 / (1 + np.exp(-z))
    assert p.mean() == pytest.approx(stands[400:].mean(), abs=0.07)


def test_what_counts_less_says_less() -> None:
    """Two finds in contradiction: the odds are those of their weights."""
    described = np.zeros((2, 3), np.float32)
    layer = fit(described, np.array([1.0, 0.0]), np.array([60_000.0, 30_000.0]))
    (z, _) = uprightness(layer, described)
    assert z == pytest.approx(np.log(2), abs=0.01)


def hands(values: list[int], turns: int) -> tuple[Floats32, np.ndarray]:
    """How upright the network that ships finds drawn digits, and what it names them."""
    canvas = np.full((60, 60 * len(values)), 255, np.uint8)
    for i, ink in enumerate(draw(values, stream(7, "hands"))):
        canvas[15:43, 15 + 60 * i : 43 + 60 * i] = 255 - np.rot90(ink, turns)
    boxes = np.array([[29 + 60 * i, 29, 14, 20] for i in range(len(values))], np.float32)
    look = shipped().look(canvas, boxes)
    return look.upright, look.answers


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_of_digits_in_a_row_the_network_that_ships_tells_whether_they_stand(turns: int) -> None:
    values = [2, 3, 4, 5, 7] * 12
    stand, answers = hands(values, 0)
    lie, _ = hands(values, turns)
    assert (answers.argmax(1) == values).mean() > 0.9
    assert (stand > 0).mean() > 0.8
    assert (lie < 0).mean() > 0.8
    rows = [each.reshape(12, 5).sum(1) for each in (stand, lie)]
    assert (rows[0] > 0).all()
    assert (rows[1] < 0).all()


def test_upside_down_many_a_3_is_an_8_to_the_network_but_does_not_stand() -> None:
    """So its answers do not tell the way up."""
    stand, answers = hands([3] * 50, 2)
    taken = answers.argmax(1) == 8
    assert taken.mean() > 0.3
    assert (stand[taken] < 0).mean() > 0.8


def test_the_layer_is_kept_in_the_networks_file(tmp_path: Path) -> None:
    network, path = shipped(), tmp_path / "closeup.safetensors"
    closeup.save(path, network.recipe, network.params, network.history, network.upright)
    again = closeup.load(path)
    assert again.params.keys() == network.params.keys()
    for name, w in network.upright.items():
        np.testing.assert_allclose(again.upright[name], w, atol=np.abs(w).max() / 250)
    closeup.save(path, network.recipe, network.params, network.history)
    without = closeup.load(path)
    assert without.upright == {}
    boxes = np.array([[20, 20, 14, 20], [25, 20, 14, 20]], np.float32)
    look = without.look(np.full((40, 40), 255, np.uint8), boxes)
    assert look.upright.tolist() == [0, 0]


@pytest.mark.parametrize("given", [{"W": (1535, 1), "b": (1,)}, {"W": (1536, 1)}, {"V": (1,)}])
def test_a_layer_that_does_not_fit_is_refused(given: dict[str, tuple[int, ...]]) -> None:
    network = shipped()
    layer = {name: np.zeros(shape, np.float32) for name, shape in given.items()}
    with pytest.raises(ModelError, match=r"the network needs upright\.[WbV] .*, and the file has"):
        CloseUpNetwork(network.recipe, network.params, network.history, layer)
