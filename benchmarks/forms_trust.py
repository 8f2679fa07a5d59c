"""How likely a field is wrong by its confidence: the numbers of `digitus.forms.trust`, fitted.

    python benchmarks/forms.py --seed 1 --keep kept.json
    python benchmarks/forms_trust.py kept.json [--json results/forms_trust.json]

The sheets are not those on which reading forms is reported. Fields with a flag of their own are
left out: a person looks at them in any case. The results file holds the numbers that stand in
`trust.py` and, by steps of confidence, how many fields were wrong and how many should be by them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from digitus.forms.rows import DOUBTFUL_FLAG
from digitus.forms.trust import log_doubt
from digitus.types import Floats64, Ints
from machine import machine

STEPS = 0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0  # of confidence
TIMES = 50  # steps of Newton's method, which needs ten
SMALLEST = 1e-9  # of a step's numbers


def features(sheets: Sequence[dict[str, Any]]) -> tuple[Floats64, Floats64, Ints]:
    """For each field x [n 2], whether it is wrong [n], and its sheet [n]."""
    rows, wrong, sheet = [], [], []
    for number, one in enumerate(sheets):
        for right, sure, _, flag, *_ in one["fields"]:
            if flag in ("", DOUBTFUL_FLAG):
                rows.append((1.0, log_doubt(sure)))
                wrong.append(not right)
                sheet.append(number)
    return np.array(rows), np.array(wrong, np.float64), np.array(sheet)


def fitted(x: Floats64, wrong: Floats64, sheet: Ints) -> tuple[Floats64, Floats64]:
    """The likeliest w, and its covariance, for which the fields of a sheet are not independent."""
    w = np.zeros(2)
    for _ in range(TIMES):
        p = _sigmoid(x @ w)
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x, x.T @ (wrong - p))
        while _surprise(x @ (w + step), wrong) > _surprise(x @ w, wrong):
            step = step / 2  # far from the optimum a whole step may lead away
            if np.abs(step).max() < SMALLEST:
                break
        w = w + step
    p = _sigmoid(x @ w)
    slopes = np.zeros((int(sheet.max()) + 1, 2))
    np.add.at(slopes, sheet, x * (wrong - p)[:, None])
    inverse = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    return w, inverse @ (slopes.T @ slopes) @ inverse


def _sigmoid(z: Floats64) -> Floats64:
    return np.asarray(np.exp(-np.logaddexp(0, -z)))


def _surprise(z: Floats64, wrong: Floats64) -> float:
    return float((np.logaddexp(0, z) - wrong * z).sum())


def steps(x: Floats64, wrong: Floats64, w: Floats64) -> list[dict[str, float]]:
    """How many fields are wrong, and how many should be, by steps of confidence."""
    sure, said, found = _sigmoid(-x[:, 1]), _sigmoid(x @ w), []
    for low, high in pairwise(STEPS):
        here = (sure >= low) & (sure < high)
        found.append(
            {
                "from": low,
                "fields": int(here.sum()),
                "wrong": int(wrong[here].sum()),
                "said": round(float(said[here].sum()), 2),
            }
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kept", type=Path, help="what forms.py --keep wrote")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers here")
    args = parser.parse_args()
    sheets = json.loads(args.kept.read_text("utf-8"))
    x, wrong, sheet = features(sheets)
    w, covariance = fitted(x, wrong, sheet)
    record = {
        "machine": machine(),
        "sheets": len(sheets),
        "fields": len(x),
        "wrong": int(wrong.sum()),
        "weights": np.round(w, 4).tolist(),
        "covariance": np.round(covariance, 6).tolist(),
        "steps": steps(x, wrong, w),
    }
    print(json.dumps(record, indent=1))
    if args.json:
        args.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
