"""Who is asking: somebody at a page of her own, or in a class its teacher or one of the pupils.

It is decided once for each request (`classroom.door`) and looked at where runs are found
(`live.runs`), so that no handler can forget it: whose run it is not, for them it is not there.
Work that a request hands to a thread takes it along (`worker_pool`).

Inside: that. Not inside: how somebody becomes a pupil (`classroom`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

TEACHER, STRANGER = 0, -1  # numbers of who is no pupil; those of pupils begin with 1


@dataclass(frozen=True)
class Visitor:
    """Somebody by the number in the class; None where there is no class."""

    number: int | None = None

    @property
    def role(self) -> str:
        """What the page is told of it."""
        names = {None: "alone", TEACHER: "teacher", STRANGER: "stranger"}
        return names.get(self.number, "pupil")

    def owns(self, owner: int) -> bool:
        """Whether what belongs to that number is this visitor's own."""
        return self.number is None or self.number == owner

    def may_use(self, owner: int) -> bool:
        """Whether it may be seen, stopped and removed: by its owner and the teacher."""
        return self.owns(owner) or self.number == TEACHER


ALONE = Visitor()
_ASKING: ContextVar[Visitor] = ContextVar("asking", default=ALONE)


def asking() -> Visitor:
    """Who asks for what is being done."""
    return _ASKING.get()


@contextmanager
def visit(visitor: Visitor) -> Iterator[None]:
    """What is done in this block is asked by that visitor."""
    token = _ASKING.set(visitor)
    try:
        yield
    finally:
        _ASKING.reset(token)
