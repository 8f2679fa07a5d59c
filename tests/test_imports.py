"""Which libraries each use of digitus loads: nobody pays for what others need."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from digitus.threads import BLAS_VARIABLES

# Those that are large or slow to import. NumPy is needed for everything.
HEAVY = {
    "cv2", "PIL", "rich", "click", "platformdirs", "requests", "urllib3", "jinja2", "msgspec",
    "prometheus_client", "starlette", "uvicorn", "httptools", "torch",
}  # fmt: skip
BLANK = "numpy.zeros((1, 28, 28), numpy.uint8)"
USES = {
    "import digitus": ("", set()),
    "layers": ("import digitus.nn", set()),
    "a model in use": (f"digitus.load().probabilities({BLANK})", set()),
    "recipes": ("digitus.load_recipe('cnn')", set()),
    # OpenCV comes where a recipe has pictures distorted, and looks at those that are read.
    "training": ("digitus.train; import digitus.training.run_folder", set()),
    "a picture opened, without reading": ("import digitus.vision.decode", {"PIL"}),
    "an array read": ("digitus.read(numpy.zeros((40, 40), numpy.uint8))", {"cv2", "PIL"}),
}  # fmt: skip


@cache
def loaded(code: str) -> frozenset[str]:
    """All modules that a program has imported at its end."""
    code = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("use", USES)
def test_each_use_loads_only_what_it_needs(use: str) -> None:
    code, needed = USES[use]
    assert loaded(f"import digitus, numpy\n{code}") & HEAVY == needed


def test_a_model_in_use_loads_nothing_to_check_to_learn_or_to_download() -> None:
    seldom = {
        "digitus.nn.check", "digitus.nn.check_cases", "numpy.random", "tomllib", "difflib",
        "importlib.resources", "concurrent.futures", "threadpoolctl", "secrets", "digitus.notebook",
    }  # fmt: skip
    assert not loaded(f"import digitus, numpy\ndigitus.load().probabilities({BLANK})") & seldom


# What a browser has: Python's own library less processes, and NumPy.
NOT_IN_A_BROWSER = HEAVY | {
    "multiprocessing", "safetensors", "threadpoolctl", "markupsafe", "markdown_it", "ssl",
}  # fmt: skip
LEARNT_WITHOUT = """
import sys
sys.modules |= dict.fromkeys(BLOCKED)
import digitus.datasets, digitus.nn, digitus.recipe, digitus.training.loop
import digitus.course.exercises, digitus.course.show
from digitus.synthetic.strokes import strokes
recipe = digitus.recipe.load_recipe("gopa-2024")
recipe = digitus.recipe.with_settings(recipe, epochs=20, batch_size=25, development=50)
*_, finished = digitus.training.loop.train(recipe, strokes(450, seed=1))
answers = finished.recognizer.probabilities((new := strokes(300, seed=2)).images).argmax(axis=1)
print((answers == new.labels).mean())
"""


@pytest.mark.slow
def test_the_core_learns_with_numpy_alone_as_in_a_browser() -> None:
    code = LEARNT_WITHOUT.replace("BLOCKED", repr(sorted(NOT_IN_A_BROWSER)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 0.5


def test_a_picture_that_is_decoded_loads_no_windows() -> None:
    """To ask Pillow for all that it can do loads what draws windows."""
    code = "import io; from PIL import Image; from digitus.vision.decode import decode\n"
    code += "Image.new('L', (4, 4)).save(file := io.BytesIO(), 'tiff'); decode(file.getvalue())"
    assert not loaded(code) & {"tkinter", "PIL._tkinter_finder"}


def test_a_png_that_is_decoded_loads_no_other_formats_and_no_processes(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(path := tmp_path / "blank.png")
    code = "from pathlib import Path; from digitus.vision.decode import decode\n"
    code += f"decode(Path({str(path)!r}))"
    others = {"PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.BmpImagePlugin"}
    assert not loaded(code) & {*others, "subprocess", "digitus.vision.pdf"}


def test_the_command_that_reads_one_picture_loads_nothing_to_show_it_or_for_many(
    tmp_path: Path,
) -> None:
    path = tmp_path / "blank.png"
    Image.new("L", (40, 40), 255).save(path)
    code = f"""
import sys
sys.argv = ["digitus", "read", {str(path)!r}]
from digitus.cli import main
try:
    main()
except SystemExit as left:
    assert not left.code
import os
print(os.environ["OPENBLAS_NUM_THREADS"], *sys.modules)
"""
    env = {name: value for name, value in os.environ.items() if name not in BLAS_VARIABLES}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    blas, *modules = done.stdout.split()
    assert blas == "1"
    assert "digitus.reading.read" in modules
    shows = {"rich", "jinja2", "multiprocessing", "digitus.report", "digitus.reading.drawing"}
    assert not set(modules) & shows


def test_the_page_loads_no_library_of_the_commands() -> None:
    assert not loaded("import digitus.serve.app") & {
        "rich", "torch", "platformdirs", "requests", "jinja2", "digitus.report"
    }  # fmt: skip


def test_reading_loads_nothing_that_only_makes_pages_or_learns() -> None:
    modules = loaded(f"import digitus, numpy\n{USES['an array read'][0]}")
    rooms = ("digitus.synthetic.pages", "digitus.training", "digitus.detection.crops")
    assert [name for name in modules if name.startswith(rooms)] == []
