"""The explanation of a reading, step by step."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from digitus.errors import DataError
from digitus.reading.result import DrawnSteps
from digitus.report.explain import MOST_UNLIKELY, explain
from html_page import Page
from shown import REFUSED, SURE, UNSURE, digit, fetches_nothing, find, picture, reading, steps


def maps(page):
    """The pictures that the maps of a page show, as RGB [h w 3]: the heat's, then the finds'."""
    found = []
    for tag, attributes in page.tags:
        if tag == "image":
            _, _, data = attributes["href"].partition("base64,")
            with Image.open(io.BytesIO(base64.b64decode(data))) as shown:
                found.append(np.asarray(shown.convert("RGB")).astype(int))
    return found


def drawn(page, tag):
    """What a map shows besides its picture: the attributes of its frames or links."""
    return [attributes for name, attributes in page.tags if name == tag]


def explained(*finds, **changes):
    made = replace(steps(), finds=finds, **changes)
    return Page(explain(picture(), reading(SURE, lines=("3",), steps=made), "x.png"))


def test_it_says_how_the_picture_was_read():
    r = reading(SURE, UNSURE, REFUSED, lines=("38", "?"), steps=steps())
    text = explain(picture(), r, "a<b>.png")
    page = Page(text)
    assert fetches_nothing(page)
    assert "a<b>.png" in page.text
    assert "<b>.png" not in text
    assert "a factor of 2 apart" in page.text
    assert "turned by 90 degrees anticlockwise" in page.text
    assert "made 2 times smaller" in page.text
    assert "3 finds: 1 digit, 1 refused, 1 unlikely to be digits" in page.text
    assert "1 find unlikely to be a digit" in page.text
    assert len(page.with_class("way")) == 3 + 3
    assert len(page.with_class("doubt")) == 2 + 1
    assert len(page.with_class("not")) == 1


def test_what_was_not_done_to_the_picture_is_not_told():
    page = explained(turns=0, zoom=1.0)
    assert "degrees" not in page.text
    assert "smaller" not in page.text


def test_heat_lies_warm_over_the_whole_copy():
    warmed, plain = maps(explained(find("digit")))
    grey = steps().grey
    assert warmed.shape == plain.shape == (*grey.shape, 3)
    red_over_blue = warmed[..., 0] - warmed[..., 2]
    hot, cold = red_over_blue[:, :40], red_over_blue[:, 70:]  # the made heat is that of the left
    assert hot.min() > 100
    assert abs(cold).max() < 10
    assert abs(plain - 200).max() < 5


def test_every_fate_has_a_frame_of_its_own():
    places = {"digit": (5, 6, 10, 15), "refused": (30, 6, 11, 15), "unlikely": (60, 1, 3, 4)}
    page = explained(*(find(fate, box) for fate, box in places.items()))
    sides = ("x", "y", "width", "height")
    frames = {a["class"]: tuple(int(a[side]) for side in sides) for a in drawn(page, "rect")}
    assert frames == places
    assert "digit: heat 93.0 %, a digit 90.0 %" in page.text
    assert set(places) < {a.get("class") for a in drawn(page, "li")}  # in the legend


@pytest.mark.parametrize(
    ("follow", "kinds"),
    [((0.8, 0.1, 0.1), []), ((0.1, 0.8, 0.1), ["joins"]), ((0.1, 0.1, 0.8), ["parts"])],
)
def test_a_link_leads_to_where_the_network_saw_the_next_digit(follow, kinds):
    page = explained(find("digit", (5, 5, 10, 16), after=(31, 14), follow=follow))
    links = drawn(page, "line")
    assert [link["class"] for link in links] == kinds
    for link in links:
        assert [link[end] for end in ("x1", "y1", "x2", "y2")] == ["10.0", "13.0", "31", "14"]
        assert link["marker-end"] == "url(#tip)"
    assert len(drawn(page, "marker")) == len(kinds)


def test_what_is_no_digit_has_no_link():
    assert not drawn(explained(find("unlikely", follow=(0, 1, 0))), "line")


def test_all_looks_at_a_find_are_told():
    page = explained(find("digit", network=1, closeup=2, recognizer=7, others=5, together=4))
    assert "4a digit: 90.0 %" in page.text
    card = page.text.replace(" ", "")
    assert "network170.0%" in card
    assert "closeup263.0%" in card
    assert "recognizer770.0%" in card
    assert "theothers570.0%" in card
    assert "together463.0%" in card
    alone = replace(find("digit"), others=np.full(10, 0.1))
    assert "the others" not in explained(alone).text.replace("unlike the others", "")
    blank = replace(find("digit"), image=np.zeros((28, 28), np.uint8))
    assert "recognizersaw nothing" in explained(blank).text


def test_finds_are_in_the_order_of_the_reading():
    first, second = digit(3, 0.9), digit(8, 0.9)
    finds = [replace(find("digit"), probabilities=d.probabilities) for d in (second, first)]
    r = reading(first, second, lines=("38",), steps=replace(steps(), finds=tuple(finds)))
    text = Page(explain(picture(), r, "x.png")).text
    looks = text[text.index("What each may be", text.index("followed by")) :]
    assert looks.index("together3") < looks.index("together8")


def test_only_the_hottest_of_many_unlikely_finds_are_shown():
    many = [replace(find("unlikely"), heat=h) for h in np.linspace(0.1, 0.4, MOST_UNLIKELY + 6)]
    page = explained(*many)
    assert len(page.with_class("not")) == MOST_UNLIKELY
    assert "30 finds unlikely to be digits, the hottest 24" in page.text
    assert len(drawn(page, "rect")) == 30


def test_nothing_found_is_explained_too():
    empty = replace(steps(), finds=(), heat=np.zeros((5, 10), np.uint8))
    page = Page(explain(picture(), reading(lines=(), steps=empty), "empty.png"))
    assert "no digits" in page.text
    assert "No find is likely to be a digit." in page.text
    assert not page.with_class("way")


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (None, "without keeping the steps"),
        (DrawnSteps(np.zeros((5, 5), np.uint8)), "read as a drawing"),
    ],
)
def test_what_has_no_steps_cannot_be_explained(kept, why):
    with pytest.raises(DataError, match=why):
        explain(picture(), reading(SURE, steps=kept), "x.png")
