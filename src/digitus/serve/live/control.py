"""What a run's thread is to do, as other threads ask it to.

Inside: pausing, single steps, the pace, the end, and waiting for them. Not inside: training
(`run`).
"""

from __future__ import annotations

import threading
from typing import Literal

from digitus.serve.responses import refusal

Command = Literal["pause", "resume", "step", "stop"]

STEP_WAIT_SECONDS = 2.0  # who waits longer for a step would keep a thread from answering others
SLOWEST_PACE, FASTEST_PACE = 0.1, 1000.0  # steps a second that can be asked for


class Control:
    """Any thread may ask; the run's own waits, and for a moment one that has asked for a step."""

    def __init__(self, *, paused: bool, pace: float) -> None:
        self._changed = threading.Condition()
        self.paused = paused  # as asked for: the run may not have reached it yet
        self.pace = pace  # steps a second at most; 0: as fast as it can
        self._single = False  # one step although paused
        self._leave: Literal["", "stop", "close"] = ""  # for good, or until the next start

    @property
    def leaving(self) -> bool:
        """Whether the thread is to end."""
        return bool(self._leave)

    @property
    def stopping(self) -> bool:
        """Whether the run is to end for good."""
        return self._leave == "stop"

    @property
    def pausing(self) -> bool:
        """Whether the thread is to wait now."""
        return self.paused and not self._single and not self._leave

    @property
    def running(self) -> bool:
        """Whether the run is to go on by itself."""
        return not self.paused and not self._leave

    def ask(self, command: Command) -> None:
        """Asks the run to pause, to resume, to take one more step, or to stop for good."""
        with self._changed:
            self.paused, self._single = command in ("pause", "step"), command == "step"
            if command == "stop":
                self._leave = "stop"
            self._changed.notify_all()

    def go_at(self, pace: float) -> None:
        """Limits the steps a second; 0 is no limit."""
        with self._changed:
            self.pace = pace
            self._changed.notify_all()

    def close(self) -> None:
        """Asks the run to end until the next start, or notes that it has: nobody waits any more."""
        with self._changed:
            self._leave = self._leave or "close"
            self._changed.notify_all()

    def stepped(self) -> None:
        """A single step, if one was asked for, has been taken."""
        with self._changed:
            self._single = False
            self._changed.notify_all()

    def wait_until_stepped(self) -> None:
        """Waits a moment until a single step that was asked for is taken; else refuses with 503."""
        with self._changed:
            over = self._changed.wait_for(
                lambda: self._leave or not self._single, STEP_WAIT_SECONDS
            )
        if not over:
            why = "the step that was asked for is not taken yet; try again in a second"
            raise refusal(503, why, "busy", wait=1)

    def wait_while_paused(self) -> None:
        """Waits until the run may go on, take a step, or end."""
        with self._changed:
            self._changed.wait_for(lambda: not self.pausing)

    def wait_for_the_next_step(self) -> None:
        """Waits as long as the pace demands, or until somebody asks for something."""
        with self._changed:
            if self.pace and not self._leave:
                self._changed.wait(1 / self.pace)


def checked_pace(pace: float) -> float:
    """The pace, if it may be asked for; else refuses with 400."""
    if pace and not SLOWEST_PACE <= pace <= FASTEST_PACE:
        why = f"pace must be 0 or from {SLOWEST_PACE:g} to {FASTEST_PACE:g} steps a second"
        raise refusal(400, why)
    return pace
