"""TOML of strangers takes a time that grows with its length, whatever is in it."""

from __future__ import annotations

import time
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from digitus.errors import FormError, RecipeError
from digitus.forms.table import load_form
from digitus.limits import TOML_BYTES, TOML_KEY_PARTS
from digitus.recipe import load_recipe, shipped
from digitus.toml import tables

LONG = ".".join(["a"] * 100_000)  # Python's parser alone: over a minute

HOSTILE = {
    "bare": f"{LONG} = 1",
    "quoted": ".".join(['",="'] * 100_000) + " = 1",
    "literal": ".".join(["'\"'"] * 100_000) + " = 1",
    "spaced": LONG.replace(".", " . ") + " = 1",
    "a heading": f"[{LONG}]",
    "after a comment": f"# '''\n{LONG} = 1",
    "after quotes in quotes": f'x = {{ y = """a"b\'c""", {LONG} = 1 }}',
    "after five apostrophes": f"x = {{ y = '''a'b\"c''''', {LONG} = 1 }}",
    "after escapes": f'x = {{ y = "\\"", {LONG} = 1 }}',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_key_of_very_many_parts_is_refused_at_once(kind: str) -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match=f"a key has more than {TOML_KEY_PARTS} parts"):
        tables(HOSTILE[kind].encode())
    assert time.process_time() - start < 2


@pytest.mark.slow
@pytest.mark.parametrize("piece", ['"\\', '"\\"', '"""', '""\\', "''", "'", "a ", "#", ".", "\n."])
def test_nothing_is_slow_to_be_looked_at(piece: str) -> None:
    text = piece * (TOML_BYTES // len(piece) - 30) + "." * 30
    start = time.process_time()
    with suppress(ValueError):
        tables(text.encode())
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        "a = [" + "1.5, " * 100 + "]",
        'a = """' + "." * 1000 + '"""',
        "a = '" + "b.c." * 100 + "'",
        "# " + "b.c." * 100 + "\na = 1",
        ".".join(["a"] * TOML_KEY_PARTS) + " = 1",
        *shipped().values(),
    ],
)
def test_what_is_right_is_read_as_python_reads_it(text: str) -> None:
    assert tables(text.encode()) == tomllib.loads(text)


def test_forms_and_recipes_are_read_so(tmp_path: Path) -> None:
    path = tmp_path / "long.toml"
    path.write_text(f"{LONG} = 1")
    with pytest.raises(FormError, match="a key has more than"):
        load_form(path)
    with pytest.raises(RecipeError, match="a key has more than"):
        load_recipe(path)
    path.write_bytes(b"#" * (TOML_BYTES + 1))
    for load, error in ((load_form, FormError), (load_recipe, RecipeError)):
        with pytest.raises(error, match="is larger than 1 MB"):
            load(path)
