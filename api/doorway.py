"""The way in: 401 without a valid key, before anything else is looked at, and 429 for whoever asks too often."""

from collections import OrderedDict
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import Deps
from api.problems import ProblemError
from api.rates import Allowance
from api.security import identify, key_of

PUBLIC = frozenset({"/healthz", "/readyz", "/openapi.json", "/asyncapi.json"})
MOST_KEYS_KNOWN = 1_000
HOME_PREFIX = 64
"""Whoever has an IPv6 address has all that share its first so many bits."""


class Doorway:
    """Middleware that lets nobody past without a key, but for what is public.

    Calls without a valid key are counted by address. Once an address is over its limit, only keys that were valid
    lately are looked up: a caller gone wrong must not shut out the others behind the same gateway.
    """

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._monotonic_s = deps.monotonic_s
        self._by_key = Allowance(deps.limits.requests_a_minute)
        self._refused = Allowance(deps.limits.refused_a_minute)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its caller known, or raise ProblemError."""
        if scope["type"] == "http" and scope["path"] not in PUBLIC:
            await self._admit(Request(scope))
        await self._app(scope, receive, send)

    async def _admit(self, request: Request) -> None:
        now_s, address = self._monotonic_s(), _home_of(request)
        digest = sha256(key_of(request).encode()).digest()
        if digest not in self._known:
            _refuse_for(self._refused.wait_s(address, now_s), "calls without a valid key came from this address")
        try:
            caller = await identify(request)
        except ProblemError:
            self._known.pop(digest, None)
            self._refused.take(address, now_s)
            raise
        self._know(digest)
        _refuse_for(self._by_key.wait_s(caller.actor, now_s), "requests came with this key")
        self._by_key.take(caller.actor, now_s)

    def _know(self, digest: bytes) -> None:
        self._known[digest] = None
        self._known.move_to_end(digest)
        if len(self._known) > MOST_KEYS_KNOWN:
            self._known.popitem(last=False)


def _refuse_for(seconds: int, what: str) -> None:
    if seconds:
        detail = f"too many {what} within a minute; wait as long as the header Retry-After says"
        raise ProblemError(429, "too-many-requests", detail, headers={"Retry-After": str(seconds)})


def _home_of(request: Request) -> str:
    """Return where a request comes from, as far as one party can be told from another."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(ip_network((address, HOME_PREFIX), strict=False))
    return host
