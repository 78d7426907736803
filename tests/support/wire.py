"""A caller on a socket of their own, who writes whatever bytes they like and reads whole answers."""

import select
import socket
from http.client import parse_headers
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.support.cli import TIMEOUT_S
from tests.support.problems import checked

SOON_S = 0.01


class Heard(NamedTuple):
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    content: bytes

    def problem(self) -> tuple[int, str]:
        """Return (status, code) of an answer that is a problem as it must be."""
        return checked(self.status, self.headers, self.content)


class Wire:
    """A connection; use it in a `with`."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self.socket = socket.create_connection((address.hostname, address.port), timeout=TIMEOUT_S)
        self._incoming = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._incoming.close()
        self.socket.close()

    def say(self, *parts: bytes) -> "Wire":
        """Send bytes as they are."""
        self.socket.sendall(b"".join(parts))
        return self

    def trickle(self, body: bytes) -> int:
        """Send a byte at a time until there is an answer; return how many were sent."""
        for sent, byte in enumerate(body):
            if self.is_answered(SOON_S):
                return sent
            self.socket.sendall(bytes([byte]))
        return len(body)

    def is_answered(self, within_s: float = TIMEOUT_S) -> bool:
        """Whether something has come, or the other side has hung up."""
        readable, _, _ = select.select([self.socket], [], [], within_s)
        return bool(readable)

    def hear(self, *, bodiless: bool = False) -> Heard:
        """Return the next answer; one to HEAD has no body, whatever its headers say."""
        line = self._incoming.readline()
        assert line.startswith(b"HTTP/1.1 "), line
        headers = {name.lower(): value for name, value in parse_headers(self._incoming).items()}
        length = 0 if bodiless else int(headers.get("content-length", "0"))
        return Heard(int(line.split()[1]), headers, self._incoming.read(length))

    def is_over(self) -> bool:
        """Whether the other side has hung up, with nothing more to say."""
        return self._incoming.read(1) == b""


def head(line: str, *fields: tuple[str, str]) -> bytes:
    """Return a request's head: its first line, who is asked, and more fields as they are given."""
    written = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"{line} HTTP/1.1\r\nHost: testserver\r\n{written}\r\n".encode("latin-1")
