"""The shape of the house: imports point inwards, and what else must hold for every module."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

import digitus

# The one table of rings: a module may import its own ring and those further in, never further out.
RINGS: dict[str, int] = {
    "errors": 0, "types": 0, "limits": 0, "cancellation": 0, "nn": 0,
    "datasets": 1, "synthetic": 1, "vision": 1, "metrics": 1, "files": 1, "locks": 1,
    "notebook": 1, "history": 1, "plotting": 1, "toml": 1, "table_files": 1,
    "recipe": 2, "recognizer": 2, "committee": 2, "evaluation": 2,
    "threads": 2,
    "training": 2, "detection": 2, "reading": 2, "report": 2, "export": 2, "sklearn": 2,
    "course": 2, "forms": 2,
    "cli": 3, "serve": 3, "bulk": 3, "sweep": 3, "papers": 3, "__main__": 3,
}  # fmt: skip
# Who may import a library that is large, optional or a door for strangers' files.
DOORS: dict[str, set[str]] = {
    "PIL": {"vision.decode", "vision.given", "report.pictures", "report.annotate", "cli.data"},
    "reportlab": {"course.worksheet_pdf", "forms.pdf"},
    "jinja2": {"report.templates", "papers.report.document"},
    "latex2mathml": {"serve.handbook.markdown"},
    "markdown_it": {"course.web_page", "serve.handbook.markdown"},
    "pi_heif": {"vision.decode"},
    "sklearn": {"sklearn"},
    "onnx": {"export.onnx_file"},
    "onnxruntime": {"export.onnx_run"},
    "torch": {
        "nn.kernels_torch",
        "nn.torch_device",
        "training.device",
        "training.distributed",
        "cli.train_workers",
    },
    "threadpoolctl": {"threads"},
    "uvicorn": {"serve.server", "serve.connection"},
}
RING_0_NEEDS = {"numpy", "array_api_compat"}
NOT_THEIR_PACKAGE = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "pi_heif": "pi-heif",
    "sklearn": "scikit-learn",
    "markdown_it": "markdown-it-py",
}
PUBLIC = [
    "Digits",
    "DigitusError",
    "Recipe",
    "Recognizer",
    "__version__",
    "evaluate",
    "load",
    "load_recipe",
    "read",
    "train",
]
MAX_LINES = 300
# What a file begins with, behind comments: to parse all of it takes a second for all files.
DOCSTRING = re.compile(r'(#.*\n|\s)*r?"""[^\s"]')

SOURCE = Path(digitus.__file__).parent
ROOT = SOURCE.parents[1]
FILES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}
NAMES = sorted(FILES.keys() - {"__init__"})


@cache
def tree(name: str) -> ast.Module:
    """A module's source, parsed."""
    return ast.parse(FILES[name].read_text("utf-8"))


@cache
def imports(name: str) -> frozenset[str]:
    """The modules that a module imports anywhere: "digitus.nn.layers", "numpy.typing" ..."""
    return frozenset(_imports(name))


def _imports(name: str) -> Iterator[str]:
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            assert node.module
            for alias in node.names:
                below = f"{node.module}.{alias.name}".removeprefix("digitus.")
                yield f"digitus.{below}" if below in FILES else node.module


def ours(name: str) -> set[str]:
    """The modules of digitus that a module imports, without "digitus."."""
    found = (module.partition(".") for module in imports(name))
    return {rest for top, _, rest in found if top == "digitus" and rest}


def theirs(name: str) -> set[str]:
    """The libraries that a module imports, by their first name."""
    tops = {module.partition(".")[0] for module in imports(name)}
    return tops - {"digitus"} - sys.stdlib_module_names


def test_imports_point_inwards() -> None:
    def ring(name: str) -> int:
        return RINGS[name.partition(".")[0]]

    assert not [(name, m) for name in NAMES for m in ours(name) if ring(m) > ring(name)]


