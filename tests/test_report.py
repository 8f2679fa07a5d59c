"""The report: that it says what the record says, holds everything it shows, and fetches nothing."""

from __future__ import annotations

import base64
import io
import re
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from digitus import nn
from digitus.datasets.augment import Augmentation
from digitus.datasets.digits import Digits
from digitus.errors import OutputError
from digitus.evaluation import Evaluation
from digitus.recipe import Recipe, from_table
from digitus.recognizer import Recognizer
from digitus.report import charts, model, page, pictures, report, score, write_report
from html_page import Page

DENSE = nn.Chain([nn.Scale(), nn.Flatten(), nn.Dense(70), nn.Relu(), nn.Dense(10)])
CONV = nn.Chain([nn.Scale(), nn.Conv(4), nn.BatchNorm(), nn.MaxPool(), nn.Flatten(), nn.Dense(10)])


def recognizer(network: nn.Chain = DENSE, **settings: Any) -> Recognizer:
    recipe = Recipe("trial", network, **settings)
    return Recognizer(recipe, nn.initial(network, (28, 28, 1), nn.He(), nn.stream(1)))


def evaluation(
    n: int = 300, wrong: int = 40, name: str = "a set", threshold: float = 0.5
) -> Evaluation:
    """Random pictures, `wrong` of them misread, with probabilities of all sizes."""
    rng = nn.stream(2)
    images = rng.integers(0, 256, (n, 28, 28), np.uint8)
    labels = rng.integers(0, 10, n).astype(np.uint8)
    answers = labels.copy()
    answers[:wrong] = (labels[:wrong] + rng.integers(1, 10, wrong)) % 10
    z = rng.normal(size=(n, 10))
    z[np.arange(n), answers] = z.max(axis=1) + rng.uniform(0.1, 6, n)
    return Evaluation(Digits(images, labels, name), nn.softmax(z), threshold)


def epochs(n: int) -> list[dict[str, Any]]:
    return [
        {
            "epoch": i + 1,
            "loss": 2 / (i + 1),
            "accuracy": 1 - 0.5 / (i + 1),
            "development_loss": 1.8 / (i + 1),
            "development_accuracy": 1 - 0.4 / (i + 1),
            "rate": 0.1,
            "seconds": 1.5,
            "images_per_second": 1000.0,
        }
        for i in range(n)
    ]


def picture(uri: str) -> Any:
    """The opacity [h w] of a PNG in a data URI."""
    packed = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(packed)).convert("RGBA"))


def test_numbers_are_those_of_the_record() -> None:
    e = evaluation()
    record = e.record()
    found = Page(report(recognizer(), e, epochs(3)))
    low, high = (f"{100 * v:.2f}" for v in record["interval95"])
    assert f"260 of 300 right: 86.67 % ({low} to {high} %)" in found.text
    for row in record["by_digit"]:
        shares = f"{100 - 100 * row['accuracy']:.2f}", f"{100 * row['accuracy']:.2f}"
        expected = [row["digit"], row["count"], row["wrong"], *(f"{s}\u00a0%" for s in shares)]
        assert [str(v) for v in expected] in found.rows
    assert ["all", "300", "40", "13.33\u00a0%", "86.67\u00a0%"] in found.rows
    for i, row in enumerate(record["confusion"]):
        assert [str(i), *map(str, row)] in found.rows
    for row in record["frequent_confusions"]:
        times = "1 time" if row["times"] == 1 else f"{row['times']} times"
        assert f"{row['digit']} read as {row['read_as']}: {times}" in found.text
    assert f"{100 * record['ece']:.2f} %" in found.text
    assert f"of the others {100 * record['accuracy_accepted']:.2f} % are right" in found.text
    assert f"leaves out {round(record['refused'] * 300)} of 300 digits" in found.text


def test_every_misread_picture_is_there_once_and_can_be_reached() -> None:
    e = evaluation()
    mistakes = score.Mistakes(e)
    wrong = np.flatnonzero(e.answers != e.digits.labels)
    assert list(mistakes.shown) == wrong.tolist()
    sheet = picture(mistakes.sheet.uri)[..., 3]
    for k, place in mistakes.shown.items():
        row, column = divmod(place, mistakes.sheet.columns)
        cut = sheet[row * 28 : (row + 1) * 28, column * 28 : (column + 1) * 28]
        assert np.array_equal(cut, e.digits.images[k])
    text = report(recognizer(), e, [])
    assert text.count(mistakes.sheet.uri) == 1
    found = Page(text)
    ids = {a["id"] for _, a in found.tags if "id" in a}
    links = {a["href"] for tag, a in found.tags if tag == "a"}
    assert links <= {f"#{name}" for name in ids}
    for k in wrong.tolist():
        cell = f"read-{e.digits.labels[k]}-{e.answers[k]}"
        assert f"#{cell}" in links
        panel = text.partition(f'id="{cell}"')[2].partition("</ul>")[0]
        assert f"number {k} of the set" in panel


