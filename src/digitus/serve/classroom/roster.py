"""Who is in the class: numbers, names, and the secrets by which browsers are known again.

It is kept in one file beside the runs, so that a class goes on after its server was started again.
Of a pupil's secret only a hash is kept. A drawing that a pupil has put on the board is kept too.

Everything here is called in the event loop's thread.

Inside: that. Not inside: requests (`door`, `handlers`).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time
from collections import deque
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, structs

from digitus.files import write_text
from digitus.serve.classroom.invitation import new_word
from digitus.serve.responses import json_text, refusal
from digitus.serve.values import Answer, Base64, Digit

log = logging.getLogger("digitus.serve")

FILE = "class.json"
LONGEST_NAME = 24  # characters
MOST_PUPILS = 60
WRONG_WORDS, WRONG_SECONDS = 10, 60.0  # an address that says so many in so long has to wait
REMEMBERED = 1000  # wrong words of all addresses


class Drawing(Answer, frozen=True):
    """What a pupil has shown: 28 x 28 bytes, and what they were read as, None where refused."""

    pixels: Base64
    read: Digit | None


class Pupil(Struct, frozen=True):
    """Somebody who has joined; the number is what others see where there is no name."""

    number: Annotated[int, Meta(ge=1)]
    secret: str  # its hash
    name: str = ""
    drawing: Drawing | None = None


class SavedClass(Struct, frozen=True):
    """A class, as its file holds it."""

    word: str
    token: str
    last: int  # number given so far
    pupils: list[Pupil]


class Roster:
    """The class whose file lies in `folder`; a new one where there is none.

    `token` becomes the teacher's, if given; `address` is where pupils come in.
    """

    def __init__(self, folder: Path, token: str | None = None, address: str = "") -> None:
        self.address = address
        self._file = folder / FILE
        self._class = self._kept() or SavedClass(new_word(), secrets.token_urlsafe(18), 0, [])
        self._keep(structs.replace(self._class, token=token or self._class.token))
        self._wrong: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)

    def _kept(self) -> SavedClass | None:
        if not self._file.exists():
            return None
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=SavedClass)
        except msgspec.MsgspecError as error:
            log.warning("%s is damaged; a new class takes its place: %s", self._file, error)
            return None

    def _keep(self, now: SavedClass) -> None:
        """Writes the class to its file; only then does it count. Raises `OutputError`."""
        write_text(self._file, json_text(now), new_folder=False)
        self._class = now

    @property
    def word(self) -> str:
        """What pupils say to come in."""
        return self._class.word

    @property
    def token(self) -> str:
        """The token by which the teacher is known."""
        return self._class.token

    @property
    def pupils(self) -> list[Pupil]:
        """The pupils in the order in which they joined."""
        return list(self._class.pupils)

    def join(self, word: str, name: str, origin: str) -> str:
        """Adds a pupil who asks from the network address `origin`; returns the pupil's secret."""
        now = time.monotonic()
        tried = sum(who == origin and now - when < WRONG_SECONDS for when, who in self._wrong)
        if tried >= WRONG_WORDS:
            raise refusal(429, "too many wrong words; wait a minute", "words", wait=60)
        if not hmac.compare_digest(word.strip().lower().encode(), self.word.encode()):
            self._wrong.append((now, origin))
            raise refusal(403, "that is not the word of this class", "word")
        if len(self._class.pupils) >= MOST_PUPILS:
            why = f"the class is full: {MOST_PUPILS} have joined"
            raise refusal(409, why, "full", n=MOST_PUPILS)
        secret, number = secrets.token_urlsafe(18), self._class.last + 1
        pupil = Pupil(number, _hashed(secret), plain_name(name))
        pupils = [*self._class.pupils, pupil]
        self._keep(structs.replace(self._class, last=number, pupils=pupils))
        return secret

    def known(self, secret: str) -> Pupil | None:
        """The pupil with that secret, if there is one."""
        hashed = _hashed(secret)
        found = (p for p in self._class.pupils if hmac.compare_digest(p.secret, hashed))
        return next(found, None)

    def has(self, number: int) -> bool:
        """Whether there is a pupil of that number."""
        return any(pupil.number == number for pupil in self._class.pupils)

    def named(self, number: int) -> Pupil:
        """The pupil of that number; a 404 where there is none."""
        for pupil in self._class.pupils:
            if pupil.number == number:
                return pupil
        raise refusal(404, "there is no such pupil", "no-pupil")

    def rename(self, number: int, name: str) -> Pupil:
        """Another name for a pupil."""
        return self._change(structs.replace(self.named(number), name=plain_name(name)))

    def show(self, number: int, drawing: Drawing | None) -> None:
        """A pupil's drawing in the place of the one before, or none."""
        self._change(structs.replace(self.named(number), drawing=drawing))

    def _change(self, pupil: Pupil) -> Pupil:
        pupils = [pupil if p.number == pupil.number else p for p in self._class.pupils]
        self._keep(structs.replace(self._class, pupils=pupils))
        return pupil

    def remove(self, number: int) -> None:
        """Sends a pupil out."""
        self.named(number)
        pupils = [p for p in self._class.pupils if p.number != number]
        self._keep(structs.replace(self._class, pupils=pupils))

    def clear(self) -> None:
        """Sends everyone out; the next class has another word."""
        self._keep(SavedClass(new_word(), self.token, self._class.last, []))


def plain_name(name: str) -> str:
    """A name as it is shown: printable, in one line, not too long."""
    return "".join(c if c.isprintable() else " " for c in name).strip()[:LONGEST_NAME].strip()


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
