"""The same work on Ray: the parts stream through actors, each of which holds the networks.

Ray Data decides where actors run, starts new ones for those that die, gives their parts to others,
and grows and shrinks their number where a cluster does. Nothing is sent back but counts: an actor
writes its rows itself, so a result on several machines is a remote store or a folder that all see.

Inside: that. Not inside: the work (`parts`). The extra `ray` is needed, on all machines.
"""

from __future__ import annotations

import importlib
import logging
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from types import ModuleType

from digitus.bulk.parts import Part, PartReader, Tally, of_line
from digitus.errors import DataError, DigitusError, OutputError
from digitus.files import one_line
from digitus.threads import single_threaded

LOCAL = "local"
CONNECTING_SECONDS = 10.0
UPSCALING_THRESHOLD = "actor_pool_util_upscaling_threshold"  # Ray Data's: parts for an actor


class Reader:
    """An actor: it reads one part after the other."""

    def __init__(self, reader: PartReader) -> None:
        single_threaded()
        self.reader = reader

    def __call__(self, batch: Mapping[str, Iterable[object]]) -> dict[str, list[float]]:
        """The counts of each part of a batch."""
        told = [asdict(self.reader(of_line(str(line)))) for line in batch["part"]]
        return {name: [tally[name] for tally in told] for name in told[0]}


def ray_library() -> ModuleType:
    """Ray. Raises `DataError` where the extra is missing."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray's makers are told nothing
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise DataError("for a cluster, pip install 'digitus[ray]'") from None


def connect(cluster: str, cores: int) -> None:
    """Connects to a cluster by its address, or starts one of `cores` cores on this machine.

    Raises `DataError`.
    """
    ray = ray_library()
    if ray.is_initialized():
        return
    how: dict[str, object] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if cluster == LOCAL:
        how |= {"num_cpus": cores, "include_dashboard": False}
    else:
        how["address"] = cluster
        _check_reached(cluster)
    try:
        ray.init(**how)
    except Exception as error:  # a cluster that is not there, or does not start
        why = one_line(str(error))
        raise DataError(f"the Ray cluster {cluster} cannot be used: {why}") from None


def _check_reached(cluster: str) -> None:
    """Raises `DataError` where nobody answers at an address: Ray itself tries for minutes."""
    host, _, port = cluster.rpartition("://")[2].rpartition(":")
    if not port.isdecimal():  # "auto": Ray knows where
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECTING_SECONDS).close()
    except (OSError, OverflowError, UnicodeError) as error:  # the last: not the name of a host
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"the Ray cluster {cluster} cannot be reached: {why}") from None


def on_ray(parts: Iterable[Part], reader: PartReader) -> Iterator[Tally]:
    """Reads parts by the actors of a cluster, one for each of its cores, or of its GPUs.

    Raises `OutputError`.
    """
    ray_library()
    data = importlib.import_module("ray.data")
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    for handler in logging.getLogger("ray.data").handlers:  # its log file still gets everything
        if type(handler).__name__ != "SessionFileHandler":
            handler.setLevel(logging.ERROR)
    lines = [{"part": part.line()} for part in parts]
    if not lines:
        return
    on_gpus = reader.device == "cuda"
    # A block for each part: parts are what an actor gets, and what is done again where it dies.
    told = data.from_items(lines, override_num_blocks=len(lines)).map_batches(
        Reader,
        fn_constructor_args=(reader,),
        batch_size=1,
        num_cpus=1,
        num_gpus=int(on_gpus),
        compute=_actors(data, "GPU" if on_gpus else "CPU", len(lines)),
    )
    try:
        for row in told.iter_rows():
            yield Tally(**row)
    except DigitusError:
        raise
    except Exception as error:  # Ray's own, with the trace of the actor in it
        raise OutputError(f"Ray gave up: {one_line(str(error).strip().splitlines()[-1])}") from None


def _actors(data: ModuleType, kind: str, parts: int) -> object:
    """One actor for each core or GPU (`kind`) that the cluster has now, and for each added later.

    All are started at once, since a pool that grows from one would read with one until it had
    grown. None has more than one part at a time, where Ray's default is two: at the end of a job
    the second would wait behind the first while other actors have nothing to do, and to read a part
    takes a thousand times as long as to hand out the next.
    """
    ray = ray_library()
    least = min(parts, max(1, int(ray.cluster_resources().get(kind, 1))))
    context = data.DataContext.get_current()
    if hasattr(context, UPSCALING_THRESHOLD):  # in some versions: once each has a part, add more
        setattr(context, UPSCALING_THRESHOLD, 1.0)
    return data.ActorPoolStrategy(
        min_size=least, max_size=parts, initial_size=least, max_tasks_in_flight_per_actor=1
    )
