"""Firefox, driven by Marionette: the commands of WebDriver over a socket, as Firefox has them.

Playwright drives only a Firefox of its own, and Debian has no geckodriver.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PATIENCE = 240  # seconds: on a machine with much other work it takes a minute to start
# Of Firefox's output, the lines that say what went wrong in a page, and not in Firefox itself.
COMPLAINTS = ("JavaScript error: http", "JavaScript error: file")


class Firefox:
    """A Firefox that listens at a port, and prints into a file what goes wrong."""

    def __init__(self, port: int, printed: Path) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._printed = printed
        self._sent = 0
        self._told()  # which protocol it speaks
        self._do("NewSession")

    def _told(self) -> Any:
        """A message: its length, a colon, JSON."""
        length = b""
        while not length.endswith(b":"):
            length += self._some(1)
        return json.loads(self._some(int(length[:-1])))

    def _some(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self._socket.recv(count - len(found))
            assert part, "Firefox has gone"
            found += part
        return found

    def _do(self, command: str, **how: Any) -> Any:
        self._sent += 1
        said = json.dumps([0, self._sent, f"WebDriver:{command}", how]).encode()
        self._socket.sendall(b"%d:%s" % (len(said), said))
        _, number, error, result = self._told()
        assert number == self._sent
        assert error is None, error
        return result

    def close(self) -> None:
        """Lets go of it."""
        self._socket.close()

    def go(self, address: str) -> None:
        """Opens a page."""
        self._do("Navigate", url=address)

    def script(self, code: str, *given: object) -> Any:
        """What the code returns in the page."""
        return self._do("ExecuteScript", script=code, args=given)["value"]

    def text(self, selector: str) -> str | None:
        """What the element says; None where there is none."""
        code = "return document.querySelector(arguments[0])?.textContent"
        found: str | None = self.script(code, selector)
        return found

    def shows(self, selector: str) -> bool:
        """Whether such an element is there, and takes up room."""
        code = "return [...document.querySelectorAll(arguments[0])]"
        return bool(self.script(f"{code}.some((e) => e.getClientRects().length)", selector))

    def type(self, key: str) -> None:
        """Presses a key."""
        actions = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": actions})

    def write(self, selector: str, places: Sequence[tuple[float, float]]) -> None:
        """Moves the mouse, pressed, over places of the element, which are shares of its sides."""
        code = "const b = document.querySelector(arguments[0]).getBoundingClientRect();"
        left, top, w, h = self.script(f"{code} return [b.left, b.top, b.width, b.height]", selector)
        moves: list[dict[str, Any]] = [
            {"type": "pointerMove", "x": round(left + x * w), "y": round(top + y * h)}
            for x, y in places
        ]
        moves.insert(1, {"type": "pointerDown", "button": 0})
        moves.append({"type": "pointerUp", "button": 0})
        self._act({"type": "pointer", "id": "mouse", "actions": moves})

    def _act(self, source: dict[str, Any]) -> None:
        self._do("PerformActions", actions=[source])

    def complaints(self) -> list[str]:
        """What went wrong in pages."""
        lines = self._printed.read_text("utf-8", "replace").splitlines()
        return [line for line in lines if line.startswith(COMPLAINTS)]
