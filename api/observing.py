"""What operators see of each request: its id, its route, how it ended and how long it took. Never what was in it."""

import re
import secrets
import time
from collections.abc import Mapping
from random import Random

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.callers import Caller
from api.faults import fault_of_ours, store_away
from api.headers import protect
from api.problems import ProblemError
from infra.observability.metrics import CounterName, HistogramName, Metrics
from streams.ports import StoreUnavailableError

REQUEST_ID = "X-Request-Id"
WELL_FORMED = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}")
"""A UUID, or the id of a span or trace: no such id can carry a word, telephone number or birthday into the log."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_ROUTE = "none"
GONE = "gone"
"""How a request ended whose caller went away before its answer."""


class Observed:
    """The outermost middleware: numbers, times and logs each request, and turns what nobody caught into a problem."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._chance = Random(secrets.randbits(128))  # noqa: S311 - ids to tell requests apart, no secrets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see to it that it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer, began_s = _Answer(self._id_of(scope), send), time.monotonic()
        try:
            await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, who called gets a problem and the log its line
            await self._answer_for(error, answer, scope, receive)
        self._note(scope, answer, time.monotonic() - began_s)

    def _id_of(self, scope: Scope) -> str:
        """Return the id that a request came with, if it is one, else a new one."""
        given = Headers(scope=scope).get(REQUEST_ID, "")
        return given if WELL_FORMED.fullmatch(given) else f"{self._chance.getrandbits(64):016x}"

    async def _answer_for(self, error: Exception, answer: "_Answer", scope: Scope, receive: Receive) -> None:
        problem = _problem_of(error, answer.request_id)
        if answer.status is not None:  # it cannot be taken back; the server breaks the connection off
            return
        await problem.response()(scope, receive, answer.send)

    def _note(self, scope: Scope, answer: "_Answer", seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", NO_ROUTE)
        method = scope["method"] if scope["method"] in METHODS else "other"
        status = GONE if answer.status is None else f"{answer.status // 100}xx"
        labels = {"route": route, "method": method}
        self._metrics.count(CounterName.REQUESTS, labels | {"status": status})
        self._metrics.observe(HistogramName.REQUEST_SECONDS, labels, seconds)
        structlog.get_logger().info(
            "request",
            request_id=answer.request_id,
            actor=_actor(scope.get("state", {})),
            route=route,
            method=method,
            status=answer.status or GONE,
            seconds=round(seconds, 6),
        )


class _Answer:
    """An answer on its way out, with the headers that all carry."""

    def __init__(self, request_id: str, send: Send) -> None:
        self.request_id = request_id
        self.status: int | None = None
        self._send = send

    async def send(self, message: Message) -> None:
        """Send a part on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(raw=list(message.get("headers", [])))
            headers[REQUEST_ID] = self.request_id
            protect(headers)
            message = {**message, "headers": headers.raw}
        await self._send(message)


def _problem_of(error: Exception, request_id: str) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, StoreUnavailableError):
        return store_away(error)
    return fault_of_ours(error, request_id)


def _actor(state: Mapping[str, object]) -> str | None:
    caller = state.get("caller")
    return caller.actor if isinstance(caller, Caller) else None
