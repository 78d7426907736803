"""The API on a bench: a served app, and a client for each key."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.callers import Caller, Scope
from api.deps import Condition, Deps, Limits
from infra.cli.http import Desks
from infra.db.access.keys import Doer, Order, create_key
from infra.db.access.lookup import SqlAccess
from infra.db.alert_acts import AlertActs
from infra.observability.metrics import Metrics
from streams.core.rights import Rights
from tests.support.city import Bench

INVENTED = "synthetic-key-{}"


class BenchAccess:
    """Implements Access: the ledger's own keys, and beside them callers such as no key can be. Remembers the notes."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._real = SqlAccess(bench.engine, bench.clock)
        self.callers: dict[str, Caller] = {}
        self.notes: list[tuple[str, str, str, str | None]] = []

    def add(self, caller: Caller) -> str:
        """Return the text by which a caller is known from now on."""
        text = INVENTED.format(len(self.callers))
        self.callers[text] = caller
        return text

    def make_key(self, partnership: int, rights: Rights, agency: str | None) -> str:
        """Return a new key of the ledger."""
        order = Order(rights, agency, "synthetic")
        return create_key(self._bench.engine, Doer(partnership), order, self._bench.clock.now_us()).text

    def caller(self, secret: str) -> Caller | None:
        return self.callers.get(secret) or self._real.caller(secret)

    def note(self, caller: Caller, act: str, what: str, purpose: str | None) -> None:
        self.notes.append((caller.actor, act, what, purpose))
        self._real.note(caller, act, what, purpose)

    def close(self) -> None:
        """End the thread that notes uses."""
        self._real.close()


class InProcess(httpx.BaseTransport):
    """Calls an app as a server would, on a loop in a thread of its own; no socket."""

    def __init__(self, app: FastAPI, portal: BlockingPortal, address: str = "127.0.0.1") -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 50_000))
        self.portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


class ApiBench:
    """An app over a bench's ledger, with keys as they are asked for. Close it, or use it in a `with`."""

    def __init__(self, bench: Bench, limits: Limits | None = None) -> None:
        self.bench = bench
        self.access = BenchAccess(bench)
        self.desks = Desks(bench.ledger)
        self.conditions: list[Condition] = []
        self.registry = CollectorRegistry()
        self.deps = Deps(
            engine=bench.engine,
            intake=self.desks,
            acts=AlertActs(bench.engine, bench.clock),
            access=self.access,
            clock=bench.clock,
            conditions=lambda: self.conditions,
            metrics=Metrics(self.registry),
            registry=self.registry,
            limits=limits or Limits(),
        )
        self.app: FastAPI = create_app(self.deps)
        self._loop = start_blocking_portal()
        self.portal = self._loop.__enter__()

    def __enter__(self) -> "ApiBench":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads that answer, and those that write what is handed in."""
        self._loop.__exit__(None, None, None)
        self.desks.close()
        self.access.close()

    def client(
        self,
        *scopes: Scope,
        partnership: int,
        sources: Collection[str] = (),
        agency: str | None = None,
        areas: Iterable[int] | None = None,
    ) -> httpx.Client:
        """Return a client with a key of its own; with areas, or to act for no agency, as no key can be, without one."""
        rights = Rights(frozenset(scopes), frozenset(sources))
        if areas is None and rights.names() and (agency is not None or Scope.ALERTS_ACT not in scopes):
            return self._client({"Authorization": f"Bearer {self.access.make_key(partnership, rights, agency)}"})
        return self.client_of(
            Caller(
                actor=f"invented-{len(self.access.callers)}",
                partnership=partnership,
                agency=agency,
                scopes=rights.scopes,
                sources=rights.sources,
                areas=None if areas is None else frozenset(areas),
            )
        )

    def client_of(self, caller: Caller) -> httpx.Client:
        """Return a client who is that caller."""
        return self._client({"Authorization": f"Bearer {self.access.add(caller)}"})

    def stranger(self) -> httpx.Client:
        """Return a client without a key."""
        return self._client({})

    def with_deps(self, **changed: Any) -> "ApiBench":
        """Make the app anew with some of its dependencies replaced."""
        self.deps = replace(self.deps, **changed)
        self.app = create_app(self.deps)
        return self

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        return httpx.Client(transport=InProcess(self.app, self.portal), base_url="http://testserver", headers=headers)


def codes(answer: Any) -> Sequence[tuple[str, str]]:
    """Return (path, code) of what a problem says is wrong with the input."""
    return [(each["path"], each["code"]) for each in answer.json().get("errors", [])]
