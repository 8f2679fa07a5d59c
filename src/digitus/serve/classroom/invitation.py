"""What invites into a class: a word that can be said aloud, an address, both as a QR code.

Inside: that. Not inside: who has joined (`roster`).
"""

from __future__ import annotations

import io
import secrets
import socket
from urllib.parse import urlencode

import segno

CONSONANTS, VOWELS = "bdfghkmnprstvz", "aeiou"
SYLLABLES = 4  # 24 million words; an address may try ten a minute
ELSEWHERE = ("192.0.2.1", 9)  # an address that nobody has (RFC 5737); nothing is sent to it


def new_word() -> str:
    """A word that nobody has to spell, in no language: "rimokato"."""
    pick = secrets.choice
    return "".join(pick(CONSONANTS) + pick(VOWELS) for _ in range(SYLLABLES))


def lan_address() -> str:
    """The address of this machine in its network, or loopback's where it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(ELSEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(asked.getsockname()[0])


def join_address(address: str, word: str) -> str:
    """The address of the web page, with the word in it."""
    return f"{address}?{urlencode({'join': word})}"


def qr_rows(text: str) -> list[str]:
    """A QR code, row by row: 1 is dark."""
    return ["".join(map(str, row)) for row in segno.make(text, micro=False).matrix]


def qr_text(text: str) -> str:
    """The same for a terminal, two rows in a line."""
    out = io.StringIO()
    segno.make(text, micro=False).terminal(out, compact=True, border=2)
    return out.getvalue()
