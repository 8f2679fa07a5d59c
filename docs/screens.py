"""Takes the pictures of the web page in docs/pictures: `python docs/screens.py [MODEL]`.

`digitus serve` is started without data, so that every digit on the pictures is one that digitus
drew; they are taken with the system's Chromium, through Playwright. The time of an answer is
hidden: it would be that of this machine while it takes pictures.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
LENS = "lens"  # what is shown of Inside: the pixels' evidence, and the lens on the first layer
LARGEST = 150_000  # bytes of a picture
SCALE = 1.5  # pixels of the picture to one of the page
PHONE: dict[str, Any] = {"width": 360, "height": 760, "has_touch": True, "is_mobile": True}
# The same random numbers every time: they choose the hands of the simulated pen.
STEADY = """(() => { let s = SEED;
  Math.random = () => (s = (s * 1103515245 + 12345) % 2147483648) / 2147483648; })()"""

# Where a picture of feature maps differs most in colour from its corner: on ink.
STRONGEST = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [best, far] = [0, -1];
  for (let i = 0; i < data.length; i += 4) {
    const apart = [0, 1, 2].reduce((sum, c) => sum + Math.abs(data[i + c] - data[40 + c]), 0);
    if (apart > far) [best, far] = [i / 4, apart];
  }
  return [((best % width) + 2) / width, (Math.floor(best / width) + 2) / height];
}"""


@contextmanager
def server(model: list[str]) -> Iterator[str]:
    """The address of a server that finds no data."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "digitus", "serve", *model, "--port", "0"]
        environment = {**os.environ, "HOME": folder, "DIGITUS_DATA": folder}
        process = subprocess.Popen(
            [*command, "--folder", folder], env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
            process.wait()


@contextmanager
def visit(
    browser: Browser,
    scheme: Any,
    *,
    width: int = 1280,
    height: int = 880,
    seed: int = 7,
    **how: Any,
) -> Iterator[Page]:
    """A page in light or dark colours."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
        device_scale_factor=SCALE,
        **how,
    )
    context.set_default_timeout(120_000)
    context.add_init_script(STEADY.replace("SEED", str(seed)))
    yield context.new_page()
    context.close()


def shot(page: Page) -> Image.Image:
    """What is on the screen, without the pointer over anything."""
    page.mouse.move(5, 5)
    page.evaluate("() => document.activeElement.blur()")
    page.wait_for_timeout(600)
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def save(picture: Image.Image, name: str, room: str = "serve") -> None:
    """Writes a PNG with as many colours as fit; a picture with soft light is a WebP."""
    if name in ("read", "review"):
        picture.save(PICTURES / f"{room}-{name}.webp", quality=84, method=6)
        return
    for colours in (256, 192, 128, 96, 64):
        small = picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        path = PICTURES / f"{room}-{name}.png"
        small.save(path, optimize=True)
        if path.stat().st_size < LARGEST:
            return


def draw(page: Page, address: str, text: str) -> Image.Image:
    """A number, drawn by keys."""
    page.goto(address)
    page.focus("canvas.paper")
    for k, key in enumerate(text):
        page.keyboard.press(key)
        drawn = "n => document.querySelectorAll('.marks g').length === n"
        page.wait_for_function(drawn, arg=k + 1)
    page.wait_for_selector("#view-draw .answer[aria-busy=false]")
    page.evaluate("() => { document.querySelector('.time').hidden = true }")
    return shot(page)


def held(page: Page) -> None:
    """The strongest number of the first convolution under the lens, held by a click."""
    page.locator(".unfold").first.click()
    maps = page.locator(".layer .maps:visible").first
    maps.scroll_into_view_if_needed()
    box = maps.bounding_box()
    assert box
    x, y = maps.evaluate(STRONGEST)
    maps.click(position={"x": x * box["width"], "y": y * box["height"]})
    page.wait_for_selector(".lens .term")


def inside(page: Page, address: str, digit: int, top: str = "") -> Image.Image:
    """A digit's way through the network."""
    page.goto(f"{address}#inside")
    page.wait_for_selector(".maps:visible")
    page.get_by_role("button", name=f"A {digit} by the simulated pen").click()
    page.wait_for_function(
        "digit => document.querySelector('#view-inside .value').textContent === digit",
        arg=str(digit),
    )
    page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    if top == LENS:
        held(page)
    return shot(scrolled(page, ".evidence" if top == LENS else top))


def read(page: Page, address: str, top: str = "") -> Image.Image:
    """A page of numbers."""
    page.goto(f"{address}#read")
    page.click("text=Have one written")
    page.wait_for_selector(".boxes g")
    if not top:
        page.locator(".boxes g").nth(3).click()
    return shot(scrolled(page, top))


