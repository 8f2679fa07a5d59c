"""A step of learning in the browser, equation by equation, and what lights in each."""

from __future__ import annotations

import pytest

from browser.conftest import Server, Visit
from browser.test_learn import begin, step, wait_for

pytestmark = pytest.mark.slow

# The rule and the arrays that are lit, by the letter that they are named with.
LIT = """() => [".rule [data-part]", ".array"].map((what) =>
  [...new Set([...document.querySelectorAll(`.stepper ${what}`)].filter((e) =>
    getComputedStyle(e).outlineStyle === "solid").map((e) => e.dataset.part))])"""


def test_a_step_equation_by_equation(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#learn")
    begin(page, paused=True, layers="784-12-10", epochs=1, examples=600)
    wait_for(page, "paused")
    page.click("text=Step an equation")
    page.wait_for_selector(".stepper:not([hidden])")
    titles, places = [], set()
    while page.inner_text(".stepper .primary") == "Next equation":
        titles.append(page.inner_text(".stepper h3"))
        assert page.locator(".stepper .array .cell").count() > 0
        assert page.locator(".stepper .rule .equation").count() == 1
        assert page.locator(".stepper .rule math").count() > 0
        place = "e => [e.offsetLeft, e.offsetTop].join()"  # in the frame: the pointer can stay
        places.add(page.locator(".stepper .primary").evaluate(place))
        page.click(".stepper .primary")
    assert len(places) == 1
    titles.append(page.inner_text(".stepper h3"))
    page.locator(".stepper .rule [data-part='g']").first.hover()  # the gradient, as its rule says
    assert page.locator(".stepper [data-lit]").count() == 0
    lit = ".stepper[data-lit='g'] figure[data-part='g'] b"
    assert page.inner_text(lit).startswith("d")
    dense = [title for title in titles if "Dense(12)" in title]
    assert dense == ["Forward: Dense(12)", "Backward: Dense(12)"]
    assert [title.partition(":")[0] for title in titles] == sorted(
        (title.partition(":")[0] for title in titles),
        key=["Forward", "Loss", "Backward", "Update"].index,
    )
    assert step(page) == 0
    page.click("text=Take this step")
    page.wait_for_function(
        "() => document.querySelector('.stepper .note').textContent.includes('step 2')"
    )
    page.wait_for_function(
        "() => document.querySelectorAll('.figures small')[1].textContent.startsWith('step 1 of')"
    )
    page.click("text=Step a batch")
    page.wait_for_function(
        "() => document.querySelectorAll('.figures small')[1].textContent.startsWith('step 2 of')"
    )
    page.click(".watching >> text=Stop")
    wait_for(page, "stopped")


def test_the_letters_of_batch_normalisation_light_its_numbers(visit: Visit, server: Server) -> None:
    wanted = {"recipe": "micro", "examples": 600, "epochs": 1, "batch_size": 32, "paused": True}
    run = visit.context.request.post(f"{server.address}api/runs", data=wanted).json()["id"]
    page = visit.page(f"{server.address}#learn/{run}")
    wait_for(page, "paused")
    page.click("text=Step an equation")
    page.wait_for_selector(".stepper:not([hidden])")
    for way, letters in (("Forward", "x γ β y"), ("Backward", "dx dγ dβ dy")):
        page.get_by_role("button", name=f"{way}: BatchNorm").first.click()
        assert page.inner_text(".stepper h3") == f"{way}: BatchNorm"
        named = page.locator(".stepper .array b").all_inner_texts()
        for letter in letters.split():
            assert letter in named
            page.locator(f".stepper .rule [data-part='{letter}']").first.hover()
            page.wait_for_function(f"({LIT})()[1].length")
            assert page.evaluate(LIT) == [[letter], [letter]]
            page.locator(f".stepper .array[data-part='{letter}'] .cell").first.hover()
            assert page.evaluate(LIT) == [[letter], [letter]]
    page.get_by_role("button", name="Update: AdamW").nth(2).click()  # of γ, behind W and b
    assert page.inner_text(".stepper h3").endswith("γ")
    assert "γ[" in page.inner_text(".stepper .worked")
    page.click(".watching >> text=Stop")
    wait_for(page, "stopped")


@pytest.mark.parametrize(
    ("visit", "other"),
    [({"locale": "en"}, "(1 other)"), ({"locale": "de"}, "(1 weiterer)")],
    indirect=["visit"],
    ids=["en", "de"],
)
def test_one_term_that_is_left_out_is_said_in_the_singular(
    visit: Visit, server: Server, other: str
) -> None:
    # Of four products three are written out.
    wanted = {"layers": "784-4-10", "examples": 600, "epochs": 1, "paused": True}
    run = visit.context.request.post(f"{server.address}api/runs", data=wanted).json()["id"]
    page = visit.page(f"{server.address}#learn/{run}")
    wait_for(page, "paused")
    page.locator(".watching .head button:visible").nth(2).click()  # behind going on and a batch
    page.wait_for_selector(".stepper:not([hidden])")
    page.locator(".ribbon button[aria-label$='Dense(10)']").first.click()
    assert other in page.inner_text(".stepper .worked")
    visit.context.request.delete(f"{server.address}api/runs/{run}")
    page.wait_for_function("id => !location.hash.includes(id)", arg=run)
    visit.complaints.clear()  # the browser reports the status 404


def test_an_equation_of_a_run_that_goes_on(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#learn")
    begin(page, pace=4, layers="784-12-10", epochs=40, examples=1200)  # it lasts minutes
    wait_for(page, "running")
    page.click("text=Step an equation")
    page.wait_for_selector(".stepper:not([hidden])")
    assert page.locator("#alert").is_hidden()
    assert page.inner_text(".watching .status") == "paused"
    page.click(".watching >> text=Stop")
    wait_for(page, "stopped")
