"""Checks every gradient, and gradients that are wrong on purpose, and writes the counts.

    python benchmarks/gradients.py

The check is that of `digitus check`, the wrong gradients are those of `tests/nn/mutations.py` and
`loss_mutations.py`; results/gradients.json is written.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from digitus.nn import check, check_all
from machine import machine

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Runs both."""
    sys.path.insert(0, str(ROOT / "tests"))
    from nn.test_mutations import MUTANTS, outcome

    findings = list(check_all())
    check.DIRECTIONS = 1  # as the tests have it: fewer chances for the check to notice
    with np.errstate(all="ignore"):
        found = Counter(outcome(i) for i in range(len(MUTANTS)))
    record = {
        "checked": len(findings),
        "passed": sum(f.passed for f in findings),
        "worst_error": max(f.error for f in findings),
        "tolerance": check.TOLERANCE,
        "mutations": found["caught"] + found["survived"],
        "caught": found["caught"],
        "without_effect": found["equivalent"] + found["impossible"],
        "machine": machine(),
    }
    path = ROOT / "results" / "gradients.json"
    path.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
