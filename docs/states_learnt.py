"""How each state of Learn is reached, as by a visitor; `docs/states.py` shows them.

Not inside: the other views (`states_reached`), taking pictures.
"""

from __future__ import annotations

from playwright.sync_api import Page

from screens import stepped, train
from states_reached import never, state


def learn(page: Page, at: str) -> None:
    """Learn, with its form."""
    page.goto(f"{at}#learn")
    page.wait_for_selector("form.lesson")


@state
def learn_empty(page: Page, at: str) -> None:
    """Before the first run."""
    never(page, "**/api/runs")
    learn(page, at)


@state
def learn_refused(page: Page, at: str) -> None:
    """Layers that make no network."""
    learn(page, at)
    page.fill("#lesson-layers", "784-20")
    page.click("form.lesson button.primary")
    page.wait_for_selector("#alert:not([hidden])")


@state
def learn_stepper(page: Page, at: str) -> None:
    """One equation of a step."""
    learn(page, at)
    stepped(page)


@state
def learn_running(page: Page, at: str) -> None:
    """A run that goes on."""
    learn(page, at)
    page.fill("#lesson-layers", "784-24-10")
    page.fill("#lesson-epochs", "200")
    page.click("text=Step by step")
    page.wait_for_selector(".watching .status.paused")
    page.select_option("#pace", "40")
    page.click(".watching .head >> text=Go on")
    page.wait_for_timeout(4000)
    page.click(".watching .head >> text=Pause")
    page.wait_for_timeout(500)
    page.click(".watching .head >> text=Go on")


@state
def learn_full(page: Page, at: str) -> None:
    """A run that has ended."""
    learn(page, at)
    train(page, "one layer", 3000, 2)


@state
def learn_compared(page: Page, at: str) -> None:
    """Two runs."""
    learn_full(page, at)
    train(page, "perceptron", 3000, 2)
    page.locator(".runs >> text=compare").last.click()  # the run before
    page.wait_for_selector(".chart .line.other")


@state
def learn_failed(page: Page, at: str) -> None:
    """A run whose loss has grown out of all bounds."""
    run = {"layers": "784-64-64-64-10", "optimizer": "GradientDescent", "rate": 100, "epochs": 50}
    begun = page.request.post(f"{at}api/runs", data={**run, "examples": 300})
    page.goto(f"{at}#learn/{begun.json()['id']}")
    page.wait_for_selector(".watching .status.failed")


@state
def learn_missing(page: Page, at: str) -> None:
    """A run that is not there."""
    page.goto(f"{at}#learn/doesnotexist")
    page.wait_for_selector("#alert:not([hidden])")
