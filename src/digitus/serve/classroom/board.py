"""What the projector shows of a class: what everyone drew, the newest network and what it misreads.

Inside: that, and the same as a table to keep. Not inside: who is in the class (`roster`).
"""

from __future__ import annotations

import csv
import io
from datetime import datetime

from digitus.serve.classroom.invitation import join_address, qr_rows
from digitus.serve.classroom.roster import Drawing, Pupil, Roster
from digitus.serve.live.run import LiveRun
from digitus.serve.live.run_state import Status
from digitus.serve.live.runs import LiveRuns
from digitus.serve.mistakes import Mistake, MistakesQuery, misread
from digitus.serve.values import Answer, Share, Whole

COLUMNS = (
    "pupil", "name", "run", "begun", "status", "layers", "data", "examples", "epochs", "rate",
    "seed", "right",
)  # fmt: skip
FORMULAS = "=+-@"  # a spreadsheet would compute what begins with one of these


class PupilOnBoard(Answer, frozen=True):
    """A pupil: the newest run, and how good the latest network is."""

    number: Whole
    name: str
    runs: Whole
    run: str | None
    status: Status | None
    layers: str | None
    accuracy: Share | None
    best: Share | None
    misread: Mistake | None  # of the digits that this network misreads, the one it is surest of
    drawing: Drawing | None  # the last that the pupil has shown


class Board(Answer, frozen=True):
    """The class as it stands."""

    word: str
    address: str
    join: str  # with the word of the class in it
    qr: list[str]  # the same, row by row; 1 is dark
    pupils: list[PupilOnBoard]
    training: Whole
    waiting: Whole


def board(roster: Roster, runs: LiveRuns) -> Board:
    """The class as it stands. Evaluates networks that have not been since the server began."""
    statuses = [run.status for run in runs.all]
    join = join_address(roster.address, roster.word)
    return Board(
        roster.word,
        roster.address,
        join,
        qr_rows(join),
        [_on_board(pupil, runs.of(pupil.number)) for pupil in roster.pupils],
        statuses.count("running"),
        statuses.count("waiting"),
    )


def _on_board(pupil: Pupil, runs: list[LiveRun]) -> PupilOnBoard:
    newest = runs[-1] if runs else None
    able = [run for run in runs if run.model.exists()]
    scores = [run.evaluation().accuracy for run in able]
    one = MistakesQuery(limit=1)
    last = [misread(run.evaluation(), one, run.recipe.data) for run in able[-1:]]
    wrong = [mistake for found in last for mistake in found.mistakes]
    return PupilOnBoard(
        pupil.number,
        pupil.name,
        len(runs),
        newest.id if newest else None,
        newest.status if newest else None,
        newest.lesson.layers if newest else None,
        scores[-1] if scores else None,
        max(scores, default=None),
        wrong[0] if wrong else None,
        pupil.drawing,
    )


def table(roster: Roster, runs: LiveRuns) -> str:
    """Every pupil's runs as CSV, a line each."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(COLUMNS)
    for pupil in roster.pupils:
        who = pupil.number, "'" * pupil.name.startswith(tuple(FORMULAS)) + pupil.name
        own = runs.of(pupil.number)
        lines.writerows([*who, *_cells(run)] for run in own)
        if not own:
            lines.writerow([*who, *[""] * (len(COLUMNS) - 2)])
    return out.getvalue()


def _cells(run: LiveRun) -> list[object]:
    now, lesson = run.summary(), run.lesson
    begun = datetime.fromtimestamp(run.begun).isoformat(" ", "seconds")
    accuracy = now.development_accuracy
    settings = lesson.layers, lesson.data, now.examples, now.epoch, lesson.rate, lesson.seed
    return [run.id, begun, run.status, *settings, "" if accuracy is None else accuracy]
