"""C99: compiled without a warning, run under the sanitizer, and compared with the network."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import digitus
import whole_numbers
from conftest import missing
from digitus.committee import Committee
from digitus.errors import ExportError
from digitus.export import c_run, c_source
from digitus.export.card import about
from digitus.export.integers import integers
from digitus.export.made import Made
from digitus.export.operations import networks
from digitus.recipe import load_recipe
from digitus.recognizer import Recognizer
from digitus.synthetic.strokes import strokes
from digitus.training.loop import begin
from digitus.types import Bytes, Images, Matrix
from exported import LAYERS, answers, model, pictures

STRICT = (
    *("-std=c99", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"),
    *("-fsanitize=undefined", "-fno-sanitize-recover=all"),
)


def found(program: str) -> str:
    """Where a program is; without it the test is skipped, or fails."""
    path = shutil.which(program)
    if path is None:
        missing(program, f"{program} is not on this machine")
    return str(path)


@pytest.fixture
def compiler() -> str:
    return found("gcc")


@pytest.fixture
def valgrind() -> str:
    return found("valgrind")


def made(members: Any, precision: Any = "float32") -> Made:
    told = about(members, 0.3, precision)
    return c_source.make(networks(members), told, precision, "digit")


def run(compiler: str, content: Made, folder: Path, images: Images) -> tuple[Matrix, Bytes]:
    program = c_run.compiled(compiler, content.files, "digit", folder, STRICT)
    return c_run.run_c([str(program)], images)


IN_INTEGERS = "convolutions", "branches", "perceptron"


def after_each_change(*names: str, among: Iterable[str]) -> list[Any]:
    """These, and the others where there is time: a compiler takes long."""
    return [pytest.param(n, marks=[pytest.mark.slow] * (n not in names)) for n in among]


@pytest.mark.parametrize("name", after_each_change("convolutions", "branches", among=LAYERS))
def test_every_layer_without_a_warning(compiler: str, tmp_path: Path, name: str) -> None:
    p, digits = run(compiler, made([model(name)]), tmp_path, pictures())
    np.testing.assert_allclose(p, answers(name), atol=1e-4)
    np.testing.assert_array_equal(digits, np.where(p.max(1) >= 0.3, p.argmax(1), -1))


@pytest.mark.parametrize("name", after_each_change("convolutions", among=IN_INTEGERS))
def test_whole_numbers_without_a_warning(compiler: str, tmp_path: Path, name: str) -> None:
    p, _ = run(compiler, made([model(name)], "int8"), tmp_path, pictures())
    (network,) = networks([model(name)])
    whole = whole_numbers.probabilities(integers(network), pictures())
    np.testing.assert_allclose(p, whole, atol=1e-5)
    assert np.abs(p - answers(name)).max() < 0.1
    assert (p.argmax(1) == answers(name).argmax(1)).mean() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_clang_has_nothing_to_complain_of(tmp_path: Path, precision: Any) -> None:
    """Every layer that the precision has, in one program by another compiler."""
    members = [model(name) for name in LAYERS if precision == "float32" or name in IN_INTEGERS]
    members = [member for member in members if member is not model("upright")]
    content = made(members, precision)
    flags = [flag for flag in STRICT if "fsanitize" not in flag and "fno-sanitize" not in flag]
    program = c_run.compiled(found("clang"), content.files, "digit", tmp_path, flags)
    p, _ = c_run.run_c([str(program)], pictures())
    by_gcc, _ = run(found("gcc"), content, tmp_path, pictures())
    np.testing.assert_allclose(p, by_gcc, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_valgrind_has_nothing_to_complain_of(
    compiler: str, valgrind: str, tmp_path: Path, precision: Any
) -> None:
    """No read or write beyond an array, and nothing depends on what was never written."""
    content = made([model("convolutions"), model("branches")], precision)
    program = c_run.compiled(compiler, content.files, "digit", tmp_path, ("-std=c99", "-O1", "-g"))
    watched = [valgrind, "-q", "--error-exitcode=9", "--leak-check=full", str(program)]
    p, _ = c_run.run_c(watched, pictures()[:2])
    plain, _ = c_run.run_c([str(program)], pictures()[:2])
    np.testing.assert_array_equal(p, plain)


def test_a_committee_is_one_program(compiler: str, tmp_path: Path) -> None:
    pair = (model("convolutions"), model("perceptron"))
    p, _ = run(compiler, made(pair), tmp_path, pictures())
    np.testing.assert_allclose(p, Committee(pair).probabilities(pictures()), atol=1e-5)


def test_the_files_say_what_they_need(tmp_path: Path) -> None:
    done = model("convolutions").export("c", tmp_path / "my-digit.c", precision="int8")
    assert [path.name for path in done.files] == ["my-digit.h", "my-digit.c"]
    assert done.parity is not None
    assert done.parity.count == 100
    header, source = (path.read_text("ascii") for path in done.files)
    assert "int my_digit_read(const uint8_t *image" in header
    assert "#define MY_DIGIT_REFUSED (-1)" in header
    assert '#include "my-digit.h"' in source
    # The first convolution's output and the pool's: what is needed at the same time.
    assert re.search(r"Memory: ([\d,]+) bytes", header)[1] == f"{28 * 28 * 4 + 14 * 14 * 4:,}"  # type: ignore[index]
    kept = (tuple(model("convolutions").params[f"{i}.W"].size for i in (1, 5, 8)), 20)
    least = sum(kept[0])
    constants = int(re.search(r"Constants: ([\d,]+)", header)[1].replace(",", ""))  # type: ignore[index]
    assert least < constants < least + 20 * 12
    assert max(map(len, header.splitlines())) <= 100
    assert "malloc" not in source
    assert set(re.findall(r"#include <(.*?)>", header + source)) == {"stdint.h", "math.h"}


def test_whatever_the_files_are_called(compiler: str, tmp_path: Path) -> None:
    """A letter beyond ASCII, or a word of the check's own program: neither was compiled."""
    done = model("perceptron").export("c", tmp_path / "Zähler NAME of OUTPUTS.c")
    assert done.parity is not None


