"""A training run that can be watched, paused and stepped, and that outlives the server.

It trains in a thread of its own, by `runs.record`, so it leaves a checkpoint whenever the server
ends and goes on from it, bit for bit, when the server is back. `settings.json` in its folder says
what was asked for and how it stands, `shown.json` what the page has been shown.

Inside: one run. Not inside: the settings (`lessons`), its events on their way to browsers
(`channel`), all runs together (`runs`).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from digitus import __version__
from digitus.data.batches import split
from digitus.data.digits import Digits
from digitus.errors import DigitusError
from digitus.evaluation import Evaluation, evaluate
from digitus.files import write_text
from digitus.nn import first_trained
from digitus.parallel import gradient
from digitus.recipe import Recipe, planned
from digitus.recognizer import Recognizer, load
from digitus.runs import Run, record, resume, save_checkpoint
from digitus.serve.bodies import packed, refusal
from digitus.serve.channel import Channel
from digitus.serve.equations import equations
from digitus.serve.inside import named
from digitus.serve.lessons import Lesson, Library
from digitus.training import (
    SPLIT_SEED,
    EpochEnded,
    Event,
    Finished,
    Started,
    State,
    Stepped,
    begin,
    next_batch,
    recognizer_so_far,
)

log = logging.getLogger("digitus.serve")

GOING = ("starting", "running", "paused")
STATUSES = (*GOING, "finished", "stopped", "failed")
STEP_SECONDS = 0.1  # between two steps that are told
WEIGHTS_SECONDS = 0.2  # between two pictures of the weights
MOST_POINTS = 1000  # of a curve: then every second one is left out
MOST_UNITS = 64  # whose weights are shown


class Live:
    """One run. Its thread changes it; everyone else looks at it under its lock."""

    def __init__(
        self, folder: Path, lesson: Lesson, library: Library, *, paused: bool = False
    ) -> None:
        self.folder, self.lesson, self._library = folder, lesson, library
        self.recipe: Recipe = lesson.plan()
        self.status, self.error = "starting", ""
        self.channel: Channel | None = None
        self._run = Run(folder)
        self._lock = threading.RLock()  # what is shown
        self._wish = threading.Condition()  # of what the thread shall do
        self._still = threading.Lock()  # held while the state changes
        self._hold, self._single = paused, False  # to pause; but one step
        self._leave = ""  # "stop" for good, or "close" until the next start
        self.pace = 0.0  # steps a second at most; 0: as fast as it can
        self._thread: threading.Thread | None = None
        self._state: State | None = None
        self._learnt: Digits | None = None
        self._development: Digits | None = None
        self._evaluation: Evaluation | None = None
        self._told = self._drawn = 0.0
        self._every, self._batches = 1, 0
        self.now: dict[str, Any] = {"epoch": 0, "step": 0, "loss": None, "accuracy": None}
        self.curve: list[list[float]] = []
        self.records: list[dict[str, Any]] = []
        self.scores: dict[str, Any] | None = None
        self.weights: dict[str, Any] | None = None

    @property
    def id(self) -> str:
        """Its name in addresses: that of its folder."""
        return self.folder.name

    @property
    def going(self) -> bool:
        """Whether it has a thread, or should have."""
        return self.status in GOING

    def start(self) -> None:
        """Begins or goes on."""
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
            self.pace = pace
            self._wish.notify_all()

    def close(self, seconds: float = 10.0) -> None:
        """Lets the thread end with a checkpoint."""
        if self._thread is not None and self._thread.is_alive():
            with self._wish:
                self._leave = self._leave or "close"
                self._wish.notify_all()
            self._thread.join(seconds)
        if self.channel is not None:
            self.channel.close()

    def summary(self) -> dict[str, Any]:
        """How it stands, without what is large."""
        with self._lock:
            examples = self.lesson.examples - self.recipe.development
            batches = -(-examples // (self.recipe.batch_size or examples))
            return {
                "id": self.id,
                "status": self.status,
                "error": self.error or None,
                "pace": self.pace,
                "settings": self.lesson.table(),
                "layers": [named(layer) for layer in self.recipe.network.layers],
                "parameters": sum(
                    int(np.prod(s)) for s in planned(self.recipe.network, (28, 28)).values()
                ),
                "epochs": self.recipe.epochs,
                "batches": batches,
                "steps": self.recipe.epochs * batches,
                "examples": examples,
                "development": self.recipe.development,
                **self.now,
                "development_accuracy": (
                    self.records[-1]["development_accuracy"] if self.records else None
                ),
            }

    def state(self) -> dict[str, Any]:
        """Everything that a page needs to show it."""
        with self._lock:
            return {
                **self.summary(),
                "curve": self.curve,
                "records": self.records,
                "scores": self.scores,
                "weights": self.weights,
            }

    def evaluation(self) -> Evaluation:
        """Its answers to the development digits after the latest epoch. Raises 409 before."""
        with self._still:
            if self._evaluation is None:
                if not self._run.model.exists():
                    raise refusal(409, "the run has not finished an epoch yet")
                digits = self._library.digits(self.lesson.data, self.lesson.examples)
                development = split(digits, self.recipe.development, SPLIT_SEED)[1]
                self._evaluation = evaluate(load(self._run.model), development)
            return self._evaluation

    def equations(self) -> dict[str, Any]:
        """The next step of a paused run, which stays where it is meanwhile."""
        with self._still:
            if self.status != "paused" or self._state is None or self._learnt is None:
                raise refusal(409, "only a paused run can be looked into")
            batch = next_batch(self.recipe, self._state, self._learnt)
            steps = self._batches * self.recipe.epochs
            return equations(self.recipe, self._state, batch, steps)

    def save(self) -> None:
        """Keeps what was asked for and what has been shown."""
        with self._lock:
            about = {
                "lesson": self.lesson.table(),
                "status": self.status,
                "paused": self._hold,
                "pace": self.pace,
                "error": self.error,
            }
            shown = {
                "now": self.now,
                "curve": self.curve,
                "every": self._every,
                "records": self.records,
                "scores": self.scores,
                "weights": self.weights,
            }
        write_text(self.folder / "shown.json", json.dumps(shown))
        write_text(self.folder / "settings.json", json.dumps(about))

    def restore(self, shown: dict[str, Any]) -> None:
        """What had been shown, as `save` kept it."""
        self.now, self.curve, self._every = dict(shown["now"]), shown["curve"], shown["every"]
        self.records, self.scores = shown["records"], shown["scores"]
        self.weights = shown["weights"]

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
            with suppress(DigitusError):
                self.save()
            self._state = self._learnt = None

    def _train(self) -> None:
        digits = self._library.digits(self.lesson.data, self.lesson.examples)
        if self._run.checkpoint.exists():
            state = resume(self._run, digits)[1]
            self._rewind(state)
        else:
            state = begin(self.recipe, digits)
        self._learnt, self._development = split(digits, self.recipe.development, SPLIT_SEED)
        self._state = state
        with closing(record(self._run, self.recipe, digits, state=state)) as events:
            while True:
                with self._still:
                    event = next(events)
                    self._saw(event)
                if isinstance(event, Finished):
                    self._set("finished")
                    return
                if not self._may_go_on(event):
                    break
        if self._leave == "stop":
            self._keep_as_it_is(state, digits)
            self._set("stopped")

    def _may_go_on(self, event: Event) -> bool:
        """Waits while the run is paused; whether there is a next event."""
        if isinstance(event, Stepped) and event.batch == self._batches:
            return not self._leave  # the end of the epoch belongs to its last step
        with self._wish:
            if isinstance(event, Stepped | Started):
                self._single = False
            if self.pace and isinstance(event, Stepped) and not self._hold and not self._leave:
                self._wish.wait(1 / self.pace)
            if self._hold and not self._single and not self._leave:
                self._pause()
                while self._hold and not self._single and not self._leave:
                    self._wish.wait()
        if not self._hold and not self._leave and self.status != "running":
            self._set("running")
        return not self._leave

    def _pause(self) -> None:
        """Shows where it stands, and keeps it."""
        assert self._state is not None
        self._draw()
        if self.status != "paused":
            digits = self._library.digits(self.lesson.data, self.lesson.examples)
            save_checkpoint(self._run.checkpoint, self.recipe, self._state, digits)
            self._set("paused")
            self.save()

    def _set(self, status: str, error: str = "") -> None:
        with self._lock:
            self.status, self.error = status, error
        self._tell("status", {"status": status, "error": error or None})

    def _saw(self, event: Event) -> None:
        """Takes note of an event and tells those who watch."""
        if isinstance(event, Started):
            self._batches = event.batches
        elif isinstance(event, Stepped):
            self._stepped(event)
        elif isinstance(event, EpochEnded):
            self._ended(event)
        elif isinstance(event, Finished):
            self._evaluate(event.recognizer)
            accuracy = self.records[-1]["development_accuracy"]
            self._tell("finished", {"accuracy": accuracy, "scores": self.scores})

    def _stepped(self, event: Stepped) -> None:
        point = asdict(event)
        with self._lock:
            self.now = {key: point[key] for key in ("epoch", "step", "loss", "accuracy")}
            if event.step % self._every == 0:
                self.curve.append(
                    [event.step, *(round(x, 6) for x in (event.loss, event.accuracy, event.rate))]
                )
            if len(self.curve) > MOST_POINTS:
                self._every *= 2
                self.curve = [p for p in self.curve if p[0] % self._every == 0]
        now = time.monotonic()
        if now - self._told >= STEP_SECONDS or self._hold:
            self._told = now
            self._tell("stepped", point)
        watched = self.channel is not None and self.channel.watched
        if watched and not self._hold and now - self._drawn >= WEIGHTS_SECONDS:
            self._draw()

    def _ended(self, event: EpochEnded) -> None:
        assert self._state is not None
        assert self._learnt is not None
        recognizer = recognizer_so_far(self.recipe, self._state, self._learnt)
        self._evaluate(recognizer)
        with self._lock:
            self.records.append(asdict(event))
        self._tell("epoch", {**asdict(event), "scores": self.scores})
        self.save()

    def _evaluate(self, recognizer: Recognizer) -> None:
        """The table by digit and the confusion matrix, of digits that it has not learnt from."""
        assert self._development is not None
        self._evaluation = evaluate(recognizer, self._development)
        about = self._evaluation.record()
        scores = {key: about[key] for key in ("accuracy", "interval95", "by_digit", "confusion")}
        with self._lock:
            self.scores = {"epoch": self.now["epoch"], **scores}

    def _draw(self) -> None:
        """Shows the first layer's weights, and the gradients that the next step will follow."""
        assert self._state is not None
        assert self._learnt is not None
        recipe, state = self.recipe, self._state
        batch = next_batch(recipe, state, self._learnt)
        _, _, gradients = gradient(
            recipe.network, recipe.loss, state.params, batch.images, batch.labels,
            seed=recipe.seed, step=state.step,
        )  # fmt: skip
        layer = first_trained(recipe.network, state.params)
        name = f"{layer}.W"
        if name not in gradients:
            return
        pictures = [_pictures(a) for a in (state.params[name], gradients[name])]
        (weights, scale), (slopes, slope_scale) = (_bytes(p) for p in pictures)
        drawn = {
            "step": state.step,
            "layer": layer,
            "name": named(recipe.network.layers[layer]),
            "shape": list(pictures[0].shape),
            "scale": scale,
            "weights": weights,
            "gradient_scale": slope_scale,
            "gradients": slopes,
        }
        with self._lock:
            self.weights = drawn
        self._drawn = time.monotonic()
        self._tell("weights", drawn)

    def _rewind(self, state: State) -> None:
        """Forgets what had been shown after the checkpoint: it will happen again."""
        with self._lock:
            self.curve = [point for point in self.curve if point[0] <= state.step]
            self.records = list(state.epochs)
            self.now = {
                "epoch": len(state.epochs) + (1 if state.seen else 0),
                "step": state.step,
                "loss": state.loss / state.seen if state.seen else self.now["loss"],
                "accuracy": state.right / state.seen if state.seen else self.now["accuracy"],
            }

    def _keep_as_it_is(self, state: State, digits: Digits) -> None:
        """The recognizer of a run that was stopped."""
        assert self._learnt is not None
        recognizer = recognizer_so_far(self.recipe, state, self._learnt)
        history = {
            "digitus": __version__,
            "data": {"name": digits.name, "origin": digits.origin, "sha256": digits.sha256},
            "epochs": state.epochs,
        }
        replace(recognizer, history=history).save(self._run.model)
        self._run.checkpoint.unlink(missing_ok=True)

    def _tell(self, name: str, data: dict[str, Any]) -> None:
        if self.channel is not None:
            self.channel.publish(name, data)


def _pictures(w: Any) -> Any:
    """First weights as pictures [units h w]: of a dense layer 28 x 28, of a convolution k x k."""
    if w.ndim == 2:
        side = int(len(w) ** 0.5)
        return w.T[:MOST_UNITS, : side * side].reshape(-1, side, side)
    return w[:, :, 0].transpose(2, 0, 1)[:MOST_UNITS]


def _bytes(pictures: Any) -> tuple[str, float]:
    """Pictures as signed bytes, 127 for the largest, and that largest."""
    scale = float(np.abs(pictures).max()) or 1.0
    return packed(np.rint(pictures * (127 / scale)), "i1"), scale
