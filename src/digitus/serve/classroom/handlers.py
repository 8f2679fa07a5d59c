"""A class over HTTP: joining, one's name, the board, and what the teacher may do.

Inside: the handlers, thin. Not inside: the class itself (`roster`), and the board (`board`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response

from digitus.serve.classroom.board import Board, board, table
from digitus.serve.classroom.door import JOIN
from digitus.serve.classroom.roster import LONGEST_NAME, Drawing, Roster
from digitus.serve.live.run import LiveRun
from digitus.serve.live.runs import LiveRuns
from digitus.serve.models import ModelQuery
from digitus.serve.operation import Handler, operation
from digitus.serve.recognition import Recognition, images_of
from digitus.serve.responses import refusal
from digitus.serve.values import Answer, Whole, packed
from digitus.serve.visitor import TEACHER, asking
from digitus.serve.worker_pool import WorkerPool

CSV = "text/csv"

Name = Annotated[str, Meta(max_length=LONGEST_NAME, description="What others are shown.")]


class JoinBody(Struct, frozen=True):
    """The word of the class, and perhaps a name."""

    word: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Name = ""


class NameBody(Struct, frozen=True):
    """A name; an empty one takes it back."""

    name: Name


class Me(Answer, frozen=True):
    """Who is asking: a pupil, or with the number 0 the teacher."""

    number: Whole
    name: str


class PupilPath(Struct, frozen=True):
    """The pupil's number in a path."""

    number: Annotated[int, Meta(ge=1, le=10**6)]


@dataclass(frozen=True)
class ClassHandlers:
    """The handlers of a class; `cookie` is the name of the cookie that pupils get."""

    roster: Roster
    runs: LiveRuns
    recognition: Recognition
    pool: WorkerPool
    cookie: str

    def addresses(self) -> dict[str, dict[str, Handler]]:
        """The handlers by path and method."""
        return {
            JOIN: {"POST": self.join},
            "/api/class": {"GET": self.board, "DELETE": self.clear},
            "/api/class/me": {"GET": self.me, "POST": self.rename},
            "/api/class/drawing": {"POST": self.show},
            "/api/class/results": {"GET": self.results},
            "/api/class/pupils/{number}/drawing": {"DELETE": self.take_down},
            "/api/class/pupils/{number}": {"DELETE": self.remove},
        }

    @operation(status=204, errors=(403, 409, 429, 507))
    async def join(self, body: JoinBody, request: Request) -> Response:
        """Come into the class."""
        origin = request.client.host if request.client else ""
        secret = self.roster.join(body.word, body.name, origin)
        joined = Response(status_code=204)
        # Lax: a pupil who follows a link to the web page is still known.
        joined.set_cookie(self.cookie, secret, path="/", httponly=True, samesite="lax")
        return joined

    @operation()
    async def me(self) -> Me:
        """Who is asking."""
        number = asking().number or TEACHER
        return Me(number, self.roster.named(number).name if number else "")

    @operation(errors=(404, 507))
    async def rename(self, body: NameBody) -> Me:
        """Take another name."""
        pupil = self.roster.rename(asking().number or TEACHER, body.name)
        return Me(pupil.number, pupil.name)

    @operation(status=204, errors=(404, 409, 507))
    async def show(self, query: ModelQuery, body: bytes) -> None:
        """Show a drawing on the board: 28 x 28 bytes, white ink on black, as it is read now."""
        number = self.roster.named(asking().number or TEACHER).number
        images = images_of(body)
        if len(images) != 1:
            raise refusal(400, f"one drawing is shown at a time, not {len(images)}")
        (read,) = (await self.recognition.recognize(query, body)).answers
        self.roster.show(number, Drawing(packed(images), read.value))

    @operation(status=204, errors=(404, 507))
    async def take_down(self, path: PupilPath) -> None:
        """Take a pupil's drawing off the board; for the teacher."""
        self._check()
        self.roster.show(path.number, None)

    @operation()
    async def board(self) -> Board:
        """The class as it stands, for its teacher."""
        self._check()
        return await self.pool.run(board, self.roster, self.runs)

    @operation(media=CSV)
    async def results(self) -> Response:
        """Every pupil's runs as a table, for their teacher."""
        self._check()
        text = await self.pool.run(table, self.roster, self.runs)
        how = {"content-disposition": 'attachment; filename="digitus-class.csv"'}
        return Response("\ufeff" + text, media_type=CSV, headers=how)

    @operation(status=204, errors=(507,))
    async def remove(self, path: PupilPath) -> None:
        """Send a pupil out, whose runs go too; for the teacher."""
        self._check()
        # The roster first: nobody loses runs and stays. A run that could not be removed then
        # belongs to nobody, and asking again removes it.
        left = self.runs.of(path.number)
        if self.roster.has(path.number) or not left:
            self.roster.remove(path.number)
        self._remove(left)

    @operation(status=204, errors=(507,))
    async def clear(self) -> None:
        """Send everyone out, with all their runs; the next class has another word."""
        self._check()
        self.roster.clear()
        self._remove([run for run in self.runs.all if run.owner != TEACHER])

    def _remove(self, runs: list[LiveRun]) -> None:
        for run in runs:
            self.runs.remove(run)

    @staticmethod
    def _check() -> None:
        if asking().number != TEACHER:
            raise refusal(403, "that is for the teacher")
