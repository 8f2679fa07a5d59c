"""Model files as an enemy would write them, each by its name; put together by hand.

Inside: the pieces, and the table `HOSTILE`. Not inside: what is expected of whoever reads them
(`test_hostile_files`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from digitus.files import (
    VERSION,
)
from small import recognizer


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


def with_about_of(content: bytes, **changes: Any) -> bytes:
    """A file with other metadata, its arrays as they are."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    about = json.dumps({**good()[1], **changes})
    header["__metadata__"] = {**header["__metadata__"], "about": about}
    return put_together(header, content[8 + length :])


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
            "BF16": 2, "F64X": 8, "U8": 1, "I16": 2, "I32": 4, "I64": 8,
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
