"""The results file: a named record for each finished experiment, in one JSON file.

A record is written, atomically, as soon as its experiment ends, so a command that was killed goes
on where it was. It holds the settings it was made with: asked for with other settings, an
experiment is carried out again. Inside: reading, writing, looking up. Not inside: running anything
(`runner`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digitus.errors import DataError
from digitus.files import write_text

Record = dict[str, Any]  # each experiment has settings and a result of its own form
VERSION = 1


@dataclass
class Store:
    """All records, and the file that holds them. `about` is what they have in common."""

    path: Path
    about: Record = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)

    def has(self, name: str, settings: Record) -> bool:
        """Whether there is a record of that experiment with exactly those settings."""
        return name in self.records and self.records[name]["settings"] == as_json(settings)

    def put(self, name: str, settings: Record, result: Record, seconds: float) -> None:
        """Keeps a record, on disk too. Raises `OutputError`."""
        self.records[name] = {
            "settings": as_json(settings),
            "seconds": round(seconds, 2),
            "result": as_json(result),
        }
        self.save()

    def save(self) -> None:
        """Writes the file. Raises `OutputError`."""
        whole = {
            "version": VERSION,
            "about": self.about,
            "records": dict(sorted(self.records.items())),
        }
        write_text(self.path, _written(whole))

    def result(self, name: str) -> Record | None:
        """What an experiment found; None where it has not been carried out."""
        record = self.records.get(name)
        return record["result"] if record else None

    def below(self, prefix: str) -> dict[str, Record]:
        """The results of all experiments whose names begin so, by the rest of their names."""
        found = self.records.items()
        return {n.removeprefix(prefix): r["result"] for n, r in found if n.startswith(prefix)}


def open_store(path: Path) -> Store:
    """The results that a file holds; none where there is no file. Raises `DataError`."""
    if not path.exists():
        return Store(path)
    try:
        whole = json.loads(path.read_text("utf-8"))
        if whole["version"] != VERSION:
            raise DataError(f"{path} has version {whole['version']}; this digitus reads {VERSION}")
        return Store(path, dict(whole["about"]), dict(whole["records"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is not a results file of digitus papers ({error})") from None


def as_json(value: object) -> Any:  # whichever of JSON's kinds the value was
    """The value as it will be read again: tuples as lists, NumPy's numbers as Python's."""
    return json.loads(json.dumps(value, default=_plain))


def _plain(value: object) -> object:
    assert isinstance(value, np.ndarray | np.generic)
    return value.tolist()


def _written(whole: Record) -> str:
    """JSON with a line for each short thing: diffs can be read, and the file stays small."""
    return _lines(whole, "") + "\n"


def _lines(value: object, margin: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or len(flat) + len(margin) <= 110:
        return flat
    deeper = margin + " "
    if isinstance(value, list):
        if all(isinstance(v, int | float | str) or v is None for v in value):
            return flat  # a curve, a picture
        items = [_lines(v, deeper) for v in value]
    else:
        items = [
            f"{json.dumps(k, ensure_ascii=False)}: {_lines(v, deeper)}" for k, v in value.items()
        ]
    opening, closing = ("[", "]") if isinstance(value, list) else ("{", "}")
    inner = ",\n".join(deeper + item for item in items)
    return f"{opening}\n{inner}\n{margin}{closing}"
