"""How each state of Forms and of a class is reached; `docs/states.py` shows them.

Not inside: the other views (`states_reached`, `states_learnt`), taking pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit

from playwright.sync_api import Page

from screens import PICTURES, form_of, server
from states_reached import state

classes = ExitStack()  # whose servers stay until the pictures are taken


def forms(page: Page, at: str) -> None:
    """Forms, with nothing in it."""
    page.goto(f"{at}#forms")
    page.wait_for_selector("#view-forms .drop")


@state
def forms_empty(page: Page, at: str) -> None:
    """No form yet."""
    forms(page, at)


def laid_out(page: Page, at: str) -> None:
    """The form of docs/forms.md."""
    forms(page, at)
    page.set_input_files("#view-forms .drop input[type=file]", form_of(Path(gettempdir())))
    page.wait_for_selector("text=The form is in order.")


@state
def forms_full(page: Page, at: str) -> None:
    """A form, and one of its fields."""
    laid_out(page, at)
    page.locator(".field-list >> text=reading").click()


@state
def forms_wrong(page: Page, at: str) -> None:
    """A name that no field may have."""
    forms_full(page, at)
    page.fill("#forms-field", "no name")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wrong-form")


@state
def forms_read(page: Page, at: str) -> None:
    """A sheet that was read."""
    laid_out(page, at)
    page.set_input_files("#view-forms .row > input[type=file]", PICTURES / "form-photo.jpg")
    page.wait_for_selector(".trials table")


@contextmanager
def lesson(page: Page, names: tuple[str, ...]) -> Iterator[str]:
    """The teacher's address of a class whose pupils have trained."""
    with server(["--class"]) as own:
        base = own.partition("?")[0]
        page.goto(own)
        page.wait_for_selector(".join-word")
        word = page.inner_text(".join-word")
        browser = page.context.browser
        assert browser
        for k, name in enumerate(names):
            context = browser.new_context()
            asks = context.request
            assert asks.post(f"{base}api/class/join", data={"word": word, "name": name}).ok
            if k < len(names) - 1:  # the last has not begun
                run = {"layers": "784-10", "epochs": 1 + k, "examples": 600 * (k + 1)}
                assert asks.post(f"{base}api/runs", data=run).ok
            context.close()
        yield own


@state
def board_empty(page: Page, at: str) -> None:
    """Nobody has come yet."""
    del at
    page.goto(classes.enter_context(lesson(page, ())))


@state
def board_full(page: Page, at: str) -> None:
    """Some pupils."""
    del at
    page.goto(classes.enter_context(lesson(page, ("Ada", "Emmy", "Sofja", "", "Maryam"))))
    page.wait_for_timeout(6000)


@state
def join(page: Page, at: str) -> None:
    """The way in."""
    del at
    own = urlsplit(classes.enter_context(lesson(page, ())))
    page.context.clear_cookies()
    page.goto(f"{own.scheme}://{own.netloc}/")
    page.wait_for_selector("#word")
