"""`digitus course`: the lessons, opening one, checking the answers to its exercises."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from digitus.cli.common import PATH, json_option, output, print_json

if TYPE_CHECKING:
    from digitus.course.progress import Progress

folder_option = click.option(
    "--folder",
    type=PATH,
    envvar="DIGITUS_COURSE",
    default=Path("digitus-course"),
    show_default=True,
    help="Your folder: notebooks, answers, and what you have done.",
)


@click.group(invoke_without_command=True)
@folder_option
@json_option
@click.pass_context
def course(ctx: click.Context, folder: Path, json: bool) -> None:
    """Learn how it works: lessons that run, exercises that check themselves."""
    ctx.obj = folder
    if ctx.invoked_subcommand is None:
        _list(folder, json)


class _Row(TypedDict):
    """A lesson, its exercises, and those that are right."""

    lesson: int
    title: str
    minutes: int
    exercises: list[str]
    right: list[str]


def _list(folder: Path, json: bool) -> None:
    from digitus.course import messages, progress, text

    done = progress.load(folder)
    rows: list[_Row] = [
        {
            "lesson": lesson.number,
            "title": lesson.title,
            "minutes": lesson.minutes,
            "exercises": list(lesson.exercises),
            "right": [name for name in lesson.exercises if name in done.right],
        }
        for lesson in text.lessons(done.language)
    ]
    if json:
        print_json({"folder": str(folder), "language": done.language, "lessons": rows})
        return
    console = output()
    wide = max(len(row["title"]) for row in rows)
    for row in rows:
        right, of = len(row["right"]), len(row["exercises"])
        console.print(
            f"{row['lesson']:>3}  {row['title']:<{wide}}  {row['minutes']:>3} min  "
            f"{'●' * right}{'○' * (of - right)}"
        )
    todo = [row["lesson"] for row in rows if len(row["right"]) < len(row["exercises"])]
    following = todo[0] if todo else 1
    console.print(messages.say("list.how", done.language, number=following))
    for other in messages.languages():
        if other != done.language:
            console.print(messages.say("list.also", other, number=following))


@course.command("open")
@click.argument("number", type=int)
@click.option("--page", is_flag=True, help="As a web page, even if there is Jupyter.")
@click.option("--no-start", is_flag=True, help="Only write the files, and say where they are.")
@click.option("--language", help="Of the lesson and the checks, by two letters: de for German.")
@click.pass_obj
def open_(folder: Path, number: int, page: bool, no_start: bool, language: str | None) -> None:
    """Open a lesson: in Jupyter if it is installed, as a web page otherwise.

    Beside it lies the file that your answers go into. What you have written is never overwritten.
    """
    from functools import partial
    from importlib.util import find_spec

    from digitus.course import messages, notebook, progress, text, web_page
    from digitus.files import write_text

    done = _begun(folder, language)
    lesson = text.lesson(number, done.language)
    console = output()
    answers = folder / progress.answers_name(number)
    if not answers.exists():
        write_text(answers, progress.answers_file(lesson))
    said = partial(messages.say, language=done.language, number=number)
    console.print(said("open.answers", path=answers))
    if not page and (find_spec("jupyterlab") or find_spec("notebook")):
        path = folder / f"lesson-{number:02}.ipynb"
        if not path.exists():
            write_text(path, notebook.notebook(lesson))
        console.print(said("open.notebook", path=path))
        if not no_start:
            _start_jupyter(path)
        return
    path = folder / f"lesson-{number:02}.html"
    write_text(path, web_page.web_page(lesson))
    console.print(said("open.lesson", path=path))
    if not no_start:
        click.launch(path.resolve().as_uri())


def _begun(folder: Path, language: str | None) -> Progress:
    """The learner's progress, its file made if this is the beginning."""
    from digitus.course import progress

    language = _known(language)
    done = progress.load(folder)
    if language or not (folder / progress.FILE).exists():
        done.language = language or done.language
        done.save()
    return done


def _known(language: str | None) -> str | None:
    """The language that is asked for, if there is a course in it. Raises `CourseError`."""
    from digitus.course import messages
    from digitus.errors import CourseError

    known = messages.languages()
    if language and language not in known:
        raise CourseError(f"there is no course in {language!r}; there is {', '.join(known)}")
    return language


def _start_jupyter(path: Path) -> None:
    import subprocess
    from importlib.util import find_spec

    program = ["jupyter", "lab" if find_spec("jupyterlab") else "notebook", path.name]
    subprocess.run([sys.executable, "-m", *program], cwd=path.parent, check=False)


@course.command("check")
@click.argument("number", type=int)
@click.argument("file", type=PATH, required=False)
@click.pass_obj
def check_(folder: Path, number: int, file: Path | None) -> None:
    """Check your answers to the exercises of a lesson: what is wrong, not what is right.

    FILE is lesson-NN.py in your folder if it is not given; its code is carried out.
    """
    from digitus.course import messages, progress, text

    done = progress.load(folder)
    lesson = text.lesson(number, done.language)
    console = output()
    results = list(progress.checked(lesson, file or folder / progress.answers_name(number), done))
    for name, right, words in results:
        console.print(f"{'●' if right else '○'} {name}: {words}")
    if not all(right for _, right, _ in results):
        sys.exit(1)
    console.print(messages.say("check.lesson_done", done.language, number=number))


@course.command("worksheet")
@click.option("--language", help="By two letters: de for German. By default that of your folder.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of sheet 1."
)
@click.option("--count", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--out", type=PATH, default=Path("worksheet.pdf"), show_default=True)
@click.pass_obj
def worksheet_(folder: Path, language: str | None, seed: int, count: int, out: Path) -> None:
    """Print a worksheet: one step of learning by pencil, and its answers.

    With --count 30 there are 30 sheets, each with numbers of its own, and after them 30 pages of
    answers. Needs the extra `forms`.
    """
    from digitus.course import progress
    from digitus.course.worksheet import worksheet
    from digitus.course.worksheet_pdf import as_pdf
    from digitus.files import check_replaceable, write_bytes
    from digitus.forms.pdf import CREATOR_WITHIN, MARK_OF_OURS

    language = _known(language) or progress.load(folder).language
    check_replaceable(out, [MARK_OF_OURS], CREATOR_WITHIN)
    write_bytes(out, as_pdf((worksheet(seed + i) for i in range(count)), language))
    output().print(str(out))
