"""Web pages with texts: sections of the mathematics, lessons, pieces of code.

Inside: their addresses. What a client asks for is a key to look up, never a path. Sections and
lessons are made when they are first asked for, in a thread, and kept. Not inside: the texts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from html import escape

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from digitus.course import messages
from digitus.course.text import Lesson, by_itself, lessons, words
from digitus.serve.handbook import mathematics
from digitus.serve.handbook.code import written
from digitus.serve.handbook.markdown import html
from digitus.serve.responses import refusal
from digitus.serve.static_files import StaticFiles
from digitus.serve.worker_pool import WorkerPool

TEMPLATE = "serve/handbook/texts.html"
TAUGHT = {  # which lesson teaches a kind of layer or loss
    "Scale": 1,
    "Dense": 6,
    "Relu": 6,
    "Sigmoid": 2,
    "Softmax": 3,
    "SoftmaxCrossEntropy": 3,
    "SquaredError": 3,
    "Conv": 10,
    "MaxPool": 10,
}


@dataclass(frozen=True)
class Handbook:
    """The handlers; `files` has text.html, which all of them fill."""

    files: StaticFiles
    pool: WorkerPool

    def addresses(self) -> dict[str, dict[str, Callable[[Request], Awaitable[Response]]]]:
        """The handlers by path and method."""
        return {
            "/mathematics": {"GET": self.contents},
            "/mathematics/{place}": {"GET": self.section},
            "/mathematics/pictures/{name}": {"GET": self.picture},
            "/lesson/{number}": {"GET": self.lesson},
            "/code/{name}": {"GET": self.source},
        }

    async def contents(self, request: Request) -> Response:
        """GET /mathematics: all sections and lessons."""
        sections = mathematics.sections().values()
        body = _filled("contents", sections=sections, lessons=lessons())
        return self._web_page("The mathematics", body)

    async def section(self, request: Request) -> Response:
        """GET /mathematics/11, or /mathematics/Conv, which leads to the equations of that layer."""
        place = request.path_params["place"]
        if (address := mathematics.address(place)) is not None:
            return RedirectResponse(address)
        found = mathematics.sections()
        number = int(place) if place.isascii() and place.isdecimal() and len(place) < 4 else 0
        if number not in found:
            raise refusal(404, "the mathematics have no such section")
        body = await self.pool.run(mathematics.section_html, number)
        before, after = (found.get(number + step) for step in (-1, 1))
        body = _filled("section", body=Markup(body), before=before, after=after)
        return self._web_page(found[number].title, body)

    async def picture(self, request: Request) -> Response:
        """GET /mathematics/pictures/NAME."""
        content = mathematics.pictures().get(request.path_params["name"])
        if content is None:
            raise refusal(404, "there is no such figure")
        return Response(content, media_type="image/svg+xml")

    async def lesson(self, request: Request) -> Response:
        """GET /lesson/6, or /lesson/Dense, which leads to the lesson that teaches that layer.

        `?language=de` asks for a translation, where there is one.
        """
        place = request.path_params["number"]
        asked = request.query_params.get("language")
        language = asked if asked in messages.languages() else messages.FIRST_LANGUAGE
        if place in TAUGHT:
            return RedirectResponse(f"/lesson/{TAUGHT[place]}?language={language}")
        found = {str(lesson.number): lesson for lesson in lessons(language)}
        if place not in found:
            raise refusal(404, "there is no such lesson")
        lesson = found[place]
        return self._web_page(lesson.title, await self.pool.run(_told, lesson), language)

    async def source(self, request: Request) -> Response:
        """GET /code/digitus.nn.Conv: its source."""
        name = request.path_params["name"]
        text = written(name) if name in mathematics.named() else None
        if text is None:
            raise refusal(404, "the mathematics name no such code")
        derived = mathematics.address(name.removeprefix("digitus.nn.").partition(".")[0])
        at_work = Markup(mathematics.at_work(name))
        body = _filled("source", name=name, derived=derived, at_work=at_work, text=text)
        return self._web_page(name, body)

    def _web_page(self, title: str, body: str, language: str = messages.FIRST_LANGUAGE) -> Response:
        return self.files.filled("text.html", title=escape(title), body=body, language=language)


def _filled(macro: str, **values: object) -> Markup:
    from digitus.report.html import fill  # imported late: its templates would delay the start

    return fill(TEMPLATE, macro, **values)


@cache
def _told(lesson: Lesson) -> str:
    """A lesson to read: its code is shown and not carried out, which `digitus course` does."""
    cells = [
        (Markup(html(by_itself(mathematics.linked(cell.source)))), "")
        if cell.kind == "text"
        else ("", cell.source)
        for cell in lesson.cells
    ]
    how = Markup(html(messages.say("served.how", lesson.language, number=lesson.number)))
    return _filled("lesson", how=how, cells=cells, words=Markup(html(words(lesson))))
