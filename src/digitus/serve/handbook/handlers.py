"""The pages of what is to be read: sections of the mathematics, lessons, pieces of code.

Inside: their addresses. What a client asks for is looked up, and never a path. A page is made when
it is first asked for, in a thread, and kept. Not inside: what stands on them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from html import escape

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
    """What answers; `files` has the page that they all fill."""

    files: StaticFiles
    pool: WorkerPool

    def addresses(self) -> dict[str, dict[str, Callable[[Request], Awaitable[Response]]]]:
        """By path and method, what is shown."""
        return {
            "/mathematics": {"GET": self.contents},
            "/mathematics/{place}": {"GET": self.section},
            "/mathematics/pictures/{name}": {"GET": self.picture},
            "/lesson/{number}": {"GET": self.lesson},
            "/code/{name}": {"GET": self.source},
        }

    async def contents(self, request: Request) -> Response:
        """GET /mathematics: all sections and lessons."""
        found = mathematics.sections().values()
        chapters = "".join(
            f'<li value="{s.number}"><a href="/mathematics/{s.number}">{escape(s.title)}</a></li>'
            for s in found
        )
        taught = "".join(
            f'<li><a href="/lesson/{one.number}">{escape(one.title)}</a></li>' for one in lessons()
        )
        body = f"<ol>{chapters}</ol><h2>The course</h2><ol>{taught}</ol>"
        return self._page("The mathematics", f"<h1>The mathematics</h1>{body}")

    async def section(self, request: Request) -> Response:
        """GET /mathematics/11, or /mathematics/Conv, which leads to the equations of that layer."""
        place = request.path_params["place"]
        if (address := mathematics.address(place)) is not None:
            return RedirectResponse(address)
        found = mathematics.sections()
        number = int(place) if place.isascii() and place.isdecimal() and len(place) < 4 else 0
        if number not in found:
            raise refusal(404, "the mathematics have no such section")
        body = await self.pool.run(mathematics.page, number)
        around = [
            f'<a href="/mathematics/{n}" rel="{rel}">{n}. {escape(found[n].title)}</a>'
            for n, rel in ((number - 1, "prev"), (number + 1, "next"))
            if n in found
        ]
        links = ["<a href='/mathematics'>All sections</a>", *around]
        foot = f'<nav class="row" aria-label="Sections">{"".join(links)}</nav>'
        return self._page(found[number].title, body + foot)

    async def picture(self, request: Request) -> Response:
        """GET /mathematics/pictures/NAME."""
        content = mathematics.pictures().get(request.path_params["name"])
        if content is None:
            raise refusal(404, "there is no such figure")
        return Response(content, media_type="image/svg+xml")

    async def lesson(self, request: Request) -> Response:
        """GET /lesson/6, or /lesson/Dense, which leads to the lesson that teaches that layer.

        `?language=de` is for a translation, where there is one.
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
        return self._page(lesson.title, await self.pool.run(_told, lesson), language)

    async def source(self, request: Request) -> Response:
        """GET /code/digitus.nn.Conv: as it is written."""
        name = request.path_params["name"]
        text = written(name) if name in mathematics.named() else None
        if text is None:
            raise refusal(404, "the mathematics name no such code")
        derived = mathematics.address(name.removeprefix("digitus.nn.").partition(".")[0])
        link = f'<p><a href="{derived}">The derivation</a>' if derived else "<p>"
        link += f"{mathematics.at_work(name)}</p>"
        shown = f'<h1><code>{name}</code></h1>{link}<pre tabindex="0">{escape(text)}</pre>'
        return self._page(name, shown)

    def _page(self, title: str, body: str, language: str = messages.FIRST_LANGUAGE) -> Response:
        return self.files.filled("text.html", title=escape(title), body=body, language=language)


@cache
def _told(lesson: Lesson) -> str:
    """A lesson to read: its code is shown and not carried out, which `digitus course` does."""
    parts = [
        html(by_itself(mathematics.linked(cell.source)))
        if cell.kind == "text"
        else f'<pre tabindex="0"><code>{escape(cell.source)}</code></pre>'
        for cell in lesson.cells
    ]
    how = html(messages.say("served.how", lesson.language, number=lesson.number))
    return how + "".join(parts) + html(words(lesson))
