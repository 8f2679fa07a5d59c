"""Digits in a Parquet file, as Hugging Face publishes sets: a column of pictures, one of labels.

pyarrow reads the file (the extra `parquet`). Not inside: opening the pictures (`vision.decode`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digitus.datasets.arrays import as_labels
from digitus.datasets.digits import DIGITS, Pictures, file_name
from digitus.datasets.pictures import Fit
from digitus.datasets.tables import LABELS
from digitus.errors import DataError
from digitus.files import one_line, reason
from digitus.table_files import arrow
from digitus.types import Grey
from digitus.vision.decode import decode

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

IMAGES = ("image", "img", "picture", "images")
ROWS_AT_ONCE = 1024
MOST_ROWS = 10**7


def read_parquet(path: Path, fit: Fit, classes: str = DIGITS) -> Pictures:
    """The pictures of a column `image`, each a file's bytes or a struct that holds them as `bytes`.

    Labels are whole numbers or text. `fit` makes an image of a picture. Raises `DataError`.
    """
    library = arrow(f"{path}: to read Parquet")
    try:
        with library.parquet.ParquetFile(path) as file:
            names = {name.lower(): name for name in file.schema_arrow.names}
            image = next((names[name] for name in IMAGES if name in names), None)
            label = next((names[name] for name in sorted(LABELS) if name in names), None)
            if image is None:
                raise DataError(
                    f"{path}: has the columns {', '.join(names.values()) or 'none'}; expected "
                    "image and label"
                )
            if file.metadata.num_rows > MOST_ROWS:
                raise DataError(f"{path}: has more than {MOST_ROWS:,} rows; split it")
            return _pictures(file, image, label, path, fit, classes)
    except (DataError, MemoryError):
        raise
    except Exception as error:  # pyarrow's own, and OSError without a number, for damaged files
        if isinstance(error, OSError) and error.strerror:
            raise DataError(f"{path}: cannot be read ({reason(error)})") from None
        why = one_line(str(error))[:100]
        raise DataError(f"{path}: is not a whole Parquet file ({why})") from None


def _pictures(
    file: ParquetFile, image: str, label: str | None, path: Path, fit: Fit, classes: str
) -> Pictures:
    """All rows, a batch at a time, since pictures are larger than images."""
    columns = [image] if label is None else [image, label]
    images: list[Grey] = []
    labels: list[object] = []
    for batch in file.iter_batches(ROWS_AT_ONCE, columns=columns):
        values = batch.to_pydict()
        for held in values[image]:
            name = f"{path}, row {len(images) + 1}"
            images.append(fit(decode(picture_bytes(held, name), name)))
        labels += values[label] if label else []
    if not images:
        raise DataError(f"{path}: holds no examples")
    known = None
    if label:
        if None in labels:
            raise DataError(f"{path}, row {labels.index(None) + 1}: has no label")
        known = as_labels(np.array(labels), str(path), lambda n: f"row {n + 1}", classes)
    return Pictures(np.stack(images), known, file_name(path), str(path), classes=classes)


def picture_bytes(held: object, name: str) -> bytes:
    """The bytes of a picture's file, out of what a row holds. Raises `DataError`."""
    if isinstance(held, dict):
        held = held.get("bytes")
    if not isinstance(held, bytes) or not held:
        raise DataError(f"{name}: holds no picture; expected the bytes of its file")
    return held
