"""Who is asking: the only visitor, or in a class its teacher or one of the pupils.

It is decided once for each request (`classroom.door`) and looked at where runs are found
(`live.runs`), so that no handler can forget it: a run does not exist for those who may not use it.
Work that a request hands to a thread takes it along (`worker_pool`).

Inside: that. Not inside: how somebody becomes a pupil (`classroom`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

TEACHER, STRANGER = 0, -1  # numbers of those who are no pupils; a pupil's is 1 or more


@dataclass(frozen=True)
class Visitor:
    """Somebody, known by a number in the class; None where there is no class."""

    number: int | None = None

    @property
    def role(self) -> str:
        """Who this is, as the web page is told."""
        names = {None: "alone", TEACHER: "teacher", STRANGER: "stranger"}
        return names.get(self.number, "pupil")

    def owns(self, owner: int) -> bool:
        """Whether what belongs to the number `owner` is this visitor's own."""
        return self.number is None or self.number == owner

    def may_use(self, owner: int) -> bool:
        """Whether this visitor may see, stop and remove it: its owner and the teacher may."""
        return self.owns(owner) or self.number == TEACHER


ALONE = Visitor()
_ASKING: ContextVar[Visitor] = ContextVar("asking", default=ALONE)


def asking() -> Visitor:
    """Who asks for what is being done."""
    return _ASKING.get()


@contextmanager
def visit(visitor: Visitor) -> Iterator[None]:
    """Makes that visitor the one who asks for what is done in the block."""
    token = _ASKING.set(visitor)
    try:
        yield
    finally:
        _ASKING.reset(token)
