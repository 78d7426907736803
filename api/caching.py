"""Reads that a caller may keep: a strong ETag made from the answer's bytes, and 304 where they are the same."""

from hashlib import sha256

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OK = 200
NOT_MODIFIED = 304
OPEN_CONTRACTS = frozenset({"/openapi.json", "/asyncapi.json"})


class CachedReads:
    """Middleware that gives each read an ETag. It comes from what is shown and nothing else, so it tells no more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and hold its answer back until its bytes are known."""
        if scope["type"] != "http" or scope["method"] != "GET" or not is_kept(scope["path"]):
            await self._app(scope, receive, send)
            return
        held = _Held(Headers(scope=scope).get("if-none-match", ""), send)
        await self._app(scope, receive, held.send)


def is_kept(path: str) -> bool:
    """Whether a read at an address may be kept."""
    return path.startswith("/v1/") or path in OPEN_CONTRACTS


class _Held:
    """An answer that is held back until it is whole."""

    def __init__(self, if_none_match: str, send: Send) -> None:
        self._if_none_match = if_none_match
        self._send = send
        self._start: Message = {}
        self._parts: list[bytes] = []

    async def send(self, message: Message) -> None:
        """Take a part of the answer; send it all with the last."""
        if message["type"] == "http.response.start":
            self._start = message
        if message["type"] == "http.response.start" and message["status"] == OK:
            return
        if message["type"] != "http.response.body" or self._start["status"] != OK:
            await self._send(message)
            return
        self._parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            await self._finish(b"".join(self._parts))

    async def _finish(self, body: bytes) -> None:
        tag = f'"{sha256(body).hexdigest()}"'
        headers = MutableHeaders(raw=list(self._start["headers"]))
        headers["ETag"] = tag
        headers["Cache-Control"] = "private, no-cache"
        headers.add_vary_header("Authorization")
        headers.add_vary_header("Accept")
        status = OK
        if _names(self._if_none_match, tag):
            status, body = NOT_MODIFIED, b""
            for name in ("content-length", "content-type"):
                del headers[name]
        await self._send({"type": "http.response.start", "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def _names(if_none_match: str, tag: str) -> bool:
    """Whether a list of tags names one; for reads a weak tag is as good as a strong one."""
    named = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return tag in named or named == ["*"]
