"""What the worst inputs cost, against the budgets that `digitus.limits` gives them.

    python benchmarks/budgets.py --json results/limits.json    # measures, and writes docs/limits.md
    python benchmarks/budgets.py --only "random bars"           # what was measured else stays
    python benchmarks/budgets.py --page                        # writes the page alone

Each input is made by code and given to a process of its own, which measures its peak memory (beyond
what it takes once everything is loaded) and its processor time. Where the largest that is let in
would not fit into most machines, one that is `of` times smaller is measured, against a budget
smaller by the same factor.

Inside: measuring, and the inputs, except forms, fonts and pictures to read (`budgets_forms`,
`budgets_fonts`, `budgets_pages`). Not inside: docs/limits.md (`docs.limits`), what is refused (the
tests).
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import budgets_fonts
import budgets_forms
from budgets_pages import SIDE, bars, strokes, turned
from digitus import limits
from docs.limits import page
from machine import machine, peak_megabytes

ROOT = Path(__file__).parent.parent
RESULTS, PAGE = ROOT / "results" / "limits.json", ROOT / "docs" / "limits.md"
WEBP_SIDE = 5000
MOST_DIGITS = limits.FINDS - 39  # all of them are found


@dataclass(frozen=True)
class Case:
    """An input of an entry: `prepare` makes it and gives what is then to be done with it."""

    entry: str
    prepare: Callable[[Path], Callable[[], object]]
    of: int = 1  # the largest that is let in is so many times as large


def picture(kind: str, mode: str, side: int = SIDE, **options: Any) -> Callable[[Path], Any]:
    """A picture of random blocks, of which no decoder can skip anything."""

    def prepare(folder: Path) -> Callable[[], object]:
        from PIL import Image

        from digitus.vision.decode import decode_pages

        small = np.random.default_rng(0).integers(0, 256, (side // 60, side // 60), np.uint8)
        grey = Image.fromarray(small).resize((side, side), Image.Resampling.NEAREST)
        content = io.BytesIO()
        grey.convert(mode).save(content, kind, **options)
        return lambda: next(decode_pages(content.getvalue(), kind))

    return prepare


def bytes_of_int8(folder: Path) -> Callable[[], object]:
    """Images of signed bytes, which NumPy would turn into float64."""
    from digitus.datasets.own import load_own

    count = limits.SET_BYTES // 20 // 784
    path = folder / "images.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in (
            ("images", np.full((count, 28, 28), 100, np.int8)),
            ("labels", np.zeros(count, np.int8)),
        ):
            with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                np.lib.format.write_array(out, array)
    return lambda: load_own(path)


def endless_mirror(folder: Path) -> Callable[[], object]:
    """Two mirrors that go on sending after the file's end."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from digitus.datasets import download
    from digitus.errors import DownloadError

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(bytes(10**6))
            except OSError:
                pass

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"

    def fetch() -> None:
        try:
            download.fetch(download.RemoteFile("x", "", 60 * 10**6), (url, url), folder, "")
        except DownloadError:
            assert not list(folder.iterdir())
            return
        raise AssertionError

    return fetch


def recognizer(layers: list[Any]) -> Any:
    """A network of these layers and no others, which has learnt nothing."""
    from digitus.nn import Chain, Dense, Flatten
    from digitus.recipe import Recipe
    from digitus.recognizer import Recognizer

    network = Chain([*layers, Flatten(), Dense(10)])
    shapes, _ = network.plan((28, 28, 1))
    params = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return Recognizer(Recipe("largest", network), params)


def model(folder: Path) -> Callable[[], object]:
    """Forty million parameters."""
    from digitus.nn import Dense, Flatten
    from digitus.recognizer import load

    path = folder / "model.safetensors"
    recognizer([Flatten(), Dense(50_000)]).save(path)
    return lambda: load(path)


