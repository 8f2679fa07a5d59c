"""Export: a recognizer or a committee as files that other programs run, with the same answers.

`export` writes ONNX, C99, a JavaScript module, a web page or NumPy's npz.
Each takes raw bytes, as the recognizer does, and carries its calibration, threshold and card. At
the end the same hundred pictures go through both; an export that answers otherwise is not written.

Inside: `export` and what it returns. A module for each kind of file makes it and knows how to run
it; `operations` is what they are made from. Not inside: the command (`cli.export`). Nothing here
imports `recognizer`, which offers this as a method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, cast

from digitus.errors import ExportError, OutputError
from digitus.export.card import About, about
from digitus.export.made import Made
from digitus.export.operations import Model, Network, networks
from digitus.export.parity import Parity, checked
from digitus.export.precision import PRECISIONS, Precision
from digitus.files import MARKS as WEB_PAGE_MARKS
from digitus.files import check_replaceable, write_bytes
from digitus.types import Images, Matrix

__all__ = ["FILES", "Exported", "Kind", "Made", "Parity", "Precision", "export"]

Kind: TypeAlias = Literal["onnx", "c", "js", "html", "npz"]
# What is written where no file is named.
FILES: dict[Kind, str] = {
    "onnx": "digitus.onnx",
    "c": "digitus.c",
    "js": "digitus.js",
    "html": "digitus.html",
    "npz": "digitus.npz",
}
_MAKERS: dict[Kind, str] = {
    "onnx": "onnx_file",
    "c": "c_source",
    "js": "js_module",
    "html": "html_page",
    "npz": "npz_file",
}
# One of these is in an export's first 4 KiB: source, a web page, ONNX (its producer), an archive.
MARKS = b"Made by digitus", *WEB_PAGE_MARKS, b"\x12\x07digitus", b"about.npy"


class Readable(Protocol):
    """What a `Recognizer` and a `Committee` have in common."""

    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def threshold(self) -> float: ...
    def probabilities(self, images: Images) -> Matrix: ...


@dataclass(frozen=True)
class Exported:
    """The files that were written, and what was compared, or why nothing was."""

    files: tuple[Path, ...]
    parity: Parity | None
    unchecked: str = ""

    @property
    def size(self) -> int:
        """Of all files together, in bytes."""
        return sum(path.stat().st_size for path in self.files)


def export(
    model: Readable,
    to: Kind,
    out: Path | str | None = None,
    *,
    precision: Precision | None = None,
    check: bool = True,
) -> Exported:
    """Writes a recognizer or a committee as files of another kind.

    `out` is the file, by default `digitus` with the kind's ending in the current folder; C has a
    header beside it. Nothing is replaced but an older export. `precision` is that of the weights,
    by default float32, but int8 in a web page, which holds two more networks. Raises `ExportError`
    for a layer that the kind cannot have, for a missing library, and where the answers are not the
    same, and `OutputError`.
    """
    if to not in FILES:
        raise ExportError(f"there is no export to {to!r}; there are {', '.join(FILES)}")
    precision = precision or ("int8" if to == "html" else "float32")
    if precision not in PRECISIONS:
        raise ExportError(f"weights can be {', '.join(PRECISIONS)}, not {precision!r}")
    if not isinstance(out, str | Path | None):
        raise TypeError(f"out is a path, not {type(out).__name__}")
    members: Sequence[Model] = getattr(model, "members", (cast("Model", model),))
    path = Path(out or FILES[to])
    if path.name in ("", ".."):
        raise OutputError(f"cannot write {path}: is a folder")
    maker: _Maker = import_module(f"digitus.export.{_MAKERS[to]}")
    told = about(members, model.threshold, precision)
    made = maker.make(networks(members), told, precision, path.stem)
    files = {path.with_suffix(ending): content for ending, content in made.files.items()}
    for file in files:
        check_replaceable(file, MARKS)
    parity, unchecked = None, made.why_not
    if check and made.run is not None:
        parity = checked(made.run, model.probabilities, model.size, precision)
    elif not check:
        unchecked = "as asked"
    for file, content in files.items():
        write_bytes(file, content)
    return Exported(tuple(files), parity, unchecked)


class _Maker(Protocol):
    """What each kind's module offers."""

    def make(
        self, members: Sequence[Network], about: About, precision: Precision, name: str
    ) -> Made: ...
