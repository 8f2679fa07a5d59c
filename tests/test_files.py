"""Files: whatever goes wrong while writing, the old one stays; whatever is read, nothing breaks."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError

from digitus.errors import ModelError, OutputError
from digitus.files import (
    LARGEST_HEADER,
    LONGEST_WRITE,
    VERSION,
    read_arrays,
    write_arrays,
    write_atomically,
    write_text,
)
from digitus.recipe import to_table
from digitus.recognizer import load
from small import digits, one_line, recognizer, same_arrays

# ---------------------------------------------------------------------------------- writing


def test_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "there" / "ä file.safetensors"
    arrays = {
        "W": np.arange(6, dtype=np.float32).reshape(2, 3),
        "turned": np.arange(6.0).reshape(2, 3).T,
        "none": np.zeros((0, 3), np.float32),
    }
    about = {"text": "ä\n", "number": 0.1 + 0.2, "list": [1, None, True]}
    write_arrays(path, arrays, "model", about)
    read, metadata = read_arrays(path, "model")
    assert same_arrays(read, arrays)
    assert metadata == about
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def half(beside: Path) -> None:
        beside.write_text("ne", "utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"cannot write .*x\.txt: No space left on device"):
        write_atomically(path, half)
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_an_interrupted_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def interrupted(beside: Path) -> None:
        beside.write_text("ne", "utf-8")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, interrupted)
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


@pytest.mark.parametrize("bug", [KeyError("name"), TypeError("no text"), ZeroDivisionError()])
def test_a_mistake_of_the_program_is_no_failure_to_write(tmp_path: Path, bug: Exception) -> None:
    def mistaken(beside: Path) -> None:
        beside.write_text("ne", "utf-8")
        raise bug

    with pytest.raises(type(bug)):
        write_atomically(tmp_path / "x.txt", mistaken)
    assert list(tmp_path.iterdir()) == []


def test_arrays_that_no_file_can_hold_are_a_mistake_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(SafetensorError, match="Unknown dtype"):
        write_arrays(tmp_path / "x", {"a": np.array(["text"])}, "model", {})
    assert list(tmp_path.iterdir()) == []


def test_two_writers_at_the_same_time(tmp_path: Path) -> None:
    """Neither writes to the other's file, nor takes it away; what stands there is whole."""
    path = tmp_path / "x.txt"

    def both(beside: Path) -> None:
        beside.write_text("first, half", "utf-8")
        write_text(path, "second")
        assert path.read_text("utf-8") == "second"
        assert beside.read_text("utf-8") == "first, half"
        beside.write_text("first", "utf-8")

    write_atomically(path, both)
    assert path.read_text("utf-8") == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_many_writers_at_the_same_time(tmp_path: Path) -> None:
    path, texts = tmp_path / "x.txt", [str(i) * 50_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            list(pool.map(lambda text: write_text(path, text), texts))
            assert path.read_text("utf-8") in texts
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_what_is_no_character_is_written_as_a_question_mark(tmp_path: Path) -> None:
    """As in the name of a file that is not in UTF-8."""
    write_text(tmp_path / "x.txt", "scan\udce9.png\n")
    assert (tmp_path / "x.txt").read_bytes() == b"scan?.png\n"


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_arrays(path, {"a": np.ones(3, np.float32)}, "model", {"n": 1})
    code = """
import sys, time
from pathlib import Path
from digitus.files import write_atomically
def half(beside):
    beside.write_bytes(b"half")
    print("half", flush=True)
    time.sleep(60)
write_atomically(Path(sys.argv[1]), half)
"""
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "half\n"
        writer.send_signal(signal.SIGKILL)
    assert read_arrays(path, "model")[1] == {"n": 1}
    (left,) = set(tmp_path.iterdir()) - {path}
    for n, seconds, expected in ((2, 0, {path, left}), (3, LONGEST_WRITE + 9, {path})):
        os.utime(left, (time.time() - seconds,) * 2)
        write_arrays(path, {"a": np.ones(3, np.float32)}, "model", {"n": n})
        assert read_arrays(path, "model")[1] == {"n": n}
        assert set(tmp_path.iterdir()) == expected, "what may still be written is left alone"


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    code = """
import sys, numpy as np
from pathlib import Path
from digitus.files import write_arrays
for n in range(10**9):
    write_arrays(Path(sys.argv[1]), {"a": np.full(5000, n, np.float32)}, "model", {"n": n})
"""
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as writer:
        try:
            while not path.exists():
                time.sleep(0.001)
            seen: set[int] = set()
            until = time.monotonic() + 30
            while len(seen) < 5 and time.monotonic() < until:
                arrays, about = read_arrays(path, "model")
                assert (arrays["a"] == about["n"]).all()
                seen.add(about["n"])
            assert len(seen) == 5
        finally:
            writer.kill()


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old", "utf-8")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    places = [
        tmp_path / "file" / "x.txt",
        tmp_path / "file" / "deeper" / "x.txt",
        tmp_path / "folder",
        tmp_path / ("n" * 300),
        Path("/proc/nothing/x.txt"),
    ]
    for path in places:
        with pytest.raises(OutputError) as caught:
            write_text(path, "new")
        assert str(path) in one_line(caught.value)
    assert (tmp_path / "file").read_text("utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """No file may grow beyond 20 kB, as if the disk were full: the old model stays whole."""
    path = tmp_path / "model.safetensors"
    write_arrays(path, {"a": np.ones(2000, np.float32)}, "model", {"n": 1})
    code = """
import resource, signal, sys, numpy as np
from pathlib import Path
from digitus.errors import OutputError
from digitus.files import write_arrays, write_text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
path = Path(sys.argv[1])
for write in (
    lambda: write_arrays(path, {"a": np.ones(100_000, np.float32)}, "model", {"n": 2}),
    lambda: write_text(path.with_name("report.html"), "x" * 100_000),
):
    try:
        write()
    except OutputError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"cannot write {path}: ")
    assert all("File too large" in line for line in lines)
    assert read_arrays(path, "model")[1] == {"n": 1}
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