def wide(folder: Path) -> Callable[[], object]:
    """As many activations between two layers as there may be."""
    from digitus.nn import Conv, MaxPool

    made = recognizer([Conv(limits.ACTIVATIONS // 784 - 50), MaxPool(28)])
    images = np.zeros((250, 28, 28), np.uint8)
    return lambda: made.probabilities(images)


def deep(folder: Path) -> Callable[[], object]:
    """As many multiplications as there may be."""
    from digitus.nn import Conv, MaxPool

    made = recognizer([*[Conv(128)] * 17, MaxPool(28)])
    images = np.zeros((10, 28, 28), np.uint8)
    return lambda: made.probabilities(images)


def numbers(folder: Path) -> Callable[[], object]:
    """Two thousand images as short numbers."""
    import msgspec

    from digitus.serve.recognition import ImagesBody, images_of

    text = json.dumps({"images": [[0] * 784] * 2000}, separators=(",", ":")).encode()
    assert len(text) <= limits.JSON_BYTES
    return lambda: images_of(msgspec.json.decode(text, type=ImagesBody))


CASES = {
    "PNG in colour": Case("a picture, opened", picture("PNG", "RGB")),
    "PNG, transparent": Case("a picture, opened", picture("PNG", "RGBA")),
    "PNG, grey and transparent": Case("a picture, opened", picture("PNG", "LA")),
    "GIF": Case("a picture, opened", picture("GIF", "P")),
    "TIFF of floats": Case("a picture, opened", picture("TIFF", "F", compression="tiff_lzw")),
    "TIFF of whole numbers": Case(
        "a picture, opened", picture("TIFF", "I", compression="tiff_lzw")
    ),
    "JPEG of printing colours": Case("a picture, opened", picture("JPEG", "CMYK")),
    "JPEG, progressive": Case(
        "a picture, opened", picture("JPEG", "RGB", progressive=True, subsampling=0)
    ),
    "WebP": Case("a picture, opened", picture("WEBP", "RGB", WEBP_SIDE)),
    "random bars": Case("a page of a picture, read", bars(2000)),
    "random bars, as large as can be": Case("a page of a picture, read", bars(SIDE)),
    "digits, as many as are looked at": Case("a page of a picture, read", turned(MOST_DIGITS, 2)),
    "as many, on their side": Case("a page of a picture, read", turned(MOST_DIGITS, 1)),
    "742 digits, upside down": Case("a page of a picture, read", turned(742, 2)),
    "999 digits, upside down": Case("a page of a picture, read", turned(999, 2)),
    "strokes from edge to edge, drawn": Case("a page of a picture, read", strokes),
    "npz of signed bytes": Case("an IDX or npz file", bytes_of_int8, of=20),
    "mirrors without end": Case("a download", endless_mirror),
    "a model of 40 million parameters": Case("a model, opened", model, of=25),
    "the widest network": Case("250 digits, recognized", wide),
    "the deepest network, 10 digits": Case("250 digits, recognized", deep, of=25),
    "2,000 images as numbers": Case("a request's JSON", numbers),
    **{name: Case(*case) for name, case in budgets_forms.CASES.items()},
    **{name: Case(*case) for name, case in budgets_fonts.CASES.items()},
}


def measured(name: str) -> dict[str, float]:
    """Carries out one case in this process. The seconds are those of all its threads."""
    with tempfile.TemporaryDirectory() as folder:
        task = CASES[name].prepare(Path(folder))
        before = _restarted()
        start = time.process_time()
        task()
        seconds = time.process_time() - start
        return {
            "megabytes": round(peak_megabytes() - before, 1),
            "seconds": round(seconds, 2),
        }


def _restarted() -> float:
    """Restarts the count of this process's peak memory (Linux); the megabytes it takes now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_megabytes()


def in_a_process(name: str) -> dict[str, Any]:
    """Carries out one case in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--case", name], check=True, capture_output=True, text=True
    )
    case = CASES[name]
    return {"entry": case.entry, "of": case.of, **json.loads(done.stdout), "machine": machine()}


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    parser.add_argument("--page", action="store_true", help="write docs/limits.md alone")
    parser.add_argument(
        "--only", action="append", choices=CASES, help="measure this case anew, the others stay"
    )
    parser.add_argument("--json", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(measured(arguments.case)))
        return
    if not arguments.page:
        record: dict[str, Any] = {"cases": {}}
        if arguments.only:
            record = json.loads(arguments.json.read_text("utf-8"))
        for name in arguments.only or CASES:
            record["cases"][name] = found = in_a_process(name)
            print(f"{name}: {found['megabytes']:.0f} MB, {found['seconds']:.1f} s", flush=True)
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    PAGE.write_text(page(json.loads(arguments.json.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
