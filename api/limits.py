"""Limits on one request: how large its body may be, how slowly it may come, and how long an answer may take."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import Limits
from api.problems import ProblemError

CLOSE = {"Connection": "close"}
HEARD_OUT = 2
"""How many times the limit of a body is read and thrown away, so that who sends it comes to hear why it was refused."""


class Limited:
    """Middleware that raises ProblemError 413, 408 and 503. A body is judged only once the route reads it."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._room = _Room(limits.all_bodies_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body and answer watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        body = _Body(receive, self._limits, self._room)
        try:
            async with asyncio.timeout(self._limits.answer_seconds) as body.answer:
                await self._app(scope, body.receive, noting_send)
        except TimeoutError:
            if started:  # it cannot be taken back: the connection breaks off, so that no half answer looks whole
                raise
            raise _answer_late() from None
        finally:
            self._room.give_back(body.bytes)


class _Room:
    """Room for the bodies of all requests under way: many large ones at once must not take all memory there is."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, size: int) -> None:
        """Take room for a part of a body. Raises ProblemError where there is none; it counts as taken all the same."""
        self._left -= size
        if self._left < 0:
            raise _busy()

    def give_back(self, size: int) -> None:
        """Give back what a whole body has taken."""
        self._left += size


class _Body:
    """A request's body on its way in. The time for the answer begins once it is all there."""

    answer: asyncio.Timeout

    def __init__(self, receive: Receive, limits: Limits, room: _Room) -> None:
        self._receive = receive
        self._limits = limits
        self._room = room
        self._began_s: float | None = None
        self._is_whole = False
        self.bytes = 0

    async def receive(self) -> Message:
        """Return the next part. Raises ProblemError once it is too large or too late."""
        if self._is_whole:
            return await self._receive()
        message = await self._next()
        if message["type"] != "http.request":
            return message
        self._take(message)
        if self.bytes > self._limits.body_bytes:
            await self._hear_out(message)
            raise _too_large(self._limits.body_bytes)
        self._is_whole = not message.get("more_body", False)
        if self._is_whole:
            self.answer.reschedule(asyncio.get_running_loop().time() + self._limits.answer_seconds)
        return message

    async def _next(self) -> Message:
        now_s = asyncio.get_running_loop().time()
        if self._began_s is None:
            self._began_s = now_s
            self.answer.reschedule(now_s + self._limits.body_seconds + self._limits.answer_seconds)
        try:
            async with asyncio.timeout_at(self._began_s + self._limits.body_seconds):
                return await self._receive()
        except TimeoutError:
            raise _body_late() from None

    async def _hear_out(self, message: Message) -> None:
        while message.get("more_body", False) and self.bytes <= HEARD_OUT * self._limits.body_bytes:
            message = await self._next()
            self._take(message)

    def _take(self, message: Message) -> None:
        size = len(message.get("body", b""))
        self.bytes += size
        self._room.take(size)


def _too_large(limit: int) -> ProblemError:
    detail = f"a body has at most {limit} bytes; send the events in several batches"
    return ProblemError(413, "too-large", detail, headers=CLOSE)


def _busy() -> ProblemError:
    detail = "too much is being handed in at this moment, and nothing of this was taken; send it again soon"
    return ProblemError(503, "busy", detail, headers={"Retry-After": "1", **CLOSE})


def _body_late() -> ProblemError:
    detail = "the body did not arrive in time, and nothing of it was taken; send it again, in smaller parts if need be"
    return ProblemError(408, "body-late", detail, headers=CLOSE)


def _answer_late() -> ProblemError:
    detail = "this took too long; what was handed in may have been taken: send it again, it will not count twice"
    return ProblemError(503, "answer-late", detail, headers={"Retry-After": "5"})
