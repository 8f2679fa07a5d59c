"""The sections of the report about a network: how it learnt, what it is, what it was told to do.

Inside: HTML for a `Recognizer` and its history: learning curves, the first layer's weights, every
layer with its equation, the recipe. Not inside: how well it reads (`score`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from digitus.nn import Conv, Dense
from digitus.recipe import Recipe, to_table
from digitus.recognizer import Recognizer
from digitus.report import charts
from digitus.report.page import Section, count, details, duration, percent, table
from digitus.report.pictures import Sheet, signed_sheet
from digitus.types import Floats, Floats64

Epochs = Sequence[dict[str, Any]]
UNITS = 64  # whose weights are shown
EPOCH_ROWS = 40  # of the table of epochs


def learning(recipe: Recipe, epochs: Epochs) -> Section | None:
    """The learning curves, and the numbers behind them; None for a network without a past."""
    if not epochs:
        return None
    x = _column(epochs, "epoch")
    training = "training" if recipe.augment.off else "training, distorted"
    loss, accuracy = (
        [
            charts.Series(training, "train", _column(epochs, key)),
            charts.Series("development", "development", _column(epochs, f"development_{key}")),
        ]
        for key in ("loss", "accuracy")
    )
    rate = [charts.Series("learning rate", "rate", _column(epochs, "rate"))]
    drawn = (
        charts.curves("Loss", x, loss, charts.axis_for(loss), "epoch")
        + charts.curves(
            "Accuracy", x, accuracy, charts.axis_for(accuracy, charts.percentage), "epoch"
        )
        + charts.curves("Learning rate", x, rate, charts.axis_for(rate, from_zero=True), "epoch")
    )
    distorted = "" if recipe.augment.off else ", of pictures distorted anew each time"
    words = (
        f"<p>{count(len(epochs), 'epoch')}{_pace(epochs)}. Loss and accuracy of training are means "
        f"over the epoch{distorted}; those of the development split, which is not learnt from, are "
        "taken at its end. So training may look worse than development.</p>"
    )
    body = f'{words}<div class="charts">{drawn}</div>{_epoch_table(epochs)}'
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
    values = (epoch.get(key) for epoch in epochs)
    return np.array([np.nan if v is None else float(v) for v in values])


def _epoch_table(epochs: Epochs) -> str:
    chosen = np.linspace(0, len(epochs) - 1, min(len(epochs), EPOCH_ROWS)).round().astype(int)
    rows = []
    for i in np.unique(chosen).tolist():
        v = {key: _column(epochs[i : i + 1], key)[0] for key in epochs[i]}
        blank = float("nan")
        rows.append([
            escape(str(epochs[i].get("epoch", i + 1))),
            f"{v.get('loss', blank):.4f}",
            percent(v.get("accuracy")),
            f"{v.get('development_loss', blank):.4f}",
            percent(v.get("development_accuracy")),
            f"{v.get('rate', blank):.3g}",
            f"{v.get('seconds', blank):.2f}",
        ])  # fmt: skip
    head = ["epoch", "loss", "accuracy", "dev. loss", "dev. accuracy", "rate", "seconds"]
    some = "" if len(rows) == len(epochs) else f" ({len(rows)} of {count(len(epochs))} epochs)"
    return details(f"These numbers as a table{some}", table("Epochs", head, rows))


def first_weights(recognizer: Recognizer) -> tuple[str, Floats] | None:
    """What the first layer with weights is called, and its weights as pictures [units h w].

    None where they have no place in the picture, because something mixed the pixels before.
    """
    image = shape = (*recognizer.size, 1)
    for i, layer in enumerate(recognizer.recipe.network.layers):
        if isinstance(layer, Conv):
            w = np.asarray(recognizer.params[f"{i}.W"])  # [k k c o]
            return "kernel", w.reshape(*w.shape[:2], -1).transpose(2, 0, 1)
        if isinstance(layer, Dense):
            w = np.asarray(recognizer.params[f"{i}.W"])  # [h·w·c units]
            if w.shape[0] != int(np.prod(image)):
                return None
            return "unit", w.reshape(*image[:2], -1).transpose(2, 0, 1)
        shape = layer.plan(shape)[1]
        if len(shape) == 3:
            image = shape
    return None


def weights(recognizer: Recognizer) -> tuple[Section, Sheet] | None:
    """Pictures of the first layer's weights, those of the largest norm first."""
    found = first_weights(recognizer)
    if found is None:
        return None
    thing, pictures = found
    order = np.argsort(-np.linalg.norm(pictures, axis=(1, 2)), kind="stable")[:UNITS]
    sheet = signed_sheet("weights", pictures[order])
    tiles = "".join(
        f"<li>{sheet.show(k, f'weights of {thing} {unit}')}<small>{unit}</small></li>"
        for k, unit in enumerate(order.tolist())
    )
    all_of_them = f"the {count(len(pictures), thing)} of the first layer"
    some = all_of_them
    if len(pictures) > UNITS:
        some = f"{UNITS} of {all_of_them}, those with the largest weights"
    size = " × ".join(map(str, pictures.shape[1:]))
    corners = ""
    if thing == "unit":
        corners = (
            " Where training pictures never have ink nothing is learnt, and the random numbers of "
            "the start are left."
        )
    words = (
        f"<p>The {size} weights of {some}, the largest first. Ink on "
        f'<b class="positive">blue</b> speaks for the {thing}, ink on '
        '<b class="negative">red</b> against it; where nothing is seen it does not matter. All '
        f"pictures have the same scale.{corners}</p>"
    )
    kind = "tiles kernels" if thing == "kernel" else "tiles units"
    body = f'{words}<ul class="{kind}">{tiles}</ul>'
    return Section("weights", "What the first layer looks for", body), sheet


