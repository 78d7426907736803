"""Many clients that post at once, each on a connection of its own, and ask again until they have an answer.

They speak HTTP over plain asyncio streams, from bytes made beforehand: an answer is one only if all of it came, and
what is measured with them is the server rather than the client, which shares its cores.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import orjson

from api.event_examples import MediaType

LOOPBACK = "127.0.0.1"
ANSWER_WITHIN_S = 15.0
AGAIN_AFTER_S = 0.2
TRY_LATER = (429, 503)
HEAD_ENDS = b"\r\n\r\n"


class NoAnswerError(Exception):
    """No answer came, or only a part of one (`is_half`); `was_sent` is whether the request may have been read."""

    def __init__(self, *, was_sent: bool, is_half: bool = False) -> None:
        super().__init__("no whole answer came")
        self.was_sent = was_sent
        self.is_half = is_half


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    head: bytes
    body: bytes

    def json(self) -> Any:
        """Return what the body says."""
        return orjson.loads(self.body)

    def header(self, name: str) -> str:
        """Return a header; empty if there is none such."""
        for line in self.head.decode("latin-1").splitlines():
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return ""


def free_port() -> int:
    """Return a port that nobody has."""
    with closing(socket.create_server((LOOPBACK, 0))) as free:
        return int(free.getsockname()[1])


def request(method: str, path: str, key: str, body: bytes = b"", kind: str = "") -> bytes:
    """Return a request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nAuthorization: Bearer {key}\r\n"
    if body:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def post(key: str, events: Sequence[bytes]) -> bytes:
    """Return the request that hands events in: one alone, several as a batch."""
    if len(events) == 1:
        return request("POST", "/v1/events", key, events[0], MediaType.EVENT)
    return request("POST", "/v1/events", key, b"[" + b",".join(events) + b"]", MediaType.BATCH)


class Line:
    """A connection that is opened when it is needed, and kept."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: bytes) -> Answer:
        """Send a request and return its answer. Raises NoAnswerError, and then begins anew with the next."""
        was_sent = False
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                reader, writer = await self._open()
                was_sent = True
                writer.write(asked)
                return await _read(reader)
        except asyncio.IncompleteReadError as error:
            self.close()
            raise NoAnswerError(was_sent=True, is_half=bool(error.partial)) from None
        except (OSError, TimeoutError):
            self.close()
            raise NoAnswerError(was_sent=was_sent) from None

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(LOOPBACK, self._port)
        return self._streams


async def _read(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(HEAD_ENDS)
    status = int(head[9:12])
    answer = Answer(status, head, b"")
    try:
        body = await reader.readexactly(int(answer.header("Content-Length") or 0))
    except asyncio.IncompleteReadError as error:
        raise asyncio.IncompleteReadError(head + error.partial, None) from None
    return Answer(status, head, body)


@dataclass
class Sending:
    """Some events on their way: how often they were handed in without an answer, and the answer."""

    events: Sequence[bytes]
    again: bool = False
    """Whether they are sent although they were answered before."""
    unanswered: int = 0
    answer: Answer | None = None


class Crowd:
    """Clients on a loop in a thread of their own, so that the test can meanwhile kill whom they talk to."""

    def __init__(self, port: int, key: str, clients: Sequence[Sequence[Sending]], seed: int) -> None:
        self._port = port
        self._key = key
        self._clients = clients
        self._chance = Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="crowd")
        self.answered = 0
        self.refused_for_now = 0
        self.half_answers = 0

    @property
    def is_done(self) -> bool:
        """Whether every client has all its answers, or has been told to stop."""
        return not self._thread.is_alive()

    def start(self) -> None:
        """Begin, all at once."""
        self._everybody = self._loop.create_task(self._all())
        self._thread.start()

    def stop(self) -> None:
        """Have all clients hang up where they are."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._everybody.cancel)
        self._thread.join(ANSWER_WITHIN_S)

    def _run(self) -> None:
        with closing(self._loop), suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._everybody)

    async def _all(self) -> None:
        async with asyncio.TaskGroup() as everybody:
            for sendings in self._clients:
                everybody.create_task(self._client(sendings))

    async def _client(self, sendings: Sequence[Sending]) -> None:
        line = Line(self._port)
        try:
            for sending in sendings:
                await self._send(line, sending)
        finally:
            line.close()

    async def _send(self, line: Line, sending: Sending) -> None:
        asked = post(self._key, sending.events)
        while sending.answer is None:
            try:
                answer = await line.ask(asked)
            except NoAnswerError as error:
                sending.unanswered += error.was_sent
                self.half_answers += error.is_half
                await asyncio.sleep(AGAIN_AFTER_S * (1 + self._chance.random()))
                continue
            if answer.status in TRY_LATER:
                self.refused_for_now += 1
                sending.unanswered += 1
                await asyncio.sleep(float(answer.header("Retry-After") or AGAIN_AFTER_S))
                continue
            sending.answer = answer
            self.answered += 1


@contextmanager
def posting(port: int, key: str, clients: Sequence[Sequence[Sending]], seed: int) -> Iterator[Crowd]:
    """Let clients post while a block goes on; none of them outlives it."""
    crowd = Crowd(port, key, clients, seed)
    crowd.start()
    try:
        yield crowd
    finally:
        crowd.stop()


def ask_all(port: int, requests: Sequence[bytes], lines: int) -> list[Answer]:
    """Ask many things over some connections, and return the answers in order. Raises NoAnswerError."""

    async def all_of_them() -> list[Answer]:
        async def share(first: int) -> list[Answer]:
            line = Line(port)
            try:
                return [await line.ask(asked) for asked in requests[first::lines]]
            finally:
                line.close()

        shares = await asyncio.gather(*(share(first) for first in range(lines)))
        return [shares[number % lines][number // lines] for number in range(len(requests))]

    return asyncio.run(all_of_them())
