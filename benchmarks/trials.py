"""Keeps what was tried on the way to a recipe: the logs of runs, in `results/trials.json`.

    python benchmarks/trials.py FOLDER NAME="what was tried" [NAME="..."]

FOLDER holds runs (`digitus train RECIPE --out FOLDER/NAME`). Of each, its settings and the accuracy
on the development split after every epoch are kept; `docs.write` then writes the table in
docs/records.md. The test set is not looked at.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from docs.write import write

RESULTS = Path(__file__).parent.parent / "results" / "trials.json"


def main() -> None:
    """Adds the runs named, then writes the page."""
    folder, *named = sys.argv[1:]
    trials = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    for name, _, note in (argument.partition("=") for argument in named):
        trials[name] = {"note": note, **trial(Path(folder) / name)}
    RESULTS.write_text(json.dumps(trials, indent=1) + "\n", "utf-8")
    write()


def trial(run: Path) -> dict[str, Any]:
    """What the log of a run says."""
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text("utf-8").splitlines()]
    epochs = [line for line in lines if line["event"] == "epoch"]
    return {
        "recipe": lines[0]["recipe"],
        "seconds": round(sum(epoch["seconds"] for epoch in epochs)),
        "development_accuracy": [epoch["development_accuracy"] for epoch in epochs],
        "development_loss": [round(epoch["development_loss"], 5) for epoch in epochs],
    }


if __name__ == "__main__":
    main()
