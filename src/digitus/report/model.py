"""The sections of the report about a network: how it learnt, what it is, its recipe.

Inside: what `model.html` needs of a network and its history: learning curves, the first layer's
weights, every layer with its equation, the recipe. Not inside: how well it reads (`score`) or finds
(`finding`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np
from markupsafe import Markup

from digitus import plotting
from digitus.history import EpochRecord
from digitus.nn import Conv, Dense
from digitus.nn.branches import branches
from digitus.recipe import Recipe, to_table
from digitus.recognizer import Recognizer
from digitus.report import charts
from digitus.report.formats import duration, percent, quantity
from digitus.report.html import Section, fill
from digitus.report.pictures import Tiles, signed_tiles
from digitus.types import Floats, Floats64, Shape

Epochs: TypeAlias = Sequence[EpochRecord]
TEMPLATE = "report/model.html"
UNITS_SHOWN = 64  # those with the largest weights
EPOCHS_SHOWN = 40  # rows of the table of epochs


def learning(recipe: Recipe, epochs: Epochs) -> Section | None:
    """The learning curves, and the numbers behind them; None for a network without a past."""
    if not epochs:
        return None
    x = _column(epochs, "epoch")
    training = "training" if recipe.augment.off else "training, distorted"
    loss, accuracy = (
        [
            plotting.Series(training, "train", _column(epochs, key)),
            plotting.Series("development", "development", _column(epochs, f"development_{key}")),
        ]
        for key in ("loss", "accuracy")
    )
    rate = [plotting.Series("learning rate", "rate", _column(epochs, "rate"))]
    drawn = [
        charts.curves("Loss", x, loss, plotting.axis_for(loss), "epoch"),
        charts.curves(
            "Accuracy", x, accuracy, plotting.axis_for(accuracy, plotting.percentage), "epoch"
        ),
        charts.curves("Learning rate", x, rate, plotting.axis_for(rate, from_zero=True), "epoch"),
    ]
    body = fill(
        TEMPLATE,
        "learning",
        epochs=len(epochs),
        pace=_pace(epochs),
        distorted=not recipe.augment.off,
        charts=drawn,
        rows=_epoch_rows(epochs),
    )
    return Section("learning", "How it learnt", body)


def _pace(epochs: Epochs) -> str:
    """How long it took, where that is known."""
    seconds = _column(epochs, "seconds")
    images = seconds * _column(epochs, "images_per_second")
    if not (known := np.isfinite(images)).any() or not (total := seconds[known].sum()):
        return ""
    return f" in {duration(total)}, {images[known].sum() / total:,.0f} images a second"


def _column(epochs: Epochs, key: str) -> Floats64:
    """One value of each epoch; NaN where there is none."""
    values = (cast("Mapping[str, float | None]", epoch).get(key) for epoch in epochs)
    return np.array([np.nan if v is None else float(v) for v in values])


def _epoch_rows(epochs: Epochs) -> list[list[str]]:
    """The numbers of the epochs, or of `EPOCHS_SHOWN` among them."""
    chosen = np.linspace(0, len(epochs) - 1, min(len(epochs), EPOCHS_SHOWN)).round().astype(int)
    rows = []
    for i in np.unique(chosen).tolist():
        v = {key: _column(epochs[i : i + 1], key)[0] for key in epochs[i]}
        blank = float("nan")
        rows.append([
            str(epochs[i].get("epoch", i + 1)),
            f"{v.get('loss', blank):.4f}",
            percent(v.get("accuracy")),
            f"{v.get('development_loss', blank):.4f}",
            percent(v.get("development_accuracy")),
            f"{v.get('rate', blank):.3g}",
            f"{v.get('seconds', blank):.2f}",
        ])  # fmt: skip
    return rows


def first_weights(recognizer: Recognizer) -> tuple[str, Floats] | None:
    """What the first layer with weights is called, and its weights as pictures [units h w].

    None where they have no place in the picture, because something mixed the pixels before.
    """
    shape: Shape = (*recognizer.size, 1)
    image = shape
    for i, layer in enumerate(recognizer.recipe.network.layers):
        if isinstance(layer, Conv):
            w = np.asarray(recognizer.params[f"{i}.W"])  # [k k c o]
            return "kernel", w.reshape(*w.shape[:2], -1).transpose(2, 0, 1)
        if isinstance(layer, Dense):
            w = np.asarray(recognizer.params[f"{i}.W"])  # [h·w·c units]
            if w.shape[0] != int(np.prod(image)):
                return None
            return "unit", w.reshape(*image[:2], -1).transpose(2, 0, 1)
        if branches(layer):  # has weights of its own, or mixes pixels
            return None
        shape = layer.plan(shape)[1]
        if len(shape) == 3:
            image = shape
    return None


def weights(recognizer: Recognizer) -> tuple[Section, Tiles] | None:
    """Pictures of the first layer's weights, those of the largest norm first."""
    found = first_weights(recognizer)
    if found is None:
        return None
    thing, pictures = found
    order = np.argsort(-np.linalg.norm(pictures, axis=(1, 2)), kind="stable")[:UNITS_SHOWN]
    tiles = signed_tiles("weights", pictures[order])
    body = fill(
        TEMPLATE,
        "weights",
        thing=thing,
        size=_by(pictures.shape[1:]),
        count=len(pictures),
        most=UNITS_SHOWN,
        tiles=tiles,
        units=order.tolist(),
    )
    return Section("weights", "What the first layer looks for", body), tiles


