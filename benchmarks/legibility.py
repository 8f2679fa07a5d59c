"""How legible made digits are: what others make of those that reading misnames.

    python benchmarks/legibility.py ask FOLDER [--pages 400] [--each 60] [--seed 1] [--draw 1]
    python benchmarks/legibility.py score FOLDER ANSWERS --reader NAME [--json FILE]

Made pages have hands whose 4 is another's 9, blots, and light in which nothing is seen: their truth
is what was meant, not what can be told. So this asks others, people or what reads as they do. `ask`
reads development pages and draws contact sheets of single digits, each as it stands among its
neighbours, contrast stretched: `--each` that reading misnames and as many that it names right,
mixed, without saying which is which; another `--draw` takes others. ANSWERS is a text with a figure
for each, spaces or lines between them, in the order of the numbers on the contact sheets.
`score` counts how many of either kind are what the truth says, or what reading says, and adds that
to results/legibility.json under the reader's name.

Inside: asking and counting. Not inside: what docs/reading.md says of it (`docs.reading`).
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from threadpoolctl import threadpool_limits

from digitus.detection.matching import SAME, shared
from digitus.nn.arrays import stream
from digitus.reading.read import read
from digitus.synthetic.pages.pages import pages
from digitus.types import Bytes
from reading import CHUNK, development

WIDTH, HEIGHT = 240, 120  # pixels of a digit's cell
DIGITS_HIGH = 2.4  # what a cell shows, in heights of the digit
COLUMNS, ROWS = 6, 10  # cells on a contact sheet
PAPER, NUMBER, FRAME = (255, 255, 255), (0, 0, 200), (255, 0, 0)


def digits(start: int, *, count: int, seed: int) -> list[dict[str, Any]]:
    """The digits of some pages that reading found and named: truth, name, cell as bytes."""
    cv2.setNumThreads(1)
    found = []
    with threadpool_limits(1):
        for index, page in enumerate(
            pages(min(CHUNK, count - start), seed, development(), start=start), start
        ):
            free = dict(enumerate(page.digits))
            for digit in read(page.picture).digits:
                x, y, w, h = digit.box
                share = shared(np.array([x + w / 2, y + h / 2, w, h], np.float32), page)
                best = max(free, key=lambda n: share[n], default=None)
                if digit.value is None or best is None or share[best] <= SAME:
                    continue
                truth, box, _ = free.pop(best)
                found.append(
                    {
                        "page": index,
                        "truth": truth,
                        "named": digit.value,
                        "cell": cell(page.picture, box),
                    }
                )
    return found


def cell(picture: Bytes, box: tuple[int, int, int, int]) -> Bytes:
    """A digit among its neighbours in a frame [HEIGHT WIDTH 3], from black to white."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    x, y, w, h = box
    zoom = HEIGHT / (DIGITS_HIGH * max(w, h))
    to_cell = np.array(
        [
            [zoom, 0, WIDTH / 2 - zoom * (x + w / 2)],
            [0, zoom, HEIGHT / 2 - zoom * (y + h / 2)],
        ]
    )
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    if zoom < 1:  # warpAffine has no mean over an area
        grey = cv2.resize(grey, None, fx=zoom, fy=zoom, interpolation=way)
        to_cell[:, :2] /= zoom
    seen = cv2.warpAffine(
        grey, to_cell, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.float64)
    low, high = np.percentile(seen, [1, 99])
    stretched = np.clip((seen - low) / max(high - low, 1) * 255, 0, 255).astype(np.uint8)
    framed = Image.fromarray(stretched).convert("RGB")
    half = zoom * np.array([w, h]) / 2 + 3
    middle = np.array([WIDTH, HEIGHT]) / 2
    ImageDraw.Draw(framed).rectangle([*(middle - half), *(middle + half)], outline=FRAME)
    return np.asarray(framed)


def chosen(found: list[dict[str, Any]], each: int, seed: int, draw: int) -> list[dict[str, Any]]:
    """As many that were misnamed as that were not, mixed."""
    rng = stream(seed, "legibility", draw)
    wrong = [one["truth"] != one["named"] for one in found]
    some: list[int] = []
    for kind in (True, False):
        of_kind = np.flatnonzero(np.array(wrong) == kind)
        some += rng.permutation(of_kind)[:each].tolist()
    return [found[k] for k in rng.permutation(some)]


