"""Learning in the browser: watched by two, stepped equation by equation, over a restart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from browser.conftest import PHONE, TIMEOUT_MS, Server, Visit

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Browser, Page, Route


def begin(page: Page, *, paused: bool = False, pace: int | None = None, **settings: object) -> None:
    """Fills the form in, and starts.

    A pace is chosen before the first step: a short run would be over before its pace is.
    """
    page.wait_for_selector("form.lesson")
    for name, value in settings.items():
        page.fill(f"#lesson-{name}", str(value))
    held = paused or pace is not None
    page.click("text=Step by step" if held else "form.lesson button.primary")
    page.wait_for_selector(".watching:not([hidden])")
    if pace is None:
        return
    wait_for(page, "paused")
    with page.expect_response(re.compile(r"/pace$")):
        page.select_option("#pace", str(pace))
    if not paused:
        page.click(".watching .head >> text=Go on")


def wait_for(page: Page, status: str) -> None:
    """Waits for a run's state."""
    page.wait_for_selector(f".watching .status.{status}")


def step(page: Page) -> int:
    """The number of steps done."""
    words = page.inner_text(".figures div:nth-child(2) small")
    return int(words.split()[1].replace(",", ""))


@pytest.mark.slow
def test_two_browsers_watch_the_same_run(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#learn")
    begin(page, pace=0, layers="784-16-10", epochs=2, examples=1200)
    other = visit.page(page.url)
    for each in (page, other):
        wait_for(each, "finished")
        assert each.inner_text(".figures dd b >> nth=1") == "2 of 2"
        assert each.locator(".weights .tiles >> nth=0").locator("canvas").count() == 16
        assert each.locator(".digits tbody tr").count() == 10
        assert each.locator(".chart .line.held").count() == 2
        steps = each.inner_text(".figures div:nth-child(2) small").split()[-1]
        each.wait_for_function(  # the weights are those of the end
            "words => document.querySelector('.weights .note').textContent.endsWith(words)",
            arg=f"After step {steps}.",
        )
    assert page.inner_text(".figures dd b >> nth=0") == other.inner_text(".figures dd b >> nth=0")
    cell = page.locator("#view-learn .confusion .wrong button").first
    count = int(cell.inner_text())
    cell.click()
    page.wait_for_selector("#view-learn .misread")
    assert page.locator("#view-learn .misread").count() == min(count, 40)
    # A second run, beside the first.
    begin(page, pace=0, layers="784-10", epochs=1, examples=1200)
    wait_for(page, "finished")
    page.locator(".runs >> text=compare").first.click()
    page.wait_for_selector(".chart .line.other")
    visit.page(page.url).wait_for_selector(".chart .line.other")  # whoever is sent the address
    assert page.locator(".legend .other").count() == 4


@pytest.mark.slow
def test_a_late_answer_does_not_start_a_finished_run_again(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#learn")

    held: list[tuple[Route, APIResponse]] = []
    page.route(re.compile(r"/api/runs/\w+/pace$"), lambda r: held.append((r, r.fetch())))
    begin(page, paused=True, layers="784-10", epochs=1, examples=600)
    wait_for(page, "paused")
    page.select_option("#pace", "0")
    page.click(".watching .head >> text=Go on")
    wait_for(page, "finished")
    [(route, answer)] = held
    with page.expect_response(re.compile(r"/pace$")):
        route.fulfill(response=answer, json={**answer.json(), "status": "running"})
    page.wait_for_timeout(300)
    assert page.inner_text(".watching .status") == "finished"


@pytest.mark.slow
def test_a_run_goes_on_after_the_server_was_away(
    browser: Browser, model: Path, tmp_path: Path
) -> None:
    server = Server(model, tmp_path)
    server.start()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(TIMEOUT_MS)
    try:
        page = context.new_page()
        page.goto(server.address + "#learn")
        begin(page, pace=4, layers="784-8-10", epochs=20, examples=900)  # it lasts minutes
        page.wait_for_function(
            "() => +document.querySelectorAll('.figures small')[1].textContent.split(' ')[1] > 3"
        )
        server.stop()
        page.wait_for_selector(".status.away")
        before = step(page)
        server.start()
        page.wait_for_selector(".status.running, .status.paused")
        assert step(page) >= before - 5
        if page.locator(".status.paused").count():
            page.click("text=Go on")
        page.select_option("#pace", "0")
        wait_for(page, "finished")
        assert page.inner_text(".figures dd b >> nth=1") == "20 of 20"
    finally:
        context.close()
        server.stop()


def test_the_network_is_drawn_as_it_is_typed_and_refused_where_it_cannot_be(
    visit: Visit, server: Server
) -> None:
    asks = visit.context.request  # before the page is there, which would ask for what is gone
    for run in asks.get(server.address + "api/runs").json()["runs"]:
        asks.delete(f"{server.address}api/runs/{run['id']}")
    page = visit.page(server.address + "#learn")
    page.wait_for_selector("form.lesson")
    page.fill("#lesson-layers", "784-8c-p-32-10")
    drawn = page.locator(".diagram")
    drawn.wait_for()
    # 8 (9 + 1) + (14 14 8 + 1) 32 + (32 + 1) 10, as anybody can count
    assert drawn.get_attribute("aria-label") == "The network 784-8c-p-32-10: 50,618 parameters"
    page.fill("#lesson-layers", "784-8c-p-32")
    drawn.wait_for(state="detached")
    assert not visit.complaints
    for layers in ("784-20", "10-10", "784-99999-10"):  # cannot be: refused in words
        page.fill("#lesson-layers", layers)
        page.click("form.lesson button.primary")
        page.wait_for_selector("#alert:not([hidden])")
        assert len(page.inner_text("#alert")) > 20, layers
        page.keyboard.press("Escape")
        page.wait_for_selector("#alert", state="hidden")
    visit.complaints.clear()  # the browser reports the status 400


@pytest.mark.slow
def test_runs_are_told_apart_and_a_misread_digit_stays_with_its_run(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#learn")
    for _ in range(2):
        begin(page, pace=0, layers="784-6-10", epochs=1, examples=600)
        wait_for(page, "finished")
    mine = page.url.rpartition("/")[2]
    row = page.locator(f'.runs [data-id="{mine}"]')
    page.wait_for_selector(f'#which option[value="{mine}"]', state="attached")  # to be chosen
    words = row.locator("small").first.inner_text()
    assert re.search(r"600 digits of simulated pen · .+ · seed\s0", words)
    assert row.locator("b").inner_text() == page.inner_text(".figures dd b >> nth=0")
    page.locator("#view-learn .confusion .wrong button").first.click()
    digit = page.locator("#view-learn .misread").first
    as_read = digit.locator(".as").inner_text()
    digit.click()
    page.wait_for_selector("#view-inside .maps:visible")
    assert f"model={mine}" in page.url
    assert page.input_value("#which") == mine
    assert page.inner_text("#view-inside .value") in (as_read, "?")
    assert page.locator("#view-inside .block h3", has_text="Conv").count() == 0
    page.select_option("#which", "")  # and the picker leads back to the network that ships
    page.locator("#view-inside .block h3", has_text="Conv").first.wait_for()


@pytest.mark.slow
def test_a_run_that_is_not_there_is_said_not_to_be(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#learn/doesnotexist")
    page.wait_for_selector("#alert:not([hidden])")
    assert "no such run" in page.inner_text("#alert")
    page.keyboard.press("Escape")
    assert page.locator("#alert").is_hidden()
    visit.complaints.clear()  # the browser reports the status 400


@pytest.mark.slow
def test_removing_a_run_is_asked_for_twice_and_one_removed_elsewhere_is_let_go(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#learn")
    begin(page, paused=True, layers="784-10", epochs=1, examples=600)
    row = page.locator(f'.runs [data-id="{page.url.rpartition("/")[2]}"]')
    row.locator("text=remove").click()
    row.locator("text=keep").click()
    assert row.count() == 1
    row.locator("text=remove").click()
    row.locator("text=remove for good").click()
    row.wait_for(state="detached")
    assert not visit.complaints
    begin(page, paused=True, layers="784-10", epochs=1, examples=600)
    wait_for(page, "paused")
    removed = page.url.rpartition("/")[2]
    page.request.delete(f"{server.address}api/runs/{removed}")
    # It is let go: for another run where an earlier test left one, so the address alone may differ.
    page.wait_for_function("id => !location.hash.includes(id)", arg=removed)
    page.wait_for_selector(".toast:not([hidden])")
    visit.complaints.clear()  # the browser reports the status 404


@pytest.mark.slow
def test_digits_that_people_wrote_are_the_first_choice(visit: Visit, server: Server) -> None:
    page = visit.page("about:blank")

    def offer(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "data": ["strokes", "mnist"]})

    page.route("**/api/recipes", offer)
    page.goto(server.address + "#learn")
    page.wait_for_selector("form.lesson")
    assert page.input_value("#lesson-data") == "mnist"


@pytest.mark.slow
@pytest.mark.parametrize("visit", [PHONE, {}], indirect=True, ids=["phone", "desk"])
def test_a_run_that_is_begun_comes_into_sight_with_its_network(
    visit: Visit, server: Server
) -> None:
    page = visit.page(server.address + "#learn")
    begin(page, layers="784-10", epochs=1, examples=600)
    page.wait_for_function(
        """() => {
          const top = (one) => document.querySelector(one).getBoundingClientRect().top;
          return [".diagram", ".watching .status"].map(top).every((y) => y > 0 && y < innerHeight);
        }"""
    )


@pytest.mark.slow
def test_who_leaves_while_the_runs_are_asked_for_is_not_led_back(
    visit: Visit, server: Server
) -> None:
    """The answer may come after the address has changed, and before the view hears of it."""
    page = visit.page(server.address + "#learn")
    begin(page, pace=0, layers="784-16-10", epochs=1, examples=1200)
    wait_for(page, "finished")
    page = visit.page(server.address + "#mistakes")
    page.wait_for_selector("#view-mistakes h1:visible")
    page.evaluate(
        """async () => {
      const known = await (await fetch("/api/runs")).json(), ask = window.fetch, answers = [];
      window.fetch = (path, ...more) => path !== "/api/runs" ? ask(path, ...more)
        : new Promise((done) => answers.push(() => done({ ok: true, json: async () => known })));
      const soon = () => new Promise((done) => setTimeout(done, 300));
      location.hash = "#learn";
      await soon();
      location.hash = "#mistakes";
      for (const answer of answers) answer();
      await soon();
      window.fetch = ask;
    }"""
    )
    assert page.evaluate("location.hash").startswith("#mistakes")
    assert page.is_visible("#view-mistakes h1")
