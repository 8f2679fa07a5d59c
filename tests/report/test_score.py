"""The sections about a score say what its record says, and show every misread picture."""

from __future__ import annotations

import re

import numpy as np

from digitus.datasets.digits import Digits
from digitus.evaluation import Evaluation
from digitus.report import formats, report, score
from html_page import Page
from scored import epochs, evaluation, recognizer
from sheets import picture


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
    tiles = picture(mistakes.tiles.uri)[..., 3]
    for k, place in mistakes.shown.items():
        row, column = divmod(place, mistakes.tiles.columns)
        cut = tiles[row * 28 : (row + 1) * 28, column * 28 : (column + 1) * 28]
        assert np.array_equal(cut, e.digits.images[k])
    text = report(recognizer(), e, [])
    assert text.count(mistakes.tiles.uri) == 1
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
    n = score.PICTURES_PER_CELL + 7
    labels = np.full(n, 3, np.uint8)
    probabilities = np.full((n, 10), 0.01)
    probabilities[:, 5] = np.linspace(0.5, 0.9, n)
    e = Evaluation(Digits(np.zeros((n, 28, 28), np.uint8), labels, "threes"), probabilities, 0.0)
    found = Page(report(recognizer(), e, []))
    assert f"3 read as 5: {n} times" in found.text
    assert "7 more, less confident, are left out." in found.text
    assert len(score.Mistakes(e).shown) == score.PICTURES_PER_CELL
    assert f"number {n - 1} of the set: a 3 read as 5" in str(found.with_class("misread")[0])


def test_the_worst_mistakes_are_the_most_confident() -> None:
    e = evaluation()
    wrong = np.flatnonzero(e.answers != e.digits.labels)
    order = wrong[np.argsort(-e.confidence[wrong])][: score.WORST_SHOWN]
    section = score.worst(score.Mistakes(e))
    assert section is not None
    found = re.findall(r"<small>number (\d+)</small>", section.body)
    assert found == [str(k) for k in order]
    first = section.body.partition("</ol>")[0].partition('class="likely"')[2].partition("</ul>")[0]
    assert formats.percent(float(e.confidence[order[0]]), 1) in first
    assert f'class="true"><b>{e.digits.labels[order[0]]}</b>' in first  # also where improbable
