"""One training step by workers on several machines, each with its part of every batch.

Every worker runs the same program from the same seed, so all have the same parameters and know the
same batches. Each computes the gradient of its shards; the sum of them, by PyTorch's
`torch.distributed` (gloo on processors, NCCL on GPUs), is the gradient of the batch, and each takes
the same step by it. So N workers with B/N examples each learn what one learns from B, up to the
order of sums. Layers that draw by chance or look at a whole shard (dropout, batch normalisation) do
so by shard, here as by `processes`.

A worker sends and receives 2 (N - 1) / N of the gradient in a step (gloo's ring). The next batch is
made meanwhile; sums begin when the gradient is whole.

Inside: `Workers`, which of them this process is, and `Distributed`, the step. Not inside: starting
workers, and again when one is lost, which is torchrun's or Ray's task (`cli.train_workers`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from digitus.errors import TrainingError
from digitus.nn.arrays import bounds
from digitus.training.source import Batch, Tally
from digitus.training.step import SingleProcess, shard_size
from digitus.types import Array, Params

LOST_SECONDS = 300  # without a word of the others, a worker gives up and is started again
Sum = Callable[[Array], object]  # of a tensor over all workers, in place


@dataclass(frozen=True)
class Workers:
    """How many there are, which one this is, and how they add up."""

    count: int
    rank: int
    add_up: Sum


def joined(device: str) -> Workers | None:
    """The group of workers, where torchrun or Ray has started this process as one of several.

    Raises `TrainingError` where PyTorch is missing or the workers do not find one another.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count < 2:
        return None
    try:
        import torch
        import torch.distributed as group
    except ImportError:
        raise TrainingError("workers need PyTorch: pip install 'digitus[torch]'") from None
    if device == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    if not group.is_initialized():
        lost = timedelta(seconds=LOST_SECONDS)
        try:
            store, rank, count = next(group.rendezvous("env://", timeout=lost))
            # After a restart, no worker may find the addresses of those before.
            again = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
            store = group.PrefixStore(f"digitus/{again}", store)
            backend = "nccl" if device == "cuda" else "gloo"
            group.init_process_group(
                backend, store=store, rank=rank, world_size=count, timeout=lost
            )
        except (RuntimeError, ValueError) as error:
            raise TrainingError(f"the workers do not find one another: {error}") from None
    return Workers(group.get_world_size(), group.get_rank(), group.all_reduce)


def leads() -> bool:
    """Whether this process writes and speaks: it is the first worker, or there are no others."""
    return os.environ.get("RANK", "0") == "0"


def bytes_a_step(params: Params, count: int) -> int:
    """How many bytes each of `count` workers sends in a step; it receives as many."""
    size = sum(math.prod(w.shape) * w.dtype.itemsize for w in params.values())
    return math.ceil(2 * (count - 1) / count * size)


@dataclass(frozen=True, eq=False)
class Distributed(SingleProcess):
    """Takes the steps of a run with other workers, each of which works out a part of the gradient.

    A step raises `TrainingError` if another worker is lost.
    """

    workers: Workers

    def gradient(self, batch: Batch, step: int) -> tuple[Tally, Params]:
        """The gradient of the batch: the sum of what all workers compute."""
        shards = self._shards(len(batch.inputs))
        return self._sum(*self.definition.gradient(self.params, batch, step, shards))

    def _shards(self, examples: int) -> Sequence[slice]:
        """The shards of this worker."""
        count, rank = self.workers.count, self.workers.rank
        size = math.ceil(examples / count)
        if isinstance(next(iter(self.params.values())), np.ndarray):
            parameters = sum(w.size for w in self.params.values())
            size = shard_size(self.definition.network, examples, count, parameters)
        shards = [*bounds(examples, size)]
        return shards[len(shards) * rank // count : len(shards) * (rank + 1) // count]

    def _sum(self, tally: Tally, gradients: Params) -> tuple[Tally, Params]:
        """Adds both over all workers, as one array: many small ones would wait for each other."""
        import torch

        shapes = {name: self.params[name] for name in self.memory}
        first = next(iter(shapes.values()))
        like = torch.as_tensor(first)
        parts = [torch.tensor(tally, dtype=like.dtype, device=like.device)]
        # The last batch of an epoch may be too small to give every worker a shard.
        parts += [
            torch.as_tensor(gradients[name]).reshape(-1)
            if gradients
            else torch.zeros(math.prod(w.shape), dtype=like.dtype, device=like.device)
            for name, w in shapes.items()
        ]
        whole = torch.cat(parts)
        try:
            self.workers.add_up(whole)
        except RuntimeError as error:
            why = str(error).strip().splitlines()[0][:200]
            raise TrainingError(f"another worker was lost: {why}") from None
        head, *summed = torch.split(whole, [len(part) for part in parts])
        arrays = {
            name: part.reshape(shapes[name].shape)
            for name, part in zip(shapes, summed, strict=True)
        }
        if isinstance(first, np.ndarray):
            arrays = {name: part.numpy() for name, part in arrays.items()}
        return Tally(*(float(total) for total in head)), arrays
