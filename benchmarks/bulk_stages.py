"""Where a picture's time goes: decoding, the networks, the rest of reading, rows and store.

Inside: one process that reads pictures, each stage timed. Not inside: rates (`bulk`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from digitus.bulk.formats import JSONL, encoded
from digitus.bulk.item import Item
from digitus.bulk.parts import PictureReader
from digitus.bulk.rows import PICTURE
from digitus.bulk.store import Store
from digitus.nn.inference import Inference
from digitus.reading.networks import fingerprints
from digitus.reading.options import ReadingOptions
from digitus.recognizer import file_of
from digitus.vision.given import pages


class _Watch:
    """The processor time that calls take, added up."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """A call that is timed."""

        def timed(*given: Any, **more: Any) -> Any:
            start = time.thread_time()
            try:
                return call(*given, **more)
            finally:
                self.seconds += time.thread_time() - start

        return timed


def stages(files: Sequence[bytes], folder: Path) -> dict[str, float]:
    """Milliseconds of a core for each picture, stage by stage."""
    read = PictureReader(ReadingOptions(), PICTURE, fingerprints(file_of(None))["all"])
    item = Item("x", "file", "x", None, 0)
    read(item, files[0])  # networks are loaded
    decoding, network, whole, table, writing = (_Watch() for _ in range(5))
    for content in files:  # timed by itself, since reading opens a picture page by page
        decoding.around(lambda content: [*pages(content, 2000)])(content)
    with patch.object(Inference, "checked", network.around(Inference.checked)):
        rows = [row for content in files for row in whole.around(read)(item, content)]
    text = table.around(encoded)(rows, JSONL, PICTURE)
    folder.mkdir(parents=True)
    writing.around(Store(str(folder)).write)("part.jsonl", text)
    each = 1000 / len(files)
    rest = whole.seconds - network.seconds - decoding.seconds
    return {
        "decoding_ms": round(each * decoding.seconds, 4),
        "networks_ms": round(each * network.seconds, 4),
        "rest_ms": round(each * rest, 4),
        "rows_ms": round(each * table.seconds, 4),
        "writing_ms": round(each * writing.seconds, 4),
    }
