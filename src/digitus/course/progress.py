"""A learner's folder: the answers, the notebooks, and what was right so far.

`progress.json` in that folder is the learner's own: it holds a language and the exercises with the
day on which each was right. A notebook elsewhere writes none. Inside: the folder and that file, and
checking answers, one by one in a notebook or all in a file. Not inside: what is right
(`exercises`).
"""

from __future__ import annotations

import datetime
import json
import runpy
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from digitus.course.exercises import verdict
from digitus.course.messages import FIRST_LANGUAGE, say
from digitus.course.text import CHECKED, Lesson
from digitus.errors import CourseError
from digitus.files import write_text

FILE = "progress.json"
VERSION = 1


@dataclass
class Progress:
    """What a learner has done: the language, and the exercises with their days."""

    folder: Path
    language: str = FIRST_LANGUAGE
    right: dict[str, str] = field(default_factory=dict)

    def remember(self, name: str) -> None:
        """Notes that an exercise is right; the first day stays. Raises `OutputError`."""
        if name not in self.right:
            self.right[name] = datetime.date.today().isoformat()
            self.save()

    def save(self) -> None:
        """Writes the file. Raises `OutputError`."""
        record = {"version": VERSION, "language": self.language, "right": self.right}
        write_text(self.folder / FILE, json.dumps(record, indent=1) + "\n")


def load(folder: Path) -> Progress:
    """The progress in a folder, empty where there is no file. Raises `CourseError`."""
    path = folder / FILE
    if not path.exists():
        return Progress(folder)
    try:
        record = json.loads(path.read_text("utf-8"))
        if record["version"] != VERSION:
            raise CourseError(f"{path} is of another version of digitus")
        right = {str(name): str(day) for name, day in record["right"].items()}
        return Progress(folder, str(record["language"]), right)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"{path} cannot be read as progress ({type(error).__name__}); "
            "move it away to begin a new one"
        ) from None


def check(name: str, answer: object) -> None:
    """Says in a notebook whether an answer is right; in a learner's folder that is remembered."""
    here = load(Path())
    right, words = verdict(name, answer, here.language)
    print(f"{name}: {words}")
    if right and Path(FILE).exists():
        here.remember(name)


def answers_name(number: int) -> str:
    """The name of the file for a lesson's answers in the learner's folder."""
    return f"lesson-{number:02}.py"


def answers_file(lesson: Lesson) -> str:
    """The file that a learner completes: each exercise's beginning, without what checks it."""
    title = say("answers.title", lesson.language, number=lesson.number, title=lesson.title)
    how = say("answers.how", lesson.language, number=lesson.number)
    parts = [f'"""{title}\n\n{how}\n"""\n\nimport numpy as np\n']
    for name, cell in lesson.exercises.items():
        parts.append(f"# {name}\n{CHECKED.sub('', cell.source).strip()}\n")
    return "\n\n".join(parts)


def checked(lesson: Lesson, path: Path, progress: Progress) -> Iterator[tuple[str, bool, str]]:
    """Each exercise of a lesson: its name, whether the answer in a file is right, and a sentence.

    Carries out the learner's file. Raises `CourseError` where there is none or it does not run.
    """
    answers = _carried_out(path, lesson, progress.folder)
    for name, cell in lesson.exercises.items():
        match = CHECKED.search(cell.source)
        assert match is not None, name
        if match[2] in answers:
            right, words = verdict(name, answers[match[2]], lesson.language)
        else:
            right, words = False, say("check.missing", lesson.language, name=match[2])
        if right:
            progress.remember(name)
        yield name, right, words


def _carried_out(path: Path, lesson: Lesson, folder: Path) -> dict[str, object]:
    """What a file of answers defines. Raises `CourseError` in the lesson's language."""

    def refused(key: str, **values: object) -> CourseError:
        return CourseError(say(f"file.{key}", lesson.language, path=path, **values))

    if not path.exists():
        made = path == folder / answers_name(lesson.number)
        raise refused("makes" if made else "none", number=lesson.number)
    try:
        return runpy.run_path(str(path))
    except SyntaxError as error:
        raise refused("unreadable", line=error.lineno, error=error.msg) from None
    except Exception as error:  # whatever a learner's code may do
        frames = traceback.extract_tb(error.__traceback__)
        line = [frame.lineno for frame in frames if frame.filename == str(path)]
        key, said = "stopped_at" if line else "stopped", f"{type(error).__name__}: {error}"
        raise refused(key, line=line[-1] if line else 0, error=said) from None