def contact_sheets(asked: list[dict[str, Any]]) -> list[Image.Image]:
    """The cells, numbered from 0, on as many contact sheets as it takes."""
    font = ImageFont.load_default(13)
    made = []
    for first in range(0, len(asked), COLUMNS * ROWS):
        some = asked[first : first + COLUMNS * ROWS]
        rows = -(-len(some) // COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * (WIDTH + 4), rows * (HEIGHT + 20)), PAPER)
        for k, one in enumerate(some):
            x, y = k % COLUMNS * (WIDTH + 4), k // COLUMNS * (HEIGHT + 20)
            ImageDraw.Draw(sheet).text((x + 2, y + 2), str(first + k), NUMBER, font)
            sheet.paste(Image.fromarray(one["cell"]), (x + 2, y + 18))
        made.append(sheet)
    return made


def ask(arguments: argparse.Namespace) -> None:
    """Draws the contact sheets, and keeps what the digits are beside them."""
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    work = partial(digits, count=arguments.pages, seed=arguments.seed)
    with ProcessPoolExecutor(arguments.workers) as pool:
        parts = pool.map(work, range(0, arguments.pages, CHUNK))
        found = [one for part in parts for one in part]
    asked = chosen(found, arguments.each, arguments.seed, arguments.draw)
    for k, sheet in enumerate(contact_sheets(asked)):
        sheet.save(folder / f"sheet-{k}.png")
    kept = {
        "seed": arguments.seed,
        "pages": arguments.pages,
        "named": len(found),
        "misnamed": sum(one["truth"] != one["named"] for one in found),
        "asked": [{name: one[name] for name in ("page", "truth", "named")} for one in asked],
    }
    (folder / "truth.json").write_text(json.dumps(kept), "utf-8")
    print(f"{len(asked)} digits in {folder}, of {kept['misnamed']:,} misnamed of {len(found):,}")


def score(arguments: argparse.Namespace) -> None:
    """Counts the answers of one reader, and puts them into the file."""
    kept = json.loads((arguments.folder / "truth.json").read_text("utf-8"))
    asked = kept.pop("asked")
    answers = [int(word) for word in arguments.answers.read_text("utf-8").split()]
    if len(answers) != len(asked):
        raise SystemExit(f"{len(asked)} digits are asked, and {len(answers)} answered")
    counts: dict[str, dict[str, int]] = {}
    for name, misnamed in (("misnamed", True), ("named", False)):
        pairs = [
            (one, said)
            for one, said in zip(asked, answers, strict=True)
            if (one["truth"] != one["named"]) == misnamed
        ]
        counts[name] = {
            "asked": len(pairs),
            "as_truth": sum(one["truth"] == said for one, said in pairs),
            "as_reading": sum(one["named"] == said for one, said in pairs),
        }
    print(json.dumps(counts, indent=1))
    if arguments.json:
        path: Path = arguments.json
        told = json.loads(path.read_text("utf-8")) if path.exists() else {}
        told = {**kept, "readers": {**told.get("readers", {}), arguments.reader: counts}}
        path.write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    verbs = parser.add_subparsers(required=True)
    asking = verbs.add_parser("ask", help="draw the contact sheets")
    asking.add_argument("folder", type=Path)
    asking.add_argument("--pages", type=int, default=400)
    asking.add_argument("--each", type=int, default=60, help="digits of either kind")
    asking.add_argument("--seed", type=int, default=1)
    asking.add_argument("--draw", type=int, default=1, help="another number, other digits")
    asking.add_argument("--workers", type=int, default=2)
    asking.set_defaults(verb=ask)
    scoring = verbs.add_parser("score", help="count the answers")
    scoring.add_argument("folder", type=Path)
    scoring.add_argument("answers", type=Path)
    scoring.add_argument("--reader", required=True, help="who answered")
    scoring.add_argument("--json", type=Path)
    scoring.set_defaults(verb=score)
    arguments = parser.parse_args()
    arguments.verb(arguments)


if __name__ == "__main__":
    main()