def test_pictures_of_a_cell_are_capped_and_it_says_so() -> None:
    n = score.PER_CELL + 7
    labels = np.full(n, 3, np.uint8)
    probabilities = np.full((n, 10), 0.01)
    probabilities[:, 5] = np.linspace(0.5, 0.9, n)
    e = Evaluation(Digits(np.zeros((n, 28, 28), np.uint8), labels, "threes"), probabilities, 0.0)
    found = Page(report(recognizer(), e, []))
    assert f"3 read as 5: {n} times" in found.text
    assert "7 more, less confident, are left out." in found.text
    assert len(score.Mistakes(e).shown) == score.PER_CELL
    assert f"number {n - 1} of the set: a 3 read as 5" in str(found.with_class("misread")[0])


def test_the_worst_mistakes_are_the_most_confident() -> None:
    e = evaluation()
    wrong = np.flatnonzero(e.answers != e.digits.labels)
    order = wrong[np.argsort(-e.confidence[wrong])][: score.WORST]
    section = score.worst(score.Mistakes(e))
    assert section is not None
    found = re.findall(r"<small>number (\d+)</small>", section.body)
    assert found == [str(k) for k in order]
    first = section.body.partition("</ol>")[0].partition('class="likely"')[2].partition("</ul>")[0]
    assert page.percent(float(e.confidence[order[0]]), 1) in first
    assert f'class="true"><b>{e.digits.labels[order[0]]}</b>' in first  # also where improbable


def test_nothing_is_fetched_and_text_is_escaped() -> None:
    evil = '<script src="https://example.org/x.js"></script>"\'&'
    r = recognizer(about=evil, data=evil)
    r = replace(r, history={evil: [evil], "data": {"name": evil}})
    text = report(r, evaluation(name=evil), epochs(2))
    found = Page(text)
    assert [tag for tag, _ in found.tags].count("script") == 1
    assert found.text.count(evil.replace("  ", " ")) >= 3
    for tag, attributes in found.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "img")
        assert not attributes.keys() & {"src", "srcset", "xlink:href", "action", "onclick"}
        assert (attributes.get("href") or "#").startswith("#")
    for address in re.findall(r"url\(([^)]*)\)", text):
        assert address.startswith(("data:image/png;base64,", "#"))
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_a_perfect_score() -> None:
    found = Page(report(recognizer(), evaluation(wrong=0, threshold=0.0), epochs(1)))
    assert "300 of 300 right: 100.00 % (" in found.text
    assert "every digit was read right" in found.text
    assert "No answer is below the threshold" in found.text
    assert found.with_class("misread") == []
    assert "worst" not in {a.get("id") for _, a in found.tags}


@pytest.mark.parametrize("n", [1, 2, 11])
def test_tiny_sets_all_wrong(n: int) -> None:
    found = Page(report(recognizer(), evaluation(n, n, threshold=1.1), []))
    assert f"0 of {n} right: 0.00 %" in found.text
    assert "–" in found.text  # the accuracy of no accepted answers, or of absent digits


def test_without_training_there_are_no_curves() -> None:
    found = Page(report(recognizer(), evaluation(), []))
    assert "learning" not in {a.get("id") for _, a in found.tags}
    assert Page(report(recognizer(), evaluation())).text == found.text


def test_the_history_of_the_recognizer_gives_the_curves() -> None:
    r = replace(recognizer(), history={"epochs": epochs(4), "digitus": "9.8.7"})
    text = Page(report(r, evaluation())).text
    assert "4 epochs in 6.0 s, 1,000 images a second" in text
    assert "digitus 9.8.7" in text


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_epochs_are_counted_in_whole_numbers(n: int) -> None:
    section = model.learning(recognizer().recipe, epochs(n))
    assert section is not None
    ticks = re.findall(r'class="tick middle"[^>]*>([^<]*)<', section.body)
    assert ticks
    assert all(1 <= int(t) <= n for t in ticks)


def test_a_thousand_epochs_and_epochs_with_holes() -> None:
    many = epochs(1000)
    many[500]["loss"] = float("nan")
    many[501]["development_loss"] = None
    section = model.learning(recognizer().recipe, many)
    assert section is not None
    assert "nan" not in "".join(re.findall(r' d="([^"]*)"', section.body))
    assert f"({model.EPOCH_ROWS} of 1,000\u00a0epochs)" not in section.body
    assert f"({model.EPOCH_ROWS} of 1,000 epochs)" in section.body
    assert len(section.body) < 60_000