def test_as_many_arrows_as_are_told() -> None:
    rooms = {name.partition(".")[0] for name in NAMES}
    arrows = {
        (room, other)
        for name in NAMES
        for room, other in [(name.partition(".")[0], m.partition(".")[0]) for m in ours(name)]
        if room != other
    }
    text = " ".join((ROOT / "ARCHITECTURE.md").read_text("utf-8").split())
    told = re.search(r"the (\d+) rooms, .*? about (\d+) arrows, .*? the (\d+) that", text)
    assert told, "ARCHITECTURE.md does not tell how many arrows there are"
    count, about, most = map(int, told.groups())
    assert (count, most) == (len(rooms), len(rooms) * (len(rooms) - 1) // 2)
    assert round(len(arrows), -1) == about


def test_what_a_network_in_use_needs_is_no_part_of_training() -> None:
    """However it is reached: a program that only reads need not even have the code that trains."""
    for name in ("recognizer", "committee", "evaluation", "reading.read"):
        reached, todo = set[str](), {name}
        while todo:
            reached |= todo
            todo = set[str]().union(*(ours(module) for module in todo)) - reached
        assert not [module for module in reached if module.startswith("training")], name


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: ours(name) - {name} for name in NAMES}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, naming the circle


def test_no_benchmark_imports_itself_by_way_of_others() -> None:
    folder = ROOT / "benchmarks"
    files = {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in folder.rglob("*.py")
    }
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        package = name.rpartition(".")[0]
        found: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                start = ".".join(filter(None, [package if node.level else "", node.module or ""]))
                found |= {start, *(f"{start}.{alias.name}" for alias in node.names)}
        graph[name] = (found & files.keys()) - {name}
    assert {"docs.records", "machine"} <= graph["records"]
    assert {"docs.committees", "docs.results"} <= graph["docs.records"]
    list(TopologicalSorter(graph).static_order())


def test_what_scripts_import_of_digitus_is_there() -> None:
    """Most are seldom run: a name that moved in digitus would go unnoticed."""
    scripts = chain(
        (ROOT / "benchmarks").rglob("*.py"), *(map(ROOT.glob, ("docs/*.py", ".ci/*.py")))
    )
    missing = []
    for path in scripts:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("digitus."):
                assert node.module
                module = importlib.import_module(node.module)
                for alias in node.names:
                    below = f"{node.module}.{alias.name}".removeprefix("digitus.")
                    if below not in FILES and not hasattr(module, alias.name):
                        missing.append(f"{path.relative_to(ROOT)}: {node.module}.{alias.name}")
    assert not missing


def test_the_mathematics_needs_numpy_only() -> None:
    for name in NAMES:
        if RINGS[name.partition(".")[0]] == 0:
            assert theirs(name) <= RING_0_NEEDS | ({"torch"} if "torch" in name else set()), name


@pytest.mark.parametrize("library", DOORS)
def test_a_door_is_in_one_place(library: str) -> None:
    assert {name for name in NAMES if library in theirs(name)} <= DOORS[library]


def test_every_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = chain(project["dependencies"], *project["optional-dependencies"].values())
    declared = {line.partition(">")[0].strip() for line in lines}
    for name in NAMES:
        packages = {NOT_THEIR_PACKAGE.get(t, t).replace("_", "-") for t in theirs(name)}
        assert packages <= declared, name


def test_every_file_says_what_it_is_and_is_short() -> None:
    folders = ("src", "tests", "benchmarks", "docs", ".ci")
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 100
    too_long = []
    for path in files:
        name, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
        assert DOCSTRING.match(text), f"{name} has no docstring"
        lines = len(text.splitlines())
        if lines > MAX_LINES:
            too_long.append(f"{name} has {lines} lines")
    assert not too_long


def test_nothing_can_run_code_from_a_file() -> None:
    for name in NAMES:
        used = {module.partition(".")[0] for module in imports(name)}
        if name == "training.processes":  # reads none: it tells processes that it starts what to do
            used -= {"pickle"}
        assert not used & {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}, name
        if name == "course.execution":  # carries out the lessons, which come along
            continue
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.Call):
                called = isinstance(node.func, ast.Name) and node.func.id
                assert called not in ("eval", "exec"), name
                for keyword in node.keywords:
                    if keyword.arg == "allow_pickle":
                        assert ast.literal_eval(keyword.value) is False, name


def test_the_public_names() -> None:
    assert sorted(digitus.__all__) == sorted(PUBLIC)
    # Importing a submodule sets an attribute of the package, which would hide a function of the
    # same name: `digitus.evaluate` must stay the function whatever was imported before.
    for module in pkgutil.walk_packages(digitus.__path__, "digitus."):
        if module.name not in ("digitus.__main__", "digitus.nn.kernels_torch"):
            importlib.import_module(module.name)
    for name in PUBLIC:
        assert not isinstance(getattr(digitus, name), type(sys)), f"{name} is a module"
        assert name not in FILES, f"a module named {name} hides the public {name}"
    assert callable(digitus.train)
    assert callable(digitus.evaluate)


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = digitus.trian
