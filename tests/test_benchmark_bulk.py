"""Jobs that are compared in turns each have the machine alone; a job done in parts is one row."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

import bulk_jobs
from bulk_inputs import digit_files, in_shards
from bulk_turns import Job, in_turns
from bulk_watch import started, tree

PROGRAM = """
import json, pathlib, subprocess, sys, time
out, worker, pause = pathlib.Path(sys.argv[1], "_done"), len(sys.argv) > 3, float(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
if not worker:
    sys.exit(subprocess.run([sys.executable, *sys.orig_argv[1:], "worker"]).returncode)
for number in range(30):
    end = time.monotonic() + pause
    while time.monotonic() < end:
        time.sleep(0.01)
        if time.monotonic() - end > 1:
            end += 1
    (out / f"part-{number:06d}.json").write_text(json.dumps({"pictures": 7}))
"""


def program(out: Path, pause: float) -> tuple[list[str], Path, int]:
    return [sys.executable, "-c", PROGRAM, str(out), str(pause)], out, 1


def states(job: Job) -> set[str]:
    """What the system says of a program and what it started: T is stopped."""
    told = (Path(f"/proc/{number}/stat").read_text("ascii") for number in tree(job.program.pid))
    return {text.rpartition(")")[2].split()[0] for text in told}


def test_programs_in_turns_have_what_they_started_stopped_between(tmp_path: Path) -> None:
    command, out, cores = program(tmp_path / "one", 0.05)
    job = Job(started(command), out, cores)
    try:
        while not [*out.glob("_done/*")]:  # what it started is at work
            time.sleep(0.01)
        job.signalled(signal.SIGSTOP)
        until = time.monotonic() + 20
        while states(job) != {"T"}:  # a process that waits for a core is stopped once it has one
            assert time.monotonic() < until
    finally:
        job.signalled(signal.SIGKILL)
        job.program.communicate()


def test_the_rate_is_that_of_a_programs_own_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulk_turns.TURN", 0.3)
    pauses = {"fast": 0.02, "slow": 0.06}
    found = in_turns({name: program(tmp_path / name, pause) for name, pause in pauses.items()})
    assert found["fast"]["per_second"] > 1.5 * found["slow"]["per_second"]
    assert found["slow"]["measured_seconds"] >= 29 * 0.06 * 0.8


def test_seconds_of_turns_are_counted_up_to_a_moment() -> None:
    job = Job.__new__(Job)
    job.turns = [(10.0, 12.0), (20.0, 23.0)]
    assert [job.own(moment) for moment in (9.0, 11.0, 15.0, 21.0, 99.0)] == [0, 1, 2, 3, 5]


def test_memory_grows_within_parts_and_not_between_them() -> None:
    climbing = [(float(t), 100 + 0.5 * t) for t in range(100)]
    later = [(float(t) + 5000, 400 + 0.5 * t) for t in range(100)]
    assert bulk_jobs.slope([climbing, later]) == pytest.approx(0.5)
    assert bulk_jobs.slope([[(0.0, 1.0)]]) == 0.0


def test_of_a_part_only_what_it_read_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "_done").mkdir()
    for number in range(12):
        path = tmp_path / "_done" / f"part-{number:06d}.json"
        path.write_text(json.dumps({"pictures": 10}), "ascii")
        os.utime(path, (number, number))
    # From the records of 5 and 6, of two cores, to that of 10: 7 to 10 are read between.
    assert bulk_jobs.steady(tmp_path, 2, 4.5) == {"read": 40, "measured_seconds": 4.0}
    assert bulk_jobs.steady(tmp_path, 2, 9.5) == {"read": 0, "measured_seconds": 0.0}


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_is_one_row(tmp_path: Path) -> None:
    source, name = tmp_path / "in", "processes_1"
    in_shards(digit_files(60), ".png", source)
    out = tmp_path / name
    assert bulk_jobs.read(source, out, name, 0.5) is None
    row = bulk_jobs.read(source, out, name)
    assert row
    assert (row["pictures"], row["kills"], row["lost"], row["twice"]) == (60, 1, 0, 0)
    assert in_shards(digit_files(60), ".png", source) > 0  # made once


def test_rows_that_are_lost_or_there_twice_are_seen(tmp_path: Path) -> None:
    rows = [{"source": name, "page": page} for name, page in (("a", 1), ("a", 2), ("b", 1))]
    text = "".join(json.dumps(row) + "\n" for row in [*rows, rows[-1]])
    (tmp_path / "part-000000.jsonl").write_text(text, "ascii")
    assert bulk_jobs.lost(tmp_path, 3) == {"lost": 1, "twice": 1}
