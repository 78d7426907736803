"""How the API is put together from a ledger, and served."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, cast

from prometheus_client import CollectorRegistry, start_http_server

from api.app import create_app
from api.deps import Condition, Deps, Limits, Read, Taken
from infra.cli.faults import WrongUseError
from infra.cli.listening import Listener
from infra.clock import SystemClock
from infra.db.access.lookup import SqlAccess
from infra.db.alert_acts import AlertActs
from infra.db.ledger import SqlLedger
from infra.observability.metrics import Metrics
from streams.hosts.desk import IntakeDesk
from streams.hosts.shared_commit import SharedCommit

if TYPE_CHECKING:
    from infra.settings import Settings


class Desks:
    """Implements Intake: a shared commit for each partnership, made when it is first needed."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger = ledger
        self._commits: dict[int, SharedCommit] = {}
        self._making = threading.Lock()

    def hand_in(self, partnership: int, events: Sequence[Read]) -> "Future[Sequence[Taken]]":
        """See Intake."""
        return cast(
            "Future[Sequence[Taken]]", self._commit(partnership).hand_in(events)
        )  # only read: a wider type holds

    def close(self) -> None:
        """Serve who waits, and stop."""
        with self._making:
            for commit in self._commits.values():
                commit.close()
            self._commits.clear()

    def _commit(self, partnership: int) -> SharedCommit:
        with self._making:
            if partnership not in self._commits:
                self._commits[partnership] = SharedCommit(IntakeDesk(self._ledger, partnership))
            return self._commits[partnership]


class Measured(NamedTuple):
    """What this process measures, and where it is read."""

    registry: CollectorRegistry
    metrics: Metrics


class Address(NamedTuple):
    """Where to listen; `metrics_port` is for metrics without a key, None for none such."""

    host: str
    port: int
    metrics_port: int | None


class Api:
    """The API over a ledger, listening; and what it needs to be closed after the last request."""

    def __init__(
        self,
        ledger: SqlLedger,
        settings: "Settings",
        address: Address,
        measured: Measured,
        conditions: Callable[[], Sequence[Condition]],
    ) -> None:
        """Open its sockets. Raises WrongUseError where that cannot be."""
        self._desks = Desks(ledger)
        self._access = SqlAccess(ledger.engine, SystemClock())
        deps = Deps(
            engine=ledger.engine,
            intake=self._desks,
            acts=AlertActs(ledger.engine),
            access=self._access,
            clock=SystemClock(),
            conditions=conditions,
            metrics=measured.metrics,
            registry=measured.registry,
            limits=Limits(
                requests_a_minute=settings.requests_a_minute, refused_a_minute=settings.refused_requests_a_minute
            ),
        )
        self._listener = Listener(create_app(deps), address.host, address.port, settings.trusted_proxies)
        self._close_metrics = _serve_metrics(address, measured.registry)
        self.url = self._listener.url

    def run(self, stop: threading.Event) -> None:
        """Serve until told to stop; then finish what is under way, and close."""
        self._listener.run(stop)
        self._desks.close()
        self._access.close()
        self._close_metrics()


def new_measured() -> Measured:
    """Return a registry with every metric on it."""
    registry = CollectorRegistry()
    return Measured(registry, Metrics(registry))


def address_of(settings: "Settings", host: str | None, port: int | None, metrics_port: int | None) -> Address:
    """Return where to listen: options before settings."""
    return Address(
        settings.host if host is None else host,
        settings.port if port is None else port,
        settings.metrics_port if metrics_port is None else metrics_port,
    )


def _serve_metrics(address: Address, registry: CollectorRegistry) -> Callable[[], None]:
    if address.metrics_port is None:
        return lambda: None
    try:
        server, thread = start_http_server(address.metrics_port, address.host, registry)
    except OSError as error:
        raise WrongUseError(
            f"port {address.metrics_port} for metrics cannot be opened: {error.strerror}; name another with"
            " --metrics-port"
        ) from None

    def close() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return close
