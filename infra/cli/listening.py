"""Listens for HTTP: one socket, one server, and a protocol that does not wait for ever for a request's head."""

import asyncio
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.headers import protect
from api.problems import ProblemError
from infra.cli.faults import WrongUseError

if TYPE_CHECKING:
    from fastapi import FastAPI

HEAD_SECONDS = 10.0
HEAD_BYTES = 65_536
KEEP_ALIVE_SECONDS = 30
FINISH_SECONDS = 15
MOST_CONNECTIONS = 1_000
BACKLOG = 512


class ImpatientProtocol(HttpToolsProtocol):
    """Ends connections whose next request's head is too slow or too large, so that they cannot use all there are."""

    _head_is_late: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Expect a first head."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Count what comes of a head."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_is_late is not None and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(f"the head of a request has at most {HEAD_BYTES} bytes; send less in it")

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request as everything else is answered, with a problem."""
        answer = ProblemError(400, "malformed-request", msg).response()
        protect(answer.headers)
        answer.headers["Connection"] = "close"
        head = [name + b": " + value + b"\r\n" for name, value in answer.raw_headers]
        self.transport.write(b"".join([STATUS_LINE[400], *head, b"\r\n", answer.body]))
        self.transport.close()

    def on_message_begin(self) -> None:
        """Expect the head of one more request on the same connection."""
        super().on_message_begin()
        if self._head_is_late is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """Stop expecting: the rest has limits of its own."""
        self._stop_expecting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop expecting."""
        self._stop_expecting()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._head_is_late = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_expecting(self) -> None:
        if self._head_is_late is not None:
            self._head_is_late.cancel()
            self._head_is_late = None


class Listener:
    """A server on a socket that is open from the start, so that its port is known, or found taken, at once."""

    def __init__(self, app: "FastAPI", host: str, port: int, trusted_proxies: str = "") -> None:
        """Port 0 takes any that is free. Raises WrongUseError where there can be no such socket."""
        self._socket = _open_socket(host, port)
        _relay_warnings()
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                access_log=False,
                backlog=BACKLOG,
                forwarded_allow_ips=trusted_proxies,
                http=ImpatientProtocol,
                lifespan="off",
                limit_concurrency=MOST_CONNECTIONS,
                log_config=None,
                loop="uvloop",
                proxy_headers=bool(trusted_proxies),
                server_header=False,
                timeout_graceful_shutdown=FINISH_SECONDS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                ws="none",
            )
        )

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self, stop: threading.Event) -> None:
        """Serve until told to stop; requests under way then are finished, for some seconds at most."""
        threading.Thread(target=self._hear, args=(stop,), name="api-stop", daemon=True).start()
        self._server.run(sockets=[self._socket])

    def _hear(self, stop: threading.Event) -> None:
        stop.wait()
        self._server.should_exit = True


def _open_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise WrongUseError(
            f"port {port} of {host} cannot be opened: {error.strerror or 'no such address'}; end what has it, or name"
            " another with --port and --host"
        ) from None


class _Relay(logging.Handler):
    """Writes the server's warnings as log lines of ours: their template, without what came."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        log: Any = structlog.get_logger()
        failure = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.warning("http server", said=str(record.msg).strip(), failure=failure)


def _relay_warnings() -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers = [_Relay()]
