"""Work that is given up."""

from __future__ import annotations

import threading

import pytest

from digitus.cancellation import GivenUpError, Work, check


def test_without_any_work_nothing_is_given_up() -> None:
    check()


def test_work_is_done_with_its_arguments() -> None:
    work = Work()
    assert work.run(divmod, 7, 2) == (3, 1)
    work.cancel()
    check()  # it is over


def test_work_given_up_before_it_begins_does_not_begin() -> None:
    work = Work()
    work.cancel()
    with pytest.raises(GivenUpError):
        work.run(pytest.fail, "has begun")


def test_only_the_thread_that_is_meant_is_ended() -> None:
    works = [Work(), Work()]
    barrier = threading.Barrier(3)
    ended = []

    def task(i: int) -> None:
        barrier.wait()
        barrier.wait()
        check()
        ended.append(i)

    def run(i: int) -> None:
        try:
            works[i].run(task, i)
        except GivenUpError:
            ended.append(-1)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    barrier.wait()
    works[0].cancel()
    barrier.wait()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [-1, 1]
