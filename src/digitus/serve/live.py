"""A training run that can be watched, paused and stepped, and that outlives the server.

It trains in a thread of its own, by `runs.record`, so it leaves a checkpoint whenever the server
ends, and goes on from it, bit for bit, when the server is back. `settings.json` in its folder says
what was asked for and how it stands, `shown.json` what the page has been shown.

Inside: one run. Not inside: the settings (`lessons`), what is shown (`shown`), the events on their
way to browsers (`channel`), all runs together (`runs`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path

from digitus import __version__
from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.errors import DigitusError
from digitus.evaluation import Evaluation, evaluate
from digitus.files import write_text
from digitus.nn import softmax
from digitus.recipe import planned
from digitus.recognizer import load
from digitus.serve.bodies import refusal
from digitus.serve.channel import Channel
from digitus.serve.equations import equations
from digitus.serve.inside import named
from digitus.serve.lessons import Lesson, Library, lesson_from
from digitus.serve.shown import Shown, Table, draw
from digitus.training.examples import Examples
from digitus.training.loop import (
    SPLIT_SEED,
    EpochEnded,
    Event,
    Finished,
    Started,
    State,
    Stepped,
    begin,
    recognizer_so_far,
)
from digitus.training.run_folder import Run, record, resume, save_checkpoint
from digitus.training.source import Batch

log = logging.getLogger("digitus.serve")

GOING = ("starting", "running", "paused")
STATUSES = (*GOING, "finished", "stopped", "failed")
STEP_SECONDS = 0.1  # between two steps that are told
WEIGHTS_SECONDS = 0.2  # between two pictures of the weights
CLOSE_SECONDS = 10.0  # for a step to end and a checkpoint to be written


class Live:
    """One run. Must be made in the event loop's thread, which its channel belongs to."""

    def __init__(
        self,
        folder: Path,
        lesson: Lesson,
        library: Library,
        *,
        begun: float,
        paused: bool,
        pace: float,
    ) -> None:
        self.folder, self.lesson, self._library = folder, lesson, library
        self.begun = begun  # seconds since 1970
        self.recipe = lesson.plan()
        self.status, self.error = "starting", ""
        self.shown = Shown()
        self.channel = Channel(asyncio.get_running_loop(), self.state)
        self._run = Run(folder)
        self._wish = threading.Condition()  # of what the thread shall do
        self._still = threading.Lock()  # held while the state changes
        self._hold, self._single = paused, False  # to pause; but one step
        self._leave = ""  # "stop" for good, or "close" until the next start
        self._pace = pace  # steps a second at most; 0: as fast as it can
        self._thread: threading.Thread | None = None
        self._state: State | None = None
        self._evaluation: Evaluation | None = None
        self._told = self._drawn = 0.0
        examples = lesson.examples - self.recipe.development
        batches = math.ceil(examples / (self.recipe.batch_size or examples))
        shapes = planned(self.recipe.network, (28, 28)).values()
        self._steps = self.recipe.epochs * batches
        self._batches = batches
        self._about = {
            "settings": lesson.table(),
            "layers": [named(layer) for layer in self.recipe.network.layers],
            "parameters": sum(map(math.prod, shapes)),
            "examples": examples,
            "development": self.recipe.development,
            "batches": batches,
            "epochs": self.recipe.epochs,
            "steps": self._steps,
        }

    @property
    def id(self) -> str:
        """Its name in addresses: that of its folder."""
        return self.folder.name

    @property
    def going(self) -> bool:
        """Whether it trains, or is paused."""
        return self.status in GOING

    def start(self) -> None:
        """Begins, or goes on from its checkpoint."""
        self.save()
        self._thread = threading.Thread(target=self._work, name=f"run {self.id}", daemon=True)
        self._thread.start()

    def want(self, wish: str) -> None:
        """Asks the thread to "pause", to "resume", to take one "step" more, or to "stop"."""
        with self._wish:
            if not self.going:
                raise refusal(409, f"the run has ended: it is {self.status}")
            if wish == "step" and self.status != "paused":
                raise refusal(409, "only a paused run can be stepped")
            self._hold, self._single = wish in ("pause", "step"), wish == "step"
            self._leave = "stop" if wish == "stop" else self._leave
            self._wish.notify_all()

    def go_at(self, pace: float) -> None:
        """At most so many steps a second, 0 for as many as it can."""
        with self._wish:
            self._pace = pace
            self._wish.notify_all()

    def close(self) -> None:
        """Lets the thread end with a checkpoint, and everyone go who watches."""
        self.channel.close()
        if self._thread is not None:
            with self._wish:
                self._leave = self._leave or "close"
                self._wish.notify_all()
            self._thread.join(CLOSE_SECONDS)

    def summary(self) -> Table:
        """How it stands, without what is large."""
        return {
            "id": self.id,
            "status": self.status,
            "error": self.error or None,
            "pace": self._pace,
            **self._about,
            **self.shown.now(),
        }

    def state(self) -> Table:
        """Everything that a page needs to show it."""
        return {**self.summary(), **self.shown.table()}

    def evaluation(self) -> Evaluation:
        """Its answers to the development digits after the latest epoch."""
        with self._still:
            if self._evaluation is None:
                if not self._run.model.exists():
                    raise refusal(409, "the run has not finished an epoch yet")
                self._evaluation = evaluate(load(self._run.model), self._parts()[1])
            return self._evaluation

    def equations(self) -> Table:
        """The next step of a paused run, which stays where it is meanwhile."""
        with self._still:
            if self.status != "paused" or self._state is None:
                raise refusal(409, "only a paused run can be looked into")
            batch = self._next_batch(self._state, Examples(self.recipe, *self._parts()))
            return equations(self.recipe, self._state, batch.inputs, batch.labels, self._steps)

    def save(self) -> None:
        """Keeps what was asked for and what has been shown. Raises `OutputError`."""
        about = {
            "lesson": self.lesson.table(),
            "begun": self.begun,
            "status": self.status,
            "error": self.error,
            "paused": self._hold,
            "pace": self._pace,
        }
        write_text(self.folder / "shown.json", json.dumps(self.shown.kept()))
        write_text(self.folder / "settings.json", json.dumps(about))

    def _digits(self) -> Digits:
        return self._library.digits(self.lesson.data, self.lesson.examples)

    def _parts(self) -> tuple[Digits, Digits]:
        """What is learnt from, and what is held back."""
        return split(self._digits(), self.recipe.development, SPLIT_SEED)

    def _next_batch(self, state: State, examples: Examples) -> Batch:
        """What the next step will learn from."""
        return examples.batch(*divmod(state.step, self._batches))

    def _work(self) -> None:
        """The thread."""
        try:
            self._train()
        except DigitusError as error:
            self._set("failed", str(error))
        except Exception:
            log.exception("run %s", self.id)
            self._set("failed", "the server made a mistake; its log says more")
        finally:
            self._state = None
            with suppress(DigitusError):
                self.save()

    def _train(self) -> None:
        digits = self._digits()
        if self._run.checkpoint.exists():
            self._state = state = resume(self._run, digits)[1]
            self.shown.rewind(state)
        else:
            self._state = state = begin(self.recipe, digits)
        examples = Examples(self.recipe, *self._parts())
        if state.epochs:
            recognizer = recognizer_so_far(self.recipe, state, examples.learnt)
            self._evaluation = evaluate(recognizer, examples.development)
            self.shown.scored(self._evaluation)
        with closing(record(self._run, self.recipe, digits, state=state)) as events:
            going_on = True
            while going_on:
                with self._still:
                    event = next(events)
                    self._saw(event, state, examples)
                if isinstance(event, Finished):
                    self._set("finished")
                    return
                going_on = self._may_go_on(event, state, examples)
        if self._leave == "stop":
            self._keep_as_it_is(state, examples.learnt, digits)
            self._set("stopped")

    def _may_go_on(self, event: Event, state: State, examples: Examples) -> bool:
        """Waits while the run is paused, or too fast; whether there is a next event."""
        if isinstance(event, Stepped | Started):
            self._single = False
        if isinstance(event, Stepped) and event.batch == self._batches:
            return not self._leave  # the end of the epoch belongs to its last step
        if self._hold and not self._single and not self._leave:
            self._pause(state, examples)
        with self._wish:
            if self._hold and self.status == "paused":
                self._wish.wait_for(lambda: not self._hold or self._single or self._leave)
            elif self._pace and isinstance(event, Stepped) and not self._leave:
                self._wish.wait(1 / self._pace)
            if not self._hold and not self._leave and self.status != "running":
                self._set("running")
            return not self._leave

    def _pause(self, state: State, examples: Examples) -> None:
        """Shows where it stands, and keeps it."""
        self._draw(state, examples)
        if self.status != "paused":
            save_checkpoint(self._run.checkpoint, self.recipe, state, self._digits())
            self._set("paused")
            self.save()

    def _saw(self, event: Event, state: State, examples: Examples) -> None:
        """Takes note of an event and tells those who watch."""
        if isinstance(event, Stepped):
            self.shown.stepped(event)
            now = time.monotonic()
            if now - self._told >= STEP_SECONDS or self._hold:
                self._told = now
                self.channel.publish("stepped", asdict(event))
            if self.channel.watched and now - self._drawn >= WEIGHTS_SECONDS and not self._hold:
                self._draw(state, examples)
        elif isinstance(event, EpochEnded):
            probabilities = softmax(event.outputs)
            self._evaluation = Evaluation(examples.development, probabilities, threshold=0.0)
            self.channel.publish("epoch", self.shown.ended(event, self._evaluation))
            self.save()
        elif isinstance(event, Finished):
            self._evaluation = evaluate(event.recognizer, examples.development)
            self.shown.scored(self._evaluation)
            self.channel.publish("finished", self.shown.now() | {"scores": self._scores()})

    def _scores(self) -> Table | None:
        return self.shown.table()["scores"]

    def _draw(self, state: State, examples: Examples) -> None:
        """Shows the first layer's weights."""
        weights = draw(self.recipe, state, self._next_batch(state, examples))
        self._drawn = time.monotonic()
        if weights is not None:
            self.shown.drawn(weights)
            self.channel.publish("weights", weights)

    def _set(self, status: str, error: str = "") -> None:
        self.error, self.status = error, status
        self.channel.publish("status", {"status": status, "error": error or None})

    def _keep_as_it_is(self, state: State, learnt: Digits, digits: Digits) -> None:
        """The recognizer of a run that was stopped."""
        recognizer = recognizer_so_far(self.recipe, state, learnt)
        history = {
            "digitus": __version__,
            "data": digits.about,
            "epochs": state.epochs,
        }
        replace(recognizer, history=history).save(self._run.model)
        self._run.checkpoint.unlink(missing_ok=True)


def taken_up(folder: Path, library: Library) -> Live:
    """A run from its folder; the caller starts it where it is `going`.

    Raises what a file that is missing, damaged or another version's makes `json`, `lesson_from` and
    a dictionary raise.
    """
    about = json.loads((folder / "settings.json").read_text("utf-8"))
    run = Live(
        folder,
        lesson_from(about["lesson"]),
        library,
        # A version that did not note it kept its runs before any that does.
        begun=float(about.get("begun", 0.0)),
        paused=bool(about["paused"]),
        pace=float(about["pace"]),
    )
    run.shown.restore(json.loads((folder / "shown.json").read_text("utf-8")))
    if about["status"] not in GOING:
        run.status, run.error = str(about["status"]), str(about["error"])
    return run
