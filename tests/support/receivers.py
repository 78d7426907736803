"""Real receivers on the loopback: a mail server and a webhook, which can be told to behave badly."""

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message as Mail
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import orjson
from aiosmtpd.smtp import SMTP, Envelope, Session

PATIENCE_S = 20.0
LOOPBACK = "127.0.0.1"


class Call(NamedTuple):
    """What a webhook was sent."""

    headers: dict[str, str]
    body: Any


class Webhook:
    """A webhook that accepts until told otherwise. `answer` is a status, `slow`, `drop` or `drip`."""

    def __init__(self, port: int, released: threading.Event) -> None:
        self.port = port
        self.calls: list[Call] = []
        self.answer: int | str = 200
        self.says = b"{}"
        self.released = released

    @property
    def url(self) -> str:
        return f"json://{LOOPBACK}:{self.port}/alerts"

    def keys(self) -> list[str]:
        return [call.headers["Idempotency-Key"] for call in self.calls]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Run a webhook."""
    server = ThreadingHTTPServer((LOOPBACK, 0), BaseHTTPRequestHandler)
    server.daemon_threads = False
    hook = Webhook(server.server_address[1], threading.Event())
    server.RequestHandlerClass = type("_Bound", (_Handler,), {"hook": hook})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hook
    finally:
        hook.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hook: Webhook

    def do_POST(self) -> None:
        self.close_connection = True
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return  # the sender was killed in the middle of it
        self.hook.calls.append(Call(dict(self.headers), orjson.loads(body)))
        self._answer()

    def _answer(self) -> None:
        if isinstance(self.hook.answer, int):
            self._reply(self.hook.answer, self.hook.says)
        elif self.hook.answer == "slow":
            self.hook.released.wait(PATIENCE_S)
        elif self.hook.answer == "drip":
            self._drip()

    def _reply(self, status: int, said: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _drip(self) -> None:
        """Answer a byte at a time, each soon enough for any time-out of a single read."""
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        try:
            while not self.hook.released.wait(0.05):
                self.wfile.write(b" ")
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:
        pass


class MailServer:
    """A mail server that accepts until told otherwise. `answer` is a reply to DATA or RCPT, `slow` or `drop`."""

    def __init__(self) -> None:
        self.port = 0
        self.mails: list[Mail] = []
        self.answer = "250 OK"
        self.refuses_recipients = False

    def url(self, to: str = "anna@council.example") -> str:
        return f"mailto://{LOOPBACK}:{self.port}?from=bellwether@partnership.example&to={to}"

    def keys(self) -> list[str]:
        return [str(mail["X-Bellwether-Delivery"]) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuses_recipients:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content))
        if self.answer == "slow":
            await asyncio.sleep(PATIENCE_S)
        if self.answer == "drop":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.answer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a mail server in a loop of its own."""
    mails = MailServer()
    loop = asyncio.new_event_loop()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        sessions.append(SMTP(mails, loop=loop))
        return sessions[-1]

    server = loop.run_until_complete(loop.create_server(session, LOOPBACK, 0))
    mails.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield mails
    finally:
        asyncio.run_coroutine_threadsafe(_end(server, sessions), loop).result(PATIENCE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server, sessions: Sequence[SMTP]) -> None:
    """Close all connections, and wait until all that served them has ended."""
    server.close()
    for session in sessions:
        if isinstance(session.transport, asyncio.Transport):
            session.transport.abort()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # transports close in the next turn of the loop


@contextmanager
def nobody_listens() -> Iterator[int]:
    """Give a port on which nobody answers."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        yield taken.getsockname()[1]
