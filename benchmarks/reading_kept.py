"""Judgements of pages in a file, so that a long benchmark can be stopped and resumed.

Not inside: reading and judging (`reading`).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kept:
    """A file of judgements, a line for each chunk of pages; without a path nothing is kept.

    `about` is what they depend on, except the code; it stands in every line. Ends the program if
    those in the file depend on something else.
    """

    path: Path | None
    about: dict[str, Any]

    def chunks(self) -> dict[int, list[dict[str, Any]]]:
        """The pages that are there, by the first of their chunk, without a line that breaks off."""
        found = {}
        if self.path and self.path.exists():
            for line in self.path.read_text("utf-8").splitlines():
                try:
                    chunk = json.loads(line)
                except ValueError:
                    continue
                if chunk["about"] != self.about:
                    sys.exit(f"{self.path} is of other pages or networks; name another file")
                found[chunk["start"]] = chunk["pages"]
        return found

    def add(self, start: int, pages: list[dict[str, Any]]) -> None:
        """Writes the pages of a chunk, at once."""
        if self.path:
            line = json.dumps({"about": self.about, "start": start, "pages": pages})
            with self.path.open("a", encoding="utf-8") as file:
                file.write("\n" * _broken_off(self.path) + line + "\n")


def _broken_off(path: Path) -> bool:
    """Whether the last line of a file has no end."""
    content = path.read_bytes() if path.exists() else b""
    return bool(content) and not content.endswith(b"\n")
