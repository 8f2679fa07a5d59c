"""The web page in every state at every size: `python docs/states.py FOLDER [NAME...]`.

Each state (empty, working, wrong, full, failed, of every view) is reached once (`states_reached`,
`states_learnt`, `states_paper`), then shown in each size, in light colours and in dark ones. For
each of the two a contact sheet of all sizes is written. `docs/screens.py` has the server and takes
the few pictures that docs show; those made here are not committed.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

import states_learnt  # noqa: F401  (its states are made when it is imported)
import states_paper  # the same
from screens import server, visit
from states_reached import STATES

# Width and height of the window; the last is a window of 1280 x 800 enlarged to 200 %.
SIZES = [(360, 760), (740, 360), (768, 1024), (1280, 800), (1920, 1080), (640, 400)]
LONGEST = 2  # windows of a page that are shown, one below the other
SHOWN = 0.6  # of their size
GAP = 16


def taken(page: Page, width: int, height: int) -> Image.Image:
    """What is seen, and what is below it."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(350)
    top = page.evaluate("() => scrollY")
    whole = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    pictures = [whole]
    for _ in range(1, LONGEST if width < 1900 else 1):
        before = page.evaluate("() => scrollY")
        page.evaluate("() => scrollBy({ top: innerHeight - 60, behavior: 'instant' })")
        if page.evaluate("() => scrollY") == before:
            break
        page.wait_for_timeout(150)
        pictures.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    page.evaluate("top => scrollTo({ top, behavior: 'instant' })", top)
    return stacked(pictures, across=False)


def stacked(pictures: list[Image.Image], *, across: bool) -> Image.Image:
    """One picture of several, side by side or one below the other."""
    sides = [(p.width, p.height) if across else (p.height, p.width) for p in pictures]
    length = sum(side for side, _ in sides) + GAP * (len(pictures) - 1)
    other = max(side for _, side in sides)
    canvas = Image.new("RGB", (length, other) if across else (other, length), "#c040c0")
    at = 0
    for picture, (side, _) in zip(pictures, sides, strict=True):
        canvas.paste(picture, (at, 0) if across else (0, at))
        at += side + GAP
    return canvas


def main() -> None:
    """All states, or those that are named."""
    folder, *names = sys.argv[1:]
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    rights = ["--no-sandbox"] if os.geteuid() == 0 else []
    with server([]) as address, sync_playwright() as playwright, states_paper.classes:
        browser = playwright.chromium.launch(executable_path=path, args=rights)
        for name in names or STATES:
            with visit(browser, "light", width=1280, height=800) as page:
                try:
                    STATES[name](page, address)
                except Exception as error:  # the others are still to be looked at
                    print(name, str(error).splitlines()[0], file=sys.stderr)
                for scheme in ("light", "dark"):
                    page.emulate_media(color_scheme=scheme)
                    shown = [taken(page, *size) for size in SIZES]
                    small = [
                        p.resize((int(p.width * SHOWN / 1.5), int(p.height * SHOWN / 1.5)))
                        for p in shown
                    ]
                    phone, low, tablet, desk, wide, zoomed = small
                    rows = [
                        stacked([phone, tablet, stacked([low, zoomed], across=False)], across=True),
                        stacked([desk, wide], across=True),
                    ]
                    stacked(rows, across=False).save(Path(folder) / f"{name}-{scheme}.png")
                print(name, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
