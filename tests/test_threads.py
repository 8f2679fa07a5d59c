"""Threads for what is asked of a network that learns nothing at the moment."""

from __future__ import annotations

from digitus.threads import workers


def test_a_batch_of_a_shard_leaves_the_threads_to_blas() -> None:
    with workers(4, shards=1) as each:
        assert each is map
    with workers(1, shards=9) as each:
        assert each is map
    with workers(4, shards=9) as each:
        assert list(each(abs, [-1, -2, 3])) == [1, 2, 3]