@pytest.mark.parametrize("network", [DENSE, CONV], ids=["dense", "conv"])
def test_network_and_recipe(network: nn.Chain) -> None:
    r = recognizer(network, augment=Augmentation(rotate=(-5.0, 9.0)), about='a "quoted" \\ line')
    found = Page(report(r, evaluation(), epochs(2)))
    for layer in network.layers:
        assert repr(layer) in found.text
        line = str(type(layer).__doc__).partition("\n")[0]
        assert " ".join(line.split()) in found.text
    assert f"{r.parameter_count:,}" in found.text
    assert from_table(tomllib.loads(model.recipe_text(r.recipe))) == r.recipe
    assert " ".join(model.recipe_text(r.recipe).split()) in found.text


def test_first_weights_are_the_units_with_the_largest() -> None:
    r = recognizer(DENSE)
    found = model.weights(r)
    assert found is not None
    section, sheet = found
    w = r.params["2.W"]
    assert "64 of the 70\u00a0units" in section.body
    assert len(re.findall('role="img"', section.body)) == 64
    unit = int(np.linalg.norm(w, axis=0).argmax())
    assert f"<small>{unit}</small>" in section.body.partition("</li>")[0]
    shown = picture(sheet.uri)[:28, :28].astype(int)
    blue = shown[..., 2] > shown[..., 0]
    own = w[:, unit].reshape(28, 28)
    visible = shown[..., 3] > 4
    assert np.array_equal(blue[visible], (own > 0)[visible])
    assert visible.mean() > 0.9


def test_first_weights_of_kernels() -> None:
    r = recognizer(CONV)
    found = model.first_weights(r)
    assert found is not None
    thing, pictures_of = found
    assert thing == "kernel"
    assert np.array_equal(pictures_of[2], r.params["1.W"][:, :, 0, 2])
    pooled = recognizer(nn.Chain([nn.MaxPool(), nn.Flatten(), nn.Dense(10)]))
    assert model.first_weights(pooled)[1].shape == (10, 14, 14)  # type: ignore[index]


def test_accessible() -> None:
    found = Page(report(recognizer(), evaluation(), epochs(3)))
    headings = [tag for tag, _ in found.tags if re.fullmatch("h[1-6]", tag)]
    assert headings.count("h1") == 1
    levels = [int(tag[1]) for tag in headings]
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert all(a.get("scope") in ("row", "col") for tag, a in found.tags if tag == "th")
    assert all(a.get("aria-label") for _, a in found.tags if a.get("role") == "img")
    assert all(a.get("role") == "img" for tag, a in found.tags if tag == "svg")
    assert found.tags[0] == ("html", {"lang": "en"})
    ids = [a["id"] for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.html"
    write_report(path, recognizer(), evaluation(10_000, 500), epochs(5))
    assert path.read_text("utf-8").endswith("</html>\n")
    assert path.stat().st_size < 1_500_000  # even of pictures that are noise
    assert list(path.parent.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot write"):
        write_report(tmp_path, recognizer(), evaluation(20, 1))  # a folder is there


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.98412, "98.41"), (1.0, "100.00"), (0.999999, ">99.99"), (1e-9, "<0.01"), (0.0, "0.00")],
)
def test_percentages_do_not_round_away_the_last_mistake(share: float, words: str) -> None:
    assert page.percent(share) == f"{words}\u00a0%"
    assert page.percent(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.25, "0.2 s"), (59.96, "1 min 0 s"), (75.2, "1 min 15 s"), (7300, "2 h 1 min")],
)
def test_durations(seconds: float, words: str) -> None:
    assert page.duration(seconds).replace("\u00a0", " ") == words


@pytest.mark.parametrize(
    "values", [[0.0], [1.0, 1.0], [0.9, 0.99], [1e-6, 1.0], [-3.0, 4.0], [float("nan")], [2e9, 2e9]]
)
def test_axes_hold_their_values(values: list[float]) -> None:
    forms = [charts.number, charts.percentage] if max(values) <= 1 else [charts.number]
    for form in forms:
        axis = charts.axis_for([charts.Series("", "", np.array(values))], form)
        ticks = axis.ticks()
        assert ticks
        assert len({form(t) for t in ticks}) == len(ticks)
        assert all(0 <= axis.share(v) <= 1 for v in values if np.isfinite(v))


def test_the_field_marks_each_misread_digit() -> None:
    wrong = np.zeros(450, bool)
    wrong[[0, 201, 449]] = True
    drawn = charts.field(wrong)
    assert re.findall(r"M(\d+) (\d+)h", drawn) == [("0", "0"), ("1", "1"), ("49", "2")]
    assert "the 3 misread" in drawn
    large = np.zeros(3 * charts.LARGEST_FIELD, bool)
    large[[3, 5]] = True
    assert re.findall(r"M(\d+) (\d+)h", charts.field(large)) == [("1", "0")]


def test_zero_weights_cannot_be_seen() -> None:
    sheet = pictures.signed_sheet("w", np.zeros((3, 5, 5)))
    assert not picture(sheet.uri)[..., 3].any()
