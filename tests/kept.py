"""Runs on disk for tests: interrupted, finished, and files that are damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from digitus.files import read_arrays, write_arrays
from digitus.recipe import Recipe
from digitus.training.loop import Finished, State, Stepped, begin
from digitus.training.run_folder import Run, record
from small import digits


def interrupted(run: Run, small: Recipe, steps: int) -> State:
    """Leaves a run as one that was stopped after some steps; its state then."""
    state = begin(small, digits())
    events = record(run, small, digits(), state=state, seconds=1e9)
    for event in events:
        if isinstance(event, Stepped) and event.step == steps:
            events.close()
    return state


def finish(run: Run, small: Recipe, state: State | None = None) -> Any:
    *_, last = record(run, small, digits(), state=state, seconds=0)
    assert isinstance(last, Finished)
    return last.recognizer


def changed(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Callable[[Path], None]:
    """A damage to the arrays or the metadata of a checkpoint that is otherwise a good file."""

    def apply(path: Path) -> None:
        arrays, about = read_arrays(path, "checkpoint")
        change(arrays, about)
        write_arrays(path, arrays, "checkpoint", about)

    return apply


def cut(size: int) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes()[:size]) and None