def test_what_c_cannot_have() -> None:
    with pytest.raises(ExportError, match="float32 and int8"):
        made([model("convolutions")], "float16")
    with pytest.raises(ExportError, match=r"^layer 1, Deslant\(.*\) cannot .* in int8"):
        made([model("upright")], "int8")
    with pytest.raises(
        ExportError, match=r"^layer 4, Exemplars\(.*\) cannot .* in int8; in float32"
    ):
        made([model("memory")], "int8")


def test_sums_never_leave_32_bits() -> None:
    """Also where a bias is far larger than what the weights can add to it."""
    whole = model("convolutions")
    params = {**whole.params, "8.b": np.full(10, 1e7, np.float32)}
    (network,) = networks([replace(whole, params=params)])
    last = integers(network).operations[-1]
    assert np.abs(last.arrays["b"]).max() < 2**30
    np.testing.assert_allclose(last.arrays["b"] * last.arrays["step"], 1e7, rtol=1e-6)


def test_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    done = model("convolutions").export("c", tmp_path / "m.c")
    assert done.parity is None
    assert "no C compiler" in done.unchecked


def test_a_compiler_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(ExportError, match="false does not compile it"):
        model("convolutions").export("c", tmp_path / "m.c")


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_every_function_is_used_by_some_network(precision: Any) -> None:
    parts = (files("digitus.export") / "parts" / f"{precision}.c").read_text("utf-8")
    names = set(re.findall(r"(?m)^/\* (\w+)", parts))
    sources = ""
    for name in LAYERS:
        try:
            sources += made([model(name)], precision).files[".c"].decode()
        except ExportError:
            assert precision == "int8"
    assert names == {name for name in names if f" {name}(" in sources}


def test_the_recognizer_that_ships_in_whole_numbers() -> None:
    """Its numbers fit; how well it reads so is measured by benchmarks/portable.py."""
    (network,) = networks([digitus.load()])
    for operation in integers(network).operations:
        assert all(np.abs(a).max() < 2**31 for a in operation.arrays.values())


@pytest.mark.parametrize("name", ["micro", "tiny"])
def test_recipes_for_microcontrollers_fit_into_16_kb(
    compiler: str, tmp_path: Path, name: str
) -> None:
    """Code and constants, whatever the weights are."""
    recipe = load_recipe(name, ["development=10"])
    untrained = Recognizer(recipe, begin(recipe, strokes(50, 1)).params)
    for ending, content in made([untrained], "int8").files.items():
        (tmp_path / f"digit{ending}").write_bytes(content)
    command = [compiler, "-std=c99", "-Os", "-c", "digit.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    told = subprocess.run(["size", "digit.o"], cwd=tmp_path, capture_output=True, check=True)
    text, data = map(int, told.stdout.splitlines()[1].split()[:2])
    assert text + data < 16 * 1024
