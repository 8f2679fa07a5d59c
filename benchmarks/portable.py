"""The same network in every place that it can be exported to, on MNIST's 10,000 test images.

    python benchmarks/portable.py [--models micro,tiny,default] [--runs FOLDER] [--count 10000]

Python, ONNX Runtime, C by gcc in float32 and int8, Node and Chromium answer the same images; each
is compared with Python, image by image. Trains `micro` and `tiny` (40 minutes) if they are not in
the folder. Writes `results/portable.json`; `docs.write` then writes docs/portable.md. The size of C
is that of gcc's object file with -Os: code and constants.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import digitus
from digitus.datasets.sources import load
from digitus.export import c_run, c_source, js_module, onnx_file, onnx_run
from digitus.export.card import about
from digitus.export.operations import networks
from digitus.recognizer import Recognizer
from digitus.types import Images, Matrix
from docs.write import write
from machine import machine

RESULTS = Path(__file__).parent.parent / "results" / "portable.json"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
# In the browser: each image through the module, then one image many times, in milliseconds.
IN_PAGE = """async ([code, text, one]) => {
  const { height, probabilities, width } = await import("data:text/javascript;base64," + code);
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const side = height * width;
  const found = [];
  const begun = performance.now();
  for (let i = 0; i < bytes.length; i += side) {
    found.push(probabilities(bytes.subarray(i, i + side)));
  }
  const all = performance.now() - begun;
  for (let i = 0; i < one; i++) probabilities(bytes.subarray(0, side));
  return [found, all, (performance.now() - begun - all) / one];
}"""
ONE = 50  # times that one image is read, to know how long it takes


def main() -> None:
    """Every model in every place."""
    parser = argparse.ArgumentParser(description="The same network in every place.")
    parser.add_argument("--models", default="micro,tiny,default")
    parser.add_argument("--runs", type=Path, default=Path("runs/portable"))
    parser.add_argument("--count", type=int, default=10_000)
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {"models": {}}
    test = load("mnist", "test").take(slice(arguments.count))
    for name in arguments.models.split(","):
        model = digitus.load() if name == "default" else trained(name, arguments.runs / name)
        results["models"][name] = measured(model, test.images, test.labels)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write()


def trained(name: str, folder: Path) -> Recognizer:
    """A recipe's network, trained if it is not there."""
    if not (folder / "model.safetensors").exists():
        command = [sys.executable, "-m", "digitus", "train", name, "--out", str(folder)]
        subprocess.run(command, check=True)
    return digitus.load(folder / "model.safetensors")


def measured(model: Recognizer, images: Images, labels: Any) -> dict[str, Any]:
    """What each place answers, how large it is and how long it takes."""
    begun = time.perf_counter()
    expected = model.probabilities(images)
    rows: dict[str, Any] = {"Python": {"seconds": time.perf_counter() - begun}}
    rows["Python"]["milliseconds"] = milliseconds(lambda: model.probabilities(images[:1]))
    found: dict[str, Matrix] = {"Python": expected}
    for place, answer in (
        ("ONNX Runtime", onnx), ("C", c), ("C, int8", c_int8), ("Node", node),
        ("Chromium", chromium),
    ):  # fmt: skip
        found[place], rows[place] = answer(model, images)
        print(model.recipe.name, place, rows[place], flush=True)
    for place, p in found.items():
        answers = p.argmax(axis=1)
        rows[place] |= {
            "right": int((answers == labels).sum()),
            "same": int((answers == expected.argmax(axis=1)).sum()),
            "largest_difference": float(np.abs(p - expected).max()),
        }
    return {
        "recipe": model.recipe.name,
        "parameters": model.parameter_count,
        "images": len(images),
        "machine": machine(),
        "places": rows,
    }


def milliseconds(run: Callable[[], object]) -> float:
    """The time of one call: the median of some."""
    times = []
    for _ in range(ONE):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return 1000 * float(np.median(times))


def onnx(model: Recognizer, images: Images) -> tuple[Matrix, dict[str, Any]]:
    content = onnx_file.onnx_bytes(
        networks([model]), about([model], model.threshold, "float32"), "float32"
    )
    session = onnx_run.opened(content)
    begun = time.perf_counter()
    found = onnx_run.answers(session, images)
    seconds = time.perf_counter() - begun
    one = milliseconds(lambda: onnx_run.answers(session, images[:1]))
    return found, {"bytes": len(content), "seconds": seconds, "milliseconds": one}


def c(model: Recognizer, images: Images, precision: Any = "float32") -> tuple[Matrix, Any]:
    made = c_source.make(
        networks([model]), about([model], model.threshold, precision), precision, "digit"
    )
    with TemporaryDirectory() as folder:
        program = c_run.compiled("gcc", made.files, "digit", Path(folder), (*c_run.FLAGS, "-O3"))
        begun = time.perf_counter()
        found, _ = c_run.run_c([str(program)], images)
        seconds = time.perf_counter() - begun
        object_ = Path(folder) / "digit.o"
        command = ["gcc", "-std=c99", "-Os", "-c", str(program.with_name("digit.c"))]
        subprocess.run([*command, "-o", str(object_)], check=True)
        size = subprocess.run(["size", object_], capture_output=True, text=True, check=True).stdout
    header = made.files[".h"].decode("ascii")
    return found, {
        "bytes": sum(map(len, made.files.values())),
        "flash": int(size.splitlines()[1].split()[0]),
        "ram": int(header.partition("Memory: ")[2].partition(" bytes")[0].replace(",", "")),
        "seconds": seconds,
        "milliseconds": 1000 * seconds / len(images),
    }


def c_int8(model: Recognizer, images: Images) -> tuple[Matrix, dict[str, Any]]:
    return c(model, images, "int8")


def script(model: Recognizer) -> bytes:
    told = about([model], model.threshold, "float32")
    return js_module.module(networks([model]), told, "float32").encode("utf-8")


def node(model: Recognizer, images: Images) -> tuple[Matrix, dict[str, Any]]:
    content, program = script(model), shutil.which("node")
    assert program is not None, "Node is not on this machine"
    begun = time.perf_counter()
    found = js_module.answers(program, content, images)
    seconds = time.perf_counter() - begun
    one = 1000 * seconds / len(images)
    return found, {"bytes": len(content), "seconds": seconds, "milliseconds": one}


def chromium(model: Recognizer, images: Images) -> tuple[Matrix, dict[str, Any]]:
    from playwright.sync_api import sync_playwright

    content = script(model)
    path = next(filter(None, map(shutil.which, BROWSERS)))
    arguments = [base64.b64encode(b).decode("ascii") for b in (content, images.tobytes())]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(0)
        found, all_, one = page.evaluate(IN_PAGE, [*arguments, ONE])
        browser.close()
    row = {"bytes": len(content), "seconds": all_ / 1000, "milliseconds": one}
    return np.array(found), row


if __name__ == "__main__":
    main()