def network(recognizer: Recognizer) -> Section:
    """Every layer with its equation, shapes and parameters, then loss and optimizer."""
    recipe = recognizer.recipe
    shape: tuple[int, ...] = (*recognizer.size, 1)
    rows = []
    for i, layer in enumerate(recipe.network.layers):
        own, shape = layer.plan(shape)
        arrays = ", ".join(f"{name} {_by(s)}" for name, s in own.items())
        size = sum(int(np.prod(s)) for s in own.values())
        rows.append([
            f"{i}", _called(layer), _by(shape), escape(arrays) or "–", count(size) if size else "–",
            _equation(layer),
        ])  # fmt: skip
    rows.append(["all", "", "", "", count(recognizer.parameter_count), ""])
    head = ["", "layer", "output", "parameters", "count", "equation, and how a gradient comes back"]
    caption = f"From {_by((*recognizer.size, 1))} bytes to ten outputs"
    layers = table(caption, head, rows, kind="layers", total=True)
    rules = [
        [name, _called(value), _equation(value)]
        for name, value in (
            ("loss", recipe.loss),
            ("optimizer", recipe.optimizer),
            ("schedule", recipe.schedule),
            ("initial", recipe.initial),
        )
    ]
    how = table("How it was trained", ["", "rule", "equation"], rules, kind="layers")
    return Section("network", "The network, every equation in plain sight", layers + how)


def _by(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape))


def _called(value: Any) -> str:
    """A layer or rule with its settings: Dense(units=10)."""
    return f"<code>{escape(repr(value))}</code>"


def _equation(value: Any) -> str:
    """The first line of its docstring: in this project that is its equation."""
    text = (type(value).__doc__ or "").strip()
    line = text.partition("\n")[0].replace("`", "")
    return f'<span class="equation">{escape(line)}</span>'


def recipe_text(recipe: Recipe) -> str:
    """The recipe as TOML, with every setting, also those that were not set."""
    lines, tables = [], []
    for key, value in to_table(recipe).items():
        if key == "network":
            layers = "".join(f"  {_toml(layer)},\n" for layer in value)
            lines.append(f"network = [\n{layers}]")
        elif isinstance(value, dict) and "kind" not in value:
            tables.append(f"\n[{key}]\n" + "\n".join(f"{k} = {_toml(v)}" for k, v in value.items()))
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines + tables) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return repr(value)  # JSON's NaN and Infinity are not TOML's
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def recipe(recognizer: Recognizer) -> Section:
    """The recipe, and whatever else is known of the network's past."""
    text = f'<pre tabindex="0"><code>{escape(recipe_text(recognizer.recipe))}</code></pre>'
    known = {
        "temperature": recognizer.temperature,
        "threshold": recognizer.threshold,
        **{k: v for k, v in recognizer.history.items() if k != "epochs"},
    }
    rows = [[escape(k), f"<code>{escape(_plain(v))}</code>"] for k, v in _flat(known)]
    past = table("What the model file knows of itself", ["", "value"], rows, kind="past")
    return Section("recipe", "The recipe", text + past)


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """{"data": {"name": 1}} as [("data.name", 1)]."""
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        pairs += _flat(value, f"{name}.") if isinstance(value, dict) else [(name, value)]
    return pairs


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
