"""Does anything get lost when the disk fails? Lets each call fail once, with each reason.

    python benchmarks/failing_disk.py [OPERATION ...] --json results/hardening.json

Saving a model, training, resuming training, reading with everything that is shown, a download, and
a training run of the server are each done once while their writes, fsyncs, renames, openings and
mappings of files are counted; then once for each of these calls and each of the reasons ENOSPC,
EIO, EMFILE and EACCES, with which that call fails. After each, nothing that was there may be lost
or incomplete, the failure must be told in one line, and the next try must end as if nothing had
happened (`tests/operations.py` says what that is). `not_reached` are calls that were not made again
since, for example, a thread that saves now and then did so at another moment.

The results file keeps what others wrote into it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from digitus.datasets import sources
from digitus.files import write_text
from machine import machine

ROOT = Path(__file__).parent.parent


def main() -> int:
    """The command; 1 if anything was lost."""
    sys.path.insert(0, str(ROOT / "tests"))  # the operations, and what must hold after them
    from operations import OPERATIONS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=", ".join(OPERATIONS))
    parser.add_argument("--json", type=Path, help="write what came of it to this file")
    options = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    wrong = 0
    for name in options.operations or OPERATIONS:
        with tempfile.TemporaryDirectory() as folder:
            result = campaign(name, Path(folder))
        print(json.dumps({name: result}))
        wrong += len(result["wrong"])
        if options.json:
            keep(options.json, name, result)
    return int(wrong > 0)


def campaign(name: str, folder: Path) -> dict[str, Any]:
    """All faults of an operation."""
    from faults import failing, faults, ordeal
    from operations import OPERATIONS

    operation, clock = OPERATIONS[name], time.perf_counter()
    with patch.object(sources, "cache_folder", lambda: folder / "cache"):
        first = folder / "first"
        first.mkdir()
        operation.prepare(first)
        with failing(first) as disk:
            assert operation.act(first) == (0, []), "it fails where nothing is wrong"
        tried, reached, wrong = Counter[str](), 0, []
        for number, fault in enumerate(faults(disk.calls)):
            place = folder / str(number)
            place.mkdir()
            tried[fault.kind] += 1
            try:
                reached += ordeal(operation, place, fault)
            except Exception:
                traceback.print_exc()
                wrong.append(str(fault))
    return {
        "calls": dict(disk.calls),
        "faults": sum(tried.values()),
        "by_kind": dict(tried),
        "not_reached": sum(tried.values()) - reached,
        "wrong": wrong,
        "seconds": round(time.perf_counter() - clock, 1),
    }


def keep(path: Path, name: str, result: dict[str, Any]) -> None:
    """Replaces what the results file says of one operation; the rest stays as it is."""
    from faults import REASONS

    results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    operations = results.get("faults", {}).get("operations", {})
    operations[name] = result | {"machine": machine()}
    results["faults"] = {
        "faults": sum(one["faults"] for one in operations.values()),
        "wrong": sum(len(one["wrong"]) for one in operations.values()),
        "reasons": [os.strerror(reason) for reason in REASONS],
        "operations": operations,
    }
    write_text(path, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
