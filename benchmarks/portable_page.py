"""The exported page beside Python, on made pages and on a photo of 12 megapixels.

    python benchmarks/portable_page.py [--count 20]

Node reads made pages (`digitus.synthetic.pages`, all kinds mixed, written by the simulated pen)
with the code of the exported web page. Chromium opens that from its file and reads the photo, a
made page as a camera would save it: once as on this machine, in its worker, and once as on a phone.
For the latter Chromium slows the web page by Lighthouse's factor, but not its workers, so the same
code reads in the main thread; how much slower a loop became is measured, too. Images of 28 x 28 are
read there as well, one after the other. Writes "page" of `results/portable.json`; `docs.write` then
writes docs/portable.md.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from PIL import Image
from threadpoolctl import threadpool_limits

import digitus
from digitus.export.html_page import START
from digitus.nn.arrays import stream
from digitus.reading.result import Reading
from digitus.synthetic.pages.pages import Page, pages
from digitus.synthetic.strokes import draw
from docs.write import write
from machine import machine
from portable import BROWSERS, RESULTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SEED = 2
PHOTO = ("lines", 4), 4000  # kind and seed of the made page, and pixels of the photo's longer side
DIGITS = 100  # images of 28 x 28
SLOWED = 4  # times, as Lighthouse slows a web page to the speed of a mid-range phone
LOOP = """() => {
  const begun = performance.now();
  let x = 0;
  for (let i = 0; i < 2e8; i++) x = (x * 1103515245 + 12345) | 0;
  return (performance.now() - begun) / 1000 + 0 * x;
}"""
ENGINE = """const engine = document.getElementById("engine");
  const size = JSON.parse(engine.dataset.size);
  const { code, weights } = await unpack(engine.textContent.trim(), size);
  globalThis.WEIGHTS = weights;
  const { probabilities, readPhoto } = new Function(
    code.replace(/^export /gm, "") + "; return { probabilities, readPhoto }")();"""
READ_IN_PAGE = """async (photo) => {
  ENGINE
  const bytes = Uint8Array.from(atob(photo), (sign) => sign.charCodeAt(0));
  const seconds = [];
  let lines;
  for (let i = 0; i < 2; i++) {
    const begun = performance.now();
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const zoom = Math.min(1, 2000 / Math.max(bitmap.width, bitmap.height));
    const sides = [bitmap.width, bitmap.height].map((side) => Math.round(zoom * side));
    const canvas = new OffscreenCanvas(...sides);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const { width, height } = canvas;
    const pixels = context.getImageData(0, 0, width, height).data;
    lines = readPhoto({ pixels, width, height }).lines;
    seconds.push((performance.now() - begun) / 1000);
  }
  return { seconds, lines };
}""".replace("ENGINE", ENGINE)
READ_DIGITS_IN_PAGE = """async (images) => {
  ENGINE
  return images.map((image) => {
    const begun = performance.now();
    const p = probabilities(Uint8Array.from(image));
    return [p.indexOf(Math.max(...p)), performance.now() - begun];
  });
}""".replace("ENGINE", ENGINE)
READ = """const sizes = JSON.parse(readFileSync("sizes.json", "utf8"));
const pictures = readFileSync("pages.bin");
let at = 0;
const found = sizes.map(([width, height]) => {
  const pixels = new Uint8Array(pictures.subarray(at, (at += 4 * width * height)));
  const begun = process.cpuUsage();
  const found = readPhoto({ pixels, width, height });
  const { user, system } = process.cpuUsage(begun);
  return { ...found, seconds: (user + system) / 1e6 };
});
process.stdout.write(JSON.stringify(found));
"""


def main() -> None:
    """Both comparisons."""
    parser = argparse.ArgumentParser(description="The exported page beside Python.")
    parser.add_argument("--count", type=int, default=20)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    with TemporaryDirectory() as name, threadpool_limits(1):
        folder = Path(name)
        (file,) = digitus.load().export("html", folder / "page.html", check=False).files
        made = list(pages(arguments.count, SEED))
        found = {"bytes": file.stat().st_size, **compared(made, folder), **photographed(file)}
    found["load"] = round(os.getloadavg()[0], 1)  # what else the machine did
    found["machine"] = machine()
    results = json.loads(RESULTS.read_text("utf-8"))
    results["page"] = found
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(found)
    write()


def compared(made: list[Page], folder: Path) -> dict[str, Any]:
    """How many pages and digits Node and Python read alike, and how many pages each reads right."""
    with (folder / "pages.bin").open("wb") as file:
        for page in made:
            colours = page.picture if page.picture.ndim == 3 else np.dstack([page.picture] * 3)
            opaque = np.full(colours.shape[:2], 255, np.uint8)
            file.write(np.dstack([colours, opaque]).tobytes())
    sizes = [page.picture.shape[1::-1] for page in made]
    (folder / "sizes.json").write_text(json.dumps(sizes), "utf-8")
    (folder / "main.mjs").write_text(START + READ, "utf-8")
    node = shutil.which("node")
    assert node is not None, "Node is not on this machine"
    done = subprocess.run([node, "main.mjs"], cwd=folder, capture_output=True, check=True)
    theirs = json.loads(done.stdout)
    ours = [digitus.read(page.picture) for page in made]
    lines = [tuple(found["lines"]) for found in theirs]
    return {
        "pages": len(made),
        "same": sum(a == b.lines for a, b in zip(lines, ours, strict=True)),
        "exact": sum(a == page.lines for a, page in zip(lines, made, strict=True)),
        "exact_in_python": sum(a.lines == page.lines for a, page in zip(ours, made, strict=True)),
        "digits": sum(len(reading.digits) for reading in ours),
        "same_digits": sum(
            in_both(reading, found["digits"]) for reading, found in zip(ours, theirs, strict=True)
        ),
        "processor_seconds": median(found["seconds"] for found in theirs),
        "most_processor_seconds": max(found["seconds"] for found in theirs),
    }


def in_both(reading: Reading, theirs: list[dict[str, Any]]) -> int:
    """How many digits of a reading are also in another one, in the same place."""

    def near(box: Any, other: Any) -> bool:
        (x, y, w, h), (a, b, c, d) = box, other
        return max(abs(x + w / 2 - a - c / 2), abs(y + h / 2 - b - d / 2)) < max(w, h) / 3

    return sum(
        any(d.value == other["value"] and near(d.box, other["box"]) for other in theirs)
        for d in reading.digits
    )


def photographed(file: Path) -> dict[str, Any]:
    """How long Chromium takes for a photo, from its file to the answer on the page."""
    from playwright.sync_api import sync_playwright

    (kind, seed), side = PHOTO
    picture = Image.fromarray(next(pages(1, seed, kinds=[kind])).picture)
    zoom = side / max(picture.size)
    photo = picture.resize((round(picture.width * zoom), round(picture.height * zoom)))
    path = file.with_name("photo.jpg")
    photo.save(path, quality=90)
    lines = "\n".join(digitus.read(path).lines)
    browser_path = next(filter(None, map(shutil.which, BROWSERS)))
    seconds: list[float] = []
    processor: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(file.as_uri())
        for _ in range(3):  # the first compiles
            begun, worked = time.perf_counter(), processor_seconds(browser)
            page.locator("#photo").set_input_files(path)
            page.locator("#answer:not(:empty)").wait_for()
            seconds.append(time.perf_counter() - begun)
            processor.append(processor_seconds(browser) - worked)
            same = page.locator("#answer").inner_text() == lines
            page.get_by_role("button", name="Clear").click()
            page.locator("#answer:empty").wait_for(state="attached")
        slowed = as_on_a_phone(browser, file, path, lines)
        digits = of_single_digits(browser, file)
        browser.close()
    return {
        "digit": digits,
        "photo": {
            "pixels": list(photo.size),
            "digits": len(lines.replace(" ", "").replace("\n", "")),
            "first_seconds": seconds[0],
            "seconds": min(seconds),
            "processor_seconds": min(processor),  # of all of Chromium, however busy the machine is
            "same": same,
            "telephone": slowed,
        },
    }


def of_single_digits(browser: Browser, file: Path) -> dict[str, Any]:
    """How long one image of 28 x 28 takes, and how many have the same answer as in Python."""
    images = draw(np.tile(np.arange(10), DIGITS // 10), stream(SEED, "digits in a page"))
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    found = page.evaluate(READ_DIGITS_IN_PAGE, images.reshape(DIGITS, -1).tolist())
    context.close()
    answers, milliseconds = zip(*found, strict=True)
    ours = digitus.load().probabilities(images).argmax(1)
    return {
        "images": DIGITS,
        "same": int((ours == answers).sum()),
        "first_milliseconds": milliseconds[0],
        "milliseconds": median(milliseconds),
        "most_milliseconds": max(milliseconds[1:]),
    }


def processor_seconds(browser: Browser) -> float:
    """The processor time that all processes of the browser have used."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    return float(sum(process["cpuTime"] for process in told["processInfo"]))


def as_on_a_phone(browser: Browser, file: Path, photo: Path, lines: str) -> dict[str, Any]:
    """How long the same photo takes in a browser that is slowed down."""
    context = browser.new_context(bypass_csp=True)  # code from text is forbidden there otherwise
    page = context.new_page()
    page.set_default_timeout(600_000)
    page.goto(file.as_uri())
    alone = page.evaluate(LOOP)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    loop = page.evaluate(LOOP)
    found = page.evaluate(READ_IN_PAGE, base64.b64encode(photo.read_bytes()).decode("ascii"))
    context.close()
    return {
        "slowed": SLOWED,
        "loop_slowed": round(loop / alone, 2),
        "first_seconds": found["seconds"][0],
        "seconds": found["seconds"][1],
        "same": "\n".join(found["lines"]) == lines,
    }


if __name__ == "__main__":
    main()