# ---------------------------------------------------------------------------------- reading


@cache
def good() -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, metadata and the bytes of the arrays of a real model file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        recognizer().save(path)
        content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    return header, json.loads(header["__metadata__"]["about"]), content[8 + length :]


def put_together(header: Any, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def with_header(**changes: Any) -> bytes:
    header, _, data = good()
    return put_together({**header, **changes}, data)


def with_metadata(**changes: Any) -> bytes:
    return with_header(__metadata__={**good()[0]["__metadata__"], **changes})


def with_about(**changes: Any) -> bytes:
    about = {**good()[1], **changes}
    return with_metadata(about=json.dumps({k: v for k, v in about.items() if v is not Ellipsis}))


def with_recipe(**changes: Any) -> bytes:
    return with_about(recipe={**good()[1]["recipe"], **changes})


def rearranged(names: Callable[[list[str]], list[str]], add: dict[str, Any] | None = None) -> bytes:
    """The file with other tensors: all in order, without holes."""
    header, _, data = good()
    made: dict[str, Any] = {"__metadata__": header["__metadata__"]}
    content = b""
    for name in names([n for n in header if n != "__metadata__"]):
        start, end = header[name]["data_offsets"]
        at = [len(content), len(content) + end - start]
        made[name] = {**header[name], "data_offsets": at}
        content += data[start:end]
    for name, a in (add or {}).items():
        at = [len(content), len(content) + a.nbytes]
        made[name] = {"dtype": "F32", "shape": list(a.shape), "data_offsets": at}
        content += a.tobytes()
    return put_together(made, content)


def bias(shape: list[int], start: int, end: int) -> dict[str, Any]:
    """A header's entry for the first bias."""
    return {"3.b": {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}}


def network(*layers: dict[str, Any]) -> bytes:
    return with_recipe(network=list(layers))


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


FLATTEN, TEN = {"kind": "Flatten"}, {"kind": "Dense", "units": 10}
HOSTILE: dict[str, Callable[[], bytes]] = {
    "zero bytes": lambda: b"",
    "seven bytes": lambda: b"1234567",
    "eight bytes": lambda: bytes(8),
    "a header of no bytes": lambda: struct.pack("<Q", 0) + bytes(100),
    "a header longer than the file": lambda: struct.pack("<Q", 10**6) + b"{}",
    "a header of 2^64 bytes": lambda: b"\xff" * 8 + b"{}",
    "a header that is not JSON": lambda: put_together(b"hello, world", b""),
    "a header that is a list": lambda: put_together([1, 2], b""),
    "a header that is not UTF-8": lambda: put_together(b"\xff\xfe{}", b""),
    "a header that is nested deeply": lambda: put_together(deep(50_000).encode(), b""),
    "a page": lambda: b"<!DOCTYPE html><html><body>Please log in</body></html>" * 20,
    "a pickle": lambda: b"\x80\x04\x95" + b"cos\nsystem\n(S'echo'\ntR." * 20,
    "no metadata": lambda: put_together(
        {k: v for k, v in good()[0].items() if k[0] != "_"}, good()[2]
    ),
    "metadata that are not texts": lambda: with_header(__metadata__={"kind": 3}),
    "metadata that are a text": lambda: with_header(__metadata__="model"),
    "of no kind": lambda: with_header(__metadata__={"version": "1", "about": "{}"}),
    "of another kind": lambda: with_metadata(kind="checkpoint"),
    "of a strange kind": lambda: with_metadata(kind="\x1b[31m\n" * 1000),
    "newer": lambda: with_metadata(version=str(VERSION + 1)),
    "much newer": lambda: with_metadata(version="9" * 10_000),
    "of a version that is no number": lambda: with_metadata(version="one\n"),
    "of a negative version": lambda: with_metadata(version="-1"),
    "about that is not JSON": lambda: with_metadata(about="{"),
    "about that is a list": lambda: with_metadata(about="[]"),
    "about that is nested deeply": lambda: with_metadata(about=deep(100_000)),
    "about with a number of 10,000 digits": lambda: with_metadata(
        about='{"a": ' + "9" * 10_000 + "}"
    ),
    "a recipe that is nested deeply": lambda: with_metadata(
        about=json.dumps({**good()[1], "recipe": {**good()[1]["recipe"], "augment": "@"}}).replace(
            '"@"', deep(400)
        )
    ),
    "a name that is nested deeply": lambda: with_metadata(
        about=json.dumps(good()[1]).replace('"kind": "Scale"', f'"kind": {deep(400)}')
    ),
    "nothing about it": lambda: with_metadata(about="{}"),
    **{
        f"no {key}": lambda key=key: with_about(**{key: ...})
        for key in ("recipe", "size", "temperature", "threshold", "history")
    },
    "a recipe that is a number": lambda: with_about(recipe=5),
    "a recipe that is nothing": lambda: with_about(recipe=None),
    "a recipe that is a list": lambda: with_about(recipe=[]),
    "a size that is a number": lambda: with_about(size=28),
    "a size of three": lambda: with_about(size=[28, 28, 1]),
    "a size of texts": lambda: with_about(size=["a", "b"]),
    "an infinite size": lambda: with_about(size=[float("inf"), 28]),
    "a size that is not a number": lambda: with_about(size=[float("nan"), 28]),
    "a negative size": lambda: with_about(size=[-28, -28]),
    "a size of 0": lambda: with_about(size=[0, 28]),
    "a huge size": lambda: with_about(size=[10**12, 10**12]),
    "a temperature that is text": lambda: with_about(temperature="warm"),
    "a temperature of 0": lambda: with_about(temperature=0),
    "a tiny temperature": lambda: with_about(temperature=1e-300),
    "a huge temperature": lambda: with_about(temperature=3.5e38),
    "a negative temperature": lambda: with_about(temperature=-1.0),
    "an infinite temperature": lambda: with_about(temperature=float("inf")),
    "a temperature that is not a number": lambda: with_about(temperature=float("nan")),
    "a temperature of 400 digits": lambda: with_about(temperature=10**400),
    "a threshold of 2": lambda: with_about(threshold=2),
    "a threshold that is not a number": lambda: with_about(threshold=float("nan")),
    "a history that is a number": lambda: with_about(history=5),
    "a history of which the data are a text": lambda: with_about(history={"data": "mnist"}),
    "a history of which the epochs are a number": lambda: with_about(history={"epochs": 5}),
    "a history of which an epoch is a number": lambda: with_about(history={"epochs": [5]}),
    "a history of which an epoch is empty": lambda: with_about(history={"epochs": [{}]}),
    "a history of which a loss is a text": lambda: with_about(
        history={"epochs": [{**good()[1]["history"]["epochs"][0], "loss": "low"}]}
    ),
    "a history of which a loss is infinite": lambda: with_about(
        history={"epochs": [{**good()[1]["history"]["epochs"][0], "loss": float("inf")}]}
    ),
    "a history of which a loss has 400 digits": lambda: with_about(
        history={"epochs": [{**good()[1]["history"]["epochs"][0], "loss": 10**400}]}
    ),
    "an unknown layer": lambda: network({"kind": "Exec"}, FLATTEN, TEN),
    "an unknown layer with an endless name": lambda: network({"kind": "E\n" * 10**6}, FLATTEN, TEN),
    "an unknown setting": lambda: with_recipe(**{"x\n\x1b[2J": 1}),
    "gigantic units": lambda: network(FLATTEN, {"kind": "Dense", "units": 10**12}, TEN),
    "units of 4,000 digits": lambda: network(FLATTEN, {"kind": "Dense", "units": 10**4000}, TEN),
    "a gigantic kernel": lambda: network(
        {"kind": "Conv", "channels": 9, "kernel": 10**9 + 1}, FLATTEN, TEN
    ),
    "negative units": lambda: network(FLATTEN, {"kind": "Dense", "units": -5}, TEN),
    "no layers": network,
    "five answers": lambda: network(FLATTEN, {"kind": "Dense", "units": 5}),
    "another network": lambda: network(FLATTEN, TEN),
    "a name with a way out": lambda: with_recipe(name="../../x"),
    "a missing tensor": lambda: rearranged(lambda names: names[1:]),
    "no tensors": lambda: rearranged(lambda names: []),
    "an extra tensor": lambda: rearranged(lambda n: n, {"9.W": np.ones(3, np.float32)}),
    "an extra tensor with a bad name": lambda: rearranged(
        lambda n: n, {"\x1b[2J\n" * 1000: np.ones(3, np.float32)}
    ),
    "a bad name and no number": lambda: rearranged(
        lambda n: n, {"\x1b[2J\n" * 1000: np.full(3, np.nan, np.float32)}
    ),
    "a tensor of another shape": lambda: rearranged(
        lambda names: [n for n in names if n != "3.b"], {"3.b": np.ones((4, 4), np.float32)}
    ),
    "not a number": lambda: rearranged(
        lambda names: [n for n in names if n != "3.b"], {"3.b": np.full(16, np.nan, np.float32)}
    ),
    "infinite": lambda: rearranged(
        lambda names: [n for n in names if n != "3.b"], {"3.b": np.full(16, np.inf, np.float32)}
    ),
    "cut short": lambda: with_header()[:-1],
    "cut in half": lambda: with_header()[: len(with_header()) // 2],
    "goes on": lambda: with_header() + b"\0",
    "a hole": lambda: with_header(**bias([16], 9, 73)),
    "offsets backwards": lambda: with_header(**bias([16], 64, 0)),
    "offsets beyond": lambda: with_header(**bias([2**62], 0, 2**63)),
    "a shape that overflows": lambda: with_header(**bias([2**40, 2**40], 0, 64)),
    **{
        f"a tensor of {dtype}": lambda dtype=dtype, size=size: with_rest(dtype, size)
        for dtype, size in {
            "F16": 2, "BF16": 2, "F64X": 8, "I8": 1, "U8": 1, "I16": 2, "I32": 4, "I64": 8,
            "U16": 2, "U32": 4, "U64": 8, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
            "C64": 8, "F4": 1, "nonsense": 4,
        }.items()
    },
}  # fmt: skip


def with_rest(dtype: str, size: int) -> bytes:
    """The file without its first bias, which comes last and is of another type."""
    content = rearranged(lambda names: [n for n in names if n != "3.b"])
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), content[8 + length :]
    end = len(data)
    header["3.b"] = {"dtype": dtype, "shape": [16], "data_offsets": [end, end + 16 * size]}
    return put_together(header, data + bytes(16 * size))


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_models_are_one_line(case: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(HOSTILE[case]())
    with pytest.raises(ModelError) as caught:
        load(path)
    assert str(path) in one_line(caught.value)


def test_a_good_file_put_together_by_hand_is_read(tmp_path: Path) -> None:
    """So the cases above are refused for what is wrong with them."""
    path = tmp_path / "model.safetensors"
    for content in (with_header(), with_about(), rearranged(lambda names: names)):
        path.write_bytes(content)
        assert same_arrays(load(path).params, recognizer().params)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "nowhere" / "x"):
        with pytest.raises(ModelError) as caught:
            load(path)
        assert str(path) in one_line(caught.value)


def test_a_large_header_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", LARGEST_HEADER + 1))
        file.truncate(LARGEST_HEADER + 100)  # sparse: takes no room
    with pytest.raises(ModelError, match=f"header of {LARGEST_HEADER + 1} bytes; at most"):
        load(path)


def test_newer_files_say_so(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(with_metadata(version=str(VERSION + 1)))
    with pytest.raises(ModelError, match=r"from a newer digitus .* update digitus"):
        load(path)
    path.write_bytes(with_metadata(kind="checkpoint"))
    with pytest.raises(ModelError, match="is a digitus checkpoint; a model is needed here"):
        load(path)


def test_parameters_too_large_for_an_answer_are_one_line(tmp_path: Path) -> None:
    """Each number is finite, their sums are not: found when it reads, not passed on as NaN."""
    path = tmp_path / "model.safetensors"
    shape = recognizer().params["3.W"].shape
    huge = {"3.W": np.full(shape, 3e38, np.float32)}
    path.write_bytes(rearranged(lambda names: [n for n in names if n != "3.W"], huge))
    with pytest.raises(ModelError, match="not finite"):
        load(path).probabilities(digits().images[:5])


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations") / "model.safetensors"


def check_said_well(path: Path, content: bytes) -> None:
    """It is a model that answers, or one line says why it is not."""
    path.write_bytes(content)
    try:
        model = load(path)
        p = model.probabilities(np.zeros((2, *model.size), np.uint8))
    except ModelError as error:
        one_line(error)
        return
    assert p.shape == (2, 10)
    assert np.isfinite(p).all()


@settings(max_examples=150)
@given(data=st.data())
def test_random_bytes_changed(scratch: Path, data: st.DataObject) -> None:
    content = bytearray(with_header())
    header = 8 + int.from_bytes(content[:8], "little")
    place = st.integers(0, header) | st.integers(0, len(content) - 1)  # mostly where it matters
    for at, byte in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=5)):
        content[at] = byte
    check_said_well(scratch, bytes(content))


@settings(max_examples=50)
@given(data=st.data())
def test_random_pieces_removed_or_inserted(scratch: Path, data: st.DataObject) -> None:
    content = with_header()
    at = data.draw(st.integers(0, len(content)))
    skip = data.draw(st.integers(0, 20))
    check_said_well(
        scratch, content[:at] + data.draw(st.binary(max_size=20)) + content[at + skip :]
    )


@settings(max_examples=100)
@given(
    key=st.sampled_from(["recipe", "size", "temperature", "threshold", "history"]),
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=5,
    ),
)
def test_random_metadata(scratch: Path, key: str, value: Any) -> None:
    check_said_well(scratch, with_about(**{key: value}))


@settings(max_examples=100)
@given(
    key=st.sampled_from(sorted(to_table(recognizer().recipe))),
    value=st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers()),
)
def test_random_recipes(scratch: Path, key: str, value: Any) -> None:
    check_said_well(scratch, with_recipe(**{key: value}))
