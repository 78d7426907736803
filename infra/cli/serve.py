"""bellwether serve: one process that does all that has to go on by itself, and answers over HTTP."""

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from infra.cli.options import DatabaseUrl, Host, MetricsPort, Port
from infra.cli.works import Work, stop_on_signals

if TYPE_CHECKING:
    from infra.cli.http import Address, Measured
    from infra.db.ledger import SqlLedger
    from infra.settings import Settings

IDLE_WAIT_S = 0.1
A_DAY_S = 86_400.0


def serve(
    port: Port = None, host: Host = None, metrics_port: MetricsPort = None, database_url: DatabaseUrl = None
) -> None:
    """Answer over HTTP, count what comes in, watch the rules, raise alerts and tell who must know, until stopped.

    It serves every partnership of the ledger. What it was doing when it is stopped or killed goes on at the next start.
    """
    from infra.cli.http import address_of
    from infra.cli.store import open_ledger, read_settings
    from infra.cli.tables import note

    settings, ledger, stop = read_settings(database_url), open_ledger(database_url), threading.Event()
    stop_on_signals(stop)
    serving = Serving(ledger, settings, address_of(settings, host, port, metrics_port), stop)
    note(f"serving on {serving.url}; stop with Ctrl-C")
    serving.finish()
    note("stopped")


class Serving:
    """All works of one process. When told to stop, the API ends first, with its last answers given; then the others."""

    def __init__(self, ledger: "SqlLedger", settings: "Settings", address: "Address", stop: threading.Event) -> None:
        """Open the sockets, and only then start to work. Raises WrongUseError where a socket cannot be had."""
        from infra.cli.conditions import Conditions
        from infra.cli.http import Api, new_measured

        self._stop, self._others_stop = stop, threading.Event()
        self._works: list[Work] = []
        measured = new_measured()
        api = Api(ledger, settings, address, measured, Conditions(ledger.engine, self._works, stop))
        self.url = api.url
        self._works += start(ledger, settings, stop, until=self._others_stop, measured=measured)
        self._api = Work("api", lambda: api.run(stop), stop)
        self._api.start()

    def finish(self) -> None:
        """Wait until told to stop, and until all is done that was under way.

        Raises WorkFaultError if a fault of ours was the reason.
        """
        from infra.cli.faults import WorkFaultError

        self._stop.wait()
        self._api.join()
        self._others_stop.set()
        for work in self._works:
            work.join()
        if failed := [work.name for work in (*self._works, self._api) if work.failed]:
            names = " and the ".join(failed)
            raise WorkFaultError(f"a fault of Bellwether ended the {names}; report it, and start again")


def start(
    ledger: "SqlLedger",
    settings: "Settings",
    stop: threading.Event,
    *,
    until: threading.Event | None = None,
    measured: "Measured | None" = None,
) -> list[Work]:
    """Start the stages, the clock, the courier and the sweep of drafts beside one another.

    `stop` asks all to end; with `until` they go on until that is set too.
    """
    from infra.cli.couriers import make_courier
    from infra.cli.store import embedded_host
    from streams.hosts.clock import TICK_EVERY_S, LiveClock

    ends = until or stop
    host = embedded_host(ledger, None if measured is None else measured.metrics)
    courier, clock = make_courier(ledger, settings), LiveClock(ledger, lambda: time.monotonic_ns() // 1_000)
    works = [
        Work("stages", lambda: host.run(ends, IDLE_WAIT_S), stop, ends),
        Work("clock", _every(TICK_EVERY_S, clock.tick, ends), stop, ends),
        Work("courier", lambda: courier.run(ends), stop, ends),
        Work("drafts", _every(A_DAY_S, lambda: _sweep_drafts(ledger), ends), stop, ends),
    ]
    for work in works:
        work.start()
    return works


def _every(seconds: float, act: Callable[[], object], stop: threading.Event) -> Callable[[], None]:
    """Return a work that does an act again and again."""

    def work() -> None:
        while not stop.is_set():
            act()
            stop.wait(seconds)

    return work


def _sweep_drafts(ledger: "SqlLedger") -> None:
    from sqlalchemy.exc import DBAPIError

    from infra.vault.drafts import sweep_drafts

    try:
        swept = sweep_drafts(ledger.engine, ledger.now_us())
    except DBAPIError as error:  # they are deleted; the database went away before it had overwritten its own traces
        structlog.get_logger().error("drafts left traces", failure=type(error).__name__)
        return
    if swept:
        structlog.get_logger().info("expired drafts deleted", drafts=swept)
