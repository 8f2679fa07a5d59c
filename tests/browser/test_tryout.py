"""After training in the browser: what one's own network says, and where each button leads."""

from __future__ import annotations

import pytest

from browser.conftest import Server, Visit
from browser.test_learn import begin, wait_for
from digitus.recognizer import load

pytestmark = pytest.mark.slow


def test_every_button_after_training_leads_on(visit: Visit, server: Server) -> None:
    page = visit.page(server.address + "#learn")
    begin(page, layers="784-8-10", epochs=1, examples=600)
    wait_for(page, "finished")
    trial = page.locator(".tryout")
    learn = page.url
    run = learn.partition("#learn/")[2].partition("?")[0]
    assert trial.get_by_role("button", name="Look inside").is_disabled(), "nothing is drawn yet"
    trial.locator("canvas.paper").focus()
    page.keyboard.press("3")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tryout .value')].every((e) => e.textContent)"
    )
    said = trial.locator(".mine .value").inner_text()

    with page.expect_download() as told:
        trial.get_by_role("link", name="Download the model").click()
    model = load(told.value.path())
    assert sum(a.size for a in model.params.values()) >= 784 * 8 + 8 + 8 * 10 + 10
    with page.expect_download() as told:
        trial.get_by_role("link", name="Report").click()
    assert told.value.suggested_filename.endswith(".html")
    assert "<svg" in told.value.path().read_text("utf-8")

    trial.get_by_role("button", name="Look inside").click()
    page.wait_for_selector("#view-inside .maps:visible")
    assert page.inner_text("#view-inside .value") == said
    assert page.locator(".network-map button", has_text="Dense(8)").count() == 1, "one's own"
    page.goto(learn)
    trial.get_by_role("link", name="Its mistakes").click()
    page.wait_for_selector("#view-mistakes .misread")
    assert f"model={run}" in page.url
    page.goto(learn)
    trial.get_by_role("button", name="Train on").click()
    page.wait_for_url(lambda url: f"#learn/{run}" not in url)
    wait_for(page, "finished")
    page.wait_for_selector(".tryout:not([hidden])")
