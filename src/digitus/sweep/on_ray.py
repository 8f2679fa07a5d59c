"""The runs of a sweep as tasks of Ray, which chooses the machines, and another where one dies.

A run that is begun again goes on from its checkpoint, so its folder has to be one that all machines
see. Inside: that. Not inside: what a task does (`runs`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from digitus.bulk.on_ray import connect, ray_library
from digitus.files import one_line
from digitus.sweep.runs import Planned, carry_out


def on_ray(runs: Sequence[Planned], cluster: str, cores: int) -> Iterator[tuple[Planned, str]]:
    """Trains runs on a cluster, each on a core; yields each when it ends, with what went wrong.

    Raises `DataError`.
    """
    connect(cluster, cores)
    ray = ray_library()
    task = ray.remote(num_cpus=1, max_retries=3)(carry_out)
    waiting = {task.remote(run): run for run in runs}
    while waiting:
        (done,), _ = ray.wait([*waiting], num_returns=1)
        run = waiting.pop(done)
        try:
            yield run, ray.get(done)
        except Exception as error:  # the task was lost more often than Ray begins again
            yield run, one_line(str(error).strip().splitlines()[-1])
