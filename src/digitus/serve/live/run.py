"""A training run that can be watched, paused and stepped, and that outlives the server.

It trains in a thread of its own, by `run_folder.record`, so it leaves a checkpoint whenever the
server ends, and goes on from it, bit for bit, when the server is back. `settings.json` in its
folder says what was asked for and how it stands, `shown.json` what the web page has shown.

Inside: one run. Not inside: the settings (`lesson`), what its thread is to do (`control`), what is
told of it (`telling`), how far it has come (`progress`), all runs together (`runs`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import closing, suppress
from pathlib import Path

from msgspec import structs

from digitus.datasets.batches import split
from digitus.datasets.digits import Digits
from digitus.errors import DigitusError, OutputError
from digitus.evaluation import Evaluation, evaluate
from digitus.files import write_text
from digitus.locks import locked
from digitus.recognizer import load
from digitus.serve.live.channel import Channel
from digitus.serve.live.control import Command, Control
from digitus.serve.live.digits_cache import DigitsCache
from digitus.serve.live.ends import first_state, save_stopped
from digitus.serve.live.equations import StepEquations, equations
from digitus.serve.live.first_layer import draw
from digitus.serve.live.places import Places
from digitus.serve.live.progress import SavedProgress
from digitus.serve.live.run_state import GOING, RunState, SavedSettings, Status, Summary, extent
from digitus.serve.live.telling import Telling
from digitus.serve.responses import Error, json_text, named, refusal, refused, unexpected
from digitus.threads import give_way
from digitus.training.examples import Examples
from digitus.training.loop import (
    SPLIT_SEED,
    EpochEnded,
    Event,
    Finished,
    Started,
    State,
    Stepped,
    recognizer_so_far,
)
from digitus.training.run_folder import Run, record, save_checkpoint
from digitus.training.source import Batch

log = logging.getLogger("digitus.serve")


class LiveRun:
    """One run. Must be made in the event loop's thread, which its channel belongs to."""

    def __init__(
        self, folder: Path, settings: SavedSettings, cache: DigitsCache, places: Places
    ) -> None:
        self.folder, self._cache, self._places = folder, cache, places
        self.lesson, self.begun, self.owner = settings.lesson, settings.begun, settings.owner
        self.recipe = self.lesson.plan()
        self.status: Status = "starting" if settings.status in GOING else settings.status
        self.failure = settings.failure
        self.channel = Channel(asyncio.get_running_loop(), self.state)
        self._telling = Telling(self.channel)
        self.progress = self._telling.progress
        self._run = Run(folder, new_folder=False)  # the folder may be removed at any time
        self._control = Control(paused=settings.paused, pace=settings.pace)
        self._state_lock = threading.Lock()  # held while the state changes
        self._save_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._state: State | None = None
        self._evaluation: Evaluation | None = None
        self._extent = extent(self.lesson, self.recipe)

    @property
    def id(self) -> str:
        """Its name in addresses, which is that of its folder."""
        return self.folder.name

    @property
    def model(self) -> Path:
        """Its network's file, which is there after the first epoch."""
        return self._run.model

    @property
    def going(self) -> bool:
        """Whether it trains, or is paused."""
        return self.status in GOING

    @property
    def at_work(self) -> bool:
        """Whether its thread is still there."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begins, or goes on from its checkpoint, also if it had failed. Raises `OutputError`."""
        before = self.status, self.failure, self._control
        if not self.going:
            self._control = Control(paused=False, pace=self._control.pace)
            self._set("starting")
        try:
            self.save()
        except OutputError:
            self.status, self.failure, self._control = before
            raise
        self._thread = threading.Thread(target=self._work, name=f"run {self.id}", daemon=True)
        self._thread.start()

    def ask(self, command: Command) -> None:
        """Asks the thread to pause, to resume, to take one step more, or to stop."""
        if not self.going:
            raise refusal(409, f"the run has ended: it is {self.status}", "ended")
        if command == "step" and self.status != "paused":
            raise refusal(409, "only a paused run can be stepped", "not-paused")
        self._control.ask(command)

    def go_at(self, pace: float) -> None:
        """Limits the steps a second; 0 is no limit."""
        self._control.go_at(pace)

    def fail(self, failure: Error) -> None:
        """Ends the run as failed."""
        self._set("failed", failure)

    def close(self) -> None:
        """Asks the thread to end with a checkpoint, and ends the streams of all who watch."""
        self.channel.close()
        self._control.close()

    def join(self, seconds: float) -> None:
        """Waits until the thread has ended, but no longer than `seconds`."""
        if self._thread is not None:
            self._thread.join(seconds)

    def summary(self) -> Summary:
        """How it stands, without what is large."""
        return self._summary(self.progress.saved())

    def state(self) -> RunState:
        """Everything that is needed to show it."""
        kept = self.progress.saved()
        large = {n: getattr(kept, n) for n in ("curve", "records", "scores", "weights")}
        return RunState(**structs.asdict(self._summary(kept)), **large)

    def _summary(self, kept: SavedProgress) -> Summary:
        last = kept.records[-1] if kept.records else None
        return Summary(
            id=self.id,
            begun=self.begun,
            status=self.status,
            **named(self.failure),
            owner=self.owner,
            wait=self._places.seconds(self.id),
            pace=self._control.pace,
            settings=self.lesson,
            **structs.asdict(self._extent),
            **structs.asdict(kept.now),
            development_accuracy=last and last["development_accuracy"],
        )

    def evaluation(self) -> Evaluation:
        """Its answers to the development digits after the latest epoch."""
        with self._state_lock:
            if self._evaluation is None:
                if not self._run.model.exists():
                    raise refusal(409, "the run has not finished an epoch yet", "no-epoch")
                self._evaluation = evaluate(load(self._run.model), self._parts()[1])
            return self._evaluation

    def report(self) -> str:
        """The report on its network after the latest epoch, as HTML."""
        from digitus.report import report  # imported late: its templates would delay the start

        evaluation = self.evaluation()
        return report(load(self.model), evaluation, self.progress.saved().records)

    def equations(self) -> StepEquations:
        """The step that a paused run takes next, after any that was asked for; it is not taken."""
        self._control.wait_until_stepped()
        with self._state_lock:
            if self.status != "paused" or self._state is None:
                raise refusal(409, "only a paused run can be looked into", "not-paused")
            batch = self._next_batch(self._state, Examples(self.recipe, *self._parts()))
            return equations(self.recipe, self._state, batch, self._extent.steps)

    def save(self, status: Status | None = None) -> None:
        """Keeps what was asked for, what has been shown, and a status. Raises `OutputError`."""
        with self._save_lock:  # so that what is written last is how the run stands
            control = self._control
            how = status or self.status, control.paused, control.pace, self.begun, self.owner
            settings = SavedSettings(self.lesson, *how, **named(self.failure))
            for name, kept in (("shown.json", self.progress.saved()), ("settings.json", settings)):
                write_text(self.folder / name, json_text(kept), new_folder=False)

    def _digits(self) -> Digits:
        return self._cache.digits(self.lesson.data, self.lesson.examples)

    def _parts(self) -> tuple[Digits, Digits]:
        """What is learnt from, and what is held back."""
        return split(self._digits(), self.recipe.development, SPLIT_SEED)

    def _next_batch(self, state: State, examples: Examples) -> Batch:
        return examples.batch(*divmod(state.step, self._extent.batches))

    def _work(self) -> None:
        control = self._control
        failure: Error | None = None
        try:
            give_way()
            with locked(self.folder, "digitus serve"):
                self._train()
        except DigitusError as error:
            failure = refused(error).error
        except Exception as error:
            log.exception("run %s", self.id)
            failure = unexpected(error).error
        self._places.leave(self.id)
        self._state = None
        if failure:  # from here on another thread may start the run again
            self.fail(failure)
        control.close()  # a step that was asked for will not be taken
        with suppress(DigitusError):
            self.save()

    def _train(self) -> None:
        digits = self._digits()
        self._state = state = first_state(self._run, self.recipe, digits)
        self.progress.rewind(state)
        examples = Examples(self.recipe, *self._parts())
        if state.epochs:
            recognizer = recognizer_so_far(self.recipe, state, examples.learnt)
            self._evaluation = evaluate(recognizer, examples.development)
            self.progress.scored(self._evaluation)
        with closing(record(self._run, self.recipe, digits, state=state)) as events:
            going_on = True
            while going_on:
                with self._places.shares.step(self.id), self._state_lock:
                    event = next(events)
                    self._observe(event, state, examples)
                if isinstance(event, Finished):
                    self._set("finished")
                    return
                going_on = self._may_go_on(event, state, examples)
        if self._control.stopping:
            save_stopped(self._run, self.recipe, state, examples.learnt, digits)
            self._set("stopped")

    def _may_go_on(self, event: Event, state: State, examples: Examples) -> bool:
        """Waits while the run is paused or too fast; returns whether there is a next event."""
        if isinstance(event, Stepped | Started):
            self._control.stepped()
        if isinstance(event, Stepped) and event.batch == self._extent.batches:
            return not self._control.leaving  # the end of the epoch belongs to its last step
        if self._control.pausing:
            self._places.leave(self.id)
            self._pause(state, examples)
            self._control.wait_while_paused()
        elif isinstance(event, Stepped):
            self._control.wait_for_the_next_step()
        if self._control.running and not self._places.keeps(self.id):
            self._set("waiting")
            self._places.wait(self.id, lambda: self._control.running)
        if self._control.running and self.status != "running":
            self._set("running")
        return not self._control.leaving

    def _pause(self, state: State, examples: Examples) -> None:
        """Shows and saves how the run stands."""
        self._draw(state, examples)
        if self.status != "paused":
            save_checkpoint(self._run, self.recipe, state, self._digits())
            self.save("paused")  # first: whoever is told may kill the server at once
            self._set("paused")

    def _observe(self, event: Event, state: State, examples: Examples) -> None:
        """Takes note of an event and tells those who watch."""
        if isinstance(event, Stepped):
            paused = self._control.paused
            self._telling.stepped(event, always=paused)
            if self._telling.weights_wanted and not paused:
                self._draw(state, examples)
        elif isinstance(event, EpochEnded):
            self._evaluation = self._telling.epoch(event, examples.development)
            self.save()
        elif isinstance(event, Finished):
            self._draw(state, examples)  # the last steps may have been too fast to be drawn
            self._evaluation = self._telling.finished(event, examples.development)

    def _draw(self, state: State, examples: Examples) -> None:
        """Shows the first layer's weights."""
        self._telling.weights(draw(self.recipe, state, self._next_batch(state, examples)))

    def _set(self, status: Status, failure: Error | None = None) -> None:
        self.failure, self.status = failure, status
        self._telling.status(status, failure)
