"""`digitus course`: the lessons, opening one, checking the answers to its exercises."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

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


def _list(folder: Path, json: bool) -> None:
    from digitus.course import messages, progress, text

    done = progress.load(folder)
    rows: list[dict[str, Any]] = [
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
    console.print(messages.say("list.how", done.language))


@course.command("open")
@click.argument("number", type=int)
@click.option("--page", is_flag=True, help="As a page in the browser, also where Jupyter is there.")
@click.option("--no-start", is_flag=True, help="Only write the files, and say where they are.")
@click.option(
    "--language", help="en or de: what checks and tooltips say; the lessons are in English."
)
@click.pass_obj
def open_(folder: Path, number: int, page: bool, no_start: bool, language: str | None) -> None:
    """Open a lesson: in Jupyter if it is installed, as a page otherwise.

    Beside it lies the file that your answers go into. What you have written is never overwritten.
    """
    from importlib.util import find_spec

    from digitus.course import notebook, progress, text
    from digitus.course import page as pages
    from digitus.files import write_text

    done = _begun(folder, language)
    lesson = text.lesson(number, done.language)
    console = output()
    answers = folder / f"lesson-{number:02}.py"
    if not answers.exists():
        write_text(answers, progress.answers_file(lesson))
    console.print(f"your answers: {answers} (then: digitus course check {number})")
    if not page and (find_spec("jupyterlab") or find_spec("notebook")):
        path = folder / f"lesson-{number:02}.ipynb"
        if not path.exists():
            write_text(path, notebook.notebook(lesson))
        console.print(f"the lesson: {path}")
        if not no_start:
            _start_jupyter(path)
        return
    path = folder / f"lesson-{number:02}.html"
    write_text(path, pages.page(lesson))
    console.print(f"the lesson: {path}")
    if not no_start:
        click.launch(path.resolve().as_uri())


def _begun(folder: Path, language: str | None) -> Progress:
    """The learner's progress, its file made if this is the beginning."""
    from digitus.course import messages, progress
    from digitus.errors import CourseError

    known = messages.languages()
    if language and language not in known:
        raise CourseError(f"there is no course in {language!r}; there is {', '.join(known)}")
    done = progress.load(folder)
    if language or not (folder / progress.FILE).exists():
        done.language = language or done.language
        done.save()
    return done


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
    results = list(progress.checked(lesson, file or folder / f"lesson-{number:02}.py", done))
    for name, right, words in results:
        console.print(f"{'●' if right else '○'} {name}: {words}")
    if not all(right for _, right, _ in results):
        sys.exit(1)
    console.print(messages.say("check.lesson_done", done.language, number=number))