def network(recipe: Recipe, size: Shape, outputs: str) -> Section:
    """Every layer with its equation, shapes and parameters, then loss and optimizer.

    `outputs` are the network's in words: "ten outputs".
    """
    shape: tuple[int, ...] = (*size, 1)
    rows, count = [], 0
    for i, layer in enumerate(recipe.network.layers):
        own, shape = layer.plan(shape)
        arrays = ", ".join(f"{name} {_by(s)}" for name, s in own.items())
        if branches(layer):
            arrays = quantity(len(own), "array")
        parameters = sum(int(np.prod(s)) for s in own.values())
        count += parameters
        rows.append([
            str(i), _code(str(layer)), _by(shape), arrays or "–",
            quantity(parameters) if parameters else "–", _equation(layer),
        ])  # fmt: skip
    rows.append(["all", "", "", "", quantity(count), ""])
    rules = [
        [name, _code(repr(value)), _equation(value)]
        for name, value in (
            ("loss", recipe.loss),
            ("optimizer", recipe.optimizer),
            ("schedule", recipe.schedule),
            ("initial", recipe.initial),
        )
    ]
    caption = f"From {_by((*size, 1))} bytes to {outputs}"
    body = fill(TEMPLATE, "network", caption=caption, layers=rows, rules=rules)
    return Section("network", "The network, every equation in plain sight", body)


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _code(text: str) -> Markup:
    """A layer, a rule or another value as code."""
    return Markup("<code>{}</code>").format(text)


def _equation(value: object) -> Markup:
    """The first line of a layer's or rule's docstring, which is its equation in this project."""
    text = (type(value).__doc__ or "").strip()
    line = text.partition("\n")[0].replace("`", "")
    return Markup('<span class="equation">{}</span>').format(line)


def recipe_text(recipe: Recipe) -> str:
    """The recipe as TOML, with every setting, defaults too."""
    lines, tables = [], []
    for key, value in to_table(recipe).items():
        if key == "network" and isinstance(value, list):
            layers = "".join(f"  {_toml(layer)},\n" for layer in value)
            lines.append(f"network = [\n{layers}]")
        elif isinstance(value, dict) and "kind" not in value:
            tables.append(f"\n[{key}]\n" + "\n".join(f"{k} = {_toml(v)}" for k, v in value.items()))
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines + tables) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return repr(value)  # JSON's NaN and Infinity are not TOML's
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def recipe(recipe: Recipe, known: Mapping[str, object]) -> Section:
    """The recipe, and whatever else is known of the network's past, but for its epochs."""
    rows = [[k, _code(_plain(v))] for k, v in _flat(known) if k != "epochs"]
    body = fill(TEMPLATE, "recipe", text=recipe_text(recipe), rows=rows)
    return Section("recipe", "The recipe", body)


def _flat(values: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """{"data": {"name": 1}} as [("data.name", 1)]."""
    pairs: list[tuple[str, object]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        pairs += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return pairs


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
