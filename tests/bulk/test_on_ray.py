"""A cluster of Ray on this machine, of which a node is killed: the rows are as of one process."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bulked import finish, job_of, rows_of
from conftest import missing
from digitus.bulk import parts
from digitus.bulk.item import Item
from digitus.bulk.on_ray import connect, on_ray
from digitus.bulk.parts import Part, Tally
from digitus.sweep.on_ray import on_ray as train_on_ray
from digitus.sweep.runs import RESULT, Planned
from digitus.sweep.search import Place, ranges, search

FILES = 24
# Its settings warn of one another when it is loaded.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning:ray")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes of one core, to which this process is connected."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_raylet_start_wait_time_s", "120")
        try:
            import ray
            from ray.cluster_utils import Cluster
        except ImportError as error:
            missing("ray", str(error))
        memory = {"num_cpus": 1, "object_store_memory": 100 << 20}
        made = Cluster(initialize_head=True, head_node_args=memory)
        try:
            other, _ = (made.add_node(**memory) for _ in range(2))
            connect(made.address, 1)
            yield made, other
        finally:
            ray.shutdown()
            made.shutdown()


class Slow:
    """Reads nothing, for a while, and leaves word of who did."""

    device = "cpu"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, part: Part) -> Tally:
        (self.folder / f"{part.number}-{os.getpid()}").touch()
        time.sleep(5)
        return Tally(pictures=1)


def test_no_part_waits_behind_another_while_actors_have_nothing_to_do(
    cluster: Any, tmp_path: Path
) -> None:
    import ray

    assert len(ray.nodes()) == 3
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    item = Item("x", "file", "x", None, 0)
    told = [*on_ray((Part(number, [item]) for number in range(6)), cast("Any", Slow(tmp_path)))]
    assert len(told) == 6
    actors = Counter(path.name.partition("-")[2] for path in tmp_path.iterdir())
    assert [*actors.values()] == [2, 2, 2]


def test_a_node_that_is_killed_loses_no_row(
    cluster: Any, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = cluster
    monkeypatch.setattr(parts, "PART_PICTURES", 1)
    for number in range(FILES):
        (pictures / f"more-{number}.png").write_bytes((pictures / "0.png").read_bytes())
    whole = finish("whole")
    job, reader = job_of([str(pictures)], str(Path("out").absolute()))
    with job.locked():
        for number, _ in enumerate(job.carry_out(on_ray, reader)):
            if number == 3:
                made.remove_node(other, allow_graceful=False)
    assert job.tally.record() == whole
    folder = f"{pictures}/"
    found = [{**row, "source": row["source"].removeprefix(folder)} for row in rows_of("out")]
    known = [{**row, "source": row["source"].removeprefix("in/")} for row in rows_of("whole")]
    for row in found:
        row["error"] = row["error"] and row["error"].removeprefix(folder)
    for row in known:
        row["error"] = row["error"] and row["error"].removeprefix("in/")
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, known))


def test_runs_of_a_sweep_are_tasks(cluster: Any, tmp_path: Path) -> None:
    runs = [
        Planned("r", "r", seed, (), tmp_path / str(seed), ("models", "--json")) for seed in (0, 1)
    ]
    told = {run.seed: error for run, error in train_on_ray(runs, "local", 1)}
    # `digitus models` knows no --out: what a task says of its failure comes back.
    assert told.keys() == {0, 1}
    assert all("--out" in error for error in told.values())


def test_a_search_draws_settings_and_keeps_the_runs(cluster: Any, tmp_path: Path) -> None:
    def run_of(drawn: tuple[str, ...]) -> Planned:
        """A run that has ended: the larger its rate, the more is right."""
        folder = tmp_path / ",".join(drawn)
        folder.mkdir(exist_ok=True)
        rate = float(drawn[0].partition("=")[2])
        told = {"development": {"accuracy": rate}, "seconds": 1.0, "parameters": 10}
        (folder / RESULT).write_text(json.dumps(told))
        return Planned("r", "r", 0, drawn, folder, ())

    spaces = ranges(["schedule.rate=0.001..0.1"])
    place = Place(tmp_path, "local", 1)
    draws = [
        [(run.settings, error) for run, error in search(spaces, 3, run_of, 5, place)]
        for _ in range(2)
    ]
    assert draws[0] == draws[1]  # so that a search goes on
    assert len({*draws[0]}) == 3
    assert all(0.001 <= float(one.partition("=")[2]) <= 0.1 for (one,), _ in draws[0])
    assert [error for _, error in draws[0]] == [""] * 3
    # No settings are trained twice, side by side in one folder, and counted as two.
    few = [run.settings for run, _ in search(ranges(["units=8..10"]), 16, run_of, 5, place)]
    assert sorted(few) == [(f"units={n}",) for n in (10, 8, 9)]