def train(page: Page, recipe: str, examples: int, epochs: int, how: str = "Train") -> None:
    """Starts a run, and waits for its end unless it goes step by step."""
    page.select_option("#lesson-recipe", recipe)
    page.fill("#lesson-examples", str(examples))
    page.fill("#lesson-epochs", str(epochs))
    page.get_by_role("button", name=how, exact=True).click()
    page.wait_for_selector(".watching:not([hidden])")
    if how == "Train":
        page.select_option("#pace", "200")
        page.wait_for_selector(".watching .status.finished")


def learn(page: Page, address: str) -> Image.Image:
    """Two runs compared."""
    page.goto(f"{address}#learn")
    page.wait_for_selector("form.lesson")
    train(page, "one layer", 12_000, 4)
    train(page, "perceptron", 12_000, 6)
    page.locator(".runs >> text=compare").first.click()
    page.wait_for_selector(".chart .line.other")
    return shot(scrolled(page, ".watching .figures"))


def stepped(page: Page) -> None:
    """A run that waits at one equation of one step."""
    train(page, "perceptron", 6000, 5, "Step by step")
    page.wait_for_selector(".watching .status.paused")
    page.click("text=Step an equation")
    page.wait_for_selector(".stepper:not([hidden])")
    while "Backward: Dense(32)" not in page.inner_text(".stepper h3"):
        page.click(".stepper .primary")


def step(page: Page) -> Image.Image:
    """One equation of one step."""
    stepped(page)
    page.emulate_media(color_scheme="dark")
    page.evaluate("() => scrollTo(0, 0)")
    return shot(page)


def editor(page: Page, address: str, folder: Path) -> Image.Image:
    """The form of docs/forms.md in the view Forms."""
    page.goto(f"{address}#forms")
    page.set_input_files("#view-forms .drop input[type=file]", form_of(folder))
    page.locator(".field-list >> text=reading").click()
    page.wait_for_selector("text=The form is in order.")
    return shot(page)


def form_of(folder: Path) -> Path:
    """The file of the form that docs/forms.md begins with."""
    path = folder / "meters.toml"
    text = (PICTURES.parent / "forms.md").read_text("utf-8").partition("```toml\n")[2]
    path.write_text(text.partition("```")[0], "utf-8")
    return path


def review(page: Page, folder: Path) -> Image.Image:
    """All fields of the sheet in docs/forms.md, to be looked at."""
    command = [sys.executable, "-m", "digitus", "form", "read", str(form_of(folder))]
    command += [str(PICTURES / "form-photo.jpg"), "--to", str(folder / "meters.csv")]
    command += ["--review", str(folder / "check.html"), "--wanted", "0"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    page.goto((folder / "check.html").as_uri())
    page.wait_for_selector(".field")
    # The names of files would show a folder of this machine.
    page.evaluate(
        "() => { for (const e of document.querySelectorAll('.where'))"
        " e.textContent = e.textContent.replace(/^.*\\//, '');"
        " scrollTo(0, 0) }"
    )
    return shot(page)


def scrolled(page: Page, to: str) -> Page:
    """The page, scrolled until this is at its top, below the head."""
    if to:
        page.locator(to).evaluate("e => { e.scrollIntoView(); scrollBy(0, -105) }")
    return page


def main() -> None:
    """Takes them all."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    rights = ["--no-sandbox"] if os.geteuid() == 0 else []
    with server(sys.argv[1:]) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=rights)
        phones = []
        with visit(browser, "light") as page:
            save(draw(page, address, "2026"), "draw")
        with visit(browser, "dark", height=1020) as page:
            save(inside(page, address, 3, LENS), "inside")
        with visit(browser, "light", seed=21) as page:
            save(read(page, address), "read")
        with visit(browser, "light", height=1000) as page:
            save(learn(page, address), "learn")
            trained = page.url
            save(step(page), "step")
        with visit(browser, "light", height=820) as page:
            page.goto(f"{address}#mistakes")
            page.wait_for_selector(".misread")
            save(shot(page), "mistakes")
        with tempfile.TemporaryDirectory() as name, visit(browser, "light", height=900) as page:
            save(editor(page, address, Path(name)), "editor", "forms")
            save(review(page, Path(name)), "review", "forms")
        with visit(browser, "light", **PHONE) as page:
            phones.append(draw(page, address, "85"))
        with visit(browser, "dark", **PHONE) as page:
            phones.append(inside(page, address, 5, ".evidence"))
        with visit(browser, "light", **PHONE) as page:
            page.goto(trained)
            page.wait_for_selector(".tiles canvas")
            phones.append(shot(page))
        with visit(browser, "dark", **PHONE) as page:
            phones.append(read(page, address, ".stage"))
        gap = 24
        width = sum(phone.width + gap for phone in phones) - gap
        row = Image.new("RGB", (width, phones[0].height), "white")
        for k, phone in enumerate(phones):
            row.paste(phone, (k * (phone.width + gap), 0))
        save(row, "phone")
        browser.close()


if __name__ == "__main__":
    main()
