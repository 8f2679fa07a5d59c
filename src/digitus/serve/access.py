"""Who may come in: the names that this server has, and the token that visitors need.

A web page of another site must not be able to drive the server or to read from it, whatever name
that site gives this machine; so the Host must be one of this server's. Beyond loopback everyone
needs the token.

Inside: `AccessPolicy`, which knows both. Not inside: turning requests away (`middleware`).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class AccessPolicy:
    """Who may come in: `host` is the address listened on, `token` None where none is needed."""

    host: str = "127.0.0.1"
    port: int = 0
    token: str | None = None

    def __post_init__(self) -> None:
        if self.token is not None and (why := _unfit(self.token)):
            raise ValueError(f"a token {why}")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)

    def allows_host(self, host: str) -> bool:
        """Whether a Host header names this server.

        A site that points its own name at this machine (DNS rebinding) sends that name; it cannot
        make a browser send an address, so any address passes where other machines may connect.
        """
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
        name = name.lower()
        if self.loopback:
            return is_loopback(name)
        own = {self.host.lower(), "localhost", socket.gethostname().lower()}
        return name in own or _address(name) is not None

    def allows_token(self, token: str) -> bool:
        """Whether this is the token; the time it takes does not tell how much of it is right."""
        return _same(token, self.token or "")

    @property
    def cookie_name(self) -> str:
        """The name of the cookie, with the port: browsers do not tell ports apart."""
        return f"digitus-{self.port}"

    @property
    def cookie(self) -> str:
        """What a browser keeps instead of the token: a hash, which any cookie can hold."""
        return hashlib.sha256((self.token or "").encode()).hexdigest()

    def allows_cookie(self, cookie: str) -> bool:
        """Whether this is the cookie that is given to visitors who know the token."""
        return _same(cookie, self.cookie)


def _unfit(token: str) -> str:
    """Why nobody could send this token, or everybody could; "" where it is fit."""
    if not token.strip():
        return "must not be empty: everybody would know it"
    if not token.isprintable():  # also refuses surrogates, as which Python keeps undecodable bytes
        return "must be printable text: no header can hold anything else"
    if token != token.strip():
        return "must not begin or end with a space, which headers lose"
    return ""


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def is_loopback(host: str) -> bool:
    """Whether a name or an address stands for this machine alone."""
    address = _address(host)
    return host.lower() == "localhost" if address is None else address.is_loopback


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
