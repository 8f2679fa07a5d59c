"""What an actor of a cluster does with the parts that it is given, without a cluster."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bulked import finish, job_of, rows_of
from digitus.bulk import parts
from digitus.bulk.on_ray import Reader, connect
from digitus.bulk.parts import Tally, in_parts, of_line
from digitus.bulk.sources import items
from digitus.errors import DataError


def test_an_actor_writes_what_a_process_writes(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_PICTURES", 4)
    whole = finish("whole")
    job, reader = job_of(["in"], "out")
    planned = [*in_parts(items(["in"]))]
    lines = np.array([part.line() for part in planned], object)
    assert [of_line(line) for line in lines] == planned
    with job.locked():
        actor = Reader(reader)
        told = [actor({"part": some}) for some in (lines[:3], lines[3:])]
    tally = Tally()
    for batch in told:
        for number in range(len(batch["pictures"])):
            tally.add(Tally(**{name: values[number] for name, values in batch.items()}))
    assert tally.record() == whole
    assert rows_of("out") == rows_of("whole")


def test_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DataError, match=r"digitus\[ray\]"):
        connect("local", 1)


@pytest.mark.parametrize("form", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "ray://localhost:{}"])
def test_a_cluster_that_is_not_there_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Ray itself said nothing for three minutes."""
    library = SimpleNamespace(is_initialized=lambda: False, init=lambda **_: pytest.fail("asked"))
    monkeypatch.setitem(sys.modules, "ray", library)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DataError, match="cannot be reached: "):
        connect(form.format(port), 1)
    for none in ("127.0.0.1:99999", "x..y:1", f"{'a' * 70}:1"):
        with pytest.raises(DataError, match="cannot be reached: "):
            connect(none, 1)


def test_a_cluster_that_is_there_is_left_to_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    library = SimpleNamespace(
        is_initialized=lambda: False, init=lambda **how: asked.append(how["address"])
    )
    monkeypatch.setitem(sys.modules, "ray", library)
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = f"127.0.0.1:{server.getsockname()[1]}"
        connect(there, 1)
        connect("auto", 1)
    assert asked == [there, "auto"]
