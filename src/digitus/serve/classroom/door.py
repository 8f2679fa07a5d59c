"""The door of a class: every request is the teacher's, a pupil's, or somebody's who may join.

Inside: the middleware that replaces the one which asks for the token. Not inside: joining itself
(`handlers`, `roster`).
"""

from __future__ import annotations

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from digitus.serve.access import AccessPolicy
from digitus.serve.classroom.roster import Roster
from digitus.serve.middleware import RequireToken
from digitus.serve.responses import refusal
from digitus.serve.visitor import STRANGER, TEACHER, Visitor, visit

JOIN = "/api/class/join"


def cookie_name(policy: AccessPolicy) -> str:
    """The name of the cookie with a pupil's secret."""
    return f"{policy.cookie_name}-pupil"


class Door(RequireToken):
    """Knows teacher and pupils; strangers see the web page for joining, and nothing else."""

    def __init__(self, app: ASGIApp, policy: AccessPolicy, roster: Roster) -> None:
        super().__init__(app, policy)
        self._roster = roster

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decides who is asking."""
        number = self._number(scope)
        with visit(Visitor(number)):
            if number == TEACHER:
                await super().handle(scope, receive, send)  # which sets the cookie
            elif number == STRANGER and not _open(scope["path"]):
                raise refusal(401, "open the page and say the join word first", "join")
            else:
                await self.app(scope, receive, send)

    def _number(self, scope: Scope) -> int:
        headers = Headers(scope=scope)
        token = QueryParams(scope["query_string"]).get("token", "")
        if self._in_header(headers) or self._in_cookie(headers) or self._policy.allows_token(token):
            return TEACHER
        cookies = cookie_parser("; ".join(headers.getlist("cookie")))
        pupil = self._roster.known(cookies.get(cookie_name(self._policy), ""))
        return pupil.number if pupil else STRANGER


def _open(path: str) -> bool:
    """Whether an address is open to strangers: these files say nothing of the class."""
    return path in ("/", JOIN) or path.startswith("/static/")
